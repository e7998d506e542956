//! `network.firewall`: the packet filter in force in the kernel, and the front ends that manage it.
//!
//! It never changes a rule and never sends a packet. No rules is a finding of its own, not a gap.

pub(crate) mod front_ends;
mod legacy;
mod model;
mod nft;
mod nft_rule;

use exhibit_plugin::kinds::network_firewall::{DefaultAction, FrontEnd, KIND, NetworkFirewall};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};

use self::model::Ruleset;
use crate::look::{Found, Look};
use crate::tool::{Tool, ToolError};

/// The catalog's line.
pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "nft -j list ruleset",
        "iptables-nft-save, ip6tables-nft-save (only when nft shows rules that iptables made)",
        "/proc/net/{ip,ip6}_tables_names",
        "iptables-legacy-save, ip6tables-legacy-save (only when the kernel holds legacy tables)",
        "/proc/net/if_inet6",
        "/etc/ufw/ufw.conf",
        "/etc/systemd/system/*.target.wants/{nftables,firewalld,ufw,netfilter-persistent}.service",
    ],
    needs: &[
        "CAP_NET_ADMIN for the rules in force",
        "CAP_DAC_READ_SEARCH for the list of legacy tables",
    ],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let front_ends = front_ends::find(&mut look);
    let body = if look.host.is_live() {
        let nft = nft_rules(&mut look);
        let legacy = legacy_rules(&mut look);
        let ipv6 = look.text("/proc/net/if_inet6").here().is_some_and(|text| uses_ipv6(&text));
        summarise(nft, legacy, ipv6, front_ends)
    } else {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "rules in force belong to a running kernel, and {} is only a file tree",
                job.root.display()
            ),
            "observe the running host with root '/'",
        );
        summarise(None, None, true, front_ends)
    };
    let rows = usize::try_from(body.rule_count.unwrap_or(0)).unwrap_or(usize::MAX);
    look.seen.document(body, rows);
    look.done()
}

/// One document out of what both engines of the kernel hold; `None` is an engine that could not be asked.
fn summarise(
    nft: Option<Ruleset>,
    legacy: Option<Ruleset>,
    ipv6: bool,
    front_ends: Vec<FrontEnd>,
) -> NetworkFirewall {
    let complete = nft.is_some() && legacy.is_some();
    let mut engines = Vec::new();
    let mut all = Ruleset::default();
    for (name, ruleset) in [("nftables", nft), ("iptables-legacy", legacy)] {
        if let Some(ruleset) = ruleset.filter(|ruleset| !ruleset.chains.is_empty()) {
            engines.push(name);
            all.chains.extend(ruleset.chains);
        }
    }
    let default_of = |hook: &str| {
        let seen = all.default_of(hook, ipv6);
        // A packet must pass both engines: a drop that was seen holds whatever the other one says.
        if complete || seen == DefaultAction::Drop { seen } else { DefaultAction::Unknown }
    };
    let filters = all.filters_inbound();
    NetworkFirewall {
        engine: (!engines.is_empty()).then(|| engines.join("+")),
        active: if filters || complete { Some(filters) } else { None },
        inbound_default: default_of("input"),
        forward_default: default_of("forward"),
        outbound_default: default_of("output"),
        rule_count: complete.then(|| all.rule_count()),
        chains: complete.then(|| all.base_chains()),
        inbound_allowed: complete.then(|| all.inbound_allowed()),
        front_ends,
    }
}

fn nft_rules(look: &mut Look<'_>) -> Option<Ruleset> {
    let output =
        match look.try_run(&Tool::new("nft", &["-j", "list", "ruleset"]).max_output(64 << 20)) {
            Ok(output) => output,
            Err(error) => {
                let remedy = match &error {
                    ToolError::Missing(_) => {
                        "install the package nftables, which only reads here".to_owned()
                    }
                    ToolError::Denied(_)
                    | ToolError::Vetoed { .. }
                    | ToolError::TimedOut { .. }
                    | ToolError::TooMuch { .. }
                    | ToolError::Io { .. } => error.remedy(),
                };
                look.seen.outcome(
                    error.outcome(),
                    format!("rules in force are not known: {error}"),
                    remedy,
                );
                return None;
            }
        };
    if !output.is_success() {
        let denied = output.stderr.contains("Operation not permitted");
        let (outcome, remedy) = if denied {
            (OutcomeKind::Denied, "give the plugin CAP_NET_ADMIN (or run it as root)")
        } else {
            (OutcomeKind::Failed, "run nft -j list ruleset as root and mend what it says")
        };
        let detail =
            format!("rules in force are not known: nft -j list ruleset {}", output.fault());
        look.seen.outcome(outcome, detail, remedy);
        return None;
    }
    match nft::parse(&output.stdout) {
        Ok(parsed) => Some(with_iptables(look, parsed)),
        Err(error) => {
            look.seen.outcome(
                OutcomeKind::Failed,
                format!("rules in force are not known: {error}"),
                "update the linux plugin to one that knows this version of nft",
            );
            None
        }
    }
}

/// nft shows the matches of rules that iptables made by name only; iptables itself spells them out.
fn with_iptables(look: &mut Look<'_>, parsed: nft::Parsed) -> Ruleset {
    let mut ruleset = parsed.ruleset;
    for family in &parsed.opaque {
        let tool = if family == "ip6" { "ip6tables-nft-save" } else { "iptables-nft-save" };
        let fault = match look.try_run(&Tool::new(tool, &[])) {
            Ok(output) if output.is_success() => {
                let (spelled, unknown) = legacy::parse(&output.stdout, family);
                if unknown == 0 {
                    ruleset.respell(spelled);
                    continue;
                }
                (OutcomeKind::Failed, format!("{unknown} lines of {tool} have an unknown form"))
            }
            Ok(output) => (OutcomeKind::Denied, format!("{tool} {}", output.fault())),
            Err(error) => (error.outcome(), error.to_string()),
        };
        look.seen.outcome(
            fault.0,
            format!("conditions of some {family} rules that iptables made are not known: {}", fault.1),
            "install the package iptables and run the plugin as root; such rules count as limited by a further condition",
        );
    }
    ruleset
}

/// Whether any interface but the loopback has an IPv6 address.
fn uses_ipv6(if_inet6: &str) -> bool {
    if_inet6.lines().any(|line| !matches!(line.split_ascii_whitespace().last(), None | Some("lo")))
}

/// Rules of the older engine. Its tool is only called for tables that exist, since calling it could load the engine.
fn legacy_rules(look: &mut Look<'_>) -> Option<Ruleset> {
    let mut all = Ruleset::default();
    for (family, names, tool) in [
        ("ip", "/proc/net/ip_tables_names", "iptables-legacy-save"),
        ("ip6", "/proc/net/ip6_tables_names", "ip6tables-legacy-save"),
    ] {
        match look.text(names) {
            Found::Here(text) if text.trim().is_empty() => {}
            Found::Missing => {}
            Found::Unreadable => return None,
            Found::Here(_) => all.chains.extend(legacy_family(look, family, tool)?.chains),
        }
    }
    Some(all)
}

fn legacy_family(look: &mut Look<'_>, family: &str, tool: &str) -> Option<Ruleset> {
    let output = match look.try_run(&Tool::new(tool, &[])) {
        Ok(output) => output,
        Err(error) => {
            let detail =
                format!("the kernel holds legacy tables and their rules are not known: {error}");
            look.seen.outcome(error.outcome(), detail, "install the package iptables");
            return None;
        }
    };
    if !output.is_success() {
        look.seen.outcome(
            OutcomeKind::Denied,
            format!(
                "the kernel holds legacy tables and their rules are not known: {tool} {}",
                output.fault()
            ),
            "run the plugin as root; this tool insists on it",
        );
        return None;
    }
    let (ruleset, unknown) = legacy::parse(&output.stdout, family);
    if unknown > 0 {
        look.seen.outcome(
            OutcomeKind::Failed,
            format!("{unknown} lines of {tool} have an unknown form and were left out"),
            "update the linux plugin to one that knows this version of iptables",
        );
    }
    Some(ruleset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;
    use std::process::Command;

    #[test]
    fn nothing_loaded_is_an_inactive_filter() {
        let body = summarise(Some(Ruleset::default()), Some(Ruleset::default()), true, vec![]);
        assert_eq!(body.active, Some(false));
        assert_eq!(body.inbound_default, DefaultAction::None);
        assert_eq!((body.engine, body.rule_count), (None, Some(0)));
    }

    #[test]
    fn an_engine_that_could_not_be_asked_leaves_everything_open() {
        let body = summarise(Some(Ruleset::default()), None, true, vec![]);
        assert_eq!(body.active, None);
        assert_eq!(body.inbound_default, DefaultAction::Unknown);
        assert_eq!((body.rule_count, body.chains), (None, None));
    }

    #[test]
    fn the_loopback_alone_is_no_use_of_ipv6() {
        let line =
            |interface: &str| format!("00000000000000000000000000000001 01 80 10 80 {interface}\n");
        assert!(!uses_ipv6(&line("      lo")));
        assert!(uses_ipv6(&(line("lo") + &line("    eth0"))));
        assert!(!uses_ipv6(""));
    }

    #[test]
    fn a_file_tree_tells_of_front_ends_only() {
        let root = testing::planted(&[("/etc/ufw/ufw.conf", "ENABLED=yes\n")]);
        let seen = observe(&testing::job(root.path()));
        let body = testing::body(KIND, &seen);
        assert_eq!(body["front_ends"][0]["name"], "ufw");
        assert_eq!(body["front_ends"][0]["enabled"], true);
        assert_eq!(body["active"], serde_json::Value::Null);
        assert!(testing::outcomes(&seen)[0].starts_with("not_applicable"));
    }

    /// Runs both tools for real in a network namespace of their own, where nothing of this machine changes.
    #[test]
    fn real_rules_of_both_engines_are_understood() {
        let script = "set -e; nft -f -; iptables-legacy -P INPUT DROP; iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT; nft -j list ruleset; echo =====; iptables-legacy-save";
        let rules = "table inet f { chain in { type filter hook input priority 0; policy drop; ct state established,related accept; iif lo accept; ip saddr { 10.0.0.0/8, 192.0.2.7 } tcp dport { 443, 8000-8010 } counter accept; tcp dport vmap { 80 : accept, 25 : drop };\n }\n }\n";
        let mut child = Command::new("unshare")
            .args(["-n", "sh", "-c", script])
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("unshare is part of util-linux");
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), rules.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "this test needs root and the packages nftables and iptables"
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let (json, save) = text.split_once("=====").unwrap();
        let body = summarise(
            Some(nft::parse(json).unwrap().ruleset),
            Some(legacy::parse(save, "ip").0),
            true,
            vec![],
        );
        assert_eq!(body.engine.as_deref(), Some("nftables+iptables-legacy"));
        assert_eq!(body.inbound_default, DefaultAction::Drop);
        assert_eq!(body.outbound_default, DefaultAction::Accept);
        let allowed: Vec<String> = body
            .inbound_allowed
            .unwrap()
            .into_iter()
            .map(|a| format!("{} {:?}-{:?} {}", a.protocol, a.port_from, a.port_to, a.source))
            .collect();
        for expected in [
            "any None-None interface lo",
            "tcp Some(22)-Some(22) any",
            "tcp Some(443)-Some(443) 10.0.0.0/8",
            "tcp Some(8000)-Some(8010) 192.0.2.7",
            "tcp Some(80)-Some(80) any",
        ] {
            assert!(allowed.iter().any(|line| line == expected), "{expected} not in {allowed:#?}");
        }
        assert_eq!(allowed.len(), 7, "{allowed:#?}");
    }
}
