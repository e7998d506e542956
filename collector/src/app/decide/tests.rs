use exhibit_assessment::Status;
use exhibit_proto::digest::Digest;

use super::*;
use crate::decisions::Attached;
use crate::views::sample::{ORIGIN, Sample, patches};

const KIND: &str = "patch.status";
const RULE: &str = "patch.status.reboot_not_pending";

/// Over the log of a sample; these registers ask for a second person.
pub(crate) fn decider(sample: &Sample, views: &Views, second_person: &[&str]) -> Decider {
    let lent = views.clone();
    let second = json!({"registers": second_person});
    Decider {
        collector: Collector::new(ORIGIN, sample.log_key.clone()).unwrap(),
        writer: sample.writer.clone(),
        views: Arc::new(move || Ok(lent.clone())),
        configured: vec![(SECOND_PERSON, Some(second).filter(|_| !second_person.is_empty()))],
        turn: Arc::default(),
    }
}

struct Desk {
    sample: Sample,
    views: Views,
    decider: Decider,
}

impl Desk {
    /// A host with a pending reboot, which a rule finds.
    fn new(second_person: &[&str]) -> Self {
        let sample = Sample::new();
        sample.rule_pack();
        let mut agent = sample.enrol("web-1");
        sample.run(&mut agent, &[(KIND, patches(true))], &[]);
        let views = sample.views();
        let decider = decider(&sample, &views, second_person);
        Self { sample, views, decider }
    }

    fn target(&self) -> String {
        self.views.targets().unwrap()[0].id.clone()
    }

    fn decide(&self, decision: Decision) -> Result<Decided, Undecided> {
        self.bring(decision, None)
    }

    fn bring(&self, decision: Decision, file: Option<Attached>) -> Result<Decided, Undecided> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        self.sample.wait_minutes(1);
        runtime.block_on(self.decider.decide(Deciding { decision, file }, self.sample.now()))
    }

    fn put(
        &self,
        at: (&str, &str, Option<u64>),
        value: Value,
        by: &str,
    ) -> Result<Decided, Undecided> {
        self.decide(put(at, value, by))
    }

    /// Whether the rule's failure counts on its first control.
    fn status(&self) -> Status {
        let control = self.views.assessor().rule(RULE).unwrap().controls[0].0;
        self.views.assess(self.sample.now()).unwrap().of(control).unwrap().status
    }

    fn waived(&self) -> u64 {
        let assessed = self.views.assess(self.sample.now()).unwrap();
        assessed.waivers.iter().map(|waiver| waiver.failures).sum()
    }
}

fn put((register, id, after): (&str, &str, Option<u64>), value: Value, by: &str) -> Decision {
    Decision {
        register: register.into(),
        id: id.into(),
        after,
        act: Act::Put,
        value: Some(value),
        by: by.into(),
        reason: "as agreed".into(),
    }
}

fn act(act: Act, (register, id, after): (&str, &str, u64), by: &str) -> Decision {
    Decision { act, value: None, ..put((register, id, Some(after)), json!({}), by) }
}

fn waiver(until: &str) -> Value {
    json!({"about": {"rule": RULE}, "until": until})
}

#[test]
fn a_waiver_is_in_force_from_its_entry_on_and_its_failure_is_told_as_waived() {
    let desk = Desk::new(&[]);
    assert_eq!(desk.status(), Status::NotMet);
    let before = desk.views.applied().unwrap();
    let done = desk.put(("waiver", "W-1", None), waiver("2027-01-01T00:00:00Z"), "ada").unwrap();
    assert!(!done.proposed);
    assert_eq!(desk.waived(), 1);
    let people = desk.views.people().unwrap();
    let held = &people.waivers[0];
    assert_eq!(
        (held.id.as_str(), held.approver.as_str(), held.reason.as_str()),
        ("W-1", "ada", "as agreed")
    );
    // As of the entry before, nobody had decided anything.
    assert!(desk.views.people_at(before).unwrap().waivers.is_empty());
    assert_eq!(desk.views.people_at(done.entry + 1).unwrap().waivers.len(), 1);
    assert_eq!(desk.views.check().unwrap(), [""; 0]);
}

#[test]
fn who_edits_a_stale_revision_is_told_by_whom_and_nothing_is_overwritten() {
    let desk = Desk::new(&[]);
    let first =
        desk.put(("waiver", "W-1", None), waiver("2027-01-01T00:00:00Z"), "ada").unwrap().entry;
    let second = desk
        .put(("waiver", "W-1", Some(first)), waiver("2027-02-01T00:00:00Z"), "bob")
        .unwrap()
        .entry;
    for after in [None, Some(first), Some(second + 1)] {
        let late = desk.put(("waiver", "W-1", after), waiver("2028-01-01T00:00:00Z"), "ada");
        let Err(Undecided::Stale(text)) = late else { panic!("{late:?}") };
        assert!(text.contains(&format!("entry {second}")) && text.contains("by bob"), "{text}");
    }
    let until = desk.views.people().unwrap().waivers[0].until.to_string();
    assert_eq!(until, "2027-02-01T00:00:00Z");
    let history = desk.views.record_history("waiver", "W-1").unwrap();
    let places: Vec<_> =
        history.iter().map(|row| (row.index, row.from_index, row.to_index)).collect();
    assert_eq!(places, [(second, Some(second), None), (first, Some(first), Some(second))]);
}

#[test]
fn of_two_who_decide_at_once_one_is_told() {
    let desk = Desk::new(&[]);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let asked = |by: &str| {
        let decision = put(("owner", "A.8.8", None), json!({"owner": by}), by);
        let (decider, now) = (desk.decider.clone(), desk.sample.now());
        runtime.spawn(async move { decider.decide(Deciding { decision, file: None }, now).await })
    };
    let both = ["ada", "bob"].map(asked);
    let came: Vec<_> = both.into_iter().map(|one| runtime.block_on(one).unwrap()).collect();
    assert_eq!(came.iter().filter(|one| one.is_ok()).count(), 1, "{came:?}");
    assert!(came.iter().any(|one| matches!(one, Err(Undecided::Stale(_)))), "{came:?}");
}

#[test]
fn what_asks_for_a_second_person_waits_for_another_one_and_the_list_itself_is_logged_first() {
    let desk = Desk::new(&["waiver"]);
    let done = desk.put(("waiver", "W-1", None), waiver("2027-01-01T00:00:00Z"), "ada").unwrap();
    assert!(done.proposed);
    assert_eq!((desk.waived(), desk.status()), (0, Status::NotMet));
    let list = desk.views.records(Some(SECOND_PERSON)).unwrap();
    assert_eq!((list.len(), list[0].index), (1, done.entry - 1));
    for same in ["ada", " Ada "] {
        let refused = desk.decide(act(Act::Approve, ("waiver", "W-1", done.entry), same));
        let Err(Undecided::Refused(text)) = refused else { panic!("{refused:?}") };
        assert!(text.contains("somebody else must approve"), "{text}");
    }
    let approved = desk.decide(act(Act::Approve, ("waiver", "W-1", done.entry), "bob")).unwrap();
    assert_eq!(desk.waived(), 1);
    assert_eq!(desk.views.people().unwrap().waivers[0].approver, "bob");
    // A change waits too, and the old one stays in force meanwhile; taken back, nothing has changed.
    let change = desk
        .put(("waiver", "W-1", Some(done.entry)), waiver("2029-01-01T00:00:00Z"), "ada")
        .unwrap();
    let until = || desk.views.people().unwrap().waivers[0].until.to_string();
    assert_eq!(until(), "2027-01-01T00:00:00Z");
    let back = desk.decide(act(Act::Withdraw, ("waiver", "W-1", change.entry), "ada")).unwrap();
    assert_eq!(until(), "2027-01-01T00:00:00Z");
    let ended = desk.decide(act(Act::Withdraw, ("waiver", "W-1", back.entry), "ada")).unwrap();
    assert!(desk.views.people().unwrap().waivers.is_empty());
    let as_of = |size| desk.views.people_at(size).unwrap().waivers.len();
    assert_eq!(
        (as_of(approved.entry), as_of(approved.entry + 1), as_of(ended.entry + 1)),
        (0, 1, 0)
    );
    let again = desk.decide(act(Act::Withdraw, ("waiver", "W-1", ended.entry), "ada")).unwrap_err();
    assert!(again.to_string().contains("nothing to withdraw"), "{again}");
    assert_eq!(desk.views.check().unwrap(), [""; 0]);
}

#[test]
fn what_is_about_nothing_or_out_of_bounds_is_refused_with_the_way_out() {
    let desk = Desk::new(&[]);
    let past = "2026-11-01T00:00:00Z";
    let later = "2027-01-01T00:00:00Z";
    let long = "x".repeat(41_000);
    for (register, id, value, text) in [
        ("waiver", "W-1", waiver(past), "give a later end"),
        (
            "waiver",
            "W-1",
            json!({"about": {"rule": "no.such.rule"}, "until": later}),
            "no rule no.such.rule",
        ),
        ("waiver", "W-1", json!({"about": {"control": "A.9.9"}, "until": later}), "A.9.9"),
        (
            "waiver",
            "W-1",
            json!({"about": {"rule": RULE}, "targets": "owner =", "until": later}),
            "character",
        ),
        ("waiver", "W-1", json!({"about": {"rule": RULE}}), "until"),
        ("waiver", "W-1", json!([{"rule": RULE}, "all", later]), "not an object"),
        ("applicability", "A.9.9", json!({"applicable": true}), "A.9.9"),
        ("applicability", "A.7.4", json!({"applicable": false}), "justification"),
        ("label", "host:unknown", json!({"owner": "x"}), "no target host:unknown"),
        ("label", "host:unknown", json!({"target": "x"}), "target"),
        ("scope", "other", json!({}), "one record"),
        ("scope", "isms", json!({"isms": "envi ronment"}), "selection"),
        ("attested", "A.5.4", json!({"says": "yes"}), "nobody is to attest"),
        (
            "attestation",
            "A.5.4",
            json!({"control": "A.5.4", "owner": "ada", "every_days": 0, "first_due": later}),
            "1 to 1826",
        ),
        ("note", "A.5.4", json!({"text": long}), "at most 40960"),
        ("second_person", "configuration", json!({"registers": []}), "only the configuration"),
        ("no_such", "x", json!({}), "no register"),
    ] {
        let refused = desk.put((register, id, None), value.clone(), "ada");
        let Err(Undecided::Refused(said)) = refused else {
            panic!("{register} {value} {refused:?}")
        };
        assert!(said.contains(text), "{said} lacks {text}");
    }
    assert_eq!(desk.views.records(None).unwrap(), []);
}

#[test]
fn people_exclude_scope_label_and_retire_and_nothing_is_lost() {
    let desk = Desk::new(&[]);
    let target = desk.target();
    let control = desk.views.assessor().rule(RULE).unwrap().controls[0].0.to_string();
    let excluded = json!({"applicable": false, "justification": "no such systems"});
    let row = desk.put(("applicability", &control, None), excluded, "ada").unwrap().entry;
    assert_eq!(desk.status(), Status::Excluded);
    desk.decide(act(Act::Withdraw, ("applicability", &control, row), "ada")).unwrap();
    assert_eq!(desk.status(), Status::NotMet);

    desk.put(("label", &target, None), json!({"environment": "test", "name": "x"}), "ada").unwrap();
    let assessed = desk.views.assess(desk.sample.now()).unwrap();
    let labels: Vec<_> = assessed.targets[0].labels.iter().collect();
    assert_eq!(labels, [("environment", "test"), ("name", "x"), ("sort", "host")]);
    desk.put(("scope", "isms", None), json!({"isms": "environment != test"}), "ada").unwrap();
    let assessed = desk.views.assess(desk.sample.now()).unwrap();
    assert_eq!(assessed.outside.len(), 1);
    assert_eq!(
        (assessed.outside[0].target.as_str(), desk.status()),
        (target.as_str(), Status::NoEvidence)
    );
    assert!(assessed.outside[0].findings > 0);

    let all = desk.put(
        (
            "scope",
            "isms",
            desk.views.record_history("scope", "isms").unwrap().first().map(|row| row.index),
        ),
        json!({}),
        "ada",
    );
    all.unwrap();
    assert_eq!(desk.status(), Status::NotMet);
    desk.put(("retired", &target, None), json!({}), "ada").unwrap();
    let assessed = desk.views.assess(desk.sample.now()).unwrap();
    assert!(assessed.targets.is_empty() && assessed.people.retired.contains_key(&target));
    assert_eq!(desk.status(), Status::NoEvidence);
}

#[test]
fn a_file_lies_beside_the_log_and_counts_as_manual_until_its_review() {
    let desk = Desk::new(&[]);
    let file = Attached::new(b"%PDF-1.7 policy".to_vec()).unwrap();
    let value = |digest: Digest| {
        json!({"control": "A.5.4", "title": "Policy", "digest": digest, "file": "policy.pdf",
            "media_type": "application/pdf", "size": 15, "until": "2027-11-01T00:00:00Z", "review": "2027-05-01T00:00:00Z"})
    };
    let place = ("manual_evidence", "E-1", None);
    let without = desk.put(place, value(file.digest()), "ada").unwrap_err().to_string();
    assert!(without.contains("the log holds none"), "{without}");
    let other = desk.bring(put(place, value(Digest::of(b"other")), "ada"), Some(file.clone()));
    assert!(other.unwrap_err().to_string().contains("no file with the digest"));
    let entry =
        desk.bring(put(place, value(file.digest()), "ada"), Some(file.clone())).unwrap().entry;
    assert_eq!(desk.sample.reader.document(&file.digest()).unwrap().unwrap(), file.bytes());
    let at = |time: &str| {
        let assessed = desk.views.assess(time.parse().unwrap()).unwrap();
        assessed.of("A.5.4".parse().unwrap()).unwrap().status
    };
    assert_eq!(
        (at("2026-12-01T00:00:00Z"), at("2027-06-01T00:00:00Z")),
        (Status::Manual, Status::Stale)
    );
    // A longer validity needs no second upload.
    let mut longer = value(file.digest());
    longer["review"] = json!("2027-09-01T00:00:00Z");
    desk.put(("manual_evidence", "E-1", Some(entry)), longer, "ada").unwrap();
    assert_eq!(at("2027-06-01T00:00:00Z"), Status::Manual);
    let named = crate::named::named(
        "decision",
        &desk.sample.reader.entry(entry).unwrap().unwrap().envelope.unwrap(),
    );
    assert_eq!((named.len(), named[0].digest), (1, file.digest()));
}

#[test]
fn duties_are_due_until_somebody_attests_and_again_later() {
    let desk = Desk::new(&[]);
    let duty = json!({"control": "A.7.1", "owner": "facility", "every_days": 30, "first_due": "2026-12-01T00:00:00Z"});
    desk.put(("attestation", "A.7.1", None), duty, "ada").unwrap();
    let at = |time: &str| {
        let assessed = desk.views.assess(time.parse().unwrap()).unwrap();
        assessed.of("A.7.1".parse().unwrap()).unwrap().status
    };
    assert_eq!(
        (at("2026-11-25T00:00:00Z"), at("2026-12-02T00:00:00Z")),
        (Status::Manual, Status::NoEvidence)
    );
    desk.put(("attested", "A.7.1", None), json!({"says": "doors checked"}), "bob").unwrap();
    assert_eq!(
        (at("2026-12-02T00:00:00Z"), at("2027-01-02T00:00:00Z")),
        (Status::Manual, Status::Stale)
    );
    let held = desk.views.people().unwrap();
    assert_eq!(held.duties["A.7.1"].last.as_ref().unwrap().1, "bob");
}

#[test]
fn what_this_version_cannot_read_is_kept_and_shown_and_decides_nothing() {
    let desk = Desk::new(&[]);
    let odd = [
        put(("from_the_future", "x", None), json!({"a": 1}), "ada"),
        put(("waiver", "W-9", None), json!({"about": "everything"}), "ada"),
    ];
    for decision in odd {
        desk.sample.own(EntryType::Decision, DECISION, decision);
    }
    let late = Decision { after: Some(1), ..put(("waiver", "W-9", None), json!({}), "eve") };
    let nothing = desk.sample.own(EntryType::Decision, DECISION, late);
    desk.views.catch_up().unwrap();
    let people = desk.views.people().unwrap();
    assert!(people.waivers.is_empty());
    let unread: Vec<_> = people.unread.iter().map(|unread| unread.register.as_str()).collect();
    assert_eq!(unread, ["from_the_future", "waiver"]);
    assert_eq!(desk.views.records(None).unwrap().len(), 2);
    let row = desk.views.entry_row(nothing).unwrap().unwrap();
    assert!(row.problem.unwrap().contains("changed meanwhile"));
    assert_eq!(desk.views.check().unwrap(), [""; 0]);
}

#[test]
fn a_bundle_brings_every_decision_until_its_end_and_the_files_of_the_controls_it_is_about() {
    let desk = Desk::new(&[]);
    let file = Attached::new(b"minutes".to_vec()).unwrap();
    let value = json!({"control": "A.5.4", "title": "Minutes", "digest": file.digest(), "file": "m.txt",
        "media_type": "text/plain", "size": 7, "until": "2027-11-01T00:00:00Z"});
    let place = ("manual_evidence", "E-1", None);
    let first = desk.bring(put(place, value, "ada"), Some(file.clone())).unwrap().entry;
    let middle = desk.sample.now();
    desk.sample.wait_minutes(10);
    let late = desk.put(("owner", "A.5.4", None), json!({"owner": "eve"}), "ada").unwrap().entry;
    let log = exhibit_proto::note::Verifier::from_vkey(&desk.sample.vkey()).unwrap();
    let under = crate::export::Under {
        log_keys: (&log).into(),
        head: desk.sample.reader.head().unwrap(),
        cosigned_by: Vec::new(),
        policy: String::new(),
        stamps: crate::timestamp::Stamps::at(desk.sample.dir.path().join("timestamps")),
        views: None,
    };
    let export = |name: &str, selection: crate::export::Selection| {
        let out = desk.sample.dir.path().join(name);
        crate::export::write(&desk.sample.reader, &under, &selection, middle, &out, |_| {})
            .unwrap();
        let there = |path: String| out.join(path).exists();
        use exhibit_proto::bundle;
        (there(bundle::leaf(first)), there(bundle::leaf(late)), there(bundle::file(&file.digest())))
    };
    let all = crate::export::Selection::default();
    assert_eq!(export("all", all.clone()), (true, true, true));
    // What is in force may be older than the period; what came after it is not told.
    let period = |from: Option<Timestamp>, to| crate::export::Selection { from, to, ..all.clone() };
    assert_eq!(export("early", period(None, Some(middle))), (true, false, true));
    assert_eq!(export("late", period(Some(desk.sample.now()), None)), (true, true, true));
    let other = crate::export::Selection { controls: vec!["A.8.8".into()], ..all.clone() };
    assert_eq!(export("other", other), (true, true, false));
}

#[test]
fn the_pure_fold_and_the_tables_agree_on_any_history() {
    for seed in 1_u64..5 {
        let sample = Sample::new();
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut draw = |of: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % of as u64).unwrap()
        };
        let mut fold = decisions::Decisions::default();
        let views = sample.views();
        for _ in 0..60 {
            let index = sample.reader.head().unwrap().checkpoint.size;
            let decision = any(&fold, &mut draw);
            let taken = fold.apply(decided(index, &decision)).is_ok();
            assert_eq!(sample.own(EntryType::Decision, DECISION, decision), index);
            views.catch_up().unwrap();
            let problem = views.entry_row(index).unwrap().unwrap().problem;
            assert_eq!(problem.is_none(), taken, "seed {seed}, entry {index}: {problem:?}");
        }
        let rows = views.records(None).unwrap();
        let place = |held: &Revision| {
            let approved = held.approved.as_ref().map(|approved| approved.index);
            (held.register.clone(), held.id.clone(), held.index, approved)
        };
        let of = |row: &RecordRow| place(&row.clone().revision().unwrap());
        let in_force: Vec<_> = rows.iter().filter(|row| row.in_force()).map(of).collect();
        let waits: Vec<_> = rows.iter().filter(|row| row.waits()).map(of).collect();
        assert_eq!(in_force, fold.in_force().map(place).collect::<Vec<_>>());
        assert_eq!(waits, fold.proposed().map(place).collect::<Vec<_>>());
        assert!(!in_force.is_empty());
        assert_eq!(views.check().unwrap(), [""; 0]);
    }
}

/// A decision that may do anything, or nothing.
fn any(fold: &decisions::Decisions, draw: &mut impl FnMut(usize) -> usize) -> Decision {
    let register = ["owner", "note", "odd", SECOND_PERSON][draw(4)];
    let (control, person) = (["A.5.1", "A.5.2"][draw(2)], ["ada", "bob"][draw(2)]);
    let asks = [["owner"], ["note"]][draw(2)];
    let (id, value) = match register {
        "owner" => (control, json!({"owner": person})),
        "note" => (control, json!({"text": person})),
        SECOND_PERSON => (CONFIGURATION, json!({"registers": asks})),
        _ => (control, json!({"odd": person})),
    };
    let act = [Act::Put, Act::Put, Act::Approve, Act::Withdraw][draw(4)];
    // Mostly the newest revision, sometimes another.
    let newest = fold.newest(register, id);
    let after = if draw(6) == 0 { newest.map(|newest| newest ^ 1) } else { newest };
    let value = Some(value).filter(|_| act == Act::Put);
    Decision { act, value, ..put((register, id, after), json!({}), person) }
}

fn decided(index: u64, decision: &Decision) -> decisions::Decided {
    let Decision { register, id, after, act, value, by, reason } = decision.clone();
    let act = match act {
        Act::Put => decisions::Act::Put,
        Act::Withdraw => decisions::Act::Withdraw,
        Act::Approve => decisions::Act::Approve,
    };
    let (at, value) = (Timestamp::UNIX_EPOCH, value.unwrap_or_default());
    decisions::Decided { index, at, register, id, after, act, value, by, reason }
}
