//! The log's own keys, from the one that the policy names: changes that both keys signed, forwards and backwards, inside the
//! rebuilt tree. Never takes a key from anywhere else.

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::log_key::LogKeys;
use exhibit_proto::statement::MAX_ENVELOPE;

use super::head::Head;
use super::tree::Tree;
use crate::files::Folder;
use crate::report::{Check, Ledger};

/// Completes `head.keys`, and sees that the policy's key was in force when the head was signed.
pub(super) fn follow(folder: &Folder, head: &mut Head, tree: &Tree, ledger: &mut Ledger) {
    // Leaves that do not lead to the signed root say nothing.
    if !tree.rebuilt || tree.log_changes.is_empty() {
        return;
    }
    let mut changes = Vec::new();
    for (index, digest) in &tree.log_changes {
        let path = bundle::envelope(digest);
        if !folder.has(&path) {
            let detail = format!(
                "entry {index} changes the log's key and is not in the bundle: what another key signed cannot be judged"
            );
            return ledger.not_checked(Check::LogKey, Some(&path), detail);
        }
        match folder.read(&path, MAX_ENVELOPE as u64) {
            Ok(bytes) if Digest::of(&bytes) == *digest => changes.push((*index, bytes)),
            Ok(bytes) => {
                let detail = format!("digest is {}", Digest::of(&bytes));
                return ledger.failed(Check::LogKey, &path, detail);
            }
            Err(error) => return ledger.failed(Check::LogKey, &path, error.to_string()),
        }
    }
    match LogKeys::follow(&head.log, changes) {
        Ok(keys) => head.keys = keys,
        Err(error) => {
            let detail = format!("the log's key does not change as its entries say: {error}");
            return ledger.failed(Check::LogKey, bundle::CHECKPOINT, detail);
        }
    }
    let size = head.checkpoint.size;
    if !head.keys.of_head(size).contains(&&head.log) {
        let detail = format!(
            "is signed by key {}, which was not in force at {size} entries: the log's own entries retire it, or bring it later",
            head.log.key().id()
        );
        ledger.failed(Check::LogKey, bundle::CHECKPOINT, detail);
    }
}
