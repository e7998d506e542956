//! The journal: its settings, where it keeps records, and the age of the oldest one. It never reads an entry.

use exhibit_plugin::kinds::logging_sources::{Forward, Recorder};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::look::Look;
use crate::{services, systemd_conf, url};

const PERSISTENT: &str = "/var/log/journal";

/// The journal as a recorder, when systemd's journal is installed; adds where journal-upload sends it.
pub(super) fn find(look: &mut Look<'_>, forwards: &mut Vec<Forward>) -> Option<Recorder> {
    let service = services::find(look, "systemd-journald.service", "systemd-journald")?;
    let config = systemd_conf::layers(look, "journald.conf");
    let storage = config.value("Journal", "Storage").unwrap_or_else(|| "auto".to_owned());
    let persistent = match storage.as_str() {
        "persistent" => Some(true),
        // Only the existing directory makes "auto" persistent.
        "auto" => Some(look.host.exists(PERSISTENT)),
        "volatile" | "none" => Some(false),
        _ => None,
    };
    upload(look, forwards);
    Some(Recorder {
        name: "journald".to_owned(),
        active: service.active,
        enabled: service.enabled,
        persistent,
        max_size_bytes: config.value("Journal", "SystemMaxUse").and_then(|text| bytes(&text)),
        max_age_days: config.value("Journal", "MaxRetentionSec").and_then(|text| days(&text)),
        oldest_record: oldest(look),
        storage: Some(storage),
        configured_by: config.files.into_iter().map(|(path, _)| path).collect(),
    })
}

fn upload(look: &mut Look<'_>, forwards: &mut Vec<Forward>) {
    let config = systemd_conf::layers(look, "journal-upload.conf");
    for (url, source) in config.list("Upload", "URL") {
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", &url));
        let shown = url::shown(&format!("{scheme}://{rest}"));
        forwards.push(Forward {
            recorder: "journald".to_owned(),
            destination: shown,
            transport: scheme.to_owned(),
            encrypted: Some(scheme == "https"),
            selection: None,
            source,
        });
    }
}

/// Day of the oldest entry over all of the host's journal files.
fn oldest(look: &mut Look<'_>) -> Option<Date> {
    let mut oldest: Option<Timestamp> = None;
    for machine in look.names(PERSISTENT).here().unwrap_or_default() {
        let folder = format!("{PERSISTENT}/{machine}");
        if !look.host.facts(&folder).ok().flatten().is_some_and(|facts| facts.directory) {
            continue;
        }
        for name in look.names(&folder).here().unwrap_or_default() {
            if !name.ends_with(".journal") && !name.ends_with(".journal~") {
                continue;
            }
            let header = look.head(&format!("{folder}/{name}"), HEADER).here();
            let first = header.as_deref().and_then(first_entry);
            oldest = [oldest, first].into_iter().flatten().min();
        }
    }
    oldest.map(|time| TimeZone::UTC.to_datetime(time).date())
}

const HEADER: u64 = 192;

/// Time of the first entry: `head_entry_realtime` at byte 184 of the header (systemd's JOURNAL_FILE_FORMAT), in microseconds;
/// 0 in a file without entries.
fn first_entry(header: &[u8]) -> Option<Timestamp> {
    if !header.starts_with(b"LPKSHHRH") {
        return None;
    }
    let field: [u8; 8] = header.get(184..192)?.try_into().ok()?;
    let micros = i64::try_from(u64::from_le_bytes(field)).ok().filter(|micros| *micros > 0)?;
    Timestamp::from_microsecond(micros).ok()
}

/// A size as systemd writes it: `500M`, `4G`; base 1024.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: u64 = match text.strip_prefix(digits)? {
        "" | "B" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// A time span as systemd writes it (`1month`, `2weeks 3d`, plain seconds), rounded down to days; 0 means no bound.
pub(crate) fn days(text: &str) -> Option<u32> {
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let tail = tail.trim_start();
        let unit_end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let factor: u64 = match unit {
            "" | "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            "M" | "month" | "months" => 2_629_800,
            "y" | "year" | "years" => 31_557_600,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = tail.trim_start();
    }
    u32::try_from(seconds / 86_400).ok().filter(|_| seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;

    const UNIT: &str = "/usr/lib/systemd/system/systemd-journald.service";

    fn recorder(root: &std::path::Path) -> Recorder {
        find(&mut Look::new(&testing::job(root)), &mut Vec::new()).unwrap()
    }

    #[test]
    fn auto_is_persistent_only_with_its_directory() {
        let root = testing::planted(&[(UNIT, "")]);
        assert_eq!(recorder(root.path()).persistent, Some(false));
        std::fs::create_dir_all(root.path().join("var/log/journal")).unwrap();
        assert_eq!(recorder(root.path()).persistent, Some(true));
    }

    #[test]
    fn the_oldest_entry_is_the_real_retention() {
        let root = testing::planted(&[(UNIT, ""), ("/var/log/journal/abc/x", "")]);
        let mut header = vec![0; 256];
        header[..8].copy_from_slice(b"LPKSHHRH");
        let micros = "2026-05-02T10:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
        header[184..192].copy_from_slice(&micros.to_le_bytes());
        std::fs::write(root.path().join("var/log/journal/abc/system.journal"), header).unwrap();
        assert_eq!(recorder(root.path()).oldest_record, Some(jiff::civil::date(2026, 5, 2)));
    }

    #[test]
    fn a_short_or_foreign_header_is_no_time() {
        assert_eq!(first_entry(b"LPKSHHRH"), None);
        assert_eq!(first_entry(&[0; 256]), None);
    }

    #[test]
    fn sizes_and_spans_read_as_systemd_writes_them() {
        assert_eq!(bytes("4G"), Some(4_294_967_296));
        assert_eq!(bytes("10%"), None);
        assert_eq!(days("1month"), Some(30));
        assert_eq!(days("2weeks 3d"), Some(17));
        assert_eq!(days("86400"), Some(1));
        assert_eq!(days("0"), None);
        assert_eq!(days("soon"), None);
    }

    #[test]
    fn an_upload_never_shows_its_credentials() {
        let root = testing::planted(&[
            (UNIT, ""),
            (
                "/etc/systemd/journal-upload.conf",
                "[Upload]\nURL=https://bob:s3cret@logs.example.net:19532\n",
            ),
        ]);
        let mut forwards = Vec::new();
        find(&mut Look::new(&testing::job(root.path())), &mut forwards).unwrap();
        assert_eq!(forwards[0].destination, "https://logs.example.net:19532");
        assert_eq!(forwards[0].encrypted, Some(true));
    }
}
