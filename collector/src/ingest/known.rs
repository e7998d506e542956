//! Which documents the log holds, as statements name them, so that a document that is named at every run is looked for once.
//!
//! It never answers for the log: what it does not know is looked for there, and what was deleted is forgotten.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use exhibit_proto::digest::Digest;

use super::admission::Wanted;

/// Documents that are remembered; 36 bytes each.
const KNOWN: usize = 1_000_000;

/// Documents that were found held.
#[derive(Default)]
pub(super) struct Known(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// The index after the newest tombstone at the time.
    erased_to: u64,
    named: HashSet<Digest>,
}

impl Known {
    /// Whether a document was found held, just as it is named here, and nothing was deleted since. `erased_to`: the index after
    /// the log's newest tombstone.
    pub(super) fn holds(&self, wanted: &Wanted, erased_to: u64) -> bool {
        self.with(erased_to, |named| named.contains(&name(wanted)))
    }

    /// Remembers what was found after `erased_to` was asked for.
    pub(super) fn put(&self, wanted: &Wanted, erased_to: u64) {
        self.with(erased_to, |named| {
            if named.len() >= KNOWN {
                named.clear();
            }
            named.insert(name(wanted));
        });
    }

    fn with<T: Default>(&self, erased_to: u64, ask: impl FnOnce(&mut HashSet<Digest>) -> T) -> T {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.erased_to < erased_to {
            held.erased_to = erased_to;
            held.named.clear();
        }
        // Whoever asks with an older index has looked at a log that still held what is gone.
        if held.erased_to > erased_to { T::default() } else { ask(&mut held.named) }
    }
}

/// A document with what it is about, in one digest. A kind has no zero byte.
fn name(Wanted { digest, kind, target, .. }: &Wanted) -> Digest {
    Digest::of_parts(&[
        digest.as_bytes(),
        kind.as_str().as_bytes(),
        &[0],
        target.as_str().as_bytes(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str, kind: &str) -> Wanted {
        Wanted {
            digest: Digest::of(text.as_bytes()),
            size: 1,
            kind: kind.parse().unwrap(),
            target: "host:a".parse().unwrap(),
        }
    }

    #[test]
    fn a_document_is_known_as_it_was_named_until_something_is_deleted() {
        let (known, patches) = (Known::default(), wanted("a", "patch.status"));
        assert!(!known.holds(&patches, 3));
        known.put(&patches, 3);
        assert!(known.holds(&patches, 3));
        assert!(!known.holds(&wanted("a", "time.sync"), 3), "the same bytes under another kind");
        assert!(!known.holds(&wanted("b", "patch.status"), 3));
        assert!(!known.holds(&patches, 4), "a tombstone came");
        known.put(&patches, 3);
        assert!(!known.holds(&patches, 4), "it was found before the tombstone");
        known.put(&patches, 4);
        assert!(known.holds(&patches, 4));
    }
}
