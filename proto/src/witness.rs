//! C2SP tlog-witness: what a log asks of a witness, and what the witness must answer. Decides only: it keeps no state and
//! makes no cosignature.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, decimal};
use crate::digest::Digest;
use crate::merkle::{ProofError, empty_root, verify_consistency};
use crate::note::{Note, NoteError, Verifier};

/// A client must not send more proof lines.
const MAX_PROOF: usize = 63;
/// Longest request that a witness has to read: 63 proof lines, and a checkpoint with many signatures.
pub const MAX_REQUEST: usize = 16 << 10;
/// Media type of the answer that names a size.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// The body of `add-checkpoint`; nothing of it is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Leaves of the head that the witness is believed to have cosigned last; 0 for none.
    pub old: u64,
    /// Consistency from `old` to the checkpoint.
    pub proof: Vec<Digest>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// Why a body is not a request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an add-checkpoint request: {0}")]
pub struct RequestError(&'static str);

impl AddCheckpoint {
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > MAX_REQUEST {
            return Err(RequestError("over 16 KiB"));
        }
        let text = str::from_utf8(bytes).map_err(|_not_utf8| RequestError("not UTF-8"))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(RequestError("no blank line"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old = old.ok_or(RequestError("first line is not `old <size>`"))?;
        let proof: Option<Vec<_>> = lines.map(hash_line).collect();
        let proof = proof.ok_or(RequestError("a proof line is not the base64 of 32 bytes"))?;
        if proof.len() > MAX_PROOF {
            return Err(RequestError("over 63 proof lines"));
        }
        Ok(Self { old, proof, checkpoint: checkpoint.to_owned() })
    }

    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            // Writing to a string cannot fail.
            writeln!(text, "{}", STANDARD.encode(hash.as_bytes())).unwrap_or_default();
        }
        text + "\n" + &self.checkpoint
    }
}

/// The newest head of one log that a witness has cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub size: u64,
    pub root: Digest,
}

/// What a witness must do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Persist that this head was seen, then cosign `note`.
    Cosign { checkpoint: Checkpoint, note: Note },
    /// The request is malformed, or its old size is larger than its new one.
    Malformed(String),
    /// No log of this name is witnessed here.
    UnknownLog,
    /// None of the log's trusted keys signed, or a signature that claims to be theirs fails.
    Unsigned(String),
    /// Another head than the client believes was cosigned last: this is its size, 0 for none.
    Moved(u64),
    /// Signed by the log, and it does not follow from the head seen last: proof of a fork, if the client meant it.
    Inconsistent(String),
}

impl Verdict {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Cosign { .. } => 200,
            Self::Malformed(_) => 400,
            Self::Unsigned(_) => 403,
            Self::UnknownLog => 404,
            Self::Moved(_) => 409,
            Self::Inconsistent(_) => 422,
        }
    }
}

/// The origin that a request claims: where to look for what was seen. Not verified.
pub fn claimed_origin(request: &AddCheckpoint) -> &str {
    request.checkpoint.split('\n').next().unwrap_or_default()
}

/// Decides as tlog-witness rules. `logs` are the keys trusted for any log; `seen` is the newest head cosigned for the log
/// of [`claimed_origin`]. The caller stores atomically with what it read as `seen`.
pub fn decide(seen: Option<Seen>, request: &AddCheckpoint, logs: &[Verifier]) -> Verdict {
    let (note, checkpoint) = match read(request) {
        Ok(read) => read,
        Err(error) => return Verdict::Malformed(error),
    };
    let mut keys = logs.iter().filter(|log| log.name() == checkpoint.origin).peekable();
    if keys.peek().is_none() {
        return Verdict::UnknownLog;
    }
    let mut signed = false;
    for log in keys {
        match note.verify(log) {
            Ok(()) => signed = true,
            // During a change of keys only one may have signed.
            Err(NoteError::Unsigned(_)) => {}
            Err(error) => return Verdict::Unsigned(error.to_string()),
        }
    }
    if !signed {
        return Verdict::Unsigned("no trusted key of this log signed the checkpoint".to_owned());
    }
    let (old, size) = (request.old, checkpoint.size);
    if old > size {
        return Verdict::Malformed(format!(
            "old size {old} is larger than the checkpoint's {size}"
        ));
    }
    let seen = seen.unwrap_or(Seen { size: 0, root: empty_root() });
    if old != seen.size {
        return Verdict::Moved(seen.size);
    }
    match follows(&seen, &checkpoint, &request.proof) {
        Ok(()) => Verdict::Cosign { checkpoint, note },
        Err(error) => Verdict::Inconsistent(error.to_string()),
    }
}

fn follows(seen: &Seen, new: &Checkpoint, proof: &[Digest]) -> Result<(), ProofError> {
    verify_consistency((seen.size, &seen.root), (new.size, &new.root), proof)
}

fn read(request: &AddCheckpoint) -> Result<(Note, Checkpoint), String> {
    let note = Note::parse(request.checkpoint.as_bytes()).map_err(|error| error.to_string())?;
    let checkpoint = Checkpoint::from_text(note.text()).map_err(|error| error.to_string())?;
    Ok((note, checkpoint))
}

fn hash_line(line: &str) -> Option<Digest> {
    Digest::try_from(STANDARD.decode(line).ok()?.as_slice()).ok()
}

#[cfg(test)]
#[path = "witness_tests.rs"]
mod tests;
