//! How long a list is and when it last changed, without keeping what is in it.

use std::io::{BufRead, BufReader, Read};

use exhibit_plugin::kinds::network_web_filtering::FilterList;
use jiff::tz::TimeZone;

use crate::{
    look::{Found, Look},
    names::escaped,
};

/// A list longer than this is not counted.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// A list in a file, counted; none when there is no such file.
pub(super) fn counted(look: &mut Look<'_>, path: &str) -> Option<FilterList> {
    let mut list = dated(look, path)?;
    list.entries = entries(look, path);
    Some(list)
}

/// A list that is only dated, such as a database.
pub(super) fn dated(look: &mut Look<'_>, path: &str) -> Option<FilterList> {
    let facts = look.facts(path).here()?;
    let updated = facts.modified.map(|time| time.to_zoned(TimeZone::UTC).date());
    Some(FilterList { name: escaped(path.as_bytes()), entries: None, updated })
}

/// Lines that are neither empty nor a remark.
fn entries(look: &mut Look<'_>, path: &str) -> Option<u64> {
    let Found::Here(file) = look.file(path) else { return None };
    if file.metadata().ok()?.len() > MOST_BYTES {
        return None;
    }
    let mut reader = BufReader::new(file.take(MOST_BYTES));
    let (mut line, mut count) = (Vec::new(), 0);
    loop {
        line.clear();
        if (&mut reader).take(64 * 1024).read_until(b'\n', &mut line).ok()? == 0 {
            return Some(rough(count));
        }
        let first = line.iter().find(|byte| !byte.is_ascii_whitespace());
        count += u64::from(first.is_some_and(|byte| !b"#;!".contains(byte)));
    }
}

/// Two digits: a list that grows by a line is no news.
pub(super) fn rough(count: u64) -> u64 {
    let mut unit = 1;
    while count / unit >= 100 {
        unit *= 10;
    }
    count / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_keeps_two_digits() {
        let rounded: Vec<u64> = [0, 7, 99, 100, 1_234, 98_765].into_iter().map(rough).collect();
        assert_eq!(rounded, [0, 7, 99, 100, 1_200, 98_000]);
    }
}
