//! An organisation's own rules over the shipped ones.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use exhibit_assessment::{GivenRules, RulePack};
use serde_json::json;

const RULE: &str = "# METADATA
# title: Clocks agree
# description: d
# custom:
#   id: time.sync.own
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: supporting
#   severity: low
#   freshness: 24
#   why: w
#   fix: f
#   parameters:
#     max: 5
package exhibit.time.sync.own

default verdict := \"error\"

message := \"m\"
";

fn given(manifest: &str) -> Result<GivenRules, String> {
    let files = [("time.sync/own.rego", RULE), ("pack.json", manifest)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    GivenRules::from_sources(files.into()).map_err(|error| error.to_string())
}

fn over(manifest: &str) -> Result<RulePack, String> {
    given(manifest)?.over(&RulePack::builtin().unwrap()).map_err(|error| error.to_string())
}

#[test]
fn additions_take_rules_out_put_rules_in_and_set_parameters() {
    let shipped = RulePack::builtin().unwrap();
    let pack = over(
        r#"{"name": "acme", "version": "7", "extends": "builtin", "kinds": ["acme.badges"],
            "without": ["time.sync.one_time_daemon"],
            "parameters": {"time.sync.own": {"max": 2}, "time.sync.offset_small": {"max_ms": 50}}}"#,
    );
    let pack = pack.unwrap();
    let diff = shipped.diff(&pack);
    assert_eq!(diff.added.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["time.sync.own"]);
    assert_eq!(diff.removed[0].as_str(), "time.sync.one_time_daemon");
    assert_eq!(diff.changed.len(), 1);
    let parameter = |rule: &str, name: &str| {
        pack.rule(&rule.parse().unwrap()).unwrap().parameters[name].clone()
    };
    assert_eq!(parameter("time.sync.own", "max"), json!(2));
    assert_eq!(parameter("time.sync.offset_small", "max_ms"), json!(50));
    assert_eq!((pack.name(), pack.version()), ("acme", &*format!("7+{}", shipped.version())));
    assert_eq!(pack.base(), Some(shipped.digest()));
    // What stands beside the log gives the same pack, without the shipped one at hand.
    let again = RulePack::from_archive(&pack.to_archive()).unwrap();
    assert_eq!((again.digest(), again.rules()), (pack.digest(), pack.rules()));
}

#[test]
fn what_is_signed_names_the_files_that_were_given_whatever_lies_below_them() {
    let given = given(r#"{"name": "acme", "version": "7", "extends": "builtin"}"#).unwrap();
    let statement = format!("exhibit-rule-pack/v1\nacme\n7\nsha256:{}\n", given.digest());
    assert_eq!(given.statement(), statement);
    let again = GivenRules::from_archive(&given.to_archive()).unwrap();
    assert_eq!(again.digest(), given.digest());
    let whole = RulePack::builtin().unwrap();
    let as_given = GivenRules::from_archive(&whole.to_archive()).unwrap();
    assert_eq!(as_given.statement(), whole.statement());
    assert_eq!(as_given.over(&given.over(&whole).unwrap()).unwrap().digest(), whole.digest());
}

#[test]
fn additions_that_do_not_fit_are_refused_with_their_line() {
    for (manifest, expected) in [
        (r#"{"version": "1", "extends": "acme"}"#, "pack.json:1: extends \"acme\" is not known"),
        ("{\"version\": \"1\",\n\"without\": [\"time.sync.own\"]}", "pack.json:2: `without`"),
        (
            "{\"version\": \"1\", \"extends\": \"builtin\",\n\"without\": [\"a.b\"]}",
            "pack.json:2: \"a.b\" is no rule of the shipped pack",
        ),
        (
            "{\"version\": \"1\", \"extends\": \"builtin\",\n\"parameters\":\n{\"a.b\": {}}}",
            "pack.json:3: parameters for \"a.b\"",
        ),
        (
            "{\"version\": \"1\", \"extends\": \"builtin\", \"parameters\":\n{\"time.sync.own\":\n{\"max\": \"x\"}}}",
            "pack.json:3: time.sync.own.max = \"x\" must be of the type",
        ),
    ] {
        let refused = over(manifest).unwrap_err();
        assert!(refused.starts_with(expected), "{refused} lacks {expected}");
    }
    let alone = given(r#"{"version": "1", "extends": "builtin"}"#).unwrap();
    let refused = RulePack::from_archive(&alone.to_archive()).unwrap_err().to_string();
    assert!(refused.contains("no pack by themselves"), "{refused}");
    let twice = vec![
        ("time.sync/offset_small.rego".to_owned(), RULE.replace("own", "offset_small")),
        ("pack.json".to_owned(), r#"{"version": "1", "extends": "builtin"}"#.to_owned()),
    ];
    let twice = GivenRules::from_sources(twice).unwrap();
    let refused = twice.over(&RulePack::builtin().unwrap()).unwrap_err().to_string();
    assert!(
        refused.starts_with("time.sync/offset_small.rego:1: the shipped pack has"),
        "{refused}"
    );
}
