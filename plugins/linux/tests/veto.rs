//! Paths that the operator forbids, on this very host: neither the program nor any tool that it starts opens them.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::process::Command;

use exhibit_plugin::local::testing::traced;
use exhibit_plugin::plugin::{VETO, Vetoes};
use exhibit_plugin::{Describe, Line, OutcomeKind};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_exhibit-plugin-linux");

/// What the plugin reads itself, what only tools read, what is found by walking, and what `/proc` shows.
const FORBIDDEN: [&str; 8] = [
    "/etc/ssl/private/**",
    "/etc/ssh",
    "/etc/shadow*",
    "/etc/apt/**",
    "/var/lib/dpkg",
    "/etc/cron*",
    "/proc/*/cgroup",
    "/etc/*.conf",
];

fn request(deny: &[&str]) -> Value {
    let described = Command::new(PROGRAM).arg("--describe").output().unwrap();
    let described: Describe = serde_json::from_slice(&described.stdout).unwrap();
    assert!(described.keeps_deny_paths);
    let kinds: Vec<_> = described.kinds.into_iter().map(|kind| kind.kind).collect();
    json!({
        "v": 1, "kinds": kinds, "target": "host:test", "deadline_ms": 240_000, "deny_paths": deny,
        "settings": {
            "permissions": {"paths": ["/etc", "/usr/bin"]},
            "integrity": {"megabytes": 16, "seconds": 200},
        },
    })
}

/// Which paths of a run a pattern forbids. What the loader and the C library read for every program is not the plugin's.
fn of<'a>(opened: &'a [String], pattern: &str) -> BTreeSet<&'a str> {
    const LOADER: [&str; 5] = [
        "/etc/ld.so.cache",
        "/etc/nsswitch.conf",
        "/etc/host.conf",
        "/etc/resolv.conf",
        "/etc/gai.conf",
    ];
    let vetoes = Vetoes::read(&[pattern.to_owned()]).unwrap();
    let opened = opened.iter().map(String::as_str);
    opened.filter(|path| !LOADER.contains(path) && vetoes.forbids(path).is_some()).collect()
}

#[test]
fn neither_the_plugin_nor_its_tools_open_what_is_forbidden() {
    let free = traced::run(PROGRAM, &request(&[]));
    let kept = traced::run(PROGRAM, &request(&FORBIDDEN));
    let mut told = 0;
    for pattern in FORBIDDEN {
        let names = |line: &&Line| match line {
            Line::Outcome { outcome, detail, .. } => {
                *outcome == OutcomeKind::Denied
                    && detail.starts_with(VETO)
                    && detail.contains(&format!("[deny] paths: {pattern})"))
            }
            Line::Document { .. } | Line::Progress { .. } | Line::Log { .. } | Line::Done {} => {
                false
            }
        };
        let opened = of(&kept.opened, pattern);
        assert!(opened.is_empty(), "{pattern}: {:?}", opened.iter().take(5).collect::<Vec<_>>());
        // What is not on this host cannot be told.
        if !of(&free.opened, pattern).is_empty() {
            assert!(kept.lines.iter().any(|line| names(&line)), "{pattern} is not told");
            told += 1;
        }
    }
    assert!(told >= 6, "only {told} of the forbidden paths are read here at all");
}
