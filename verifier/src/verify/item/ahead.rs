//! Signatures of many envelopes at once, before their turn comes. Nothing found here is believed until the item's leaf names
//! these bytes and its turn names this key.

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::keys::PublicKey;
use exhibit_proto::statement::{MAX_ENVELOPE, Statement, StatementError};
use serde_json::Value;

use super::super::keys::Keys;
use super::Reader;
use crate::files::Folder;
use crate::parallel;

/// What one key says about one envelope.
pub(in super::super) struct Ahead {
    pub(super) envelope: Digest,
    pub(super) key: PublicKey,
    pub(super) opened: Result<Statement<Value>, StatementError>,
}

impl Reader<'_> {
    /// Looks at the envelopes of `items` on all cores, under the keys that are known so far; in the order of `items`.
    pub(in super::super) fn ahead(&self, items: &[bundle::Item]) -> Vec<Option<Ahead>> {
        let (folder, keys, log) = (self.folder, &self.keys, self.head.log.key());
        parallel::map(items, |item| open(folder, keys, log, &item.envelope))
    }
}

fn open(folder: &Folder, keys: &Keys, log: &PublicKey, envelope: &Digest) -> Option<Ahead> {
    let bytes = folder.read(&bundle::envelope(envelope), MAX_ENVELOPE as u64).ok()?;
    let hinted = Envelope::parse(&bytes).ok()?;
    let hints = hinted.key_hints().filter_map(|hint| hint.parse::<Digest>().ok());
    let key = hints
        .into_iter()
        .find_map(|hint| if hint == log.id() { Some(log) } else { keys.of(&hint) })?;
    let opened = Statement::open(&bytes, key);
    Some(Ahead { envelope: Digest::of(&bytes), key: *key, opened })
}
