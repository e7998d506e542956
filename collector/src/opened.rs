//! Statements that were opened when they came in, kept until the views have read them, so that no signature is checked and no
//! JSON read twice within a moment. In memory only; what is not here is opened again from the log.
//!
//! An envelope's digest and the key's own decide: whoever takes a statement out would have read just this from the log.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use exhibit_proto::digest::Digest;
use exhibit_proto::keys::KeyId;
use exhibit_proto::statement::Run;

/// Bytes of envelopes whose statements are kept; read, they take a few times as much.
const BYTES: usize = 8 << 20;

/// Clones share what is kept.
#[derive(Clone, Default)]
pub struct Opened(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    runs: HashMap<Digest, One>,
    /// Oldest first; those that were taken stay until their turn.
    order: VecDeque<(Digest, usize)>,
    bytes: usize,
}

struct One {
    key: KeyId,
    run: Arc<Run>,
}

impl Opened {
    /// Keeps the statement of an envelope of so many bytes that `key` has signed; the oldest ones make room.
    pub fn keep(&self, envelope: Digest, bytes: usize, key: KeyId, run: Arc<Run>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.runs.insert(envelope, One { key, run });
        kept.order.push_back((envelope, bytes));
        kept.bytes += bytes;
        while kept.bytes > BYTES
            && let Some((oldest, bytes)) = kept.order.pop_front()
        {
            kept.bytes -= bytes;
            kept.runs.remove(&oldest);
        }
    }

    /// The run of that envelope, if it was opened here with that key.
    pub fn take(&self, envelope: &Digest, key: &KeyId) -> Option<Arc<Run>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = kept.runs.remove(envelope)?;
        (one.key == *key).then_some(one.run)
    }
}

#[cfg(test)]
mod tests {
    use exhibit_proto::statement::{Capsule, Run};

    use super::*;

    fn run() -> Arc<Run> {
        let capsule = Capsule {
            agent: "a".into(),
            epoch: 1,
            seq: 1,
            prev: Digest::ZERO,
            boot_id: String::new(),
            monotonic_ms: 0,
            sealed_at: String::new(),
            clock_offset_ms: None,
            checkpoint: None,
            agent_version: String::new(),
            agent_binary: Digest::ZERO,
            configuration: Digest::ZERO,
            vetoes: exhibit_proto::statement::Vetoes::default(),
        };
        let (started, finished) = (String::new(), String::new());
        let (plugins, documents, outcomes) = (Vec::new(), Vec::new(), Vec::new());
        Arc::new(Run { capsule, started, finished, plugins, documents, outcomes })
    }

    #[test]
    fn a_statement_is_given_once_and_for_its_own_key_only() {
        let (opened, key) = (Opened::default(), Digest::of(b"key"));
        let envelope = Digest::of(b"envelope");
        opened.keep(envelope, 10, key, run());
        assert!(opened.take(&envelope, &key).is_some());
        assert!(opened.take(&envelope, &key).is_none());
        opened.keep(envelope, 10, key, run());
        assert!(opened.take(&envelope, &Digest::of(b"another")).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
        let (opened, key) = (Opened::default(), Digest::of(b"key"));
        let name = |number: usize| Digest::of(&number.to_be_bytes());
        let many = 3 * BYTES / 65_536;
        for number in 0..many {
            opened.keep(name(number), 65_536, key, run());
        }
        let kept = opened.0.lock().unwrap();
        assert!(kept.bytes <= BYTES && kept.order.len() == kept.runs.len());
        drop(kept);
        assert!(opened.take(&name(0), &key).is_none());
        assert!(opened.take(&name(many - 1), &key).is_some());
    }
}
