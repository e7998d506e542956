//! What Barman's catalogue says of one backup: its tablespaces, and which part of the log belongs to it. Anybody who can
//! write the backups can write it, so nothing of it is taken that is not of the form that Barman gives it.

use exhibit_plugin::OutcomeKind;

use crate::jobs::Refusal;
use crate::look::Look;

/// Most segments of a log that one backup may need.
const MOST: usize = 100_000;
/// How Barman may have packed a segment so that it can be unpacked without the operator's configuration.
const PACKED: [&str; 6] = ["None", "gzip", "pigz", "bzip2", "pygzip", "pybzip2"];

/// `backup.info`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Info {
    /// First and last segment of the log that the backup needs.
    pub(super) begin: String,
    pub(super) end: String,
    /// Bytes of a segment.
    pub(super) segment: u64,
    pub(super) tablespaces: Vec<(String, u32)>,
    /// Whether the files lie in an archive.
    pub(super) is_packed: bool,
}

impl Info {
    pub(super) fn read(look: &mut Look<'_>, path: &str) -> Result<Self, Refusal> {
        let text = look.text(path).here().ok_or_else(|| super::super::gone(path))?;
        Self::parse(&text).ok_or_else(|| odd(path))
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let value = |key: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            lines.find(|(name, _)| *name == key).map(|(_, value)| value.trim())
        };
        let (begin, end) = (value("begin_wal")?, value("end_wal")?);
        Some(Self {
            begin: Some(begin).filter(|name| is_segment(name))?.to_owned(),
            end: Some(end).filter(|name| is_segment(name))?.to_owned(),
            segment: value("xlog_segment_size").map_or(Some(16 << 20), |size| size.parse().ok())?,
            tablespaces: tablespaces(value("tablespaces").unwrap_or("None"))?,
            is_packed: value("compression").is_some_and(|mode| mode != "None"),
        })
    }
}

/// `[('fast', 16384, '/srv/fast'), …]`, or `None`.
fn tablespaces(text: &str) -> Option<Vec<(String, u32)>> {
    if matches!(text, "None" | "[]") {
        return Some(Vec::new());
    }
    let inside = text.strip_prefix("[(")?.strip_suffix(")]")?;
    let one = |part: &str| {
        let mut words = part.splitn(3, ", ");
        let name = words.next()?.strip_prefix('\'')?.strip_suffix('\'')?;
        let number = words.next()?.parse().ok()?;
        words.next()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let fits = !name.is_empty() && !name.starts_with('-') && name.bytes().all(plain);
        fits.then(|| (name.to_owned(), number))
    };
    inside.split("), (").map(one).collect()
}

/// 24 hexadecimal digits: line of time, log, segment.
fn is_segment(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
}

/// One line of `wals/xlog.db`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) name: String,
    pub(super) line: String,
}

/// The segments that a backup needs, of those that Barman has.
pub(super) fn segments(
    look: &mut Look<'_>,
    server: &str,
    info: &Info,
) -> Result<Vec<Segment>, Refusal> {
    let path = format!("{server}/wals/xlog.db");
    let mut found = Vec::new();
    let mut rest: Vec<u8> = Vec::new();
    let mut packed = None;
    let mut line = |line: &[u8]| {
        let text = std::str::from_utf8(line).unwrap_or_default();
        let words: Vec<&str> = text.split('\t').collect();
        let [name, _, _, how] = words[..] else { return };
        if !is_segment(name) || name < info.begin.as_str() || name > info.end.as_str() {
            return;
        }
        if !PACKED.contains(&how) {
            packed = Some(name.to_owned());
        }
        if found.len() < MOST {
            found.push(Segment { name: name.to_owned(), line: text.to_owned() });
        }
    };
    // It has a line for each segment of weeks, so it is never held whole.
    let read = look.host.stream(&path, &mut |piece| {
        rest.extend_from_slice(piece);
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines = rest.get(..whole).unwrap_or_default();
        lines.split(|byte| *byte == b'\n').for_each(&mut line);
        rest.drain(..whole);
        // No line is that long.
        if rest.len() > 4096 {
            rest.clear();
        }
    });
    match read {
        Ok(Some(_)) => {
            look.seen.method(path);
        }
        Ok(None) => return Err(odd(&path)),
        Err(error) => return Err(Refusal::new(error.outcome(), error.to_string(), error.remedy())),
    }
    if let Some(name) = packed {
        return Err(Refusal::new(
            OutcomeKind::NotConfigured,
            format!("the log is packed by a filter of the operator's ({name})"),
            "restore it by hand; a filter is a program, which the plugin does not run",
        ));
    }
    Ok(found)
}

fn odd(path: &str) -> Refusal {
    Refusal::new(
        OutcomeKind::Failed,
        format!("{path} is not of the form that Barman gives it"),
        "run barman show-backup by hand, and barman rebuild-xlogdb if the log is unknown",
    )
}

#[cfg(test)]
mod tests {
    use exhibit_plugin::local::testing;

    use super::*;

    const INFO: &str = "begin_wal=000000010000000000000002\ncompression=None\nend_wal=000000010000000000000003\ntablespaces=[('fast', 16384, '/srv/a'), ('two-2', 16385, '/srv/b, c')]\nxlog_segment_size=16777216\n";

    #[test]
    fn what_barman_does_not_write_is_not_believed() {
        let info = Info::parse(INFO).unwrap();
        let expected = [("fast".to_owned(), 16384), ("two-2".to_owned(), 16385)];
        assert_eq!(info.tablespaces, expected);
        assert!(!info.is_packed);
        for (old, new) in [
            ("16384", "'../x'"),
            ("'fast'", "'a b'"),
            ("'fast'", "'--x'"),
            ("[(", "[__import__('os')("),
            ("000000010000000000000003", "../../../../../../etc/x"),
            ("16777216", "-1"),
        ] {
            assert_eq!(Info::parse(&INFO.replace(old, new)), None, "{new}");
        }
        assert_eq!(tablespaces("None"), Some(Vec::new()));
    }

    #[test]
    fn the_log_of_a_backup_is_taken_and_nothing_later() {
        let line = |name: &str, how: &str| format!("{name}\t1\t2.5\t{how}\n");
        let text = [
            line("000000010000000000000001", "gzip"),
            line("000000010000000000000002", "gzip"),
            line("000000010000000000000002.00000028.backup", "gzip"),
            line("000000010000000000000003", "None"),
            line("000000010000000000000004", "custom"),
            line("../00010000000000000000003", "None"),
        ]
        .concat();
        let root = testing::planted(&[("/b/wals/xlog.db", &text)]);
        let job = testing::job(root.path());
        let info = Info::parse(INFO).unwrap();
        let found = segments(&mut Look::new(&job), "/b", &info).unwrap();
        let names: Vec<&str> = found.iter().map(|segment| segment.name.as_str()).collect();
        assert_eq!(names, ["000000010000000000000002", "000000010000000000000003"]);
        let later = Info { end: "000000010000000000000004".to_owned(), ..info };
        let refusal = segments(&mut Look::new(&job), "/b", &later).unwrap_err();
        assert_eq!(refusal.outcome, OutcomeKind::NotConfigured);
        let refusal = segments(&mut Look::new(&job), "/none", &later).unwrap_err();
        assert_eq!(refusal.outcome, OutcomeKind::Failed);
    }
}
