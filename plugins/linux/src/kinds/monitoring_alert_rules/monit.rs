//! monit: its checks, their conditions, and who is told. Passwords of its mail server and web page stay here.

use exhibit_plugin::kinds::monitoring_alert_rules::{AlertRule, Monitor, Route};

use super::{Alerts, shortened};
use crate::{glob, look::Look, services, url};

pub(super) fn read(look: &mut Look<'_>, alerts: &mut Alerts) {
    let mains = ["/etc/monit/monitrc", "/etc/monitrc", "/etc/monit.conf"];
    let Some(main) = mains.iter().find(|path| look.host.exists(path)) else { return };
    let service = services::find(look, "monit.service", "monit");
    alerts.monitors.push(Monitor {
        name: "monit".to_owned(),
        active: service.and_then(|service| service.active),
        enabled: service.and_then(|service| service.enabled),
        reports_to: Vec::new(),
    });
    let Some(text) = look.text(main).here() else { return };
    let patterns: Vec<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("include "))
        .map(|pattern| pattern.trim().trim_matches('"').to_owned())
        .collect();
    file(&text, main, alerts);
    for pattern in patterns {
        for path in glob::matching(look, &pattern) {
            if let Some(text) = look.text(&path).here() {
                file(&text, &path, alerts);
            }
        }
    }
}

fn file(text: &str, path: &str, alerts: &mut Alerts) {
    let mut check = String::new();
    for (number, line) in (1_usize..).zip(text.lines().map(str::trim)) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let source = format!("{path}:{number}");
        match words.as_slice() {
            ["check", _kind, name, ..] => (*name).trim_matches('"').clone_into(&mut check),
            ["set", "alert", target, ..] | ["alert", target, ..] if target.contains('@') => {
                alerts.routes.push(Route {
                    monitor: "monit".to_owned(),
                    receiver: (*target).to_owned(),
                    channel: "mail".to_owned(),
                    target: Some((*target).to_owned()),
                    last_test: None,
                    source,
                });
            }
            // A condition may carry credentials of what it asks.
            ["if", ..] if !check.is_empty() => alerts.rules.push(AlertRule {
                monitor: "monit".to_owned(),
                name: check.clone(),
                condition: Some(shortened(&without_secrets(line))),
                hold: None,
                severity: None,
                enabled: true,
                source,
            }),
            _ => {}
        }
    }
}

/// What stands before the first word that brings a secret; of addresses the host alone, of what is started that it is.
fn without_secrets(line: &str) -> String {
    let marks = ["password", "username", "content", "request", "send", "header"];
    let ends = marks.iter().filter_map(|mark| line.find(&format!(" {mark}")));
    let started = line.find(" exec ").map(|at| at + " exec".len());
    let end = ends.chain(started).min().unwrap_or(line.len());
    let words = line.get(..end).unwrap_or_default().split_whitespace();
    let words = words.map(|word| match word.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://{}", url::host(word).unwrap_or_default()),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
