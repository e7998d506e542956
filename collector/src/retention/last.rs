//! How the last look of a running collector for documents that may go has ended. Of this process only: what was deleted is
//! in the log.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// Shared by who deletes and who shows it.
#[derive(Clone, Debug, Default)]
pub struct LastPass(Arc<Mutex<Option<Pass>>>);

/// A pass, or its part so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// When its newest step ended.
    pub at: Timestamp,
    /// Deleted by it so far.
    pub documents: u64,
    /// Something more is due; it goes on.
    pub more: bool,
    /// Why its newest step could not be made.
    pub problem: Option<String>,
}

impl LastPass {
    pub fn get(&self) -> Option<Pass> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One step has deleted so many documents.
    pub fn step(&self, at: Timestamp, documents: u64, more: bool) {
        self.put(at, documents, more, None);
    }

    /// A step could not be made; it is tried again.
    pub fn failed(&self, at: Timestamp, problem: String) {
        self.put(at, 0, true, Some(problem));
    }

    fn put(&self, at: Timestamp, documents: u64, more: bool, problem: Option<String>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.as_ref().filter(|last| last.more).map_or(0, |last| last.documents);
        *last = Some(Pass { at, documents: before + documents, more, problem });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_counts_its_steps_and_the_next_one_begins_anew() {
        let (last, now) = (LastPass::default(), Timestamp::UNIX_EPOCH);
        assert_eq!(last.get(), None);
        last.step(now, 64, true);
        last.failed(now, "disk full".into());
        last.step(now, 3, false);
        assert_eq!(last.get(), Some(Pass { at: now, documents: 67, more: false, problem: None }));
        last.step(now, 1, false);
        assert_eq!(last.get().map(|last| last.documents), Some(1));
    }
}
