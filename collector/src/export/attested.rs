//! Which entries about the log's time a bundle brings: those of its period, the last one before it and the first one after it,
//! between which everything in it was made and logged.

use std::collections::BTreeSet;

use exhibit_proto::leaf::EntryType;

use super::Selection;
use crate::log::{LogError, LogReader};

/// Entries read at a time.
const PAGE: u32 = 1000;

/// Their indexes, under a head over `size` entries.
pub(super) fn wanted(
    reader: &LogReader,
    selection: &Selection,
    size: u64,
) -> Result<BTreeSet<u64>, LogError> {
    let (mut wanted, mut before, mut from) = (BTreeSet::new(), None, 0);
    loop {
        let entries = reader.entries_of(&EntryType::Time, from, PAGE)?;
        let Some(last) = entries.last().map(|entry| entry.index) else { break };
        for entry in entries.iter().filter(|entry| entry.index < size) {
            if selection.covers_time(&entry.leaf.rx) {
                wanted.extend(before.take());
                wanted.insert(entry.index);
            } else if selection.is_before(&entry.leaf.rx) {
                before = Some(entry.index);
            } else {
                wanted.extend(before.take());
                wanted.insert(entry.index);
                return Ok(wanted);
            }
        }
        from = last + 1;
    }
    wanted.extend(before);
    Ok(wanted)
}
