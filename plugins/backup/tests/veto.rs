//! Paths that the operator forbids: neither the program nor restic nor borg opens them, and no restore test brings back
//! what lies there.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::Path;
use std::process::Command;

use exhibit_plugin::local::testing::traced::{self, Traced};
use exhibit_plugin::plugin::{VETO, Vetoes};
use exhibit_plugin::{Line, OutcomeKind};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_exhibit-plugin-backup");

fn tool(home: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .env("RESTIC_PASSWORD_FILE", home.join("password"))
        .env("RESTIC_REPOSITORY", home.join("restic"))
        .env("RESTIC_CACHE_DIR", home.join("cache"))
        .env("BORG_REPO", home.join("borg"))
        .env("BORG_BASE_DIR", home.join("base"))
        .env("BORG_PASSCOMMAND", format!("cat {}", home.join("password").display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Data, a backup of it by restic and by borg, and a folder of dumps.
fn scene(home: &Path) {
    for folder in ["data/deep", "dumps", "scratch"] {
        fs::create_dir_all(home.join(folder)).unwrap();
    }
    fs::write(home.join("password"), "correct-horse\n").unwrap();
    fs::write(home.join("data/open"), "open").unwrap();
    fs::write(home.join("data/deep/kept"), "kept back").unwrap();
    fs::write(home.join("dumps/app.sql"), "-- PostgreSQL database dump\n").unwrap();
    let data = home.join("data").to_string_lossy().into_owned();
    tool(home, "restic", &["init", "-q"]);
    tool(home, "restic", &["backup", "-q", &data]);
    tool(home, "borg", &["init", "-e", "repokey"]);
    tool(home, "borg", &["create", "::nightly", &data]);
}

fn run(home: &Path, deny: &[&str]) -> Traced {
    let at = |name: &str| home.join(name).to_string_lossy().into_owned();
    let repository = |tool: &str, location: &str| json!({"name": tool, "tool": tool, "location": at(location), "password_file": at("password")});
    let test = |tool: &str| json!({"name": tool, "repository": tool, "scratch": at("scratch")});
    let deny: Vec<String> = deny.iter().map(|path| path.replace("HOME", &at(""))).collect();
    traced::run(
        PROGRAM,
        &json!({
            "v": 1, "kinds": ["backup.jobs", "continuity.tests"], "target": "host:test",
            "deadline_ms": 120_000, "deny_paths": deny,
            "settings": {
                "backup": {"repositories": [
                    repository("restic", "restic"), repository("borg", "borg"),
                    repository("files", "dumps"),
                ]},
                "continuity": {"tests": [test("restic"), test("borg")]},
            },
        }),
    )
}

/// Opened paths that a pattern forbids.
fn opened<'a>(home: &Path, traced: &'a Traced, pattern: &str) -> Vec<&'a str> {
    let pattern = pattern.replace("HOME", &home.join("").to_string_lossy());
    let vetoes = Vetoes::read(&[pattern]).unwrap();
    let paths = traced.opened.iter().map(String::as_str);
    paths.filter(|path| vetoes.forbids(path).is_some()).collect()
}

/// Kinds whose outcomes name a veto.
fn told<'a>(traced: &'a Traced, pattern: &str) -> Vec<&'a str> {
    let mut kinds: Vec<&str> = traced
        .lines
        .iter()
        .filter_map(|line| match line {
            Line::Outcome { kind, outcome: OutcomeKind::Denied, detail, .. } => {
                (detail.contains(VETO) && detail.contains(pattern)).then_some(kind.as_str())
            }
            Line::Outcome { .. } | Line::Document { .. } => None,
            Line::Progress { .. } | Line::Log { .. } | Line::Done {} => None,
        })
        .collect();
    kinds.dedup();
    kinds
}

fn body<'a>(traced: &'a Traced, wanted: &str) -> Option<&'a Value> {
    traced.lines.iter().find_map(|line| match line {
        Line::Document { kind, body, .. } if kind == wanted => Some(body),
        Line::Document { .. } | Line::Outcome { .. } => None,
        Line::Progress { .. } | Line::Log { .. } | Line::Done {} => None,
    })
}

#[test]
fn neither_the_plugin_nor_a_backup_tool_opens_what_is_forbidden() {
    let folder = tempfile::tempdir().unwrap();
    let home = &fs::canonicalize(folder.path()).unwrap();
    scene(home);
    let free = run(home, &[]);
    let both = ["backup.jobs", "continuity.tests"];
    for (pattern, kinds) in [
        ("HOMErestic/**", &both[..]),
        ("HOMEborg", &both),
        ("HOMEpass*", &both),
        ("HOMEdumps", &both[..1]),
        ("HOMEscratch", &both[1..]),
        ("HOMEdata/deep", &both[1..]),
        ("/usr/bin/borg", &both),
        ("/usr/bin/restic", &both),
    ] {
        assert!(!opened(home, &free, pattern).is_empty(), "{pattern} is not opened anyway");
        let kept = run(home, &[pattern]);
        assert_eq!(opened(home, &kept, pattern), Vec::<&str>::new(), "{pattern}");
        assert_eq!(told(&kept, &pattern.replace("HOME", "")), kinds, "{pattern}");
    }
}

#[test]
fn a_restore_test_leaves_out_what_is_forbidden_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let home = &fs::canonicalize(folder.path()).unwrap();
    scene(home);
    let kept = run(home, &["HOMEdata/deep/**"]);
    assert!(!kept.opened.iter().any(|path| path.ends_with("data/deep/kept")), "it was restored");
    let tests = body(&kept, "continuity.tests").unwrap()["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 2);
    for test in tests {
        assert_eq!(test["result"], "success", "{test}");
        assert_eq!(test["sample"]["population"], 2, "{test}");
        assert_eq!((&test["sample"]["files"], &test["sample"]["left_out"]), (&json!(1), &json!(1)));
    }
}
