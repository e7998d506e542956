//! Agents of monitoring elsewhere, and what systemd starts when a unit fails. Their rules stand on their servers.

use exhibit_plugin::kinds::monitoring_alert_rules::{AlertRule, Monitor, Route};

use super::{Alerts, host_of};
use crate::{look::Look, services};

/// Name, unit, process, and the file and key that name the server.
const AGENTS: [(&str, &str, &str, &str, &[&str]); 8] = [
    ("checkmk-agent", "check-mk-agent.socket", "check_mk_agent", "", &[]),
    ("collectd", "collectd.service", "collectd", "", &[]),
    ("icinga2", "icinga2.service", "icinga2", "", &[]),
    (
        "nagios-nrpe",
        "nagios-nrpe-server.service",
        "nrpe",
        "/etc/nagios/nrpe.cfg",
        &["allowed_hosts"],
    ),
    ("netdata", "netdata.service", "netdata", "", &[]),
    ("node-exporter", "prometheus-node-exporter.service", "prometheus-node-exporter", "", &[]),
    (
        "zabbix-agent",
        "zabbix-agent.service",
        "zabbix_agentd",
        "/etc/zabbix/zabbix_agentd.conf",
        &["Server", "ServerActive"],
    ),
    (
        "zabbix-agent2",
        "zabbix-agent2.service",
        "zabbix_agent2",
        "/etc/zabbix/zabbix_agent2.conf",
        &["Server", "ServerActive"],
    ),
];
const FOLDERS: [&str; 2] = ["/etc/systemd/system", "/usr/lib/systemd/system"];

pub(super) fn read(look: &mut Look<'_>, alerts: &mut Alerts) {
    for (name, unit, process, path, keys) in AGENTS {
        if !services::is_installed(&look.host, unit) {
            continue;
        }
        let service = services::find(look, unit, process);
        let text = if path.is_empty() { None } else { look.text(path).here() };
        let lines =
            text.iter().flat_map(|text| text.lines()).filter_map(|line| line.split_once('='));
        let servers = lines.filter(|(key, _)| keys.contains(&key.trim()));
        alerts.monitors.push(Monitor {
            name: name.to_owned(),
            active: service.and_then(|service| service.active),
            enabled: service.and_then(|service| service.enabled),
            reports_to: servers
                .flat_map(|(_, list)| list.split([',', ';']))
                .filter_map(host_of)
                .collect(),
        });
    }
    failures(look, alerts);
}

/// `OnFailure=` of services: the unit that is started when they fail.
fn failures(look: &mut Look<'_>, alerts: &mut Alerts) {
    let before = alerts.rules.len();
    let mut seen = Vec::new();
    for folder in FOLDERS {
        for name in look.names(folder).here().unwrap_or_default() {
            let is_unit = name.ends_with(".service") || name.ends_with(".timer");
            if !is_unit || seen.contains(&name) {
                continue;
            }
            let path = format!("{folder}/{name}");
            let text = look.host.text(&path).ok().flatten().unwrap_or_default();
            for (number, line) in (1_usize..).zip(text.lines()) {
                let Some(units) = line.trim().strip_prefix("OnFailure=").map(str::trim) else {
                    continue;
                };
                let source = format!("{path}:{number}");
                alerts.rules.push(AlertRule {
                    monitor: "systemd".to_owned(),
                    name: name.clone(),
                    condition: Some("the unit fails".to_owned()),
                    hold: None,
                    severity: None,
                    enabled: true,
                    source: source.clone(),
                });
                alerts.routes.extend(units.split_whitespace().map(|unit| Route {
                    monitor: "systemd".to_owned(),
                    receiver: unit.to_owned(),
                    channel: "unit".to_owned(),
                    target: None,
                    last_test: None,
                    source: source.clone(),
                }));
            }
            seen.push(name);
        }
    }
    look.seen.method("OnFailure= in /{etc,usr/lib}/systemd/system/*.{service,timer}");
    if alerts.rules.len() > before {
        let active = look.host.is_live().then(|| look.host.exists("/run/systemd/system"));
        alerts.monitors.push(Monitor {
            name: "systemd".to_owned(),
            active,
            enabled: None,
            reports_to: Vec::new(),
        });
    }
}
