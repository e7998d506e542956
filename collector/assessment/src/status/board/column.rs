//! The findings of one rule, a place for each target. The words of a pass are not kept: nothing tells them.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{finding::Verdict, status::Observed};

/// What a rule says of one target.
#[derive(Debug, Clone, Copy)]
pub(in crate::status) struct Cell {
    pub(in crate::status) verdict: Verdict,
    /// Microseconds since 1970.
    pub(in crate::status) since: i64,
    pub(in crate::status) observed_at: i64,
}

/// What a finding says in words, unless it is a pass.
#[derive(Debug, Clone)]
struct Words {
    message: Box<str>,
    item_count: u64,
}

#[derive(Debug, Clone, Default)]
pub(in crate::status) struct Column {
    cells: Vec<Option<Cell>>,
    words: HashMap<usize, Words>,
    count: usize,
}

impl Column {
    pub(in crate::status) fn set(&mut self, target: usize, found: &Observed) {
        if self.cells.len() <= target {
            self.cells.resize(target + 1, None);
        }
        let Some(slot) = self.cells.get_mut(target) else { return };
        self.count += usize::from(slot.is_none());
        *slot = Some(Cell {
            verdict: found.verdict,
            since: found.since.as_microsecond(),
            observed_at: found.observed_at.as_microsecond(),
        });
        if found.verdict == Verdict::Pass {
            self.words.remove(&target);
        } else {
            let words =
                Words { message: found.message.as_str().into(), item_count: found.item_count };
            self.words.insert(target, words);
        }
    }

    pub(in crate::status) fn remove(&mut self, target: usize) {
        if let Some(slot) = self.cells.get_mut(target) {
            self.count -= usize::from(slot.take().is_some());
            self.words.remove(&target);
        }
    }

    /// The same finding was observed again.
    pub(in crate::status) fn seen(&mut self, target: usize, at: Timestamp) {
        if let Some(Some(cell)) = self.cells.get_mut(target) {
            cell.observed_at = cell.observed_at.max(at.as_microsecond());
        }
    }

    pub(in crate::status) fn get(&self, target: usize) -> Option<Cell> {
        self.cells.get(target).copied().flatten()
    }

    /// Message and number of items; of a pass nothing.
    pub(in crate::status) fn words(&self, target: usize) -> (&str, u64) {
        self.words.get(&target).map_or(("", 0), |words| (&words.message, words.item_count))
    }

    pub(in crate::status) fn cells(&self) -> impl Iterator<Item = (usize, Cell)> {
        let cells = self.cells.iter().enumerate();
        cells.filter_map(|(target, cell)| Some((target, (*cell)?)))
    }

    pub(in crate::status) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The time of a cell. What stands in one came from a timestamp.
pub(in crate::status) fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or_default()
}
