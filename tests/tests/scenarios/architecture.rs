//! The arrows between crates, as ARCHITECTURE.md draws them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Who may depend on whom. `collector` knows no plugin, agent and collector do not know each other, and what judges or
/// verifies does no I/O of its own.
const ALLOWED: &[(&str, &[&str])] = &[
    ("exhibit-proto", &[]),
    ("exhibit-assessment", &[]),
    ("exhibit-plugin", &["exhibit-proto"]),
    ("exhibit-plugin-linux", &["exhibit-plugin"]),
    ("exhibit-plugin-backup", &["exhibit-plugin"]),
    ("exhibit-agent", &["exhibit-proto", "exhibit-plugin"]),
    ("exhibit-collector", &["exhibit-proto", "exhibit-assessment"]),
    ("exhibit-verifier", &["exhibit-proto", "exhibit-assessment"]),
];

/// Crates that do I/O: none of them below `proto` (without its services) or `assessment`.
const DOES_IO: &[&str] =
    &["tokio", "hyper", "rusqlite", "rustls", "tonic", "mio", "socket2", "reqwest"];

fn metadata(arguments: &[&str]) -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--offline", "--locked"]).args(arguments);
    let output = command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

#[test]
fn crates_depend_on_each_other_only_along_the_allowed_arrows() {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().unwrap();
    let members: BTreeSet<&str> = packages.iter().map(|package| text(package, "name")).collect();
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    for package in packages {
        let name = text(package, "name");
        if name == "exhibit-tests" {
            continue;
        }
        let allowed = allowed.get(name).unwrap_or_else(|| panic!("{name} has no line in ALLOWED"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let used = text(dependency, "name");
            // On itself: tests that switch a feature on.
            let fine = !members.contains(used) || used == name || allowed.contains(&used);
            assert!(fine, "{name} must not depend on {used}");
        }
    }
}

#[test]
fn what_agrees_and_what_judges_does_no_io() {
    // The verifier's default features add `exhibit witness`, which serves; verification itself has no network.
    for package in ["exhibit-verifier", "exhibit-assessment"] {
        let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
            .args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none"])
            .args(["--format", "{p}", "--no-default-features", "--package", package])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tree = String::from_utf8(output.stdout).unwrap();
        assert!(tree.lines().count() > 10, "{tree}");
        for line in tree.lines() {
            let name = line.split(' ').next().unwrap();
            assert!(!DOES_IO.contains(&name), "{package} reaches {name}");
        }
    }
}
