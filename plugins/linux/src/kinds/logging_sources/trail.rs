//! The kernel's audit trail: the daemon, the rules in its files, the rules in force. It never reads an event.

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::logging_sources::Audit;

use super::audit;
use crate::look::{Found, Look};
use crate::services;
use crate::tool::{Output, Tool};

const RULES: &str = "/etc/audit/rules.d";

/// What is known of auditd. An installation that is absent is a fact, not a gap.
pub(super) fn find(look: &mut Look<'_>) -> Audit {
    let service = services::find(look, "auditd.service", "auditd");
    let binary = ["/usr/sbin/auditd", "/sbin/auditd"].iter().any(|path| look.host.exists(path));
    let installed = service.is_some() || binary;
    let mut audit = Audit {
        name: "auditd".to_owned(),
        installed,
        active: if installed { service.and_then(|service| service.active) } else { Some(false) },
        recording: None,
        rules_loaded: None,
        rules_configured: None,
        immutable: None,
        on_disk_full: None,
    };
    if installed {
        audit.rules_configured = configured(look);
        audit.on_disk_full =
            look.text("/etc/audit/auditd.conf").here().and_then(|text| disk_full(&text));
        if look.host.is_live() {
            in_force(look, &mut audit);
        }
    }
    audit
}

fn configured(look: &mut Look<'_>) -> Option<u64> {
    let mut count = 0;
    match look.names(RULES) {
        Found::Here(names) => {
            for name in names.iter().filter(|name| name.ends_with(".rules")) {
                count += number_of_rules(&look.text(&format!("{RULES}/{name}")).here()?);
            }
            Some(count)
        }
        // Without the folder the one file counts.
        Found::Missing => {
            look.text("/etc/audit/audit.rules").here().map(|text| number_of_rules(&text))
        }
        Found::Unreadable => None,
    }
}

fn number_of_rules(text: &str) -> u64 {
    u64::try_from(audit::rules(text).len()).unwrap_or(u64::MAX)
}

fn disk_full(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "disk_full_action").then(|| value.trim().to_owned())
    })
}

fn in_force(look: &mut Look<'_>, audit: &mut Audit) {
    let Some(output) = auditctl(look, "-s") else { return };
    match audit::status(&output.stdout) {
        Some(status) => {
            audit.recording = Some(status.enabled);
            audit.immutable = Some(status.immutable);
            if audit.active.is_none() {
                audit.active = Some(status.daemon);
            }
        }
        None => look.garbled("auditctl -s", "its answer has no status"),
    }
    audit.rules_loaded = auditctl(look, "-l").map(|output| number_of_rules(&output.stdout));
}

/// One answer of auditctl, or an outcome.
fn auditctl(look: &mut Look<'_>, argument: &str) -> Option<Output> {
    let output = match look.try_run(&Tool::new("auditctl", &[argument])) {
        Ok(output) => output,
        Err(error) => {
            let detail = format!("audit rules in force are not known: {error}");
            look.seen.outcome(error.outcome(), detail, "install the package auditd");
            return None;
        }
    };
    if output.is_success() {
        return Some(output);
    }
    look.seen.outcome(
        OutcomeKind::Denied,
        format!("audit rules in force are not known: auditctl {argument} {}", output.fault()),
        "run the plugin as root with CAP_AUDIT_CONTROL, outside of a container; auditctl insists on both",
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;

    #[test]
    fn rules_in_files_are_counted_and_not_called_loaded() {
        let root = testing::planted(&[
            ("/usr/sbin/auditd", ""),
            ("/etc/audit/auditd.conf", "log_file = /x\ndisk_full_action = SUSPEND\n"),
            (
                "/etc/audit/rules.d/10-x.rules",
                "-D\n-w /etc/passwd -p wa\n-a always,exit -S execve\n",
            ),
            ("/etc/audit/rules.d/off.rules.bak", "-w /x -p wa\n"),
        ]);
        let audit = find(&mut Look::new(&testing::job(root.path())));
        assert!(audit.installed);
        assert_eq!(audit.rules_configured, Some(2));
        assert_eq!(audit.rules_loaded, None);
        assert_eq!(audit.on_disk_full.as_deref(), Some("SUSPEND"));
    }

    #[test]
    fn an_absent_daemon_is_a_fact() {
        let root = testing::planted(&[]);
        let audit = find(&mut Look::new(&testing::job(root.path())));
        assert_eq!((audit.installed, audit.active), (false, Some(false)));
    }
}
