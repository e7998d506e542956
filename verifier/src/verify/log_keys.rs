//! The log's own keys, from the one that the policy names: changes that both keys signed, forwards and backwards, inside the
//! rebuilt tree. Never takes a key from anywhere else.

use exhibit_proto::bundle::{self, LOG_KEYS};
use exhibit_proto::digest::Digest;
use exhibit_proto::log_key::{LogKeys, Shown};
use exhibit_proto::statement::MAX_ENVELOPE;

use super::head::{Head, shown};
use super::tree::Tree;
use crate::files::FileError;
use crate::report::{Check, Ledger};
use crate::source::Source;
use crate::trust::Trust;

/// Completes `head.keys`, and sees that the keys which were in force then signed the head.
pub(super) fn follow(
    source: &dyn Source,
    trust: &Trust,
    head: &mut Head,
    tree: &Tree,
    ledger: &mut Ledger,
) {
    // Leaves that do not lead to the signed root say nothing; and what only signs later heads is not asked for.
    let one = tree.log_changes.is_empty() && head.keys.all().count() == 1;
    if !tree.rebuilt || one {
        return;
    }
    source.claim(LOG_KEYS);
    let theirs = match shown(source) {
        Ok(theirs) => theirs,
        Err(error) => return ledger.failed(Check::LogKey, LOG_KEYS, error),
    };
    let all: Vec<&Shown> = trust.log_keys.iter().chain(&theirs).collect();
    let mut changes = Vec::new();
    for (index, digest) in &tree.log_changes {
        let envelope = all.iter().find_map(|shown| shown.envelope(digest));
        match envelope.map_or_else(|| held(source, digest), |envelope| Ok(Some(envelope.to_vec())))
        {
            Ok(Some(envelope)) => changes.push((*index, envelope)),
            Ok(None) => {
                let detail = format!(
                    "entry {index} changes the log's key and is not shown: what another key signed cannot be judged"
                );
                return ledger.not_checked(Check::LogKey, Some(&bundle::envelope(digest)), detail);
            }
            Err(error) => return ledger.failed(Check::LogKey, &bundle::envelope(digest), error),
        }
    }
    for shown in all {
        match later(shown, head, &changes) {
            Ok(more) => changes.extend(more),
            Err(error) => return ledger.failed(Check::LogKey, LOG_KEYS, error),
        }
    }
    match LogKeys::follow(&head.log, changes) {
        Ok(keys) => head.keys = keys,
        Err(error) => {
            let detail = format!("the log's key does not change as its entries say: {error}");
            return ledger.failed(Check::LogKey, bundle::CHECKPOINT, detail);
        }
    }
    if let Err(error) = head.keys.open_head(head.signed.as_bytes()) {
        let size = head.checkpoint.size;
        let detail = format!(
            "is signed by a key that was not in force at {size} entries, or not by each that was: the log's own entries retire it, or bring it later: {error}"
        );
        ledger.failed(Check::LogKey, bundle::CHECKPOINT, detail);
    }
}

/// An envelope of the bundle; nothing where there is none.
fn held(source: &dyn Source, digest: &Digest) -> Result<Option<Vec<u8>>, String> {
    match source.read(&bundle::envelope(digest), MAX_ENVELOPE as u64) {
        Ok(bytes) if Digest::of(&bytes) == *digest => Ok(Some(bytes)),
        Ok(bytes) => Err(format!("digest is {}", Digest::of(&bytes))),
        Err(FileError::Absent(_)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Changes that are shown and stand after the head and after those that are known: a key of later days leads back by them.
/// Those before it must be the log's own.
fn later(
    shown: &Shown,
    head: &Head,
    known: &[(u64, Vec<u8>)],
) -> Result<Vec<(u64, Vec<u8>)>, String> {
    shown.follow(&head.log).map_err(|error| error.to_string())?;
    let (before, mut after): (Vec<_>, Vec<_>) = shown
        .entries()
        .map_err(|error| error.to_string())?
        .into_iter()
        .partition(|(index, _)| *index < head.checkpoint.size);
    if let Some((index, _)) = before.iter().find(|change| !known.contains(change)) {
        return Err(format!("shows a change of keys as entry {index}, where the log has none"));
    }
    after.retain(|change| !known.contains(change));
    Ok(after)
}
