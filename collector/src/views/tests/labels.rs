//! Rules that read the labels of their target, and what is said again when those change.

use exhibit_assessment::RulePack;
use exhibit_assessment::decisions::{LABEL, LABEL_RULES, LabelSource};
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Act, DECISION, Decision, RulePackInForce};
use serde_json::{Value, json};

use super::replayed::{replay, replay_since};
use super::*;

const GRADED: &str = "patch.status.graded";

/// A pack with one rule: what is critical fails, what has no grade is an error.
fn pack() -> RulePack {
    let rule = "# METADATA\n# title: t\n# description: d\n# custom:\n#   id: patch.status.graded\n#   kind: patch.status\n\
        #   controls:\n#   - id: A.8.8\n#     relation: direct\n#   severity: low\n#   freshness: 24\n#   labels: true\n\
        #   why: w\n#   fix: f\npackage exhibit.patch.status.graded\n\ndefault verdict := \"error\"\n\n\
        verdict := \"pass\" if input.labels.grade == \"low\"\n\nverdict := \"fail\" if count(items) > 0\n\n\
        message := sprintf(\"%v of %v\", [input.labels.grade, input.labels.name])\n\n\
        items contains {\"id\": \"x\", \"why\": \"y\"} if input.labels.grade == \"critical\"\n";
    RulePack::from_sources(vec![("patch.status/graded.rego".to_owned(), rule.to_owned())]).unwrap()
}

pub(super) fn put(
    sample: &Sample,
    register: &str,
    id: &str,
    after: Option<u64>,
    value: Option<Value>,
) -> u64 {
    let act = if value.is_some() { Act::Put } else { Act::Withdraw };
    let (register, id) = (register.to_owned(), id.to_owned());
    let (by, reason) = ("ada".to_owned(), "inventory".to_owned());
    let decision = Decision { register, id, after, act, value, by, reason };
    sample.own(EntryType::Decision, DECISION, decision)
}

/// People give labels to a target, or take them back.
pub(super) fn label(sample: &Sample, views: &Views, target: &str, value: Option<Value>) -> u64 {
    let newest = views.record_history(LABEL, target).unwrap().first().map(|row| row.index);
    put(sample, LABEL, target, newest, value)
}

#[test]
fn a_verdict_by_labels_turns_with_the_entry_that_changes_them_whoever_gives_them() {
    let sample = Sample::new();
    let pack = pack();
    let said = RulePackInForce::shipped("1", pack.digest().parse().unwrap(), 1, "ada");
    sample.rule_pack_of(&pack, said);
    let (mut agent, mut other) = (sample.enrol("web-1"), sample.enrol("web-2"));
    let target = agent.target.to_string();
    let views = sample.views();
    let seen = sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    sample.run(&mut other, &[(KIND, patches(false))], &[]);
    let now = || {
        views.catch_up().unwrap();
        let found = views.findings_of_target(&target).unwrap().pop().unwrap();
        (found.verdict, found.from_index, found.message)
    };
    assert_eq!(
        (now().0, now().1),
        (Verdict::Error, seen),
        "a label that is not there is undefined"
    );
    let judged = || views.assessor().judged();
    let before = judged();
    // The agent's own configuration; nothing unchanged is judged again.
    let beat = sample.beat(&mut agent, &[KIND], &[("grade", "critical"), ("name", "db-9")]);
    assert_eq!(now(), (Verdict::Fail, beat, "critical of web-1".to_owned()));
    assert_eq!(judged() - before, 1, "one target has other labels");
    sample.beat(&mut agent, &[KIND], &[("grade", "critical"), ("name", "db-9")]);
    assert_eq!((now().1, judged() - before), (beat, 1));
    // The collector's configuration stands above it, by selection over what the agent says.
    let rules = json!({"rules": [{"targets": "grade = critical and name = web-1", "set": {"grade": "low"}}]});
    let configured = put(&sample, LABEL_RULES, "configuration", None, Some(rules));
    assert_eq!(now(), (Verdict::Pass, configured, "low of web-1".to_owned()));
    // People stand above that, until they withdraw it.
    let given = label(&sample, &views, &target, Some(json!({"grade": "critical"})));
    assert_eq!(now(), (Verdict::Fail, given, "critical of web-1".to_owned()));
    let layers = views.people().unwrap().layers(&target, &views.told(&target).unwrap());
    let grades: Vec<_> =
        layers.iter().filter_map(|(from, labels)| Some((*from, labels.get("grade")?))).collect();
    let wanted = [
        (LabelSource::Agent, "critical"),
        (LabelSource::Configuration, "low"),
        (LabelSource::People, "critical"),
    ];
    assert_eq!(grades, wanted);
    let taken = label(&sample, &views, &target, None);
    assert_eq!(now(), (Verdict::Pass, taken, "low of web-1".to_owned()));
    // Of an agent only such labels count as the configuration names.
    let named = json!({"rules": [], "from_agents": ["owner"]});
    let narrowed = put(&sample, LABEL_RULES, "configuration", Some(configured), Some(named));
    assert_eq!((now().0, now().1), (Verdict::Error, narrowed));
    assert_eq!(views.check().unwrap(), [""; 0]);
    // As of an earlier entry the labels are those of then.
    let then = views.as_of(beat + 1, sample.now()).unwrap();
    let labels = |views: &Views| {
        let targets = views.assess(sample.now()).unwrap().targets.clone();
        let of = targets.into_iter().find(|known| known.target == target).unwrap();
        of.labels.get("grade").map(ToOwned::to_owned)
    };
    assert_eq!((labels(&then).as_deref(), labels(&views)), (Some("critical"), None));
    assert_eq!(views.targets_at(beat + 1).unwrap()[0].labels.get("grade"), Some("critical"));
    let replayed = replay(&sample, &views);
    assert_eq!((replayed.differences, replayed.not_shown), (vec![], 0));
    for start in 1..views.applied().unwrap() {
        let since = replay_since(&sample, &views, start);
        assert_eq!((since.differences, since.not_shown), (vec![], 0), "from entry {start}");
    }
}

#[test]
fn a_new_pack_and_a_trial_see_the_labels_that_hold() {
    let sample = Sample::new();
    sample.rule_pack();
    let mut agent = sample.enrol("web-1");
    let from = sample.now();
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    sample.beat(&mut agent, &[KIND], &[("grade", "low")]);
    let views = sample.views();
    let pack = pack();
    let tried = views.try_pack(&pack, (from, sample.now()), |_| {}).unwrap();
    let passes = |pair: &String| pair == "absent to pass" || pair.ends_with("to pass");
    assert!(tried.test.verdicts.keys().any(passes), "{:?}", tried.test.verdicts);
    let said = RulePackInForce::shipped("1", pack.digest().parse().unwrap(), 1, "ada");
    let forced = sample.rule_pack_of(&pack, said);
    views.catch_up().unwrap();
    let found = views.findings_of_target(agent.target.as_str()).unwrap();
    let graded = found.iter().find(|found| found.rule == GRADED).unwrap();
    assert_eq!((graded.verdict, graded.from_index), (Verdict::Pass, forced));
    assert_eq!(views.check().unwrap(), [""; 0]);
}
