//! What each kind tells of a root other than `/`, which is a tree of files without a kernel, processes and devices of its own.

use std::path::Path;

use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};

/// What is left of a kind below another root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    /// All of it stands in files.
    Whole,
    /// Files tell it, but for this part.
    Without(&'static str),
    /// Only a running host has it.
    Nothing(&'static str),
}

use Below::{Nothing, Whole, Without};

/// Each kind, in the order of the catalog.
pub(crate) const KINDS: &[(&str, Below)] = &[
    ("access.resource_permissions", Whole),
    ("software.inventory", Whole),
    ("software.install_control", Without("programs that run, what the kernel enforces")),
    ("software.containers", Without("what engines that run tell")),
    ("patch.status", Without("the kernel that runs, libraries that programs run with")),
    ("vulnerability.findings", Whole),
    ("identity.accounts", Without("accounts of a directory")),
    ("identity.privileged_grants", Whole),
    ("identity.secrets_and_keys", Whole),
    ("identity.sign_in_policy", Without("settings as `sshd -T` prints them; its files are read")),
    ("asset.inventory", Without("processors, memory, disks, interfaces, the kernel")),
    ("config.baseline", Nothing("settings in force")),
    ("capacity.metrics", Nothing("use of resources")),
    ("network.services", Nothing("sockets")),
    ("crypto.at_rest", Nothing("what is mounted, and what lies below it")),
    ("network.firewall", Without("rules in force")),
    ("logging.sources", Without("audit rules in force, whether services run")),
    ("time.sync", Without("the state of the clock, whether services run")),
    ("malware.protection", Without("whether services run")),
    ("config.scheduled_jobs", Without("last and next runs of timers")),
    ("config.desired_state", Without("the image as `bootc` and `rpm-ostree` tell it")),
    (
        "logging.protection",
        Without("the state of the audit system, attributes of files that `lsattr` lists"),
    ),
    ("logging.privileged_activity", Without("the journal, which `journalctl` reads")),
    ("sdlc.change_records", Without("commits of etckeeper, which `git` reads")),
    ("monitoring.detections", Without("answers of fail2ban and CrowdSec, whether services run")),
    ("monitoring.alert_rules", Without("whether agents run")),
    ("data.retention", Whole),
    ("identity.mfa", Without("settings as `sshd -T` prints them; its files are read")),
    ("media.removable", Without("devices that are attached, modules that are loaded")),
    ("config.file_integrity", Whole),
    ("crypto.certificates_and_keys", Whole),
    ("crypto.in_transit", Without("settings as `sshd -T` prints them, listeners, FIPS mode")),
    ("network.segmentation", Without("interfaces and routes")),
    (
        "network.remote_access",
        Without("interfaces of WireGuard that only the kernel knows, whether services run"),
    ),
    ("resilience.redundancy", Without("arrays, pools, paths and links")),
    ("hardware.health", Nothing("disks, sensors and supplies")),
    ("network.web_filtering", Without("whether services run")),
    (
        "asset.endpoint_posture",
        Without("what is mounted, and what lies below it, whether services run"),
    ),
];

/// Leads every kind through [`observe`].
pub(crate) const fn told<const N: usize>(mut entries: [Entry; N]) -> [Entry; N] {
    let mut at = 0;
    while at < N {
        entries[at].observe = observe;
        at += 1;
    }
    entries
}

/// Observes the kind of the job; below another root it says what is not known there.
fn observe(job: &Job) -> Observation {
    let Some(entry) = crate::catalog::KINDS.iter().find(|entry| entry.kind == job.kind) else {
        return Observation::without_document(
            OutcomeKind::NotApplicable,
            format!("'{}' is no kind of this plugin", job.kind),
            "ask it for a kind that --describe lists",
        );
    };
    let mut seen = (entry.observe)(job);
    if job.root == Path::new("/") || seen.body().is_none() {
        return seen;
    }
    let said = seen.outcomes().any(|(_, detail, _)| detail.contains("only a file tree"));
    let below = KINDS.iter().find(|(kind, _)| *kind == job.kind).map(|(_, below)| *below);
    if let Some(Without(part) | Nothing(part)) = below
        && !said
    {
        seen.outcome(
            OutcomeKind::NotApplicable,
            format!("{} is only a file tree, which does not tell: {part}", job.root.display()),
            "run the plugin on the host itself",
        );
    }
    seen
}

/// The same as the page shows it.
#[cfg(test)]
fn table() -> String {
    let rows = KINDS.iter().map(|(kind, below)| match below {
        Whole => format!("| {kind} | all |\n"),
        Without(part) => format!("| {kind} | without {part} |\n"),
        Nothing(part) => format!("| {kind} | nothing: {part} |\n"),
    });
    format!("| kind | below another root |\n|---|---|\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::kinds::testing::{job, planted};

    #[test]
    fn the_page_tells_what_is_left_below_another_root() {
        let page = include_str!("../README.md");
        assert!(page.contains(&table()), "put this into the plugin's page:\n{}", table());
        let listed: BTreeSet<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
        let known: BTreeSet<&str> = crate::catalog::ALL.iter().map(|entry| entry.kind).collect();
        assert_eq!(listed, known);
    }

    #[test]
    fn what_another_root_does_not_tell_is_said() {
        let root = planted(&[
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("/etc/os-release", "ID=debian\n"),
            ("/var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n"),
        ]);
        let mut documents = 0;
        for (kind, below) in KINDS {
            let mut job = job(root.path());
            (*kind).clone_into(&mut job.kind);
            let seen = observe(&job);
            let said = seen.outcomes().any(|(_, detail, _)| detail.contains("only a file tree"));
            match below {
                Whole => assert!(!said, "{kind}"),
                Without(_) => assert!(said || seen.body().is_none(), "{kind}"),
                Nothing(_) => {
                    assert!(seen.body().is_none() && seen.outcomes().count() > 0, "{kind}");
                }
            }
            documents += usize::from(seen.body().is_some());
        }
        assert!(documents >= 15, "only {documents} kinds told anything");
    }
}
