//! Rules that would take a process down: each is refused at load with file, line and way out, or ends as an error of that
//! rule alone. nextest runs each test in a process of its own, so an abort shows as a failure.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fmt::Write as _;

use exhibit_assessment::{Capture, Evidence, Finding, Judge, Labels, RulePack, Verdict};
use jiff::Timestamp;
use serde_json::{Value, json};

const HEADER: &str = "# METADATA
# title: t
# description: d
# custom:
#   id: time.sync.try
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: context
#   severity: low
#   freshness: 1
#   why: w
#   fix: f
";
const PASS: &str = "verdict := \"pass\"\nmessage := \"m\"\n";

fn source(declares: &str, rule: &str) -> (String, String) {
    let text = format!("{HEADER}{declares}package exhibit.time.sync.try\n{rule}");
    ("time.sync/try.rego".to_owned(), text)
}

/// Why the rule is refused, at load or when it is compiled.
fn refused(rule: &str) -> String {
    let pack = match RulePack::from_sources(vec![source("", rule)]) {
        Ok(pack) => pack,
        Err(refusal) => return refusal.to_string(),
    };
    Judge::new(&pack).err().unwrap().to_string()
}

fn judged(rule: &str, body: &Value) -> Finding {
    let pack = RulePack::from_sources(vec![source("", rule)]).unwrap();
    let document = json!({"body": body, "kind": "time.sync", "target": "host:a"});
    let mut findings =
        Judge::new(&pack).unwrap().judge("time.sync", &document, Timestamp::UNIX_EPOCH);
    assert_eq!(findings.len(), 1);
    findings.remove(0)
}

#[test]
fn what_could_never_end_is_refused_with_its_line_and_the_way_out() {
    let chain = |length: usize| format!("x := 1{}\n{PASS}", " +\n1".repeat(length));
    for (rule, line, says) in [
        (format!("f(x) := f(x + 1)\n{PASS}"), 15, "calls itself"),
        (format!("f(x) := g(x)\ng(x) := f(x)\n{PASS}"), 15, "calls itself"),
        (format!("{PASS} count(x) := count(x)\n"), 17, "beginning of its line"),
        (format!("y := 1 count(x) := count(x)\n{PASS}"), 15, "beginning of its line"),
        (format!("y := count(input) with input as 3\n{PASS}"), 15, "belongs into tests"),
        (format!("square(x) := x * x\n{PASS}"), 15, "multiply in the rule that calls it"),
        (format!("x := data.exhibit.time\n{PASS}"), 15, "reads `input`"),
        (format!("x := data\n{PASS}"), 15, "reads `input`"),
        (format!("import data.exhibit.time.sync.other\n{PASS}"), 15, "imports library files"),
        (format!("x := http.send({{}})\n{PASS}"), 15, "http.send is no function"),
        (format!("x := bits.lsh(1, 4000000000)\n{PASS}"), 15, "is no function"),
        (format!("x := input.list[0].count(1)\n{PASS}"), 15, "computed name"),
        (chain(5000), 15, "more than 1000"),
        (chain(5000).replace(" +\n1", "\n+ 1"), 15, "more than 1000"),
        (format!("x := input{}\n{PASS}", "\n[0]".repeat(4000)), 15, "more than 1000"),
    ] {
        let error = refused(&rule);
        assert!(error.starts_with(&format!("time.sync/try.rego:{line}: ")), "{error}");
        assert!(error.contains(says), "{error}");
    }
    let squares: String = (1..12).fold("x0 := 9\n".to_owned(), |mut text, n| {
        writeln!(text, "x{n} := x{} * x{}", n - 1, n - 1).unwrap();
        text
    });
    assert!(refused(&format!("{squares}{PASS}")).contains("more than 8 multiplications"));
    // As long as a chain of functions may be, on the small stack of a test's thread; a longer one is refused.
    let functions = |count: usize| {
        let chain = (1..count).fold("f0(x) := x\n".to_owned(), |mut text, n| {
            writeln!(text, "f{n}(x) := f{}(x)", n - 1).unwrap();
            text
        });
        format!("{chain}verdict := \"pass\" if f{}(input.kind)\nmessage := \"m\"\n", count - 1)
    };
    assert!(refused(&functions(5000)).contains("more than 200 rules"));
    assert_eq!(judged(&functions(197), &json!({})).verdict, Verdict::Pass);
    // As deep as a rule may be.
    let deepest = chain(480);
    assert_eq!(judged(&deepest, &json!({})).verdict, Verdict::Pass);
}

#[test]
fn rules_that_need_each_other_are_refused() {
    let error = refused("a if b\nb if a\nverdict := \"pass\" if a\nmessage := \"m\"\n");
    assert!(error.contains("try.rego:") && error.contains("recursion"), "{error}");
}

#[test]
fn what_makes_text_or_lists_without_bound_is_an_error_before_the_memory_is_asked_for() {
    let mut doubling = "x0 := sprintf(\"%v\", [input.body.list])\n".to_owned();
    for n in 1..60 {
        writeln!(doubling, "x{n} := concat(\"\", [x{}, x{}])", n - 1, n - 1).unwrap();
    }
    let grow = "replace(replace(input.body.long, \"a\", input.body.long), \"a\", input.body.long)";
    let body =
        json!({"list": (0..1000).collect::<Vec<_>>(), "big": 1e12, "long": "a".repeat(10_000)});
    for rule in [
        "x := count(numbers.range(1, input.body.big))".to_owned(),
        "x := count(numbers.range(-9223372036854775807, 9223372036854775807)) if input.body.list".to_owned(),
        format!("x := count({grow})"),
        "x := [y | some a in input.body.list; some b in input.body.list; y := concat(\"\", [sprintf(\"%v%v\", [a, b]), input.body.long])]".to_owned(),
        "x := [y | some a in input.body.list; some b in input.body.list; y := array.concat(input.body.list, [a, b])]".to_owned(),
        "x := [y | some a in input.body.list; some b in input.body.list; y := split(input.body.long, \"\")]".to_owned(),
        format!("{doubling}x := x59"),
    ] {
        let finding = judged(&format!("{rule}\n{PASS}"), &body);
        assert_eq!(finding.verdict, Verdict::Error, "{rule}");
        assert!(finding.message.contains("more than 67108864 bytes"), "{}", finding.message);
    }
    let wide = judged(&format!("x := sprintf(\"%4000000000d\", [input.body.big])\n{PASS}"), &body);
    assert_eq!(wide.verdict, Verdict::Error);
    assert!(wide.message.contains("at most two digits"), "{}", wide.message);
    // A letter that is a number to Unicode and no digit breaks the engine's own sprintf off.
    let half = judged(&format!("x := sprintf(input.body, [1])\n{PASS}"), &json!("%½d"));
    assert_eq!(half.verdict, Verdict::Error);
}

#[test]
fn the_largest_numbers_that_rules_can_make_take_no_time() {
    let mut rule = "x0 := input.body.big\n".to_owned();
    for n in 1..9 {
        writeln!(rule, "x{n} := x{} * x{}", n - 1, n - 1).unwrap();
    }
    let rule = format!("{rule}verdict := \"pass\" if x8 > 1\nmessage := sprintf(\"%d\", [x8])\n");
    let started = std::time::Instant::now();
    let finding = judged(&rule, &json!({"big": u64::MAX}));
    assert_eq!(finding.verdict, Verdict::Error, "{}", finding.message);
    assert!(started.elapsed() < std::time::Duration::from_secs(4));
}

#[test]
fn division_by_zero_is_no_pass() {
    let finding = judged(
        "verdict := \"pass\" if 1 / count(input.body.list) > 0\nmessage := \"m\"\n",
        &json!({"list": []}),
    );
    assert_eq!(finding.verdict, Verdict::Error);
    let finding = judged(
        "default verdict := \"error\"\nverdict := \"pass\" if 1 % count(input.body.list) == 0\nmessage := \"m\"\n",
        &json!({"list": []}),
    );
    assert_eq!(finding.verdict, Verdict::Error);
}

#[test]
fn a_rule_sees_capture_facts_and_labels_only_if_it_declares_them() {
    let rule = "default verdict := \"error\"
verdict := \"fail\" if input.labels.environment == \"production\"
items contains {\"id\": \"rows\", \"why\": \"cut\"} if input.capture.truncated
message := sprintf(\"%d of %d rows\", [input.capture.rows, input.capture.expected])
";
    let document = json!({"body": {}, "kind": "time.sync", "target": "host:a"});
    let capture =
        Capture { rows: Some(3), expected: Some(7), truncated: true, ..Capture::default() };
    let labels = Labels::try_from(std::collections::BTreeMap::from([(
        "environment".to_owned(),
        "production".to_owned(),
    )]))
    .unwrap();
    let judge = |declares: &str| {
        let pack = RulePack::from_sources(vec![source(declares, rule)]).unwrap();
        let evidence = Evidence {
            document: &document,
            observed_at: Timestamp::UNIX_EPOCH,
            capture: Some(&capture),
            labels: Some(&labels),
        };
        Judge::new(&pack).unwrap().judge_evidence("time.sync", &evidence).remove(0)
    };
    let seen = judge("#   capture: true\n#   labels: true\n");
    assert_eq!((seen.verdict, seen.message.as_str()), (Verdict::Fail, "3 of 7 rows"));
    assert_eq!(judge("#   labels: true\n").verdict, Verdict::Error);
    assert_eq!(judge("").verdict, Verdict::Error);
}

#[test]
fn sprintf_writes_as_open_policy_agent_does() {
    let body = json!({"a": [1, "x", {"b": null}], "n": 7, "f": 1.5, "s": "t"});
    for (call, expected) in [
        (
            "sprintf(\"%v|%s|%d\", [input.body.a, input.body.s, input.body.n])",
            "[1, \"x\", {\"b\": null}]|t|7",
        ),
        ("sprintf(\"%03d|%3d|%x\", [input.body.n, input.body.n, 255])", "007|  7|ff"),
        ("sprintf(\"%.2f|%v|%%\", [input.body.f, input.body.f])", "1.50|1.5|%"),
        ("concat(\"-\", split(\"a,b\", \",\"))", "a-b"),
        ("replace(\"aXb\", \"X\", \"--\")", "a--b"),
        ("sprintf(\"%v\", [numbers.range(3, 1)])", "[3, 2, 1]"),
        ("sprintf(\"%v\", [to_number(\"12.5\")])", "12.5"),
        ("sprintf(\"%v\", [array.concat([1], [true])])", "[1, true]"),
        ("sprintf(\"%v\", [split(\"ab\", \"\")])", "[\"a\", \"b\"]"),
    ] {
        let rule = format!("verdict := \"not_applicable\"\nmessage := {call} if input.body.n\n");
        let finding = judged(&rule, &body);
        assert_eq!(finding.message, expected, "{call}");
    }
}
