//! Findings that were given before, by all that their rule could see: fleets are alike, so most documents are judged by looking
//! here. It decides nothing; what is not here is judged again, to the same finding.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::finding::Finding;

/// SHA-256 of all that a rule could see, and of the rule. A document can be made to collide under nothing weaker.
pub(super) type Key = [u8; 32];

/// Bytes of findings in one half.
const HALF: usize = 24 << 20;
/// Roughly what a finding takes beside its words.
const AROUND: usize = 300;

/// Two halves: what was not asked for since the younger one began goes with the older one.
#[derive(Default)]
pub(super) struct Memo {
    halves: Mutex<Halves>,
    /// Rules that were evaluated because nothing was here.
    evaluated: AtomicU64,
}

#[derive(Default)]
struct Halves {
    young: HashMap<Key, Arc<Finding>>,
    old: HashMap<Key, Arc<Finding>>,
    bytes: usize,
}

impl Memo {
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Finding>> {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = halves.young.get(key) {
            return Some(Arc::clone(found));
        }
        let found = halves.old.remove(key)?;
        halves.put(*key, Arc::clone(&found));
        Some(found)
    }

    pub(super) fn put(&self, key: Key, finding: Arc<Finding>) {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner).put(key, finding);
    }

    pub(super) fn evaluated(&self) -> u64 {
        self.evaluated.load(Ordering::Relaxed)
    }

    pub(super) fn count(&self) {
        self.evaluated.fetch_add(1, Ordering::Relaxed);
    }
}

impl Halves {
    fn put(&mut self, key: Key, finding: Arc<Finding>) {
        let words = finding.items.iter().map(|item| item.id.len() + item.why.len() + 48);
        self.bytes += AROUND + finding.message.len() + words.sum::<usize>();
        self.young.insert(key, finding);
        if self.bytes > HALF {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Verdict;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let memo = Memo::default();
        let finding = Arc::new(Finding {
            rule: "time.sync.try".parse().unwrap(),
            verdict: Verdict::Pass,
            message: "m".repeat(1000),
            items: Vec::new(),
            item_count: 0,
        });
        let key = |number: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            key
        };
        let many = 3 * HALF / (AROUND + 1000);
        for number in 0..many {
            memo.put(key(number), Arc::clone(&finding));
            assert!(memo.get(&key(0)).is_some(), "after {number}");
        }
        assert!(memo.get(&key(1)).is_none());
        assert!(memo.get(&key(many - 1)).is_some());
        let halves = memo.halves.lock().unwrap();
        assert!(halves.young.len() + halves.old.len() <= 2 * (HALF / (AROUND + 1000) + 1));
    }
}
