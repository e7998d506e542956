//! `monitoring.alert_rules` of a Linux host: rules and routes of Prometheus, Alertmanager and monit, agents of other
//! monitoring, what systemd starts when a unit fails, and who reads root's mail. It sends no test.

mod agents;
mod mail;
mod monit;
mod prometheus;

use exhibit_plugin::kinds::monitoring_alert_rules::{AlertRule, AlertRules, KIND, Monitor, Route};
use exhibit_plugin::{Entry, Job, Observation};

use crate::{look::Look, url};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/prometheus/*.yml, /etc/prometheus/{rules,rules.d,alerts}/*, /etc/alertmanager/*.yml",
        "/etc/monit/monitrc, /etc/monitrc and what they include",
        "/etc/nagios/nrpe.cfg, /etc/zabbix/zabbix_agent{d,2}.conf",
        "OnFailure= of the units in /etc/systemd/system and /usr/lib/systemd/system",
        "/etc/aliases, /root/.forward",
        "systemctl show of these services, or unit files and /proc/<pid>/comm",
    ],
    needs: &["CAP_DAC_READ_SEARCH for monitrc and files of Alertmanager that hold passwords"],
    observe,
};

/// What the readers add to.
#[derive(Default)]
struct Alerts {
    monitors: Vec<Monitor>,
    rules: Vec<AlertRule>,
    routes: Vec<Route>,
}

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let mut alerts = Alerts::default();
    prometheus::read(&mut look, &mut alerts);
    monit::read(&mut look, &mut alerts);
    agents::read(&mut look, &mut alerts);
    mail::read(&mut look, &mut alerts);
    let rows = alerts.monitors.len() + alerts.rules.len() + alerts.routes.len();
    let Alerts { monitors, rules, routes } = alerts;
    look.seen.document(AlertRules { monitors, rules, routes }, rows);
    look.done()
}

/// The first 400 characters of a condition on one line.
fn shortened(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(400) {
        Some((at, _)) => text.get(..at).unwrap_or_default().to_owned(),
        None => text,
    }
}

/// Host and port of an address, without credentials and path.
fn host_of(address: &str) -> Option<String> {
    url::host(address.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};
    use serde_json::Value;

    fn told(list: &Value, keys: &[&str]) -> Vec<String> {
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or("-").to_owned();
        let line = |one| keys.iter().map(|key| text(one, key)).collect::<Vec<_>>().join(" | ");
        list.as_array().unwrap().iter().map(line).collect()
    }

    #[test]
    fn rules_and_routes_are_listed_without_secrets() {
        let root = planted(&[
            (
                "/etc/prometheus/prometheus.yml",
                "alerting:\n  alertmanagers:\n  - static_configs:\n    - targets: ['am.example:9093']\nrule_files:\n  - rules/*.yml\n",
            ),
            (
                "/etc/prometheus/rules/disk.yml",
                "groups:\n- name: disk\n  rules:\n  - alert: DiskFull\n    expr: node_filesystem_avail_bytes\n      < 1e9\n    for: 10m\n    labels:\n      severity: page\n  - record: x\n    expr: y\n  - alert: Down\n    expr: |\n      up == 0\n",
            ),
            (
                "/etc/prometheus/alertmanager.yml",
                "global:\n  smtp_auth_password: PLANTED\nroute:\n  receiver: ops\nreceivers:\n- name: ops\n  email_configs:\n  - to: 'ops@example.org'\n  webhook_configs:\n  - url: https://u:PLANTED@hook.example/PLANTED\n- name: chat\n  slack_configs:\n  - api_url: https://hooks.example/PLANTED\n",
            ),
            (
                "/etc/monit/monitrc",
                "set mailserver x password \"PLANTED\"\nset alert admin@example.org\ninclude /etc/monit/conf.d/*\n",
            ),
            (
                "/etc/monit/conf.d/ssh",
                "check process sshd with pidfile /run/sshd.pid\n  if failed port 22 protocol ssh then restart\n  if 5 restarts within 5 cycles then alert\n",
            ),
            (
                "/etc/zabbix/zabbix_agentd.conf",
                "Server=zbx.example,10.0.0.1\nServerActive=zbx.example\nTLSPSKFile=/x\n",
            ),
            ("/usr/lib/systemd/system/zabbix-agent.service", ""),
            (
                "/etc/systemd/system/backup.service",
                "[Unit]\nOnFailure=notify@%n.service\n[Service]\nExecStart=/x\n",
            ),
            (
                "/etc/aliases",
                "# c\npostmaster: root\nroot: alice, ops@example.org\nx: |/bin/cat PLANTED\n",
            ),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        assert_eq!(outcomes(&observation), [""; 0]);
        assert_eq!(
            told(&body["rules"], &["monitor", "name", "condition", "hold", "severity"]),
            [
                "monit | sshd | if 5 restarts within 5 cycles then alert | - | -",
                "monit | sshd | if failed port 22 protocol ssh then restart | - | -",
                "prometheus | DiskFull | node_filesystem_avail_bytes < 1e9 | 10m | page",
                "prometheus | Down | up == 0 | - | -",
                "systemd | backup.service | the unit fails | - | -",
            ]
        );
        assert_eq!(
            told(&body["routes"], &["monitor", "receiver", "channel", "target"]),
            [
                "alertmanager | chat | chat | hooks.example",
                "alertmanager | ops | mail | ops@example.org",
                "alertmanager | ops | webhook | hook.example",
                "mail | root | mail | alice",
                "mail | root | mail | ops@example.org",
                "monit | admin@example.org | mail | admin@example.org",
                "systemd | notify@%n.service | unit | -",
            ]
        );
        let monitors = told(&body["monitors"], &["name"]);
        assert_eq!(monitors, ["alertmanager", "monit", "prometheus", "systemd", "zabbix-agent"]);
        assert_eq!(
            body["monitors"][4]["reports_to"],
            serde_json::json!(["10.0.0.1", "zbx.example"])
        );
        assert_eq!(body["monitors"][2]["reports_to"], serde_json::json!(["am.example:9093"]));
        assert!(!body.to_string().contains("PLANTED"), "{body}");
    }

    #[test]
    fn a_host_without_monitoring_has_none() {
        let observation = observe(&job(planted(&[]).path()));
        assert_eq!(body(KIND, &observation)["monitors"], serde_json::json!([]));
    }
}
