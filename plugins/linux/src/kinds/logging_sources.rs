//! `logging.sources`: what records events, how long records stay, where they are sent, and whether the audit trail is in force.
//!
//! It never reads a record. A forward in a configuration is not proof that anything arrives.

mod audit;
mod journal;
mod rsyslog;
mod trail;

use exhibit_plugin::kinds::logging_sources::{Forward, KIND, LoggingSources, Recorder};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};

use crate::look::{Found, Look};
use crate::{glob, services};

/// The catalog's line.
pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/{etc,run,usr/local/lib,usr/lib}/systemd/{journald,journal-upload}.conf with drop-ins",
        "/var/log/journal/*/*.journal (the first 200 bytes, for the time of the oldest entry)",
        "/etc/rsyslog.conf and what it includes",
        "/etc/audit/auditd.conf, /etc/audit/rules.d/*.rules",
        "auditctl -s, auditctl -l",
        "/etc/sudoers, /etc/sudoers.d/*",
        "systemctl show of the log services, or /proc/<pid>/comm",
    ],
    needs: &[
        "CAP_DAC_READ_SEARCH for /etc/audit, /etc/sudoers and the journal's files",
        "CAP_AUDIT_CONTROL for the audit rules in force",
    ],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let mut recorders = Vec::new();
    let mut forwards = Vec::new();
    recorders.extend(journal::find(&mut look, &mut forwards));
    recorders.extend(rsyslog_recorder(&mut look, &mut forwards));
    recorders.extend(syslog_ng(&mut look));
    let audit = Some(trail::find(&mut look));
    let privilege_use = privilege_use(&mut look);
    let rows = recorders.len() + forwards.len();
    look.seen.document(LoggingSources { recorders, forwards, audit, privilege_use }, rows);
    look.done()
}

pub(crate) use journal::days;

/// Where the recorders send copies, for other kinds.
pub(crate) fn forwards(look: &mut Look<'_>) -> Vec<Forward> {
    let mut forwards = Vec::new();
    // What the recorders themselves are is told by this kind alone.
    drop(journal::find(look, &mut forwards));
    drop(rsyslog_recorder(look, &mut forwards));
    forwards
}

const RSYSLOG: &str = "/etc/rsyslog.conf";
/// Deeper includes are a loop or a riddle.
const MAX_FILES: usize = 1000;

fn rsyslog_recorder(look: &mut Look<'_>, forwards: &mut Vec<Forward>) -> Option<Recorder> {
    let service = services::find(look, "rsyslog.service", "rsyslogd");
    if service.is_none() && !look.host.exists("/usr/sbin/rsyslogd") {
        return None;
    }
    let mut files = Vec::new();
    let mut waiting = vec![RSYSLOG.to_owned()];
    let (mut tls, mut keeps, mut left) = (false, false, 0_usize);
    while let Some(file) = waiting.pop() {
        if files.contains(&file) {
            continue;
        }
        if files.len() >= MAX_FILES {
            left += 1;
            continue;
        }
        let Some(text) = look.text(&file).here() else { continue };
        let found = rsyslog::parse(&text, tls);
        tls = found.tls_by_default;
        keeps |= found.writes_files;
        forwards.extend(found.forwards.into_iter().map(|forward| forward_of(forward, &file)));
        for pattern in found.includes.iter().rev() {
            waiting.extend(glob::matching(look, pattern).into_iter().rev());
        }
        files.push(file);
    }
    if left > 0 {
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!(
                "{} files of rsyslog are there, of which {MAX_FILES} were read",
                files.len() + left
            ),
            "look at what /etc/rsyslog.conf includes",
        );
    }
    Some(Recorder {
        name: "rsyslog".to_owned(),
        active: service.and_then(|service| service.active),
        enabled: service.and_then(|service| service.enabled),
        persistent: (!files.is_empty()).then_some(keeps),
        storage: None,
        max_size_bytes: None,
        max_age_days: None,
        oldest_record: None,
        configured_by: files,
    })
}

fn forward_of(forward: rsyslog::Forward, file: &str) -> Forward {
    let host =
        if forward.target.contains(':') { format!("[{}]", forward.target) } else { forward.target };
    Forward {
        recorder: "rsyslog".to_owned(),
        destination: forward.port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")),
        transport: if forward.tls && forward.transport == "tcp" {
            "tls"
        } else {
            forward.transport
        }
        .to_owned(),
        encrypted: Some(forward.tls),
        selection: forward.selection,
        source: format!("{file}:{}", forward.line),
    }
}

fn syslog_ng(look: &mut Look<'_>) -> Option<Recorder> {
    let service = services::find(look, "syslog-ng.service", "syslog-ng")?;
    look.seen.outcome(
        OutcomeKind::Failed,
        "where syslog-ng sends records is not known: its configuration language is not read",
        "record its forwarding by hand",
    );
    Some(Recorder {
        name: "syslog-ng".to_owned(),
        active: service.active,
        enabled: service.enabled,
        persistent: None,
        storage: None,
        max_size_bytes: None,
        max_age_days: None,
        oldest_record: None,
        configured_by: vec!["/etc/syslog-ng/syslog-ng.conf".to_owned()],
    })
}

/// What sudo is told about logging. `None` without sudo, or when its files may not be read.
fn privilege_use(look: &mut Look<'_>) -> Option<Vec<String>> {
    let mut texts = vec![look.text("/etc/sudoers").here()?];
    let Found::Here(names) = look.names("/etc/sudoers.d") else { return Some(sudo_logs(&texts)) };
    for name in names.iter().filter(|name| !name.contains('.') && !name.ends_with('~')) {
        match look.text(&format!("/etc/sudoers.d/{name}")) {
            Found::Here(text) => texts.push(text),
            Found::Missing => {}
            Found::Unreadable => return None,
        }
    }
    Some(sudo_logs(&texts))
}

/// sudo logs to syslog unless told otherwise.
fn sudo_logs(texts: &[String]) -> Vec<String> {
    let mut syslog = true;
    let mut found = Vec::new();
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
    for settings in lines.filter_map(|line| line.strip_prefix("Defaults")) {
        for word in settings.split([',', ' ', '\t']).map(str::trim).filter(|word| !word.is_empty())
        {
            match word.split_once('=') {
                Some(("logfile", path)) => found.push(path.trim_matches('"').to_owned()),
                Some(("syslog", _)) => syslog = true,
                Some(_) => {}
                None if word == "!syslog" => syslog = false,
                None if word == "log_output" || word == "log_input" => {
                    found.push("sudo_io".to_owned())
                }
                None => {}
            }
        }
    }
    if syslog {
        found.push("syslog".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;
    use serde_json::{Value, json};

    fn body(files: &[(&str, &str)]) -> Value {
        let root = testing::planted(files);
        testing::body(KIND, &observe(&testing::job(root.path())))
    }

    #[test]
    fn forwards_of_included_files_name_their_place() {
        let body = body(&[
            ("/usr/sbin/rsyslogd", ""),
            (RSYSLOG, "auth.* /var/log/auth.log\n$IncludeConfig /etc/rsyslog.d/*.conf\n"),
            ("/etc/rsyslog.d/90-remote.conf", "# x\n*.* @@logs.example.net:6514\n"),
            ("/etc/rsyslog.d/off.conf.disabled", "*.* @@old.example.net\n"),
        ]);
        assert_eq!(
            body["forwards"],
            json!([{"recorder": "rsyslog", "destination": "logs.example.net:6514", "transport": "tcp",
                "encrypted": false, "selection": "*.*", "source": "/etc/rsyslog.d/90-remote.conf:2"}])
        );
        assert_eq!(body["recorders"][0]["persistent"], true);
        assert_eq!(
            body["recorders"][0]["configured_by"],
            json!([RSYSLOG, "/etc/rsyslog.d/90-remote.conf"])
        );
    }

    #[test]
    fn files_that_include_each_other_end() {
        let body =
            body(&[("/usr/sbin/rsyslogd", ""), (RSYSLOG, "$IncludeConfig /etc/rsyslog.conf\n")]);
        assert_eq!(body["recorders"][0]["configured_by"], json!([RSYSLOG]));
    }

    #[test]
    fn sudo_logs_where_its_files_say() {
        let logs = |text: &str| sudo_logs(&[text.to_owned()]);
        assert_eq!(logs("root ALL=(ALL) ALL\n"), ["syslog"]);
        assert_eq!(
            logs("Defaults !syslog, logfile=\"/var/log/sudo.log\"\nDefaults log_output\n"),
            ["/var/log/sudo.log", "sudo_io"]
        );
    }

    #[test]
    fn an_empty_host_records_nothing_and_says_so() {
        let body = body(&[]);
        assert_eq!(body["recorders"], json!([]));
        assert_eq!(body["audit"]["installed"], false);
        assert_eq!(body["privilege_use"], Value::Null);
    }
}
