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
                if let Some((rule, state, day)) = banned(alert) {
                    last = last.max(Some(day));
                    watch.counts.add("crowdsec", rule, None, state, day);
                }
            }
        }
    }
    watch.sensors.push(sensor("crowdsec", service, last, readable));
}

/// One alert of CrowdSec. A person's own decision bears the name of their machine instead of a scenario's, which is not told.
fn banned(alert: &Value) -> Option<(&str, DetectionState, Date)> {
    let text = |key: &str| alert.get(key).and_then(Value::as_str);
    let day = text("created_at")?.parse().ok().map(day)?;
    let rule =
        text("scenario").map(|name| if name.starts_with("manual '") { "manual" } else { name })?;
    let decided = alert.get("decisions").and_then(Value::as_array);
    let is_meant = |one: &Value| one.get("simulated").and_then(Value::as_bool) != Some(true);
    let state = match decided.is_some_and(|list| list.iter().any(is_meant)) {
        true => DetectionState::Acted,
        false => DetectionState::Unknown,
    };
    Some((rule, state, day))
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

/// Rule, level and day. Wazuh writes `rule.id` and `timestamp`, OSSEC `rule.sidid` and `TimeStamp` in milliseconds.
fn alert(line: &str) -> Option<(String, Option<String>, Date)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let rule = value.get("rule")?;
    let time = match (value.get("timestamp").and_then(Value::as_str), value.get("TimeStamp")) {
        (Some(time), _) => time
            .parse()
            .ok()
            .or_else(|| strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", time).ok()?.to_timestamp().ok())?,
        (None, time) => Timestamp::from_millisecond(time?.as_i64()?).ok()?,
    };
    let level = rule.get("level").and_then(Value::as_u64).map(|level| level.to_string());
    let id = rule.get("id").and_then(Value::as_str).map(str::to_owned);
    let id = id.or_else(|| Some(rule.get("sidid")?.as_u64()?.to_string()))?;
    Some((id, level, day(time)))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What `cscli alerts list -o json` of CrowdSec 1.4.6 (Debian 12) printed after `cscli decisions add -i 192.0.2.7 -t ban`;
    /// names of the machine shortened.
    const ALERT: &str = r#"{"capacity": 0, "created_at": "2026-11-23T12:43:18Z", "decisions": [{"duration": "3h59m57.41902207s",
        "id": 1, "origin": "cscli", "scenario": "manual 'ban' from '3d1219c7'", "scope": "Ip", "simulated": false, "type": "ban",
        "value": "192.0.2.7"}], "events": null, "events_count": 1, "id": 1, "labels": null, "leakspeed": "0", "machine_id": "3d1219c7",
        "message": "manual 'ban' from '3d1219c7'", "scenario": "manual 'ban' from '3d1219c7'", "scenario_hash": "",
        "scenario_version": "", "simulated": false, "source": {"ip": "192.0.2.7", "scope": "Ip", "value": "192.0.2.7"},
        "start_at": "2026-11-23 12:43:17 +0000 UTC", "stop_at": "2026-11-23 12:43:17 +0000 UTC"}"#;

    /// Fields as Wazuh 4 and OSSEC 3 write them (`src/analysisd/format/to_json.c` of OSSEC; of Wazuh its documentation of
    /// alerts), neither of which is in Debian; what they say is made up.
    #[test]
    fn alerts_of_wazuh_and_of_ossec_are_told_apart_by_their_fields() {
        let of = |line: &str| alert(line).map(|(rule, level, day)| (rule, level, day.to_string()));
        let expected = Some(("5712".to_owned(), Some("10".to_owned()), "2026-11-21".to_owned()));
        let wazuh = r#"{"timestamp":"2026-11-21T10:00:00.123+0000","rule":{"level":10,"description":"x","id":"5712","firedtimes":1,"mail":false,"groups":["syslog","sshd"]},"agent":{"id":"001","name":"web1"},"manager":{"name":"m"},"id":"1795255200.1","location":"/var/log/auth.log"}"#;
        assert_eq!(of(wazuh), expected);
        let ossec = r#"{"rule":{"level":10,"comment":"x","sidid":5712,"group":"syslog,sshd,"},"id":"1795255200.1","TimeStamp":1795255200000,"decoder":"sshd","location":"web1->/var/log/auth.log"}"#;
        assert_eq!(of(ossec), expected);
        for odd in ["", "{}", r#"{"rule":{"id":"1"}}"#, r#"{"rule":{"id":"1"},"timestamp":"x"}"#] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }

    #[test]
    fn an_alert_that_crowdsec_printed_is_understood() {
        let read = |text: &str| {
            let alert: Value = serde_json::from_str(text).unwrap();
            banned(&alert).map(|(rule, state, day)| (rule.to_owned(), state, day.to_string()))
        };
        let of = |rule: &str, state| Some((rule.to_owned(), state, "2026-11-23".to_owned()));
        assert_eq!(read(ALERT), of("manual", DetectionState::Acted));
        let other = ALERT.replace("manual 'ban' from '3d1219c7'", "crowdsecurity/ssh-bf");
        assert_eq!(read(&other), of("crowdsecurity/ssh-bf", DetectionState::Acted));
        // A scenario on trial decides, and nothing is done.
        let trial =
            other.replace("\"simulated\": false, \"type\"", "\"simulated\": true, \"type\"");
        assert_ne!(trial, other);
        assert_eq!(read(&trial), of("crowdsecurity/ssh-bf", DetectionState::Unknown));
    }
}
