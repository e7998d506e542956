//! Leads agents from the log key that they have pinned to the ones in force. It asks to be believed nothing: each step is an
//! entry that the pinned key signed, under a head that it signed.

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key::{self, LogKeys};
use exhibit_proto::note::Note;
use exhibit_proto::rpc::{LogKeyChange, LogKeysRequest, LogKeysResponse};
use exhibit_proto::tlog_proof::TlogProof;
use tonic::Status;

use super::service::{Shared, blocking};
use crate::log::{Entry, LogError, LogReader};

impl Shared {
    pub(super) async fn log_keys(
        &self,
        request: LogKeysRequest,
    ) -> Result<LogKeysResponse, Status> {
        let pinned = Digest::try_from(&*request.key)
            .map_err(|_short| Status::invalid_argument("the key id is not a SHA-256"))?;
        let (reader, keys) = (self.ingest.reader.clone(), self.ingest.collector.keys().clone());
        let known = request.known_size;
        let changes = blocking(move || steps(&reader, &keys, &pinned, known)).await?;
        Ok(LogKeysResponse { changes })
    }
}

/// Every change from the pinned key on, for an agent that knows `known` entries; blocking.
fn steps(
    reader: &LogReader,
    keys: &LogKeys,
    pinned: &Digest,
    known: u64,
) -> Result<Vec<LogKeyChange>, LogError> {
    let size = reader.head()?.checkpoint.size;
    // An agent that knows more than there is must hear that first: its heads and statements say so.
    if known > size {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    for entry in reader.entries_of(&EntryType::LogKey, 0, u32::MAX)? {
        let damaged = |what: String| LogError::Damaged(format!("entry {}: {what}", entry.index));
        let missing = || damaged("its envelope is missing".to_owned());
        let envelope = entry.envelope.as_deref().ok_or_else(missing)?;
        let change = log_key::open(envelope, keys.name()).map_err(|e| damaged(e.to_string()))?;
        let old = change.old.id();
        if steps.is_empty() && old != *pinned {
            continue;
        }
        let last = keys.last_head(&old).map_or(size, |last| last.min(size));
        steps.push(step(reader, &entry, envelope, last, known)?);
    }
    Ok(steps)
}

/// The entry under the newest head of at most `last` entries.
fn step(
    reader: &LogReader,
    entry: &Entry,
    envelope: &[u8],
    last: u64,
    known: u64,
) -> Result<LogKeyChange, LogError> {
    let absent = || LogError::Damaged(format!("no head of at most {last} entries is held"));
    let checkpoint = reader.head_at(last)?.ok_or_else(absent)?;
    let head = Checkpoint::from_text(Note::parse(checkpoint.as_bytes())?.text())?;
    let path = reader.inclusion(entry.index, head.size)?;
    let extra = Some(entry.leaf_bytes.clone());
    let proof = TlogProof { extra, index: entry.index, path, checkpoint };
    let consistency = match known {
        0 => Vec::new(),
        known => reader.consistency(known.min(head.size), known.max(head.size))?,
    };
    Ok(LogKeyChange {
        envelope: envelope.to_vec().into(),
        proof: proof.to_text().into_bytes().into(),
        consistency: consistency.iter().map(|hash| hash.as_bytes().to_vec().into()).collect(),
    })
}
