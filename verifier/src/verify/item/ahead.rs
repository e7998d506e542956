//! What can be found about many items at once, before their turn comes: leaves, proofs, signatures, what statements say,
//! documents. Nothing found here is believed until the item's leaf is the log's and its turn names this key.

use exhibit_proto::bundle;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::keys::PublicKey;
use exhibit_proto::leaf::{Leaf, MAX_BYTES};
use exhibit_proto::merkle::{leaf_hash, verify_inclusion};
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{EVIDENCE, MAX_ENVELOPE, Run, Statement, StatementError};
use exhibit_proto::tlog_proof::TlogProof;
use serde_json::Value;

use super::super::documents::Facts;
use super::Reader;
use crate::files::FileError;
use crate::parallel;

/// A proof of 63 hashes with a checkpoint of 64 signature lines.
const MAX_PROOF: u64 = 64 << 10;

/// What the files of one item say, under keys that may yet be refused.
pub(in super::super) struct Ahead {
    pub(super) leaf: Result<Held, String>,
    /// Documents that no item before named.
    pub(super) documents: Vec<(Digest, Result<Facts, String>)>,
}

/// A leaf's file, and what hangs on it.
pub(super) struct Held {
    pub(super) hash: Digest,
    pub(super) leaf: Result<Leaf, String>,
    /// The signed checkpoint to which its proof leads.
    pub(super) covered: Result<Checkpoint, String>,
    pub(super) content: Content,
}

/// The envelope that a leaf names.
pub(super) enum Content {
    Absent,
    Unreadable(String),
    Read {
        bytes: Vec<u8>,
        digest: Digest,
        /// What the key that the envelope hints at says to it.
        ahead: Option<Box<(PublicKey, Result<Opened, StatementError>)>>,
    },
}

/// A statement whose signature held, and what it says if it is a run.
pub(super) struct Opened {
    pub(super) statement: Statement<Value>,
    pub(super) run: Option<Result<Run, StatementError>>,
}

impl Opened {
    pub(super) fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, StatementError> {
        let statement = Statement::<Value>::open(bytes, key)?;
        let run = (statement.predicate_type == EVIDENCE).then(|| statement.predicate_as());
        Ok(Self { statement, run })
    }
}

impl Reader<'_> {
    /// Looks at `items` on all cores, under the keys that are known so far; in the order of `items`.
    pub(in super::super) fn ahead(&self, items: &[bundle::Item]) -> Vec<Ahead> {
        parallel::map(items, |item| self.look(item))
    }

    fn look(&self, item: &bundle::Item) -> Ahead {
        let read = self.folder.read(&bundle::leaf(item.index), MAX_BYTES as u64);
        let leaf = read.map_err(|error| error.to_string()).map(|bytes| {
            let leaf = Leaf::parse(&bytes).map_err(|error| error.to_string());
            let envelope = leaf.as_ref().map_or(item.envelope, |leaf| leaf.env);
            Held {
                hash: leaf_hash(&bytes),
                leaf,
                covered: self.covered(item.index, &bytes),
                content: self.envelope(&envelope),
            }
        });
        let named = item.documents.iter().map(|listed| listed.digest);
        let documents = named
            .filter(|digest| !self.documents.knows(digest))
            .filter_map(|digest| Some((digest, self.documents.read(digest)?)))
            .collect();
        Ahead { leaf, documents }
    }

    /// The checkpoint that the proof of entry `index` leads to, if the log signed it and the proof holds.
    fn covered(&self, index: u64, leaf: &[u8]) -> Result<Checkpoint, String> {
        let path = bundle::proof(index);
        let bytes = self.folder.read(&path, MAX_PROOF).map_err(|error| error.to_string())?;
        let proof = TlogProof::parse(&bytes).map_err(|error| error.to_string())?;
        if proof.index != index {
            return Err(format!("is of entry {}", proof.index));
        }
        if proof.extra.as_deref().is_some_and(|extra| extra != leaf) {
            return Err(format!("carries another leaf than leaves/{index}.json"));
        }
        let covered = if proof.checkpoint == self.head.signed {
            self.head.checkpoint.clone()
        } else {
            let opened = self.head.keys.open_head(proof.checkpoint.as_bytes());
            opened.map_err(|error| error.to_string())?
        };
        verify_inclusion(index, covered.size, &leaf_hash(leaf), &proof.path, &covered.root)
            .map_err(|error| error.to_string())?;
        Ok(covered)
    }

    fn envelope(&self, digest: &Digest) -> Content {
        let bytes = match self.folder.read(&bundle::envelope(digest), MAX_ENVELOPE as u64) {
            Ok(bytes) => bytes,
            Err(FileError::Absent(_)) => return Content::Absent,
            Err(
                error @ (FileError::TooLarge { .. }
                | FileError::Changed(_)
                | FileError::Io { .. }
                | FileError::NotAFolder(_)
                | FileError::TooMany),
            ) => return Content::Unreadable(error.to_string()),
        };
        let ahead = self.hinted(&bytes);
        let ahead = ahead.map(|key| Box::new((key, Opened::open(&bytes, &key))));
        Content::Read { digest: Digest::of(&bytes), bytes, ahead }
    }

    fn hinted(&self, envelope: &[u8]) -> Option<PublicKey> {
        let hinted = Envelope::parse(envelope).ok()?;
        let hints = hinted.key_hints().filter_map(|hint| hint.parse::<Digest>().ok());
        hints
            .into_iter()
            .find_map(|hint| {
                let mut own = self.head.keys.all().map(Verifier::key);
                own.find(|log| log.id() == hint).or_else(|| self.keys.of(&hint))
            })
            .copied()
    }
}
