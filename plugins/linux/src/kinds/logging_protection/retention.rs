//! Rules that remove records: logrotate, journald, auditd. What a rule promises at the least is told, not what is there.

use exhibit_plugin::kinds::logging_protection::Retention;

use crate::{
    kinds::logging_sources,
    look::{Found, Look},
    systemd_conf,
};

/// Logs whose rotation matters; the rest of `/var/log` is the business of `data.retention`.
const SECURITY: [&str; 16] = [
    "auth.log",
    "audit",
    "btmp",
    "cron",
    "kern.log",
    "lastlog",
    "messages",
    "secure",
    "sudo",
    "syslog",
    "utmp",
    "wtmp",
    "user.log",
    "daemon.log",
    "fail2ban.log",
    "dpkg.log",
];

pub(super) fn find(look: &mut Look<'_>) -> Vec<Retention> {
    let mut found = logrotate(look);
    found.extend(journal(look));
    found.extend(auditd(look));
    found
}

/// What a block inherits from the lines above and outside of it.
#[derive(Clone, Copy, Default)]
struct Rule {
    period_days: Option<u32>,
    files: Option<u32>,
    max_age: Option<u32>,
    max_bytes: Option<u64>,
}

fn logrotate(look: &mut Look<'_>) -> Vec<Retention> {
    let mut found = Vec::new();
    let mut global = Rule::default();
    if let Some(text) = look.text("/etc/logrotate.conf").here() {
        file(&text, "/etc/logrotate.conf", &mut global, &mut found);
    }
    for name in look.names("/etc/logrotate.d").here().unwrap_or_default() {
        // logrotate passes over what editors and packages leave behind.
        let left_behind = [
            ".dpkg-old",
            ".dpkg-dist",
            ".dpkg-new",
            ".rpmsave",
            ".rpmnew",
            ".bak",
            "~",
            ".swp",
            ".disabled",
        ];
        if left_behind.iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let path = format!("/etc/logrotate.d/{name}");
        if let Found::Here(text) = look.text(&path) {
            file(&text, &path, &mut global.clone(), &mut found);
        }
    }
    found
}

fn file(text: &str, path: &str, global: &mut Rule, found: &mut Vec<Retention>) {
    let mut names: Vec<(usize, String)> = Vec::new();
    let mut block: Option<Rule> = None;
    let mut script = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        let word = line.split_whitespace().next().unwrap_or_default();
        if script {
            script = word != "endscript";
            continue;
        }
        if ["postrotate", "prerotate", "firstaction", "lastaction", "preremove"].contains(&word) {
            script = true;
            continue;
        }
        let (before, opens) =
            line.split_once('{').map_or((line, false), |(before, _)| (before, true));
        match &mut block {
            Some(_) if word == "}" => {
                let rule = block.take().unwrap_or_default();
                for (line, store) in names.drain(..) {
                    found.extend(retention(store, rule, format!("{path}:{line}")));
                }
            }
            Some(rule) => directive(line, rule),
            None if opens || before.starts_with(['/', '"']) => {
                let stores = before
                    .split_whitespace()
                    .map(|name| (number, name.trim_matches('"').to_owned()));
                names.extend(stores);
                if opens {
                    block = Some(*global);
                }
            }
            None => directive(line, global),
        }
    }
}

fn directive(line: &str, rule: &mut Rule) {
    let mut words = line.split_whitespace();
    let (word, value) = (words.next().unwrap_or_default(), words.next());
    match word {
        "hourly" | "daily" => rule.period_days = Some(1),
        "weekly" => rule.period_days = Some(7),
        "monthly" => rule.period_days = Some(30),
        "yearly" => rule.period_days = Some(365),
        "rotate" => rule.files = value.and_then(|value| value.parse().ok()),
        "maxage" => rule.max_age = value.and_then(|value| value.parse().ok()),
        "size" | "maxsize" => {
            rule.max_bytes = value.and_then(bytes);
            if word == "size" {
                rule.period_days = None;
            }
        }
        _ => {}
    }
}

fn retention(store: String, rule: Rule, source: String) -> Option<Retention> {
    if !SECURITY.iter().any(|name| store.contains(name)) && !store.starts_with("/var/log/*") {
        return None;
    }
    // Rotated by size alone, no time is promised.
    let days = rule.period_days.zip(rule.files).map(|(days, files)| days.saturating_mul(files));
    Some(Retention {
        store,
        mechanism: "logrotate".to_owned(),
        keep_days: match (days, rule.max_age) {
            (Some(days), Some(age)) => Some(days.min(age)),
            (days, _) => days,
        },
        keep_files: rule.files,
        max_bytes: rule.max_bytes,
        source,
    })
}

/// `100`, `100k`, `100M`, `1G` as logrotate and systemd write them.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text.strip_prefix(digits)?.to_ascii_lowercase().as_str() {
        "" => 1,
        "k" => 1024,
        "m" => 1024 * 1024,
        "g" => 1024 * 1024 * 1024,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

fn journal(look: &mut Look<'_>) -> Option<Retention> {
    let config = systemd_conf::layers(look, "journald.conf");
    let days =
        config.value("Journal", "MaxRetentionSec").and_then(|text| logging_sources::days(&text));
    let size = config.value("Journal", "SystemMaxUse").and_then(|text| bytes(&text));
    if config.files.is_empty() {
        return None;
    }
    Some(Retention {
        store: "journal".to_owned(),
        mechanism: "journald".to_owned(),
        keep_days: days,
        keep_files: None,
        max_bytes: size,
        source: config.files.last().map_or_else(String::new, |(path, _)| path.clone()),
    })
}

fn auditd(look: &mut Look<'_>) -> Option<Retention> {
    let path = "/etc/audit/auditd.conf";
    let text = look.text(path).here()?;
    let value = |key: &str| {
        text.lines().filter_map(|line| line.split_once('=')).find_map(|(name, value)| {
            name.trim().eq_ignore_ascii_case(key).then(|| value.trim().to_owned())
        })
    };
    let action = value("max_log_file_action").unwrap_or_default().to_ascii_lowercase();
    let number = |key: &str| value(key)?.parse::<u32>().ok();
    // Only when it rotates are old files removed.
    let files = if action == "rotate" { number("num_logs") } else { None };
    let each = number("max_log_file").map(|megabytes| u64::from(megabytes) * 1024 * 1024);
    Some(Retention {
        store: value("log_file").unwrap_or_else(|| "/var/log/audit/audit.log".to_owned()),
        mechanism: "auditd".to_owned(),
        keep_days: None,
        keep_files: files,
        max_bytes: files.zip(each).map(|(files, each)| each.saturating_mul(u64::from(files))),
        source: path.to_owned(),
    })
}
