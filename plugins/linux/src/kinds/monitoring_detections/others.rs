//! CrowdSec, Wazuh and OSSEC, ClamAV and rkhunter: which rule fired how often. Paths and messages stay here.

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::monitoring_detections::{DetectionState, Sensor};
use jiff::{Timestamp, civil::Date, fmt::strtime};
use serde_json::Value;

use super::{Watch, day};
use crate::{
    log_files,
    look::{Found, Look},
    services,
    tool::Tool,
};

const ALERTS: &str = "/var/ossec/logs/alerts/alerts.json";
const CLAMAV: &str = "/var/log/clamav";
const RKHUNTER: &str = "/var/log/rkhunter.log";

pub(super) fn read(look: &mut Look<'_>, watch: &mut Watch) {
    crowdsec(look, watch);
    wazuh(look, watch);
    clamav(look, watch);
    rkhunter(look, watch);
}

fn sensor(
    name: &str,
    service: Option<services::Service>,
    last: Option<Date>,
    readable: bool,
) -> Sensor {
    Sensor {
        name: name.to_owned(),
        active: service.and_then(|service| service.active),
        enabled: service.and_then(|service| service.enabled),
        rules: Vec::new(),
        last_event: last,
        readable,
    }
}

fn crowdsec(look: &mut Look<'_>, watch: &mut Watch) {
    if !services::is_installed(&look.host, "crowdsec.service") {
        return;
    }
    let service = services::find(look, "crowdsec.service", "crowdsec");
    let (mut last, mut readable) = (None, false);
    if look.host.is_live() {
        let tool = Tool::new(
            "cscli",
            &["alerts", "list", "-o", "json", "--since", "720h", "--limit", "5000"],
        );
        if let Some(output) = look.run(&tool) {
            readable = output.is_success();
            if !readable {
                let detail = format!("alerts of CrowdSec are not known: cscli {}", output.fault());
                look.seen.outcome(OutcomeKind::Denied, detail, "run the plugin as root");
            }
            // Without an alert it prints null.
            let alerts = serde_json::from_str::<Value>(&output.stdout).ok();
            let alerts = alerts.as_ref().and_then(Value::as_array);
            for alert in alerts.into_iter().flatten() {
                let text = |key: &str| alert.get(key).and_then(Value::as_str);
                let day = text("created_at").and_then(|time| time.parse().ok()).map(day);
                if let (Some(rule), Some(day)) = (text("scenario"), day) {
                    last = last.max(Some(day));
                    let decided = alert.get("decisions").and_then(Value::as_array);
                    let state = if decided.is_some_and(|list| !list.is_empty()) {
                        DetectionState::Acted
                    } else {
                        DetectionState::Unknown
                    };
                    watch.counts.add("crowdsec", rule, None, state, day);
                }
            }
        }
    }
    watch.sensors.push(sensor("crowdsec", service, last, readable));
}

/// A manager writes alerts; an agent only sends events to its manager.
fn wazuh(look: &mut Look<'_>, watch: &mut Watch) {
    if !look.host.exists("/var/ossec") {
        return;
    }
    let is_wazuh = look.host.exists("/var/ossec/bin/wazuh-agentd")
        || look.host.exists("/var/ossec/bin/wazuh-control");
    let name = if is_wazuh { "wazuh" } else { "ossec" };
    let units = ["wazuh-manager.service", "wazuh-agent.service", "ossec.service"];
    let service = units.iter().find_map(|unit| services::find(look, unit, "wazuh-agentd"));
    let (mut last, mut readable, mut odd) = (None, true, 0_u64);
    if look.host.exists(ALERTS) {
        readable = log_files::each_line(look, ALERTS, |line| {
            match alert(line) {
                Some((rule, level, day)) => {
                    last = last.max(Some(day));
                    if day >= watch.from {
                        watch.counts.add(name, &rule, level, DetectionState::Open, day);
                    }
                }
                None => odd += u64::from(!line.is_empty()),
            }
            true
        });
    }
    if odd > 0 {
        look.garbled(ALERTS, &format!("{odd} alerts are not understood"));
    }
    watch.sensors.push(sensor(name, service, last, readable));
}

fn alert(line: &str) -> Option<(String, Option<String>, Date)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let rule = value.get("rule")?;
    let time = value.get("timestamp")?.as_str()?;
    let time: Timestamp = time
        .parse()
        .ok()
        .or_else(|| strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", time).ok()?.to_timestamp().ok())?;
    let level = rule.get("level").and_then(Value::as_u64).map(|level| level.to_string());
    Some((rule.get("id")?.as_str()?.to_owned(), level, day(time)))
}

/// Day of the log's last change: its lines carry none.
fn written(look: &mut Look<'_>, path: &str) -> Option<Date> {
    look.facts(path).here()?.modified.map(day)
}

fn clamav(look: &mut Look<'_>, watch: &mut Watch) {
    let Found::Here(names) = look.names(CLAMAV) else { return };
    let service = services::find(look, "clamav-daemon.service", "clamd");
    let (mut last, mut readable) = (None, true);
    for name in names.iter().filter(|name| name.ends_with(".log") && !name.starts_with("freshclam"))
    {
        let path = format!("{CLAMAV}/{name}");
        let Some(day) = written(look, &path) else { continue };
        last = last.max(Some(day));
        if day < watch.from {
            continue;
        }
        readable &= log_files::each_line(look, &path, |line| {
            // path: Signature FOUND
            if let Some(signature) =
                line.strip_suffix(" FOUND").and_then(|rest| rest.rsplit(": ").next())
                && !signature.contains([' ', '/'])
            {
                watch.counts.add("clamav", signature, None, DetectionState::Open, day);
            }
            true
        });
    }
    watch.sensors.push(sensor("clamav", service, last, readable));
}

fn rkhunter(look: &mut Look<'_>, watch: &mut Watch) {
    if !look.host.exists(RKHUNTER) {
        return;
    }
    let Some(day) = written(look, RKHUNTER) else { return };
    let recent = day >= watch.from;
    let readable = log_files::each_line(look, RKHUNTER, |line| {
        if recent && line.contains("] Warning:") {
            watch.counts.add("rkhunter", "warning", None, DetectionState::Open, day);
        }
        true
    });
    watch.sensors.push(sensor("rkhunter", None, Some(day), readable));
}
