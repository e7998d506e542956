//! Agents that know a larger log than this one: an old backup was restored, or this is a copy. In memory only, and never an
//! entry: adding to a log that has lost its end would sign a second history. Agents say it again whenever they connect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// Who knows more than this log holds; clones share it.
#[derive(Clone, Default)]
pub struct Ahead(Arc<Mutex<BTreeMap<String, Larger>>>);

/// What one agent knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Larger {
    /// Entries that it has verified.
    pub known: u64,
    /// Entries of this log when it said so.
    pub ours: u64,
    pub at: Timestamp,
    /// The head of that size, signed by this log's key. Absent: the agent's word.
    pub signed: Option<String>,
}

impl Ahead {
    /// By agent id.
    pub fn all(&self) -> BTreeMap<String, Larger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether this agent says, or has shown, that it knows more.
    pub(super) fn names(&self, agent: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(agent)
    }

    /// The largest log that this log's own key has signed and that is not here: nothing may be admitted any more, because
    /// agents would let go of what the true log has not got.
    pub fn proven(&self) -> Option<u64> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().filter(|larger| larger.signed.is_some()).map(|larger| larger.known).max()
    }

    /// Remembers it; a proof is not replaced by a word.
    pub(crate) fn note(&self, agent: &str, larger: Larger) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if larger.signed.is_some() || held.get(agent).is_none_or(|held| held.signed.is_none()) {
            held.insert(agent.to_owned(), larger);
        }
    }

    /// The agent knows no more than this log; `proof` says whether that goes for the heads that it holds too.
    pub(super) fn clear(&self, agent: &str, proof: bool) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(agent).is_some_and(|held| proof || held.signed.is_none()) {
            held.remove(agent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_outlives_a_word_and_only_a_fitting_head_takes_it_back() {
        let ahead = Ahead::default();
        let word = Larger { known: 9, ours: 3, at: Timestamp::UNIX_EPOCH, signed: None };
        ahead.note("a", word.clone());
        assert_eq!((ahead.proven(), ahead.all().len()), (None, 1));
        assert!(ahead.names("a") && !ahead.names("b"));
        let proof = Larger { known: 7, signed: Some("note".into()), ..word.clone() };
        ahead.note("a", proof);
        ahead.note("a", word);
        ahead.clear("a", false);
        assert_eq!(ahead.proven(), Some(7));
        ahead.clear("a", true);
        assert_eq!((ahead.proven(), ahead.all().len()), (None, 0));
    }
}
