//! What the log itself says was deleted: entries of the type `tombstone` that its key signed, each over its documents. Read
//! before the items, since a tombstone stands after the statements that name the document.

use std::collections::HashMap;
use std::sync::Arc;

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::PublicKey;
use exhibit_proto::log_key::LogKeys;
use exhibit_proto::statement::{MAX_ENVELOPE, Statement, TOMBSTONE, Tombstone};
use serde_json::Value;

use super::tree::Stone;
use crate::files::Folder;

/// Who deleted what, by document.
#[derive(Default)]
pub(super) struct Tombstones(HashMap<Digest, Vec<Death>>);

struct Death {
    index: u64,
    said: Arc<str>,
}

impl Tombstones {
    /// Reads those that the bundle holds; one that cannot be believed is no excuse, and fails as an item.
    pub(super) fn read(folder: &Folder, stones: &[Stone], keys: &LogKeys) -> Self {
        let mut all = Self::default();
        for stone in stones {
            let log = keys.of_entry(stone.index).key();
            if stone.key != log.id() {
                continue;
            }
            if let Some(tombstone) = open(folder, stone, log) {
                let Tombstone { rule, approver, reason, documents } = tombstone;
                let (index, logged) = (stone.index, &stone.logged);
                let said = format!(
                    "deleted under the rule {rule:?} by {approver} at {logged} (entry {index}): {reason}"
                );
                let said: Arc<str> = said.into();
                for document in documents {
                    let death = Death { index, said: Arc::clone(&said) };
                    all.0.entry(document.digest).or_default().push(death);
                }
            }
        }
        all
    }

    /// Who deleted a document after the entry `index` named it.
    pub(super) fn after(&self, index: u64, document: &Digest) -> Option<&str> {
        let deaths = self.0.get(document)?;
        deaths.iter().find(|death| death.index > index).map(|death| &*death.said)
    }
}

fn open(folder: &Folder, stone: &Stone, log: &PublicKey) -> Option<Tombstone> {
    let path = bundle::envelope(&stone.envelope);
    if !folder.has(&path) {
        return None;
    }
    let bytes = folder.read(&path, MAX_ENVELOPE as u64).ok()?;
    if Digest::of(&bytes) != stone.envelope {
        return None;
    }
    let statement = Statement::<Value>::open(&bytes, log).ok()?;
    (statement.predicate_type == TOMBSTONE).then(|| statement.predicate_as().ok())?
}
