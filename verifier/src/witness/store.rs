//! What a witness has seen, on disk before anybody is answered. One lock from decision to disk: two requests for one log
//! cannot both be right.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::cosignature::{Witness, cosign};
use exhibit_proto::digest::Digest;
use exhibit_proto::note::{Note, Verifier};
use exhibit_proto::witness::{AddCheckpoint, Seen, Verdict, claimed_origin, decide};

use super::state::{self, FORKS, HEADS, Identity};
use super::{WitnessError, io_at};

/// Proofs of a fork kept for one log; the first ones say everything.
const MAX_FORKS: usize = 16;

/// The logs of a witness, and the newest head of each.
pub struct Store {
    folder: PathBuf,
    identity: Identity,
    logs: Vec<Verifier>,
    /// By digest of the origin.
    held: Mutex<Heads>,
    #[expect(dead_code, reason = "the open file is the lock")]
    lock: File,
}

struct Heads {
    newest: BTreeMap<Digest, Held>,
    /// The disk failed: nobody knows what it holds, so nothing may be signed any more.
    broken: bool,
}

#[derive(Clone)]
struct Held {
    seen: Seen,
    /// Unix seconds of the newest cosignature.
    time: u64,
    /// The checkpoint with the log's signatures and our newest cosignature.
    note: String,
}

/// What a request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The cosignature's line.
    Cosigned(String),
    /// As tlog-witness rules; never [`Verdict::Cosign`].
    Refused(Verdict),
    /// This witness's clock shows a time before its newest cosignature for the log.
    Clock { behind_seconds: u64 },
}

impl Store {
    /// Opens the folder of a witness for this process alone.
    pub fn open(folder: &Path, logs: Vec<Verifier>) -> Result<Self, WitnessError> {
        if logs.is_empty() {
            return Err(WitnessError::NoLogs);
        }
        let identity = state::load(folder)?;
        let lock = state::lock(folder)?;
        let mut newest = BTreeMap::new();
        for log in &logs {
            let place = Digest::of(log.name().as_bytes());
            let path = head_path(folder, &place);
            match fs::read_to_string(&path) {
                Ok(note) => drop(newest.insert(place, held(&path, note, log, &identity.witness)?)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(WitnessError::Io { path, source }),
            }
        }
        let held = Mutex::new(Heads { newest, broken: false });
        Ok(Self { folder: folder.to_owned(), identity, logs, held, lock })
    }

    pub fn witness(&self) -> &Witness {
        &self.identity.witness
    }

    pub fn logs(&self) -> &[Verifier] {
        &self.logs
    }

    /// Decides, persists, cosigns. `now` in Unix seconds. Blocking. After an error nothing is signed any more.
    pub fn add(&self, request: &AddCheckpoint, now: u64) -> Result<Answer, WitnessError> {
        let place = Digest::of(claimed_origin(request).as_bytes());
        let mut heads = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let path = head_path(&self.folder, &place);
        if heads.broken {
            let what = "an earlier write failed".to_owned();
            return Err(WitnessError::Damaged { path, what });
        }
        let held = heads.newest.get(&place);
        let (checkpoint, note) = match decide(held.map(|held| held.seen), request, &self.logs) {
            Verdict::Cosign { checkpoint, note } => (checkpoint, note),
            Verdict::Inconsistent(why) => {
                self.keep_fork(&place, request)?;
                return Ok(Answer::Refused(Verdict::Inconsistent(why)));
            }
            refused @ (Verdict::Malformed(_)
            | Verdict::UnknownLog
            | Verdict::Unsigned(_)
            | Verdict::Moved(_)) => return Ok(Answer::Refused(refused)),
        };
        let newest = held.map_or(1, |held| held.time);
        if now < newest {
            return Ok(Answer::Clock { behind_seconds: newest - now });
        }
        let (name, key) = (self.identity.witness.name(), &self.identity.key);
        let line = cosign(note.text(), name, key, now)?;
        let logs = self.logs.iter().filter(|log| log.name() == checkpoint.origin);
        let text = format!("{}\n{}{line}", note.text(), signatures(&note, logs));
        let seen = Seen { size: checkpoint.size, root: checkpoint.root };
        // On disk before anybody is answered. A crash here leaves a cosignature that nobody got, over a head that follows.
        if let Err(error) = state::replace(&path, text.as_bytes()) {
            heads.broken = true;
            return Err(error);
        }
        heads.newest.insert(place, Held { seen, time: now, note: text });
        Ok(Answer::Cosigned(line))
    }

    /// The newest cosigned head of the log whose origin has this digest.
    pub fn newest(&self, origin: &Digest) -> Option<String> {
        let heads = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        heads.newest.get(origin).map(|held| held.note.clone())
    }

    /// Keeps a request that the log signed and that does not follow: two heads that exclude each other are proof.
    fn keep_fork(&self, place: &Digest, request: &AddCheckpoint) -> Result<(), WitnessError> {
        let folder = self.folder.join(FORKS);
        let kept = fs::read_dir(&folder).map_err(io_at(&folder))?;
        let ours = kept
            .filter_map(Result::ok)
            .filter(|file| file.file_name().to_string_lossy().starts_with(&place.to_string()));
        if ours.count() >= MAX_FORKS {
            return Ok(());
        }
        let text = request.to_text();
        state::replace(
            &folder.join(format!("{place}-{}", Digest::of(text.as_bytes()))),
            text.as_bytes(),
        )
    }
}

fn head_path(folder: &Path, place: &Digest) -> PathBuf {
    folder.join(HEADS).join(place.to_string())
}

/// The signature lines of the log's trusted keys, as they came; strangers' lines are not ours to keep.
fn signatures<'a>(note: &Note, logs: impl Iterator<Item = &'a Verifier>) -> String {
    use base64::Engine as _;
    let keys: Vec<[u8; 4]> = logs.map(Verifier::id).collect();
    let trusted = note.signatures().iter().filter(|line| keys.contains(&line.id));
    let lines = trusted.map(|line| {
        let bytes = [&line.id[..], &line.bytes].concat();
        let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
        format!("\u{2014} {} {encoded}\n", line.name)
    });
    lines.collect()
}

/// Believes a stored head only with our own cosignature: what this witness signed, and nothing that was put there.
fn held(path: &Path, note: String, log: &Verifier, us: &Witness) -> Result<Held, WitnessError> {
    let damaged = |what: String| WitnessError::Damaged { path: path.to_owned(), what };
    let parsed = Note::parse(note.as_bytes()).map_err(|error| damaged(error.to_string()))?;
    let time = us.cosigned(&parsed).map_err(|error| damaged(error.to_string()))?;
    let checkpoint =
        Checkpoint::from_text(parsed.text()).map_err(|error| damaged(error.to_string()))?;
    if checkpoint.origin != log.name() {
        return Err(damaged(format!("is a head of the log {:?}", checkpoint.origin)));
    }
    Ok(Held { seen: Seen { size: checkpoint.size, root: checkpoint.root }, time, note })
}
