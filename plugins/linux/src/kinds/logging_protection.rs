//! `logging.protection` of a Linux host: who may read and change the logs, how long they stay, what makes a change
//! detectable, and where copies go. It reads no record.

mod remote;
mod retention;
mod stores;

use exhibit_plugin::kinds::logging_protection::{KIND, LoggingProtection, Sealing};
use exhibit_plugin::{Entry, Job, Observation};

use crate::{
    look::{Found, Look},
    systemd_conf,
    tool::Tool,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "modes and owners in /var/log, /var/log/audit, /var/log/journal (no content)",
        "/etc/logrotate.conf, /etc/logrotate.d/*",
        "/{etc,run,usr/local/lib,usr/lib}/systemd/{journald,journal-upload}.conf with drop-ins",
        "/etc/rsyslog.conf and what it includes, /etc/syslog-ng/syslog-ng.conf, /etc/audisp/plugins.d/*, /etc/audit/plugins.d/*",
        "/etc/audit/auditd.conf, /etc/audit/rules.d/*.rules, auditctl -s",
        "/var/log/journal/*/fss",
        "lsattr -d of the log files",
    ],
    needs: &[
        "CAP_DAC_READ_SEARCH for /etc/audit and /var/log/audit",
        "CAP_AUDIT_CONTROL for the audit system's state",
    ],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let stores = stores::find(&mut look);
    let retention = retention::find(&mut look);
    let sealing = sealing(&mut look);
    let remote_copies = remote::find(&mut look);
    let rows = stores.len() + retention.len() + sealing.len() + remote_copies.len();
    look.seen.document(LoggingProtection { stores, retention, sealing, remote_copies }, rows);
    look.done()
}

fn sealing(look: &mut Look<'_>) -> Vec<Sealing> {
    let mut found = Vec::new();
    if look.host.exists("/usr/lib/systemd/systemd-journald")
        || look.host.exists("/lib/systemd/systemd-journald")
    {
        let config = systemd_conf::layers(look, "journald.conf");
        let seal = config.value("Journal", "Seal");
        // journald seals by default, and only once a key was made with journalctl --setup-keys.
        let configured =
            !seal.as_deref().is_some_and(|value| ["no", "false", "0", "off"].contains(&value));
        let machines = look.names("/var/log/journal").here().unwrap_or_default();
        let keyed =
            machines.iter().any(|name| look.host.exists(&format!("/var/log/journal/{name}/fss")));
        found.push(Sealing {
            name: "journald-seal".to_owned(),
            configured: Some(configured),
            in_force: Some(configured && keyed),
            source: "/etc/systemd/journald.conf, /var/log/journal/*/fss".to_owned(),
        });
    }
    found.extend(audit(look));
    found
}

/// The rule `-e 2` locks the audit rules until the next start; it must be the last.
fn audit(look: &mut Look<'_>) -> Option<Sealing> {
    let folder = "/etc/audit/rules.d";
    let mut last = None;
    let mut readable = true;
    match look.names(folder) {
        Found::Here(names) => {
            for name in names.iter().filter(|name| name.ends_with(".rules")) {
                match look.text(&format!("{folder}/{name}")).here() {
                    Some(text) => last = flag(&text).or(last),
                    None => readable = false,
                }
            }
        }
        Found::Missing if !look.host.exists("/etc/audit") => return None,
        Found::Missing => last = look.text("/etc/audit/audit.rules").here().and_then(|t| flag(&t)),
        Found::Unreadable => readable = false,
    }
    let in_force = look.host.is_live().then(|| state(look)).flatten();
    Some(Sealing {
        name: "auditd-immutable".to_owned(),
        configured: readable.then_some(last == Some(2)),
        in_force,
        source: format!("{folder}, auditctl -s"),
    })
}

/// Value of the last `-e` in a file of rules.
fn flag(text: &str) -> Option<u32> {
    let mut words = text.lines().filter_map(|line| line.trim().strip_prefix("-e "));
    words.next_back().and_then(|value| value.trim().parse().ok())
}

/// What the kernel says; none without the right or the tool, which `logging.sources` tells as an outcome.
fn state(look: &mut Look<'_>) -> Option<bool> {
    let output = look.try_run(&Tool::new("auditctl", &["-s"])).ok()?;
    let value = output.stdout.lines().find_map(|line| line.strip_prefix("enabled "))?;
    output.is_success().then(|| value.trim() == "2")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    const FILES: &[(&str, &str)] = &[
        ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
        ("/etc/group", "root:x:0:\nadm:x:4:\n"),
        ("/var/log/auth.log", "PLANTED"),
        ("/var/log/auth.log.1", "PLANTED"),
        ("/var/log/secure", "PLANTED"),
        ("/var/log/audit/audit.log", "PLANTED"),
        (
            "/etc/logrotate.conf",
            "weekly\nrotate 4\ncreate\ninclude /etc/logrotate.d\n/var/log/wtmp {\n  monthly\n  rotate 1\n}\n",
        ),
        (
            "/etc/logrotate.d/rsyslog",
            "/var/log/auth.log\n/var/log/syslog\n{\n\trotate 7\n\tdaily\n\tmaxsize 100M\n\tpostrotate\n\t\techo }\n\tendscript\n}\n",
        ),
        ("/etc/logrotate.d/x.dpkg-old", "/var/log/secure { rotate 999 }\n"),
        (
            "/etc/audit/auditd.conf",
            "num_logs = 5\nmax_log_file = 8\nmax_log_file_action = ROTATE\n",
        ),
        ("/etc/audit/rules.d/99-finalize.rules", "-w /etc/passwd -p wa\n-e 2\n"),
        ("/etc/rsyslog.conf", "*.* @@u.example:6514\n$ActionQueueFileName q\n"),
        ("/usr/sbin/rsyslogd", ""),
        ("/usr/lib/systemd/system/systemd-journald.service", ""),
        ("/etc/systemd/journal-upload.conf", "[Upload]\nURL=https://u:PLANTED@j.example:19532\n"),
        (
            "/etc/syslog-ng/syslog-ng.conf",
            "destination d_net { network(\"s.example\" port(6514) transport(\"tls\")); };\n",
        ),
        ("/etc/systemd/journald.conf", "[Journal]\nMaxRetentionSec=1month\n"),
    ];

    #[test]
    fn modes_retention_and_copies_of_a_planted_host() {
        let root = planted(FILES);
        fs::set_permissions(root.path().join("var/log/secure"), fs::Permissions::from_mode(0o666))
            .unwrap();
        fs::set_permissions(
            root.path().join("var/log/auth.log"),
            fs::Permissions::from_mode(0o640),
        )
        .unwrap();
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(outcomes(&observation), [""; 0]);
        let store = |path: &str| {
            body["stores"]
                .as_array()
                .unwrap()
                .iter()
                .find(|one| one["path"] == path)
                .unwrap()
                .clone()
        };
        assert_eq!(store("/var/log/secure")["writable_by"], "everyone");
        assert_eq!(store("/var/log/auth.log")["mode"], "0640");
        assert_eq!(store("/var/log/auth.log")["readable_by"], "group");
        assert_eq!(store("/var/log/audit/audit.log")["kind"], "audit");
        let kept: Vec<_> = body["retention"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                format!(
                    "{} {} {}",
                    one["store"].as_str().unwrap(),
                    one["keep_days"],
                    one["keep_files"]
                )
            })
            .collect();
        assert_eq!(
            kept,
            [
                "/var/log/audit/audit.log null 5",
                "/var/log/auth.log 7 7",
                "/var/log/syslog 7 7",
                "/var/log/wtmp 30 1",
                "journal 30 null",
            ]
        );
        assert_eq!(body["retention"][0]["max_bytes"], 41_943_040);
        assert_eq!(body["sealing"][0]["name"], "auditd-immutable");
        assert_eq!(body["sealing"][0]["configured"], true);
        let copies: Vec<_> = body["remote_copies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                format!(
                    "{} {} {}",
                    one["mechanism"].as_str().unwrap(),
                    one["destination"].as_str().unwrap(),
                    one["encrypted"]
                )
            })
            .collect();
        assert_eq!(
            copies,
            [
                "journal-upload https://j.example:19532 true",
                "rsyslog u.example:6514 false",
                "syslog-ng s.example:6514 true",
            ]
        );
        assert!(!body.to_string().contains("PLANTED"));
    }
}
