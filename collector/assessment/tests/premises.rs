//! What statuses rest on besides findings, folded from entries, against what somebody claims.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;

use exhibit_assessment::decisions::{Act, Decided};
use exhibit_assessment::{
    Expectation, Framework, Labels, PeopleClaimed, Premises, Selection, schedule_differences,
};
use jiff::Timestamp;
use serde_json::{Value, json};

fn at(minute: u32) -> Timestamp {
    format!("2026-11-22T10:{minute:02}:00Z").parse().unwrap()
}

fn put(index: u64, register: &str, id: &str, value: Value) -> Decided {
    let (register, id) = (register.to_owned(), id.to_owned());
    let (by, reason) = ("ada".to_owned(), "r".to_owned());
    Decided { index, at: at(5), register, id, after: None, act: Act::Put, value, by, reason }
}

/// Two hosts, one of them gone; a waiver that ended, another that waits, and a scope.
fn premises() -> Premises {
    let mut premises = Premises::default();
    premises.enrolled(at(0), "agent-1", "a", &["host:a"]);
    premises.enrolled(at(0), "agent-2", "b", &["host:b", "aws:1"]);
    let schedule = [("host:a", "time.sync"), ("host:b", "time.sync")];
    premises.beat("agent-1", ("web", 600), schedule, &BTreeMap::new());
    premises.beat(
        "agent-2",
        ("b", 600),
        [("aws:1", "cloud.trail"), ("host:b", "time.sync")],
        &BTreeMap::new(),
    );
    let until = json!({"about": {"control": "A.8.8"}, "until": "2027-01-01T00:00:00Z"});
    premises.decided(put(3, "waiver", "W-1", until.clone()));
    let ended = Decided {
        after: Some(3),
        act: Act::Withdraw,
        value: Value::Null,
        ..put(4, "waiver", "W-1", json!({}))
    };
    premises.decided(ended);
    let second = json!({"registers": ["waiver"]});
    premises.decided(put(5, "second_person", "configuration", second));
    premises.decided(put(6, "waiver", "W-2", until));
    premises.decided(put(7, "scope", "isms", json!({"isms": "name = web"})));
    premises.decided(put(8, "retired", "host:b", json!({})));
    premises
}

#[test]
fn names_labels_schedules_and_silence_follow_from_heartbeats_and_grants() {
    let framework = Framework::builtin().unwrap();
    let mut premises = premises();
    let people = premises.people(&framework);
    let claimed = premises.claimed(&people, |_| true);
    let named = |at: usize| {
        let labels = serde_json::to_value(&claimed.targets[at].labels).unwrap();
        (claimed.targets[at].target.as_str(), labels["name"].as_str().unwrap().to_owned())
    };
    // A heartbeat renames its host alone; a target that is retired is no target.
    assert_eq!((named(0), named(1)), (("aws:1", "b".to_owned()), ("host:a", "web".to_owned())));
    assert_eq!(claimed.targets.len(), 2);
    premises.heard("agent-1", at(10));
    let places = |premises: &Premises, now| {
        let expected = premises.expected(&people, now, |_, _| true);
        let place = |one: Expectation| (one.target, one.kind, one.agent, one.silent_since);
        expected.into_iter().map(place).collect::<Vec<_>>()
    };
    let web = |since| ("host:a".to_owned(), "time.sync".to_owned(), "web".to_owned(), since);
    let aws = |since| ("aws:1".to_owned(), "cloud.trail".to_owned(), "b".to_owned(), since);
    // Twice the interval is twenty minutes; nobody is asked to look at what is not granted, or is gone.
    assert_eq!(places(&premises, at(30)), [web(None), aws(Some(at(0)))]);
    assert_eq!(places(&premises, at(31)), [web(Some(at(10))), aws(Some(at(0)))]);
    premises.revoked("agent-2");
    assert_eq!(places(&premises, at(30)), [web(None)]);
}

#[test]
fn a_claim_that_no_decision_in_force_supports_says_what_became_of_it() {
    let framework = Framework::builtin().unwrap();
    let premises = premises();
    let follows = premises.claimed(&premises.people(&framework), |_| true);
    assert_eq!(follows.differences(&follows, premises.decisions()), [""; 0]);
    let told = |change: &dyn Fn(&mut PeopleClaimed)| {
        let mut claimed = follows.clone();
        change(&mut claimed);
        claimed.differences(&follows, premises.decisions())
    };
    let waiver = |id: &str| {
        let value = json!({
            "id": id, "about": {"control": "A.8.8"}, "targets": "all", "reason": "r", "approver": "ada",
            "from": "2026-11-22T10:05:00Z", "until": "2027-01-01T00:00:00Z",
        });
        serde_json::from_value::<exhibit_assessment::Waiver>(value).unwrap()
    };
    for (id, why) in [
        ("W-1", "entry 4 decides otherwise"),
        ("W-2", "what entry 6 proposes nobody approved"),
        ("W-3", "no entry decides it"),
    ] {
        let claimed = |people: &mut PeopleClaimed| people.waivers.push(waiver(id));
        assert_eq!(told(&claimed), [format!("waiver {id} is claimed, and {why}")]);
        let twice = |people: &mut PeopleClaimed| people.waivers = vec![waiver(id), waiver(id)];
        assert_eq!(told(&twice).len(), 2, "each of two that say the same");
    }
    let wider = told(&|people| people.scope.isms = Selection::default());
    assert_eq!(wider.len(), 1);
    assert!(wider[0].starts_with("scope isms (entry 7): isms: "), "{wider:?}");
    let back = told(&|people| people.retired.clear());
    assert_eq!(
        back,
        ["retired target host:b is in force since entry 8, decided by ada, and is not claimed"]
    );
    let hidden = told(&|people| drop(people.targets.remove(0)));
    assert_eq!(hidden, ["target aws:1 follows from the entries, and is not claimed"]);
}

#[test]
fn of_schedules_each_line_is_held_against_the_heartbeats() {
    let premises = premises();
    let people = premises.people(&Framework::builtin().unwrap());
    let follows = premises.expected(&people, at(15), |_, _| true);
    assert_eq!(schedule_differences(&follows, &follows), [""; 0]);
    let told = schedule_differences(&follows[1..], &follows);
    let name = "time.sync of host:a by web";
    assert_eq!(
        told,
        [format!("schedule: {name} is what its last heartbeat says, and is not claimed")]
    );
    let told = schedule_differences(&follows, &follows[1..]);
    assert_eq!(told, [format!("schedule: {name} is claimed, and no heartbeat in force says so")]);
    let mut silent = follows.clone();
    silent[0].silent_since = Some(at(1));
    let told = schedule_differences(&silent, &follows);
    assert!(told.len() == 1 && told[0].contains("is claimed, null follows"), "{told:?}");
}

#[test]
fn labels_stand_in_the_order_agent_itself_configuration_people_and_agents_give_only_what_is_taken()
{
    let framework = Framework::builtin().unwrap();
    let labels = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Labels::try_from(pairs.collect::<BTreeMap<_, _>>()).unwrap()
    };
    let mut premises = premises();
    let given = [("name", "evil"), ("owner", "web"), ("service", "shop"), ("tier", "3")];
    let said = [("host:a".to_owned(), labels(&given)), ("host:z".to_owned(), labels(&given))];
    let none: [(&str, &str); 0] = [];
    premises.beat("agent-1", ("web", 600), none, &said.clone().into());
    let of = |premises: &Premises, target: &str| premises.labels(&framework, Some(target));
    let own =
        [("name", "web"), ("owner", "web"), ("service", "shop"), ("sort", "host"), ("tier", "3")];
    assert_eq!(of(&premises, "host:a")["host:a"], labels(&own));
    assert!(of(&premises, "host:z").is_empty(), "nobody was granted it");
    let rules =
        json!({"rules": [{"targets": "service = shop", "set": {"owner": "shops", "tier": "2"}}]});
    premises.decided(put(9, "label_rules", "configuration", rules.clone()));
    premises.decided(put(10, "label", "host:a", json!({"tier": "1"})));
    let both =
        [("name", "web"), ("owner", "shops"), ("service", "shop"), ("sort", "host"), ("tier", "1")];
    assert_eq!(premises.labels(&framework, None)["host:a"], labels(&both));
    // Another agent's word about the target counts for nothing; what is not taken from agents selects nothing either.
    premises.beat("agent-2", ("b", 600), none, &said.into());
    assert_eq!(of(&premises, "host:a")["host:a"], labels(&both));
    let mut narrow = rules;
    narrow["from_agents"] = json!(["owner"]);
    let after = Some(9);
    premises.decided(Decided { after, ..put(11, "label_rules", "configuration", narrow) });
    let few = [("name", "web"), ("owner", "web"), ("sort", "host"), ("tier", "1")];
    assert_eq!(of(&premises, "host:a")["host:a"], labels(&few));
    // A heartbeat that says none takes them back.
    premises.beat("agent-1", ("web", 600), none, &BTreeMap::new());
    let rest = [("name", "web"), ("sort", "host"), ("tier", "1")];
    assert_eq!(of(&premises, "host:a")["host:a"], labels(&rest));
}
