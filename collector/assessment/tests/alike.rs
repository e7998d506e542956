//! What is alike is judged once, and what a rule cannot see makes no difference to it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use exhibit_assessment::{Evidence, Finding, Judge, RulePack, Verdict};
use jiff::Timestamp;
use serde_json::{Value, json};

const KIND: &str = "time.sync";

/// A rule with what it declares, its parameters among that.
fn rule(name: &str, declares: &str, text: &str) -> (String, String) {
    let head = "# METADATA\n# title: t\n# description: d\n# custom:\n";
    let controls = "#   controls:\n#   - id: A.8.17\n#     relation: direct\n#   severity: low\n#   freshness: 24\n";
    let text = format!(
        "{head}#   id: {KIND}.{name}\n#   kind: {KIND}\n{controls}#   why: w\n#   fix: f\n{declares}\
         package exhibit.{KIND}.{name}\ndefault verdict := \"error\"\n{text}\n"
    );
    (format!("{KIND}/{name}.rego"), text)
}

fn judge(rules: &[(String, String)]) -> Judge {
    Judge::new(&RulePack::from_sources(rules.to_vec()).unwrap()).unwrap()
}

/// A document of a target with a field that the rules do not name.
fn document(target: &str, offset: u64, other: &str) -> Value {
    let body = json!({"offset": offset, "other": other});
    json!({"body": body, "kind": KIND, "salt": target, "schema": "s", "target": target, "v": 1})
}

fn ask(judge: &Judge, document: &Value, now: &str) -> (Vec<Finding>, u64) {
    let before = judge.evaluated();
    let found = judge.judge(KIND, document, now.parse().unwrap());
    (found, judge.evaluated() - before)
}

const NOW: &str = "2026-11-23T10:00:00Z";
const LATER: &str = "2026-11-23T11:00:00Z";
const OFFSET: &str = "verdict := \"pass\" if input.body.offset < 10\nmessage := sprintf(\"%d off\", [input.body.offset])";

#[test]
fn a_fleet_that_says_the_same_is_judged_once_and_each_other_content_once_more() {
    let judge = judge(&[rule("offset", "", OFFSET)]);
    let (first, evaluated) = ask(&judge, &document("host:a", 3, "x"), NOW);
    assert_eq!(
        (first[0].verdict, first[0].message.as_str(), evaluated),
        (Verdict::Pass, "3 off", 1)
    );
    // Another target, another salt, another time, another field: nothing of it can be seen by the rule.
    let again = ask(&judge, &document("host:b", 3, "y"), LATER);
    assert_eq!(again, (first, 0));
    let (other, evaluated) = ask(&judge, &document("host:a", 4, "x"), NOW);
    assert_eq!((other[0].message.as_str(), evaluated), ("4 off", 1));
}

#[test]
fn whatever_a_rule_can_see_is_judged_anew_where_it_differs() {
    let target = "verdict := \"pass\" if input.target == \"host:a\"\nmessage := \"m\"";
    let whole =
        "verdict := \"pass\" if object.get(input.body, \"other\", 0) == \"x\"\nmessage := \"m\"";
    let all = "everything := input\nverdict := \"pass\" if everything.target == \"host:a\"\nmessage := \"m\"";
    let cases = [
        (target, document("host:a", 3, "x"), document("host:b", 3, "x")),
        (whole, document("host:a", 3, "x"), document("host:a", 3, "y")),
        (all, document("host:a", 3, "x"), document("host:b", 3, "x")),
    ];
    for (text, one, other) in cases {
        let judge = judge(&[rule("sees", "", text)]);
        let verdict = |document| ask(&judge, document, NOW).0[0].verdict;
        assert_eq!((verdict(&one), verdict(&other)), (Verdict::Pass, Verdict::Error), "{text}");
        assert_eq!((verdict(&one), judge.evaluated()), (Verdict::Pass, 2), "{text}");
    }
}

#[test]
fn a_rule_that_reads_the_time_is_asked_at_each_time_and_the_others_of_its_kind_are_not() {
    let clock = "verdict := \"pass\" if input.now\nmessage := input.now";
    let judge = judge(&[rule("now", "#   clock: true\n", clock), rule("offset", "", OFFSET)]);
    assert_eq!(ask(&judge, &document("host:a", 3, "x"), NOW).1, 2);
    let (found, evaluated) = ask(&judge, &document("host:a", 3, "x"), LATER);
    assert_eq!((found[0].message.as_str(), evaluated), (LATER, 1));
    // Only those that are wanted are asked.
    let document = document("host:a", 5, "x");
    let now: Timestamp = NOW.parse().unwrap();
    let evidence = Evidence { document: &document, observed_at: now, capture: None, labels: None };
    let found = judge.judge_by(KIND, &evidence, |rule| rule.clock);
    assert_eq!(
        found.iter().map(|found| found.rule.as_str()).collect::<Vec<_>>(),
        ["time.sync.now"]
    );
}

#[test]
fn what_is_kept_back_decides_anew() {
    let judge = judge(&[rule("offset", "", OFFSET)]);
    let mut veiled = document("host:a", 3, "x");
    veiled["withheld"] = json!(["/offset"]);
    assert_eq!(ask(&judge, &document("host:a", 3, "x"), NOW).0[0].verdict, Verdict::Pass);
    assert_eq!(ask(&judge, &veiled, NOW).0[0].verdict, Verdict::Error);
    assert_eq!(
        ask(&judge, &document("host:a", 3, "x"), NOW),
        (ask(&judge, &document("host:b", 3, "x"), NOW).0, 0)
    );
}

#[test]
fn a_body_that_is_no_object_is_not_taken_for_a_field_that_says_the_same() {
    let text = "verdict := \"pass\" if input.body.list[0] == 1\nmessage := \"m\"";
    let judge = judge(&[rule("list", "", text)]);
    let of = |body: Value| json!({"body": body, "kind": KIND, "target": "host:a"});
    assert_eq!(ask(&judge, &of(json!({"list": [1]})), NOW).0[0].verdict, Verdict::Pass);
    assert_eq!(ask(&judge, &of(json!([1])), NOW).0[0].verdict, Verdict::Error);
    assert_eq!(ask(&judge, &of(json!(["no fields", [1]])), NOW).0[0].verdict, Verdict::Error);
}

#[test]
fn another_pack_asks_only_the_rules_that_are_not_the_same_in_it() {
    let parameter = "#   parameters:\n#     most: 10\n";
    let limit =
        "verdict := \"pass\" if input.body.offset < input.parameters.most\nmessage := \"m\"";
    let before = [rule("limit", parameter, limit), rule("offset", "", OFFSET)];
    let old = judge(&before);
    let changed = [rule("limit", &parameter.replace("10", "2"), limit), rule("offset", "", OFFSET)];
    let pack = RulePack::from_sources(changed.to_vec()).unwrap();
    let new = old.beside(&pack).unwrap();
    let agree = |rule: &str| old.agrees(&new, pack.rule(&rule.parse().unwrap()).unwrap());
    assert!(agree("time.sync.offset") && !agree("time.sync.limit"));
    let verdicts = |judge: &Judge| {
        let found = ask(judge, &document("host:a", 3, "x"), NOW);
        (found.0.iter().map(|finding| finding.verdict).collect::<Vec<_>>(), found.1)
    };
    assert_eq!(verdicts(&old), (vec![Verdict::Pass, Verdict::Pass], 2));
    assert_eq!(verdicts(&new), (vec![Verdict::Error, Verdict::Pass], 1));
}
