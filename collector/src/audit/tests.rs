use exhibit_assessment::Framework;
use exhibit_assessment::decisions::{Audits, RequestStatus};
use exhibit_proto::sample::{POPULATION, SAMPLE, Size};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::app::decide::Decider;
use crate::app::decide::tests::decider;
use crate::decisions::{Decided, Deciding, Undecided};
use crate::population::{self, Rows, Wanted};
use crate::views::sample::{Sample, patches};

const KIND: &str = "patch.status";

/// Two hosts that report twice, a day apart; the second time one of them otherwise.
struct Desk {
    sample: Sample,
    views: Views,
    decider: Decider,
    /// Entries of the first run and the last of the first host.
    first: u64,
    last: u64,
    target: String,
    middle: Timestamp,
}

impl Desk {
    fn new() -> Self {
        let sample = Sample::new();
        sample.rule_pack();
        let (mut web, mut db) = (sample.enrol("web-1"), sample.enrol("db-1"));
        let accounts = |names: &[&str]| {
            let accounts = names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>();
            json!({"accounts": accounts})
        };
        let people = ("identity.accounts", accounts(&["ada", "bob", "eve"]));
        let first = sample.run(&mut web, &[(KIND, patches(true)), people], &[]);
        sample.run(&mut db, &[(KIND, patches(false))], &[]);
        sample.wait_minutes(24 * 60);
        let middle = sample.now();
        let last = sample.run(&mut web, &[(KIND, patches(false))], &[]);
        let views = sample.views();
        let decider = decider(&sample, &views, &[]);
        let target = web.target.to_string();
        Self { sample, views, decider, first, last, target, middle }
    }

    fn bring(&self, decision: Decision, file: Option<Attached>) -> Result<Decided, Undecided> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        self.sample.wait_minutes(1);
        runtime.block_on(self.decider.decide(Deciding { decision, file }, self.sample.now()))
    }

    fn put(&self, (register, id): (&str, &str), value: Value) -> Result<Decided, Undecided> {
        let after = self.views.record_history(register, id).unwrap();
        let after = after.first().map(|row| row.index);
        self.bring(put((register, id, after), value), None)
    }

    /// An audit of the first day and of one host.
    fn audit(&self, id: &str, status: &str) -> Result<Decided, Undecided> {
        let value = json!({
            "title": "Certification", "type": "stage_2", "controls": ["A.8.8"],
            "targets": "name = \"web-1\"", "from": "2026-11-20T00:00:00Z", "until": self.middle,
            "lead": "eve", "team": ["mallory"], "status": status,
        });
        self.put(("audit", id), value)
    }

    fn request(&self, id: &str, audit: &str, evidence: &Value) -> Result<Decided, Undecided> {
        let value = json!({
            "audit": audit, "text": "Show patches", "controls": ["A.8.8"], "status": "open",
            "evidence": evidence,
        });
        self.put(("request", id), value)
    }

    fn room(&self) -> Audits {
        self.views.people().unwrap().audits
    }
}

fn put((register, id, after): (&str, &str, Option<u64>), value: Value) -> Decision {
    Decision {
        register: register.into(),
        id: id.into(),
        after,
        act: Act::Put,
        value: Some(value),
        by: "ada".into(),
        reason: "stage 2".into(),
    }
}

#[test]
fn requests_findings_and_comments_belong_to_an_open_audit_and_evidence_is_in_the_log() {
    let desk = Desk::new();
    let none = desk.request("R-1", "A-1", &json!([])).unwrap_err().to_string();
    assert!(none.contains("there is no audit \"A-1\""), "{none}");
    desk.audit("A-1", "open").unwrap();
    let shown = |entry: u64, kind: &str| json!([{"entry": entry.to_string(), "kind": kind, "target": desk.target}]);
    let wrong = desk.request("R-1", "A-1", &shown(desk.first, "backup.jobs")).unwrap_err();
    assert!(wrong.to_string().contains("names no document of kind backup.jobs"), "{wrong}");
    desk.request("R-1", "A-1", &shown(desk.first, KIND)).unwrap();
    let comment = |on: &str| json!({"audit": "A-1", "on": on, "text": "and the database?"});
    let missing = desk.put(("audit_comment", "C-1"), comment("R-9")).unwrap_err().to_string();
    assert!(missing.contains("has no request or finding \"R-9\""), "{missing}");
    desk.put(("audit_comment", "C-1"), comment("R-1")).unwrap();
    let again = desk.put(("audit_comment", "C-1"), comment("R-1")).unwrap_err().to_string();
    assert!(again.contains("say more in another one"), "{again}");
    let finding = json!({"audit": "A-1", "grade": "minor", "control": "A.8.8", "text": "late", "status": "open"});
    desk.put(("audit_finding", "F-1"), finding.clone()).unwrap();
    let room = desk.room();
    assert_eq!((room.requests.len(), room.raised.len()), (1, 1));
    assert_eq!(room.on("R-1").map(|said| said.by.as_str()).collect::<Vec<_>>(), ["ada"]);
    // Another audit's request stays with it, and nothing changes in a closed one.
    desk.audit("A-2", "open").unwrap();
    let moved = desk.request("R-1", "A-2", &json!([])).unwrap_err().to_string();
    assert!(moved.contains("belongs to audit A-1"), "{moved}");
    desk.audit("A-1", "closed").unwrap();
    for (place, value) in
        [(("audit_finding", "F-2"), finding), (("audit_comment", "C-2"), comment("R-1"))]
    {
        let closed = desk.put(place, value).unwrap_err().to_string();
        assert!(closed.contains("A-1 is closed"), "{closed}");
    }
    assert_eq!(desk.views.check().unwrap(), [""; 0]);
}

#[test]
fn a_request_takes_files_one_by_one_and_keeps_those_that_are_there() {
    let desk = Desk::new();
    desk.audit("A-1", "open").unwrap();
    let file = |text: &str| Attached::new(text.as_bytes().to_vec()).unwrap();
    let (one, two) = (file("one"), file("two"));
    let value = |files: &[(&str, &Attached)]| {
        let files: Vec<Value> = files.iter().map(|(name, file)| file_value(name, file)).collect();
        json!({"audit": "A-1", "text": "minutes", "status": "answered", "files": files})
    };
    let first =
        desk.bring(put(("request", "R-1", None), value(&[("a.txt", &one)])), Some(one.clone()));
    let first = first.unwrap().entry;
    let both = value(&[("a.txt", &one), ("b.txt", &two)]);
    let without = desk.bring(put(("request", "R-1", Some(first)), both.clone()), None);
    assert!(without.unwrap_err().to_string().contains("the log holds none"));
    desk.bring(put(("request", "R-1", Some(first)), both), Some(two)).unwrap();
    assert_eq!(desk.room().requests["R-1"].files.len(), 2);
    let stale = desk.bring(put(("request", "R-1", Some(first)), value(&[])), None).unwrap_err();
    assert!(matches!(stale, Undecided::Stale(_)), "{stale}");
    let stray = desk.bring(put(("audit", "A-3", None), json!({"title": "x"})), Some(file("stray")));
    assert!(stray.unwrap_err().to_string().contains("brings no file"));
}

#[test]
fn an_audit_sees_its_scope_and_period_what_is_attached_and_what_was_drawn() {
    let desk = Desk::new();
    desk.audit("A-1", "open").unwrap();
    let scope = |desk: &Desk| Scope::of(&desk.views, "A-1", &desk.room()).unwrap();
    let (held, at) = (scope(&desk), "2026-11-20T12:00:00Z".parse().unwrap());
    assert!(held.covers(KIND, &desk.target, at, at));
    assert!(!held.covers("identity.accounts", &desk.target, at, at), "no rule for A.8.8 reads it");
    assert!(!held.covers(KIND, "host:other", at, at));
    assert!(!held.covers(KIND, &desk.target, desk.middle, desk.middle), "after the period");
    assert!(!held.names(desk.last, KIND, &desk.target));
    let shown = json!([{"entry": desk.last.to_string(), "kind": KIND, "target": desk.target}]);
    desk.request("R-1", "A-1", &shown).unwrap();
    assert!(scope(&desk).names(desk.last, KIND, &desk.target));

    let wanted = Wanted {
        title: "Accounts".into(),
        audit: Some("A-1".into()),
        kind: Some("identity.accounts".parse().unwrap()),
        rows: Rows::Only,
        fields: vec![],
        targets: exhibit_assessment::Selection::all(),
        entries: None,
        size: Size::Items(1),
        each_target: false,
        sealed: None,
    };
    let attached = |list: String| Some(Attached::new(list.into_bytes()).unwrap());
    let (frozen, list) = population::freeze(&desk.views, &wanted).unwrap();
    let value = population::value(&frozen);
    desk.bring(put((POPULATION, "P-1", None), value), attached(list)).unwrap();
    let named = |desk: &Desk| scope(desk).names(desk.first, "identity.accounts", &desk.target);
    assert!(!named(&desk), "a population alone opens no document");
    let (drawn, lines) = population::draw(&desk.views, "P-1", "1729").unwrap();
    desk.bring(put((SAMPLE, "P-1", None), population::value(&drawn)), attached(lines)).unwrap();
    assert!(named(&desk));
    let selection = scope(&desk).selection();
    let audited = selection.audit.as_ref().unwrap();
    assert_eq!((audited.id.as_str(), audited.files.len()), ("A-1", 2));
    assert!(selection.to.unwrap() < desk.middle);
    assert!(Scope::of(&desk.views, "A-9", &desk.room()).is_err());
}

#[test]
fn a_list_is_taken_whole_or_not_at_all_with_every_bad_row_by_its_line() {
    let framework = Framework::builtin().unwrap();
    let good = "\u{feff}number,request,controls,due,owner\n1,\"Show the\nrestore test\",A.8.13; A.5.30,2027-01-31,bob\n,'=1+1,,,\n";
    let taken = requests(&framework, "A-1", good.as_bytes()).unwrap();
    assert_eq!(taken.iter().map(|one| one.line).collect::<Vec<_>>(), [2, 4]);
    let first = &taken[0].request;
    assert_eq!(
        (first.text.as_str(), first.number.as_deref()),
        ("Show the\nrestore test", Some("1"))
    );
    assert_eq!(
        first.controls.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["A.8.13", "A.5.30"]
    );
    assert_eq!(first.due.unwrap().to_string(), "2027-02-01T00:00:00Z");
    assert_eq!(taken[1].request.text, "=1+1");
    let semicolons = "request;owner\nShow it;bob\n";
    assert_eq!(requests(&framework, "A-1", semicolons.as_bytes()).unwrap()[0].request.owner, "bob");
    let bad =
        "request,controls,due\n,A.8.13,\nShow it,A.99.1,\nShow it,,soon\nShow it,,,,\nfine,,\n";
    let wrong = requests(&framework, "A-1", bad.as_bytes()).unwrap_err();
    assert_eq!(wrong.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 3, 4, 5]);
    for (bad, text) in wrong.iter().zip(["is empty", "no control", "no time", "number of cells"]) {
        assert!(bad.why.contains(text), "{}", bad.why);
    }
    for (list, text) in [
        ("what,owner\nx,y\n", "must name columns"),
        ("request\n", "has no request"),
        ("", "must name columns"),
    ] {
        let wrong = requests(&framework, "A-1", list.as_bytes()).unwrap_err();
        assert!(wrong[0].why.contains(text), "{wrong:?}");
    }
    assert!(requests(&framework, "A-1", b"request\n\xff\n").unwrap_err()[0].why.contains("UTF-8"));
    let many = format!("request\n{}", "x\n".repeat(MAX_ROWS + 1));
    assert!(requests(&framework, "A-1", many.as_bytes()).unwrap_err()[0].why.contains("at most"));
}

#[test]
fn a_list_that_is_written_holds_no_formula_and_comes_back_as_it_was() {
    let framework = Framework::builtin().unwrap();
    let mut room = Audits::default();
    let list = "number,request,controls,owner\n'=7,'@SUM(A1),A.8.13,\"o, p\"\n";
    for (at, one) in requests(&framework, "A-1", list.as_bytes()).unwrap().into_iter().enumerate() {
        room.requests.insert(format!("R-{at}"), one.request);
    }
    room.requests.insert("R-9".into(), {
        let mut other = room.requests["R-0"].clone();
        other.audit = "A-2".into();
        other
    });
    let text = String::from_utf8(written(&room, "A-1")).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("'=7") && text.contains("'@SUM(A1)"), "{text}");
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let row = reader.records().next().unwrap().unwrap();
    let again = format!("number,request\n\"{}\",\"{}\"\n", &row[1], &row[2]);
    let again = requests(&framework, "A-1", again.as_bytes()).unwrap();
    assert_eq!(again[0].request.number.as_deref(), Some("=7"));
    assert_eq!(
        (again[0].request.text.as_str(), again[0].request.status),
        ("@SUM(A1)", RequestStatus::Open)
    );
}

#[test]
fn evidence_is_read_as_address_or_words() {
    let expected = Shown { entry: 12, kind: KIND.into(), target: "host:4711".into() };
    for text in [
        "12 patch.status host:4711",
        "  12   patch.status\thost:4711 ",
        "/evidence/12/patch.status/host%3A4711",
        "https://collector:8444/evidence/12/patch.status/host:4711?x=1#document",
        "https://collector/audits/A-1/evidence/12/patch.status/host%3a4711",
    ] {
        assert_eq!(evidence_lines(text).unwrap(), std::slice::from_ref(&expected), "{text}");
    }
    for bad in ["12 patch.status", "x patch.status host:a", "/evidence/12/a/%zz", "https://x/y"] {
        assert!(evidence_lines(bad).is_err(), "{bad}");
    }
    assert_eq!(evidence_lines("\n \n").unwrap(), []);
}
