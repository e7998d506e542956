//! The engine through its public door.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use exhibit_assessment::{Finding, Judge, RulePack, Verdict};
use jiff::Timestamp;
use serde_json::{Value, json};

const HEADER: &str = "# METADATA
# title: A title
# description: A description.
# custom:
#   id: time.sync.try
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: direct
#   severity: low
#   freshness: 24
#   why: because
#   fix: do
";

fn at() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// A pack of one rule about `time.sync`, whose text below the metadata is given.
fn pack(extra_metadata: &str, rule: &str) -> RulePack {
    let text = format!("{HEADER}{extra_metadata}package exhibit.time.sync.try\n{rule}");
    RulePack::from_sources(vec![("time.sync/try.rego".to_owned(), text)]).unwrap()
}

fn judge(extra_metadata: &str, rule: &str, body: &Value) -> Finding {
    let judge = Judge::new(&pack(extra_metadata, rule)).unwrap();
    let document = json!({"body": body, "kind": "time.sync", "salt": "00", "schema": "s", "target": "host:a", "v": 1});
    let mut findings = judge.judge("time.sync", &document, at());
    assert_eq!(findings.len(), 1);
    findings.remove(0)
}

#[test]
fn a_fail_carries_its_items_capped_and_counted() {
    let rule = r#"
verdict := "fail"
message := "too many"
items contains {"id": sprintf("n%03d", [n]), "why": "is a number"} if some n in numbers.range(1, 60)
"#;
    let finding = judge("", rule, &json!({}));
    assert_eq!(finding.verdict, Verdict::Fail);
    assert_eq!((finding.items.len(), finding.item_count), (50, 60));
    assert_eq!(finding.items[0].id, "n001");
    let text = serde_json::to_string(&finding).unwrap();
    assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
}

#[test]
fn whatever_a_rule_does_wrong_is_an_error_and_never_a_pass() {
    for (rule, says) in [
        ("x := 1", "no verdict"),
        ("verdict := \"great\"\nmessage := \"m\"", "no verdict"),
        ("verdict := true\nmessage := \"m\"", "no verdict"),
        ("verdict := \"pass\"", "without a message"),
        ("verdict := \"pass\"\nmessage := \" \"", "without a message"),
        ("verdict := \"fail\"\nmessage := \"m\"", "without naming"),
        (
            "verdict := \"pass\"\nmessage := \"m\"\nitems contains {\"id\": \"a\", \"why\": \"b\"}",
            "at once",
        ),
        ("verdict := \"fail\"\nmessage := \"m\"\nitems contains \"a\"", "lacks `id`"),
        ("verdict := \"fail\"\nmessage := \"m\"\nitems := [1]", "not a set"),
        (
            "verdict := \"pass\" if input.kind\nverdict := \"fail\" if input.kind\nmessage := \"m\"",
            "could not be evaluated",
        ),
        ("verdict := \"pass\" if input.body.missing > 1\nmessage := \"m\"", "no verdict"),
        ("default verdict := \"error\"\nmessage := \"why not\"", "why not"),
        ("default verdict := \"error\"", "lacks something"),
    ] {
        let finding = judge("", rule, &json!({}));
        assert_eq!(finding.verdict, Verdict::Error, "{rule}");
        assert!(finding.message.contains(says), "{rule}: {}", finding.message);
        assert!(finding.items.is_empty());
        // The shape is the file's fault, and the file is named.
        let shape = ["no verdict", "without", "at once", "lacks `id`", "not a set"];
        if shape.contains(&says) {
            assert!(finding.message.starts_with("time.sync/try.rego: "), "{}", finding.message);
            assert!(finding.message.contains("; "), "no way out: {}", finding.message);
        }
    }
}

#[test]
fn what_a_rule_can_never_answer_is_told_with_file_and_line_before_it_judges() {
    let told = |rule: &str| {
        let odd = pack("", rule).odd_answers();
        odd.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told("default verdict := \"error\"\nmessage := \"m\""), [""; 0]);
    assert_eq!(told("verdict = word if input.kind\nmessage := \"m\""), [""; 0]);
    assert_eq!(
        told("verdict := \"great\"\nverdicts := \"pass\"\nmessages := 1"),
        [
            "time.sync/try.rego:14: the rule defines no `message`, and nothing it says counts without one",
            "time.sync/try.rego:15: \"great\" is no verdict; use one of pass, fail, not_applicable, error"
        ]
    );
    assert_eq!(told("x := 1\nmessage := \"m\"").len(), 1);
    assert_eq!(RulePack::builtin().unwrap().odd_answers(), []);
}

#[test]
fn one_broken_rule_does_not_spoil_the_next() {
    let broken =
        "verdict := \"pass\" if input.kind\nverdict := \"fail\" if input.kind\nmessage := \"m\"\n";
    let sound = "verdict := \"pass\"\nmessage := \"fine\"\n";
    let text = |name: &str, rule: &str| {
        let header = HEADER.replace("time.sync.try", &format!("time.sync.{name}"));
        (
            format!("time.sync/{name}.rego"),
            format!("{header}package exhibit.time.sync.{name}\n{rule}"),
        )
    };
    let pack =
        RulePack::from_sources(vec![text("a_broken", broken), text("b_sound", sound)]).unwrap();
    let document = json!({"body": {}, "kind": "time.sync"});
    let verdicts: Vec<Verdict> = Judge::new(&pack)
        .unwrap()
        .judge("time.sync", &document, at())
        .iter()
        .map(|finding| finding.verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Error, Verdict::Pass]);
}

#[test]
fn a_rule_sees_its_parameters_and_the_time_only_if_it_declares_them() {
    let rule = r#"
default verdict := "error"
verdict := "pass" if time.parse_rfc3339_ns(input.now) == 1795341600000000000
message := sprintf("limit %d", [input.parameters.days])
"#;
    let parameters = "#   parameters:\n#     days: 7\n";
    let finding = judge(&format!("{parameters}#   clock: true\n"), rule, &json!({}));
    assert_eq!((finding.verdict, finding.message.as_str()), (Verdict::Pass, "limit 7"));
    assert_eq!(judge(parameters, rule, &json!({})).verdict, Verdict::Error);
}

#[test]
fn neither_chance_nor_the_salt_reaches_a_rule() {
    let text = format!("{HEADER}package exhibit.time.sync.try\nx := rand.intn(\"a\", 10)\n");
    let refused = RulePack::from_sources(vec![("time.sync/try.rego".to_owned(), text)]);
    assert!(refused.unwrap_err().to_string().contains("rand.intn is no function"));
    let rule = "default verdict := \"error\"\nverdict := \"pass\" if input.salt\nmessage := \"m\"";
    assert_eq!(judge("", rule, &json!({})).verdict, Verdict::Error);
}

#[test]
fn a_document_of_another_kind_or_over_the_limit_is_an_error() {
    let judge = Judge::new(&pack("", "verdict := \"pass\"\nmessage := \"m\"")).unwrap();
    let other = json!({"body": {}, "kind": "backup.jobs"});
    assert_eq!(judge.judge("time.sync", &other, at())[0].verdict, Verdict::Error);
    assert!(judge.judge("backup.jobs", &other, at()).is_empty());
    let large =
        json!({"body": "x".repeat(exhibit_assessment::MAX_DOCUMENT_BYTES), "kind": "time.sync"});
    assert!(judge.judge("time.sync", &large, at())[0].message.contains("over the limit"));
    for broken in [json!(null), json!([]), json!({"body": {}})] {
        assert_eq!(judge.judge("time.sync", &broken, at())[0].verdict, Verdict::Error);
    }
}

#[test]
fn a_document_of_a_later_schema_is_no_pass_and_says_which_and_what_to_do() {
    let judge = Judge::new(&pack("", "verdict := \"pass\"\nmessage := \"m\"")).unwrap();
    let of = |schema: &str| {
        let document = json!({"body": {}, "kind": "time.sync", "schema": schema});
        judge.judge("time.sync", &document, at()).remove(0)
    };
    for schema in
        ["urn:exhibit:kind:time.sync:v2", "urn:exhibit:kind:time.sync:v99999999999999999999"]
    {
        let found = of(schema);
        assert_eq!(found.verdict, Verdict::Error, "{schema}");
        for says in [schema, "rules read version 1", "it is kept", "upgrade the collector"] {
            assert!(found.message.contains(says), "no {says:?} in {}", found.message);
        }
    }
    for schema in ["urn:exhibit:kind:time.sync:v1", "urn:acme:badge:v7"] {
        assert_eq!(of(schema).verdict, Verdict::Pass, "{schema}");
    }
}

#[test]
fn the_builtin_pack_compiles_and_gives_the_same_answer_twice_on_any_thread() {
    let pack = RulePack::builtin().unwrap();
    let judge = Judge::new(&pack).unwrap();
    let document = json!({"body": {"reboot_required": true, "reboot_packages": ["linux-image"]}, "kind": "patch.status"});
    let here = judge.judge("patch.status", &document, at());
    let elsewhere = std::thread::spawn({
        let (judge, document) = (judge.clone(), document.clone());
        move || judge.judge("patch.status", &document, at())
    });
    assert_eq!(here, elsewhere.join().unwrap());
    assert!(here.iter().any(|finding| finding.verdict == Verdict::Fail));
}
