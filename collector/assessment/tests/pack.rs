//! Rule packs through the public door.

use exhibit_assessment::{
    ControlId, Framework, Judge, PackError, RulePack, Strength, control_table, rule_table,
};
use sha2::{Digest, Sha256};

const RULE: &str = "# METADATA
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
#   parameters:
#     days: 7
package exhibit.time.sync.try
verdict := \"pass\"
message := \"m\"
";

fn pack(files: &[(&str, &str)]) -> Result<RulePack, PackError> {
    RulePack::from_sources(
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect(),
    )
}

#[test]
fn a_broken_declaration_is_refused_with_file_line_and_way_out() {
    for (from, to, line, says) in [
        ("severity: low", "severity: lwo", 10, "low, medium, high, critical"),
        ("A.8.17", "A.8.71", 8, "A.5.1 … A.8.34"),
        ("relation: direct", "relation: full", 9, "direct, supporting, context"),
        ("freshness: 24", "freshness: 0", 11, "from 1 to 87600"),
        ("#   why: because\n", "", 1, "custom.why: missing"),
        ("fix: do", "fxi: do", 13, "unknown key; known are id, kind"),
        ("id: time.sync.try", "id: time.sync.other", 5, "must be time.sync.try"),
        ("package exhibit.time.sync.try", "package other", 16, "package exhibit.time.sync.try"),
        ("title: A title", "title: A: title", 2, "double quotes"),
        ("# METADATA", "# DATA", 1, "no `# METADATA` block"),
    ] {
        assert!(RULE.contains(from));
        let error =
            pack(&[("time.sync/try.rego", &RULE.replacen(from, to, 1))]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("time.sync/try.rego:{line}: ")), "{from}: {error}");
        assert!(error.contains(says), "{from}: {error}");
    }
}

#[test]
fn files_in_the_wrong_place_or_twice_are_refused() {
    for path in [
        "try.rego",
        "../time.sync/try.rego",
        "time.sync/try.txt",
        "/time.sync/try.rego",
        "time.sync/.try.rego",
    ] {
        assert!(matches!(pack(&[(path, RULE)]), Err(PackError::Place { .. })), "{path}");
    }
    let twice = [("time.sync/try.rego", RULE), ("time.sync/try.rego", RULE)];
    assert!(matches!(pack(&twice), Err(PackError::Duplicate { .. })));
    assert!(matches!(pack(&[]), Err(PackError::Empty)));
}

#[test]
fn a_rule_that_does_not_compile_is_refused_with_its_place() {
    let broken = format!("{RULE}x := ]\n");
    let error =
        Judge::new(&pack(&[("time.sync/try.rego", &broken)]).unwrap()).err().unwrap().to_string();
    assert!(error.contains("time.sync/try.rego") && error.contains("try.rego:19:"), "{error}");
    let error =
        Judge::new(&pack(&[("time.sync/try.rego", &format!("{RULE}x := undeclared\n"))]).unwrap());
    assert!(error.err().is_some_and(|error| error.to_string().contains("try.rego:19:")));
    let error = pack(&[("time.sync/try.rego", &format!("{RULE}x := nowhere(1)\n"))]).unwrap_err();
    assert!(error.to_string().starts_with("time.sync/try.rego:19: nowhere is no function"));
}

#[test]
fn the_manifest_sets_the_version_and_parameters_of_the_same_type_only() {
    let with = |manifest: &str| pack(&[("time.sync/try.rego", RULE), ("pack.json", manifest)]);
    let changed =
        with(r#"{"version": "7", "parameters": {"time.sync.try": {"days": 9}}}"#).unwrap();
    assert_eq!(
        (changed.version(), &changed.rules()[0].parameters["days"]),
        ("7", &serde_json::json!(9))
    );
    assert_ne!(changed.digest(), pack(&[("time.sync/try.rego", RULE)]).unwrap().digest());
    for (manifest, line, says) in [
        (
            r#"{"version": "7", "parameters": {"time.sync.try": {"days": "9"}}}"#,
            "1: ",
            "type of its default 7",
        ),
        (
            r#"{"version": "7", "parameters": {"time.sync.try": {"days": 1.5}}}"#,
            "1: ",
            "type of its default 7",
        ),
        (
            r#"{"version": "7", "parameters": {"time.sync.try": {"days": -1}}}"#,
            "1: ",
            "use 0 or more",
        ),
        (
            "{\"version\": \"7\",\n\"parameters\": {\"time.sync.try\":\n{\"dyas\": 9}}}",
            "3: ",
            "it has: days",
        ),
        (
            "{\"version\": \"7\",\n\"parameters\": {\"time.sync.tri\": {}}}",
            "2: ",
            "no rule of this pack",
        ),
        ("{\"version\": \"7\",\n\"oops\": 1}", "2: ", "oops"),
        ("{\"name\": \"a\\nb\", \"version\": \"7\"}", "1: ", "on one line"),
    ] {
        let error = with(manifest).unwrap_err().to_string();
        assert!(error.starts_with(&format!("pack.json:{line}")) && error.contains(says), "{error}");
    }
}

#[test]
fn a_parameter_stays_in_the_limits_that_its_rule_declares() {
    let limited =
        RULE.replace("#     days: 7\n", "#     days: 7\n#   limits:\n#     days: [1, 30]\n");
    let with = |days: &str| {
        let manifest = format!(
            "{{\"version\": \"7\", \"parameters\": {{\"time.sync.try\": {{\"days\": {days}}}}}}}"
        );
        pack(&[("time.sync/try.rego", &limited), ("pack.json", &manifest)])
    };
    assert_eq!(with("30").unwrap().rules()[0].parameters["days"], serde_json::json!(30));
    for days in ["0", "31"] {
        let error = with(days).unwrap_err().to_string();
        assert!(error.contains("out of range; use from 1 to 30"), "{error}");
    }
    for (limits, says) in [
        (
            "days: [8, 30]",
            "time.sync/try.rego:15: custom.parameters.days: time.sync.try.days = 7 is out of range",
        ),
        ("days: [30, 1]", "time.sync/try.rego:17: custom.limits.days: must be [least, greatest]"),
        ("hours: [1, 2]", "time.sync/try.rego:17: custom.limits.hours: names no parameter"),
    ] {
        let text = RULE
            .replace("#     days: 7\n", &format!("#     days: 7\n#   limits:\n#     {limits}\n"));
        let error = pack(&[("time.sync/try.rego", &text)]).unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    }
}

#[test]
fn a_kind_that_nobody_emits_is_told_with_its_place_unless_the_pack_declares_it() {
    let known = std::collections::BTreeSet::from(["patch.status"]);
    let alone = pack(&[("time.sync/try.rego", RULE)]).unwrap();
    let told = alone.unknown_kinds(&known)[0].to_string();
    assert!(told.starts_with("time.sync/try.rego:6: ") && told.contains("pack.json"), "{told}");
    let declared = r#"{"version": "1", "kinds": ["time.sync"]}"#;
    let own = pack(&[("time.sync/try.rego", RULE), ("pack.json", declared)]).unwrap();
    assert!(own.unknown_kinds(&known).is_empty());
}

#[test]
fn the_digest_is_what_sha256sum_over_the_files_gives() {
    let files = [("lib/a.rego", "package exhibit.lib.a\n"), ("time.sync/try.rego", RULE)];
    let lines: String = files
        .iter()
        .map(|(path, text)| format!("{}  {path}\n", hex::encode(Sha256::digest(text.as_bytes()))))
        .collect();
    let expected = hex::encode(Sha256::digest(lines.as_bytes()));
    assert_eq!(pack(&files).unwrap().digest(), expected);
    assert_eq!(pack(&[files[1], files[0]]).unwrap().digest(), expected);
}

#[test]
fn a_pack_loads_again_from_its_own_sources() {
    let pack = RulePack::builtin().unwrap();
    let again = RulePack::from_sources(pack.sources().to_vec()).unwrap();
    assert_eq!(
        (again.digest(), again.version(), again.rules()),
        (pack.digest(), pack.version(), pack.rules())
    );
    let rule = &pack.rules()[3];
    assert_eq!(pack.rule(&rule.id), Some(rule));
}

#[test]
fn the_builtin_pack_speaks_about_every_kind_it_is_meant_for() {
    let pack = RulePack::builtin().unwrap();
    assert!(pack.rules().len() >= 120, "{}", pack.rules().len());
    let mut kinds: Vec<&str> = pack.rules().iter().map(|rule| rule.kind.as_str()).collect();
    kinds.dedup();
    assert_eq!(kinds.len(), 40, "{kinds:?}");
    assert!(
        pack.rules()
            .iter()
            .all(|rule| rule.fix.len() > 20 && rule.why.len() > 20 && rule.title.len() < 90)
    );
}

#[test]
fn rules_that_read_the_time_declare_it_and_only_those() {
    let pack = RulePack::builtin().unwrap();
    for rule in pack.rules() {
        let (_, text) = pack.sources().iter().find(|(path, _)| *path == rule.path).unwrap();
        assert_eq!(text.contains("input.now"), rule.clock, "{}", rule.id);
        for name in rule.parameters.keys() {
            assert!(
                text.contains(&format!("input.parameters.{name}")),
                "{} never reads {name}",
                rule.id
            );
        }
    }
}

#[test]
fn why_a_relation_is_direct_stands_in_each_rule_that_has_one() {
    for rule in RulePack::builtin().unwrap().rules() {
        let path = format!("{}/rules/{}", env!("CARGO_MANIFEST_DIR"), rule.path);
        let text = std::fs::read_to_string(path).unwrap();
        let told: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        let told = told.join(" ");
        for (control, _) in rule.controls.iter().filter(|(_, how)| *how == Strength::Direct) {
            let says = format!("irect on {control}");
            assert!(told.contains(&says), "{} does not say why it is direct on {control}", rule.id);
        }
    }
}

#[test]
fn the_tables_name_every_rule_and_every_control() {
    let (framework, pack) = (Framework::builtin().unwrap(), RulePack::builtin().unwrap());
    let (rules, controls) = (rule_table(&pack), control_table(&framework, &pack));
    assert_eq!(rules.lines().count(), pack.rules().len() + 2);
    assert_eq!(controls.lines().count(), 93 + 2);
    let clock: ControlId = "A.8.17".parse().unwrap();
    let direct =
        pack.rules().iter().find(|rule| rule.strength(clock) == Some(Strength::Direct)).unwrap();
    let row = controls.lines().find(|line| line.starts_with("| A.8.17 ")).unwrap();
    assert!(row.contains(direct.id.as_str()));
    assert!(
        controls.lines().find(|line| line.starts_with("| A.6.1 ")).unwrap().contains("| manual |")
    );
}
