use exhibit_proto::sample::lines;
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::app::decide::Decider;
use crate::app::decide::tests::decider;
use crate::decisions::{Attached, Decided, Deciding, Undecided};
use crate::views::sample::Sample;

const KIND: &str = "identity.accounts";

/// Three hosts with accounts, and one that says nothing of them.
struct Room {
    sample: Sample,
    views: Views,
    decider: Decider,
}

impl Room {
    fn new() -> Self {
        let sample = Sample::new();
        sample.rule_pack();
        for (host, names) in [("web-1", 5), ("web-2", 7), ("db-1", 3)] {
            let mut agent = sample.enrol(host);
            let accounts: Vec<Value> = (0..names)
                .map(|at| json!({"name": format!("{host}-u{at}"), "uid": at, "enabled": true}))
                .collect();
            let body = json!({"accounts": accounts, "sources": ["files"]});
            sample.run(&mut agent, &[(KIND, body)], &[]);
        }
        sample.enrol("silent");
        let views = sample.views();
        let decider = decider(&sample, &views, &[]);
        Self { sample, views, decider }
    }

    fn decide(&self, decision: Decision, list: String) -> Result<Decided, Undecided> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        self.sample.wait_minutes(1);
        let file = Some(Attached::new(list.into_bytes()).unwrap());
        runtime.block_on(self.decider.decide(Deciding { decision, file }, self.sample.now()))
    }

    fn put(
        &self,
        (register, id): (&str, &str),
        value: Value,
        list: String,
    ) -> Result<Decided, Undecided> {
        let decision = Decision {
            register: register.into(),
            id: id.into(),
            after: None,
            act: Act::Put,
            value: Some(value),
            by: "ada".into(),
            reason: "stage 2".into(),
        };
        self.decide(decision, list)
    }

    fn freeze(&self, id: &str, wanted: &Wanted) -> Population {
        let (population, list) = freeze(&self.views, wanted).unwrap();
        self.put((POPULATION, id), value(&population), list).unwrap();
        population
    }
}

fn accounts() -> Wanted {
    Wanted {
        title: "All accounts".into(),
        audit: None,
        kind: Some(KIND.parse().unwrap()),
        rows: Rows::Only,
        fields: vec!["name".into()],
        targets: Selection::all(),
        entries: None,
        size: Size::Items(4),
        each_target: false,
        sealed: None,
    }
}

#[test]
fn a_population_is_frozen_as_of_an_entry_and_its_sample_follows_from_a_later_number() {
    let room = Room::new();
    let population = room.freeze("P-1", &accounts());
    assert_eq!(
        (population.items, population.source.selected, population.source.without),
        (15, 4, 1)
    );
    assert_eq!(population.source.rows.as_deref(), Some("/accounts"));
    // What comes later is in no list of then.
    let mut late = room.sample.enrol("late");
    let body = json!({"accounts": [{"name": "late-u0", "uid": 0}]});
    room.sample.run(&mut late, &[(KIND, body)], &[]);
    room.views.catch_up().unwrap();
    let then = Wanted { entries: Some(population.source.entries), ..accounts() };
    assert_eq!(freeze(&room.views, &then).unwrap().0.digest, population.digest);
    assert_eq!(freeze(&room.views, &accounts()).unwrap().0.items, 16);

    let (drawn, list) = draw(&room.views, "P-1", "17 4 2").unwrap();
    let (other, _) = draw(&room.views, "P-1", "17 4 3").unwrap();
    assert_ne!(drawn.seed, other.seed);
    room.put((SAMPLE, "P-1"), value(&drawn), list.clone()).unwrap();
    let shown = shown(&room.views).unwrap();
    assert_eq!(shown[0].sample.as_ref().unwrap().drawn, drawn);
    let held = room.views.log().document(&drawn.digest).unwrap().unwrap();
    assert_eq!(held, list.as_bytes());
    let all = room.views.log().document(&population.digest).unwrap().unwrap();
    let all = lines(&all).unwrap();
    assert!(list.lines().all(|line| all.contains(&line)) && list.lines().count() == 4);
    assert_eq!(room.views.check().unwrap(), [""; 0]);
}

#[test]
fn a_list_or_a_draw_that_does_not_follow_is_refused_and_so_is_a_second_one() {
    let room = Room::new();
    let (population, list) = freeze(&room.views, &accounts()).unwrap();
    // A list without whom nobody should look at.
    let shorter: String = list.lines().skip(1).map(|line| format!("{line}\n")).collect();
    let told = Population {
        digest: Digest::of(shorter.as_bytes()),
        items: population.items - 1,
        ..population.clone()
    };
    let refused = room.put((POPULATION, "P-1"), value(&told), shorter).unwrap_err().to_string();
    assert!(refused.contains("the digest of the list is"), "{refused}");
    room.put((POPULATION, "P-1"), value(&population), list.clone()).unwrap();
    let again = room.put((POPULATION, "P-1"), value(&population), list).unwrap_err();
    assert!(matches!(again, Undecided::Stale(_)), "{again}");

    let (drawn, lines) = draw(&room.views, "P-1", "1729").unwrap();
    let other = Drawn { number: "1730".into(), ..drawn.clone() };
    let refused = room.put((SAMPLE, "P-1"), value(&other), lines.clone()).unwrap_err().to_string();
    assert!(refused.contains("the seed is"), "{refused}");
    let refused = room.put((SAMPLE, "P-2"), value(&drawn), lines.clone()).unwrap_err().to_string();
    assert!(refused.contains("no population \"P-2\" is frozen"), "{refused}");
    let entry = room.put((SAMPLE, "P-1"), value(&drawn), lines.clone()).unwrap().entry;
    // Not even after it was withdrawn: whoever draws until they like it must show each draw.
    let withdraw = Decision {
        register: SAMPLE.into(),
        id: "P-1".into(),
        after: Some(entry),
        act: Act::Withdraw,
        value: None,
        by: "ada".into(),
        reason: "not nice".into(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let deciding = Deciding { decision: withdraw.clone(), file: None };
    let ended = runtime.block_on(room.decider.decide(deciding, room.sample.now())).unwrap();
    let again = Decision {
        after: Some(ended.entry),
        act: Act::Put,
        value: Some(value(&drawn)),
        ..withdraw
    };
    let refused = room.decide(again, lines).unwrap_err().to_string();
    assert!(refused.contains("one population gives one sample"), "{refused}");
}

#[test]
fn targets_documents_fields_and_strata_make_other_lists() {
    let room = Room::new();
    let hosts = Wanted { kind: None, fields: vec!["name".into()], ..accounts() };
    let (population, list) = freeze(&room.views, &hosts).unwrap();
    assert_eq!((population.items, population.source.rows), (4, None));
    assert!(list.contains(r#""item":{"name":"silent"}"#), "{list}");
    let whole = Wanted { rows: Rows::Document, fields: vec![], ..accounts() };
    let (population, list) = freeze(&room.views, &whole).unwrap();
    assert_eq!(population.items, 3);
    assert!(list.contains(r#""sources":["files"]"#), "{list}");
    let some = Wanted { targets: r#"name like "web-*""#.parse().unwrap(), ..accounts() };
    let each = Wanted { each_target: true, size: Size::Percent(20), ..some };
    let population = room.freeze("P-1", &each);
    assert_eq!(population.items, 12);
    let (drawn, _) = draw(&room.views, "P-1", "6").unwrap();
    assert_eq!(drawn.items, 1 + 2, "20 % of five and of seven, rounded up");
}

#[test]
fn what_gives_no_list_says_why() {
    let room = Room::new();
    let none = Wanted { targets: "none".parse().unwrap(), ..accounts() };
    let kind = Wanted { kind: Some("backup.jobs".parse().unwrap()), ..accounts() };
    let place = Wanted { rows: Rows::At("/users".into()), ..accounts() };
    let future = Wanted { entries: Some(10_000), ..accounts() };
    let size = Wanted { size: Size::Percent(0), ..accounts() };
    for (wanted, text) in [
        (none, "no target is selected"),
        (kind, "no document of kind backup.jobs"),
        (place, "with a list at \"/users\""),
        (future, "cannot be frozen as of 10000"),
        (size, "1 to 100 percent"),
    ] {
        let error = freeze(&room.views, &wanted).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
    let mut agent = room.sample.enrol("two");
    let body = json!({"accounts": [{"name": "a"}], "groups": [{"name": "b"}]});
    room.sample.run(&mut agent, &[(KIND, body)], &[]);
    room.views.catch_up().unwrap();
    let error = freeze(&room.views, &accounts()).unwrap_err().to_string();
    assert!(error.contains("choose one of /accounts, /groups"), "{error}");
    let unknown = draw(&room.views, "P-9", "1").unwrap_err().to_string();
    assert!(unknown.contains("no population \"P-9\""), "{unknown}");
}

#[test]
fn a_number_that_was_sealed_before_must_be_the_one_that_is_given() {
    let room = Room::new();
    let number = "f3a1 0b77 5ce9 2d40";
    let sealed = Wanted { sealed: Some(Digest::of(number.as_bytes())), ..accounts() };
    room.freeze("P-1", &sealed);
    let other = draw(&room.views, "P-1", "another").unwrap_err().to_string();
    assert!(other.contains("another number was promised"), "{other}");
    assert!(draw(&room.views, "P-1", number).is_ok());
    let later: Timestamp = room.sample.now();
    assert!(shown(&room.views).unwrap()[0].at <= later);
}
