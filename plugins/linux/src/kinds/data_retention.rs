//! `data.retention` of a Linux host: logrotate, tmpfiles.d, journald and core dumps. It deletes nothing and looks at no
//! data.

mod logrotate;
mod tmpfiles;

use exhibit_plugin::{
    Entry, Job, Observation,
    kinds::data_retention::{DataRetention, KIND, Mechanism, Rule},
};

use crate::{look::Look, services, systemd_conf};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/logrotate.conf and what it includes",
        "/{etc,run,usr/lib}/tmpfiles.d/*.conf",
        "journald.conf, coredump.conf and their drop-ins",
        "dates of /var/lib/logrotate/status and of the stamps of timers",
        "systemctl show of logrotate.timer and systemd-tmpfiles-clean.timer, or the unit files",
    ],
    needs: &[],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let mut rules = logrotate::rules(&mut look);
    rules.extend(tmpfiles::rules(&mut look));
    rules.extend(journal(&mut look));
    rules.extend(core_dumps(&mut look));
    let mechanisms = mechanisms(&mut look);
    let rows = rules.len();
    look.seen.document(DataRetention { rules, mechanisms, holds: Vec::new() }, rows);
    look.done()
}

fn mechanisms(look: &mut Look<'_>) -> Vec<Mechanism> {
    let logrotate = ["/usr/sbin/logrotate", "/usr/bin/logrotate"];
    let installed = logrotate.iter().any(|path| look.host.exists(path));
    let timer = services::find(look, "logrotate.timer", "logrotate.timer");
    let by_cron = look.host.exists("/etc/cron.daily/logrotate");
    let stamps = [
        "/var/lib/logrotate/status",
        "/var/lib/logrotate/logrotate.status",
        "/var/lib/logrotate.status",
        "/var/lib/systemd/timers/stamp-logrotate.timer",
    ];
    let last = stamps.iter().filter_map(|path| day_of(look, path)).max();
    let scheduled = timer.and_then(|timer| timer.enabled).or(Some(by_cron));
    let mut found = vec![Mechanism {
        name: "logrotate".to_owned(),
        installed,
        scheduled: scheduled.map(|on| on || by_cron),
        last_run: last,
    }];
    let systemd =
        look.host.exists("/usr/lib/systemd/systemd") || look.host.exists("/lib/systemd/systemd");
    let cleaner =
        services::find(look, "systemd-tmpfiles-clean.timer", "systemd-tmpfiles-clean.timer");
    found.push(Mechanism {
        name: "systemd-tmpfiles".to_owned(),
        installed: look.host.exists("/usr/bin/systemd-tmpfiles")
            || look.host.exists("/bin/systemd-tmpfiles"),
        scheduled: cleaner.and_then(|timer| timer.enabled).or(Some(false)),
        last_run: day_of(look, "/var/lib/systemd/timers/stamp-systemd-tmpfiles-clean.timer"),
    });
    for (name, program) in
        [("journald", "systemd-journald"), ("systemd-coredump", "systemd-coredump")]
    {
        let place = |folder: &str| look.host.exists(&format!("{folder}/{program}"));
        let installed = place("/usr/lib/systemd") || place("/lib/systemd");
        found.push(Mechanism {
            name: name.to_owned(),
            installed,
            // They hold their own bounds while they run, without a timer.
            scheduled: Some(installed && systemd),
            last_run: None,
        });
    }
    found
}

fn day_of(look: &mut Look<'_>, path: &str) -> Option<String> {
    let modified = look.facts(path).here()?.modified?;
    Some(modified.strftime("%Y-%m-%d").to_string())
}

/// Bounds of the journal; systemd's own defaults are sizes that depend on the disk, so an unset key is not told.
fn journal(look: &mut Look<'_>) -> Vec<Rule> {
    let layers = systemd_conf::layers(look, "journald.conf");
    let places = [("/var/log/journal", "SystemMaxUse"), ("/run/log/journal", "RuntimeMaxUse")];
    let time = layers.value("Journal", "MaxRetentionSec");
    let rules =
        places.into_iter().filter(|(folder, _)| look.host.exists(folder)).map(|(folder, key)| {
            let size = layers.value("Journal", key);
            let words = [
                time.as_ref().map(|time| format!("MaxRetentionSec={time}")),
                size.as_ref().map(|size| format!("{key}={size}")),
            ];
            let words: Vec<String> = words.into_iter().flatten().collect();
            let text = if words.is_empty() {
                "no bound in the files: a share of the disk".to_owned()
            } else {
                words.join(" ")
            };
            Rule {
                data: folder.to_owned(),
                mechanism: "journald".to_owned(),
                keep_days: time.as_deref().and_then(span_days).filter(|days| *days > 0),
                max_bytes: size.as_deref().and_then(bytes),
                generations: None,
                text,
                source: "/etc/systemd/journald.conf".to_owned(),
            }
        });
    rules.collect()
}

fn core_dumps(look: &mut Look<'_>) -> Vec<Rule> {
    if !look.host.exists("/var/lib/systemd/coredump") {
        return Vec::new();
    }
    let layers = systemd_conf::layers(look, "coredump.conf");
    let words: Vec<String> = ["Storage", "MaxUse", "KeepFree", "ExternalSizeMax"]
        .into_iter()
        .filter_map(|key| Some(format!("{key}={}", layers.value("Coredump", key)?)))
        .collect();
    vec![Rule {
        data: "/var/lib/systemd/coredump".to_owned(),
        mechanism: "systemd-coredump".to_owned(),
        keep_days: None,
        max_bytes: layers.value("Coredump", "MaxUse").as_deref().and_then(bytes),
        generations: None,
        text: if words.is_empty() {
            "no bound in the files: a share of the disk".to_owned()
        } else {
            words.join(" ")
        },
        source: "/etc/systemd/coredump.conf".to_owned(),
    }]
}

/// A size such as `10M` in powers of 1024.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text
        .strip_prefix(digits)?
        .trim()
        .trim_end_matches(['B', 'i'])
        .to_ascii_uppercase()
        .as_str()
    {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1_u64 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// A time span of systemd.time(7) in whole days, rounded up: `10d`, `1month`, `2w 3d`, `86400`.
fn span_days(text: &str) -> Option<u32> {
    let (mut seconds, mut rest) = (0_u64, text.trim());
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, left) = after.split_at(letters);
        let factor = match unit {
            "" | "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            "M" | "month" | "months" => 2_629_800,
            "y" | "year" | "years" => 31_557_600,
            "ms" | "msec" | "us" | "usec" => 0,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = left.trim_start();
    }
    u32::try_from(seconds.div_ceil(86_400)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::kinds::testing;

    #[test]
    fn spans_and_sizes_are_read_as_systemd_reads_them() {
        for (text, days) in [
            ("10d", Some(10)),
            ("1month", Some(31)),
            ("2w 3d", Some(17)),
            ("86400", Some(1)),
            ("1y", Some(366)),
            ("5x", None),
            ("", None),
        ] {
            assert_eq!(span_days(text), days, "{text}");
        }
        for (text, size) in [
            ("500M", Some(500 << 20)),
            ("10k", Some(10 << 10)),
            ("7", Some(7)),
            ("4 GiB", Some(4 << 30)),
            ("10%", None),
        ] {
            assert_eq!(bytes(text), size, "{text}");
        }
    }

    #[test]
    fn rules_of_every_mechanism_stand_side_by_side() {
        let root = testing::planted(&[
            ("/etc/logrotate.conf", "daily\nrotate 14\n/var/log/x {\n}\n"),
            ("/usr/sbin/logrotate", ""),
            ("/etc/cron.daily/logrotate", ""),
            ("/etc/tmpfiles.d/tmp.conf", "q /tmp 1777 root root 10d\n"),
            ("/etc/systemd/journald.conf", "[Journal]\nMaxRetentionSec=90d\nSystemMaxUse=1G\n"),
            ("/var/log/journal/x", ""),
        ]);
        let body = testing::body(KIND, &observe(&testing::job(root.path())));
        let days: Vec<_> = body["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| (rule["data"].clone(), rule["keep_days"].clone()))
            .collect();
        assert_eq!(
            days,
            [
                (json!("/tmp"), json!(10)),
                (json!("/var/log/journal"), json!(90)),
                (json!("/var/log/x"), json!(14))
            ]
        );
        assert_eq!(body["mechanisms"][1]["name"], "logrotate");
        assert_eq!(body["mechanisms"][1]["scheduled"], true);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[0-9a-zA-Z \u{e4}.%]{0,24}") {
            prop_assert!(span_days(&text).is_none() || text.contains(|c: char| c.is_ascii_digit()));
            prop_assert!(bytes(&text).is_none() || text.contains(|c: char| c.is_ascii_digit()));
        }
    }
}
