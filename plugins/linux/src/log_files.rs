//! Log files with their rotated and compressed generations, line by line. It holds one line at a time.

use std::io::{BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;

use crate::look::{Found, Look};

/// Most bytes of one file, unpacked; what follows is cut and told.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// A longer line is no record.
const MAX_LINE: u64 = 1024 * 1024;

/// The log and its older generations that are there, newest first: `x`, `x.1`, `x.2.gz`, `x-20261101.gz`.
pub(crate) fn generations(look: &mut Look<'_>, path: &str) -> Vec<String> {
    let Some((folder, name)) = path.rsplit_once('/') else { return Vec::new() };
    let names = look.names(folder).here().unwrap_or_default();
    let mut found: Vec<(bool, i64, String)> = names
        .into_iter()
        .filter_map(|entry| {
            let rest = entry.strip_prefix(name)?;
            let rest = rest.strip_suffix(".gz").unwrap_or(rest);
            if rest.is_empty() {
                return (entry == name).then(|| (false, 0, entry.clone()));
            }
            if let Some(number) = rest.strip_prefix('.').and_then(|text| text.parse().ok()) {
                return Some((false, number, entry.clone()));
            }
            // Named by day, newer days are greater.
            let day: i64 = rest.strip_prefix('-')?.get(..8)?.parse().ok()?;
            Some((true, -day, entry.clone()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, _, name)| format!("{folder}/{name}")).collect()
}

/// Calls `use_it` for each line; false from it ends the reading. Answers whether the file was read to its end (or as far as
/// `use_it` wanted).
pub(crate) fn each_line(
    look: &mut Look<'_>,
    path: &str,
    mut use_it: impl FnMut(&str) -> bool,
) -> bool {
    let Found::Here(file) = look.file(path) else { return false };
    let source: Box<dyn Read> =
        if path.ends_with(".gz") { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut reader = BufReader::with_capacity(64 * 1024, source.take(MAX_BYTES));
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {
                if !use_it(String::from_utf8_lossy(&line).trim_end()) {
                    return true;
                }
            }
            Err(error) => {
                look.garbled(path, &error.to_string());
                return false;
            }
        }
    }
    if reader.get_ref().limit() == 0 {
        look.seen.outcome(
            exhibit_plugin::OutcomeKind::LimitExceeded,
            format!("{path} holds more than {MAX_BYTES} bytes; what follows was not read"),
            "let logrotate cut the log more often",
        );
        return false;
    }
    true
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;
    use crate::kinds::testing::{job, outcomes, planted};

    #[test]
    fn generations_come_newest_first_and_compressed_ones_are_read() {
        let root = planted(&[
            ("/var/log/a.log", "now\n"),
            ("/var/log/a.log.1", "before\n"),
            ("/var/log/a.log.10", ""),
            ("/var/log/a.log-20261101", ""),
            ("/var/log/a.log.gz.bak", ""),
            ("/var/log/a.logger", ""),
        ]);
        let gz = fs::File::create(root.path().join("var/log/a.log.2.gz")).unwrap();
        let mut gz = flate2::write::GzEncoder::new(gz, flate2::Compression::fast());
        gz.write_all(b"long ago\nbefore that\n").unwrap();
        gz.finish().unwrap();
        fs::write(root.path().join("var/log/b.log.1.gz"), "no gzip").unwrap();
        let job = job(root.path());
        let mut look = Look::new(&job);
        let found = generations(&mut look, "/var/log/a.log");
        let names: Vec<_> = found.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["a.log", "a.log.1", "a.log.2.gz", "a.log.10", "a.log-20261101"]);
        let mut lines = Vec::new();
        assert!(each_line(&mut look, &found[2], |line| {
            lines.push(line.to_owned());
            true
        }));
        assert_eq!(lines, ["long ago", "before that"]);
        assert!(!each_line(&mut look, "/var/log/b.log.1.gz", |_| true));
        assert!(outcomes(&look.done())[0].contains("b.log.1.gz"));
    }
}
