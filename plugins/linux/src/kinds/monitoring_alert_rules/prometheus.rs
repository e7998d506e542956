//! Alert rules of Prometheus and routes of Alertmanager, line by line from their YAML as everybody writes it: one key a line.
//! Flow style (`{…}`) of rules is not read and told as an outcome.

use exhibit_plugin::kinds::monitoring_alert_rules::{AlertRule, Monitor, Route};

use super::{Alerts, host_of, shortened};
use crate::{look::Look, services};

const FOLDERS: [&str; 4] = [
    "/etc/prometheus",
    "/etc/prometheus/rules",
    "/etc/prometheus/rules.d",
    "/etc/prometheus/alerts",
];
const MANAGER: [&str; 3] = [
    "/etc/prometheus/alertmanager.yml",
    "/etc/alertmanager/alertmanager.yml",
    "/etc/alertmanager/config.yml",
];

pub(super) fn read(look: &mut Look<'_>, alerts: &mut Alerts) {
    for folder in FOLDERS {
        for name in look.names(folder).here().unwrap_or_default() {
            let path = format!("{folder}/{name}");
            if !(name.ends_with(".yml") || name.ends_with(".yaml") || name.ends_with(".rules"))
                || MANAGER.contains(&path.as_str())
            {
                continue;
            }
            let Some(text) = look.text(&path).here() else { continue };
            if name == "prometheus.yml" {
                let service = services::find(look, "prometheus.service", "prometheus");
                alerts.monitors.push(Monitor {
                    name: "prometheus".to_owned(),
                    active: service.and_then(|service| service.active),
                    enabled: service.and_then(|service| service.enabled),
                    reports_to: managers(&text),
                });
                continue;
            }
            let before = alerts.rules.len();
            rules(&text, &path, &mut alerts.rules);
            if alerts.rules.len() == before && text.contains("alert:") {
                look.garbled(&path, "it names alerts in a style of YAML that is not read");
            }
        }
    }
    for path in MANAGER {
        let Some(text) = look.text(path).here() else { continue };
        let units = ["alertmanager.service", "prometheus-alertmanager.service"];
        let service = units.iter().find_map(|unit| services::find(look, unit, "alertmanager"));
        alerts.monitors.push(Monitor {
            name: "alertmanager".to_owned(),
            active: service.and_then(|service| service.active),
            enabled: service.and_then(|service| service.enabled),
            reports_to: Vec::new(),
        });
        routes(&text, path, &mut alerts.routes);
        break;
    }
}

/// Depth, whether a list item begins, key and value of one line.
fn parts(line: &str) -> Option<(usize, bool, &str, &str)> {
    let trimmed = line.trim_start();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return None;
    }
    let item = trimmed.strip_prefix("- ").map(str::trim_start);
    let body = item.unwrap_or(trimmed);
    let depth = line.len() - body.len();
    let (key, value) = body.split_once(':')?;
    Some((depth, item.is_some(), key.trim(), value.trim()))
}

fn bare(value: &str) -> String {
    value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned()
}

fn rules(text: &str, path: &str, found: &mut Vec<AlertRule>) {
    let mut rule: Option<AlertRule> = None;
    // Depth of the key whose text goes on over further lines.
    let mut depth_of_text = None;
    for (number, line) in (1_usize..).zip(text.lines()) {
        let indent = line.len() - line.trim_start().len();
        if let (Some(depth), Some(rule)) = (depth_of_text, &mut rule)
            && indent > depth
        {
            let condition = rule.condition.take().unwrap_or_default();
            rule.condition = Some(shortened(&format!("{condition} {}", line.trim())));
            continue;
        }
        depth_of_text = None;
        let Some((depth, item, key, value)) = parts(line) else { continue };
        if item && ["alert", "record", "name", "expr"].contains(&key) {
            found.extend(rule.take());
        }
        match (key, &mut rule) {
            ("alert", _) => {
                rule = Some(AlertRule {
                    monitor: "prometheus".to_owned(),
                    name: bare(value),
                    condition: None,
                    hold: None,
                    severity: None,
                    enabled: true,
                    source: format!("{path}:{number}"),
                });
            }
            ("expr", Some(rule)) => {
                let start = value.trim_start_matches(['|', '>', '-', '+']);
                rule.condition = Some(shortened(if start == value { value } else { "" }));
                depth_of_text = Some(depth);
            }
            ("for", Some(rule)) => rule.hold = Some(bare(value)),
            ("severity", Some(rule)) => rule.severity = Some(bare(value)),
            (_, _) => {}
        }
    }
    found.extend(rule);
}

/// Hosts under `alertmanagers:`; other targets are what is measured.
fn managers(text: &str) -> Vec<String> {
    let mut inside = None;
    let mut found = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if line.trim() == "alertmanagers:" {
            inside = Some(indent);
        } else if let Some(depth) = inside {
            let trimmed = line.trim();
            if !trimmed.is_empty()
                && (indent < depth || (indent == depth && !trimmed.starts_with('-')))
            {
                inside = None;
            } else if let Some((_, list)) = trimmed.split_once("targets:") {
                let list = list.trim().trim_matches(['[', ']']);
                found.extend(list.split(',').filter_map(host_of));
            } else if let Some(target) = trimmed
                .strip_prefix("- ")
                .filter(|word| !word.contains(": ") && !word.ends_with(':'))
            {
                found.extend(host_of(target));
            }
        }
    }
    found
}

fn routes(text: &str, path: &str, found: &mut Vec<Route>) {
    let (mut receivers, mut name, mut channel) = (false, String::new(), "");
    for (number, line) in (1..).zip(text.lines()) {
        let Some((depth, item, key, value)) = parts(line) else { continue };
        if depth == 0 && !item {
            receivers = key == "receivers";
        }
        if !receivers {
            continue;
        }
        if item && key == "name" {
            name = bare(value);
        } else if let Some(kind) = key.strip_suffix("_configs") {
            channel = match kind {
                "email" => "mail",
                "webhook" => "webhook",
                "pagerduty" | "opsgenie" | "victorops" | "pushover" => "pager",
                "slack" | "msteams" | "telegram" | "discord" | "webex" | "wechat" => "chat",
                "sns" => "queue",
                _ => "other",
            };
            if value.is_empty() && channel != "pager" {
                continue;
            }
            found.push(route(&name, channel, None, path, number));
        } else if channel == "mail" && key == "to" {
            found.push(route(&name, channel, Some(bare(value)), path, number));
        } else if channel != "mail" && ["url", "api_url", "webhook_url"].contains(&key) {
            found.push(route(&name, channel, host_of(value), path, number));
        }
    }
}

fn route(receiver: &str, channel: &str, target: Option<String>, path: &str, line: usize) -> Route {
    Route {
        monitor: "alertmanager".to_owned(),
        receiver: receiver.to_owned(),
        channel: channel.to_owned(),
        target,
        last_test: None,
        source: format!("{path}:{line}"),
    }
}
