//! `monitoring.alert_rules`: which conditions raise an alert and where it goes. Never says whether they suffice.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "monitoring.alert_rules";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:monitoring.alert_rules:v1";

/// Alert rules and routes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRules {
    /// Monitoring software on the target, sorted by name.
    pub monitors: Vec<Monitor>,
    /// Rules, sorted by monitor and name.
    pub rules: Vec<AlertRule>,
    /// Where alerts go, sorted.
    pub routes: Vec<Route>,
}

/// One monitoring program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// `prometheus`, `alertmanager`, `monit`, `nagios-nrpe`, `icinga2`, `zabbix-agent`, `systemd`, `cloudwatch`….
    pub name: String,
    /// Whether it runs. Null: not determinable.
    pub active: Option<bool>,
    /// Whether it starts with the system. Null: not determinable.
    pub enabled: Option<bool>,
    /// Servers it reports to, sorted; never credentials.
    pub reports_to: Vec<String>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// Monitor, as in `monitors`.
    pub monitor: String,
    /// Name of the rule.
    pub name: String,
    /// Condition as written, shortened to 400 characters. Null: not written out.
    pub condition: Option<String>,
    /// How long the condition must hold, as written. Null: at once.
    pub hold: Option<String>,
    /// Severity as written. Null: none.
    pub severity: Option<String>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// File and line, or API object.
    pub source: String,
}

/// Where alerts go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Monitor, or `mail` for the system's own mail.
    pub monitor: String,
    /// Name of the receiver, or the account whose mail is forwarded.
    pub receiver: String,
    /// `mail`, `webhook`, `pager`, `chat`, `exec`, `unit`, `none`….
    pub channel: String,
    /// Address for mail, host for everything else. Null: withheld or none.
    pub target: Option<String>,
    /// Newest successful test. Null: not recorded.
    pub last_test: Option<jiff::Timestamp>,
    /// File and line, or API object.
    pub source: String,
}

impl Kind for AlertRules {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for monitor in &mut self.monitors {
            monitor.reports_to.sort();
            monitor.reports_to.dedup();
        }
        self.monitors.sort();
        self.rules.sort();
        self.rules.dedup();
        self.routes.sort();
        self.routes.dedup();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "monitors": [{"name": "prometheus", "active": true, "enabled": true, "reports_to": ["alerts.example.org:9093"]}],
        "rules": [{
            "monitor": "prometheus", "name": "DiskFull", "condition": "node_filesystem_avail_bytes < 1e9", "hold": "10m",
            "severity": "page", "enabled": true, "source": "/etc/prometheus/rules.yml:4"
        }],
        "routes": [{
            "monitor": "alertmanager", "receiver": "ops", "channel": "mail", "target": "ops@example.org",
            "last_test": null, "source": "/etc/prometheus/alertmanager.yml:9"
        }]
    })
}
