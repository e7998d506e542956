//! `monitoring.detections` of a Linux host: what fail2ban, CrowdSec, Wazuh, OSSEC, ClamAV and rkhunter recorded within the
//! last 30 days, counted by rule. It tells no address, no account and no message.

mod fail2ban;
mod others;

use std::collections::BTreeMap;

use exhibit_plugin::kinds::monitoring_detections::{
    Detection, DetectionState, Detections, KIND, Sensor,
};
use exhibit_plugin::{Entry, Job, Observation};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{kinds::patch_status, look::Look};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/fail2ban/jail.conf, jail.local, jail.d/*; /var/log/fail2ban.log and its older generations",
        "cscli alerts list -o json; /var/ossec/logs/alerts/alerts.json",
        "/var/log/clamav/*.log, /var/log/rkhunter.log (counts only)",
        "systemctl show of the services of these, or unit files and /proc/<pid>/comm",
    ],
    needs: &["CAP_DAC_READ_SEARCH or group adm for the logs", "root for cscli"],
    observe,
};

const WINDOW_DAYS: u32 = 30;
/// Rules of one sensor that are told; the rest is cut and told.
const MAX_RULES: usize = 500;

/// Sensor, rule, severity, state.
type Rule = (String, String, Option<String>, DetectionState);

/// How often, first and last day, by rule.
#[derive(Default)]
struct Counts(BTreeMap<Rule, (u64, Date, Date)>);

impl Counts {
    fn add(
        &mut self,
        sensor: &str,
        rule: &str,
        severity: Option<String>,
        state: DetectionState,
        day: Date,
    ) {
        let key = (sensor.to_owned(), rule.to_owned(), severity, state);
        let (count, first, last) = self.0.entry(key).or_insert((0, day, day));
        *count += 1;
        *first = day.min(*first);
        *last = day.max(*last);
    }
}

/// What the readers share.
struct Watch {
    from: Date,
    zone: TimeZone,
    sensors: Vec<Sensor>,
    counts: Counts,
}

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let zone = patch_status::zone(&mut look);
    let mut watch = Watch {
        from: day(job.now).saturating_sub(i64::from(WINDOW_DAYS).days()),
        zone,
        sensors: Vec::new(),
        counts: Counts::default(),
    };
    fail2ban::read(&mut look, &mut watch);
    others::read(&mut look, &mut watch);
    let total = watch.counts.0.len();
    let detections: Vec<Detection> = watch
        .counts
        .0
        .into_iter()
        .take(MAX_RULES)
        .map(|((sensor, rule, severity, state), (count, first, last))| Detection {
            sensor,
            rule,
            severity,
            count,
            first_seen: Some(first),
            last_seen: Some(last),
            state,
        })
        .collect();
    let rows = watch.sensors.len() + detections.len();
    let (cut, found) = (detections.len() < total, watch.sensors.len() + total);
    let body = Detections { sensors: watch.sensors, detections, window_days: WINDOW_DAYS };
    look.seen.document(body, rows).expected(found);
    if cut {
        look.seen.truncated().outcome(
            exhibit_plugin::OutcomeKind::LimitExceeded,
            format!("{total} rules detected something; {MAX_RULES} are told"),
            "look at the sensors themselves",
        );
    }
    look.done()
}

fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    #[test]
    fn detections_are_counted_by_rule_and_nothing_personal_leaves() {
        let root = planted(&[
            ("/usr/bin/fail2ban-server", ""),
            (
                "/etc/fail2ban/jail.conf",
                "[DEFAULT]\nenabled = false\n[sshd]\nport = ssh\n[nginx]\n",
            ),
            ("/etc/fail2ban/jail.d/defaults.conf", "[sshd]\nenabled = true\n"),
            (
                "/var/log/fail2ban.log",
                "2026-11-20 06:00:00,123 fail2ban.actions [1]: NOTICE  [sshd] Ban 192.0.2.66\n\
                 2026-11-21 06:00:00,123 fail2ban.actions [1]: NOTICE  [sshd] Ban 192.0.2.67\n\
                 2026-11-21 06:00:01,123 fail2ban.filter [1]: INFO    [sshd] Found 192.0.2.67\n\
                 2026-08-21 06:00:00,123 fail2ban.actions [1]: NOTICE  [sshd] Ban 192.0.2.68\n",
            ),
            (
                "/var/ossec/logs/alerts/alerts.json",
                "{\"timestamp\":\"2026-11-21T10:00:00.123+0000\",\"rule\":{\"level\":10,\"id\":\"5712\",\"description\":\"PLANTED\"},\"full_log\":\"PLANTED\"}\nbroken\n",
            ),
            ("/var/ossec/bin/wazuh-agentd", ""),
            (
                "/var/log/clamav/scan.log",
                "/home/PLANTED/x: Win.Test.EICAR_HDB-1 FOUND\n/home/y: OK\n",
            ),
            ("/usr/bin/rkhunter", ""),
            ("/var/log/rkhunter.log", "[03:00:03] Warning: The file PLANTED has changed\n"),
        ]);
        let observation = observe(&job(root.path()));
        let body = body(KIND, &observation);
        let rules: Vec<String> = body["detections"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
                format!(
                    "{} {} {} {} {}",
                    text("sensor"),
                    text("rule"),
                    text("severity"),
                    one["count"],
                    text("state")
                )
            })
            .collect();
        assert_eq!(
            rules,
            [
                "clamav Win.Test.EICAR_HDB-1 - 1 open",
                "fail2ban sshd - 2 acted",
                "rkhunter warning - 1 open",
                "wazuh 5712 10 1 open",
            ]
        );
        assert_eq!(body["sensors"][1]["rules"], serde_json::json!(["sshd"]));
        assert_eq!(body["sensors"][1]["last_event"], "2026-11-21");
        let said = body.to_string();
        assert!(!said.contains("PLANTED") && !said.contains("192.0.2."), "{said}");
        assert!(outcomes(&observation).iter().all(|one| one.contains("alerts.json")));
    }

    #[test]
    fn a_host_without_sensors_has_none() {
        let observation = observe(&job(planted(&[]).path()));
        assert_eq!(body(KIND, &observation)["sensors"], serde_json::json!([]));
    }
}
