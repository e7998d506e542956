//! The checkpoint, believed only with the signature of a log that the policy names.

use std::collections::BTreeMap;

use exhibit_proto::bundle::{CHECKPOINT, LOG_KEY, LOG_KEYS, PAGE, POLICY, README};
use exhibit_proto::checkpoint::{Checkpoint, CheckpointError};
use exhibit_proto::keys::PublicKey;
use exhibit_proto::log_key::{self, LogKeys, Shown};
use exhibit_proto::note::{Note, NoteError, Verifier};
use exhibit_proto::policy::{Policy, Quorum};
use jiff::Timestamp;

use crate::files::{FileError, Folder};
use crate::report::{Check, Ledger, State};
use crate::source::Source;
use crate::trust::Trust;

const MAX_CHECKPOINT: u64 = 64 << 10;
const MAX_POLICY: u64 = 1 << 20;
const MAX_PEM: u64 = 4 << 10;
/// A witness's clock may be this far ahead of ours.
const CLOCK_TOLERANCE_SECONDS: i64 = 300;

/// A checkpoint that the policy's log signed.
pub(super) struct Head {
    pub(super) log: Verifier,
    /// All keys that the log has had, as far as its entries say; that one alone until they are read.
    pub(super) keys: LogKeys,
    pub(super) checkpoint: Checkpoint,
    /// The note as it was read: most proofs carry the same.
    pub(super) signed: String,
    pub(super) cosigned: BTreeMap<String, u64>,
}

/// A checkpoint that is believed, and why.
pub(crate) struct Believed {
    /// The key of the policy that signed it, or that leads to the one that did.
    pub(crate) log: Verifier,
    pub(crate) keys: LogKeys,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) note: Note,
}

pub(super) fn open(
    folder: &dyn Source,
    trust: &Trust,
    now: Timestamp,
    ledger: &mut Ledger,
) -> Option<Head> {
    [CHECKPOINT, LOG_KEY, POLICY].iter().for_each(|path| folder.claim(path));
    [README, PAGE].iter().for_each(|path| folder.claim(path));
    let read = folder.read(CHECKPOINT, MAX_CHECKPOINT).map_err(|error| error.to_string());
    let opened = read.and_then(|bytes| Ok((believed(&bytes, trust, folder)?, bytes)));
    let (Believed { log, keys, checkpoint, note }, bytes) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            ledger.failed(Check::Checkpoint, CHECKPOINT, error);
            return None;
        }
    };
    let (name, size) = (log.name(), checkpoint.size);
    let signer = keys.of_head(size).pop().filter(|signer| **signer != log);
    let words = match signer.filter(|_| !keys.of_head(size).contains(&&log)) {
        Some(signer) => format!(
            "signed by key {} of the log {name} over {size} entries; the changes of its key lead there from the key that the policy names",
            signer.key().id()
        ),
        None => format!("signed by the log {name}, which the policy names, over {size} entries"),
    };
    ledger.shown(Check::Checkpoint, words);
    let cosigned = quorum(&note, &trust.policy, now, ledger);
    let signed = String::from_utf8_lossy(&bytes).into_owned();
    Some(Head { log, keys, checkpoint, signed, cosigned })
}

/// The checkpoint under whichever of the policy's keys for its origin signed it. The origin is read before it is
/// believed only to choose among those keys.
pub(crate) fn believed(
    bytes: &[u8],
    trust: &Trust,
    source: &dyn Source,
) -> Result<Believed, String> {
    let note = Note::parse(bytes).map_err(|error| error.to_string())?;
    let origin = note.text().lines().next().unwrap_or_default();
    let mut refusal = None;
    for log in trust.policy.logs.iter().filter(|log| log.name() == origin) {
        match Checkpoint::open(bytes, log) {
            Ok(checkpoint) => {
                let keys = LogKeys::from(log);
                return Ok(Believed { log: log.clone(), keys, checkpoint, note });
            }
            Err(CheckpointError::Note(NoteError::Unsigned(_)))
                if note.signatures().iter().any(|line| line.name == log.name()) =>
            {
                let why = match led(bytes, log, trust, source) {
                    Ok((keys, checkpoint)) => {
                        return Ok(Believed { log: log.clone(), keys, checkpoint, note });
                    }
                    Err(why) => why,
                };
                let named = &trust.source;
                refusal.get_or_insert(format!(
                    "is signed by another key of {origin:?} than policy {named} names, and {why}: if the log has retired that one, its owner has a newer policy; get it elsewhere than from this bundle"
                ));
            }
            Err(error) => refusal = Some(error.to_string()),
        }
    }
    let names: Vec<_> = trust.policy.logs.iter().map(Verifier::name).collect();
    Err(refusal.unwrap_or_else(|| {
        let origin: String = origin.chars().take(200).collect();
        let (source, names) = (&trust.source, names.join(", "));
        format!("is of the log {origin:?}; policy {source} trusts {names}: ask the log's owner for its policy")
    }))
}

/// The checkpoint under keys to which the changes of the log's key lead from `log`.
fn led(
    bytes: &[u8],
    log: &Verifier,
    trust: &Trust,
    source: &dyn Source,
) -> Result<(LogKeys, Checkpoint), String> {
    let mut why = format!("no {LOG_KEYS} leads there");
    for shown in [Ok(trust.log_keys.clone()), shown(source)] {
        let Some(shown) = shown? else { continue };
        let keys = shown.follow(log).map_err(|error| error.to_string());
        match keys.and_then(|keys| Ok((keys.open_head(bytes).map_err(|e| e.to_string())?, keys))) {
            Ok((checkpoint, keys)) => return Ok((keys, checkpoint)),
            Err(error) => why = format!("{LOG_KEYS} does not lead there: {error}"),
        }
    }
    Err(why)
}

/// What the source shows of the changes of the log's key; not believed yet.
pub(super) fn shown(source: &dyn Source) -> Result<Option<Shown>, String> {
    let wrong = |error: String| format!("{LOG_KEYS}: {error}");
    match source.read(LOG_KEYS, log_key::MAX_BYTES) {
        Ok(bytes) => Shown::parse(&bytes).map(Some).map_err(|error| wrong(error.to_string())),
        Err(FileError::Absent(_)) => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The policy's keys, and all to which the changes lead that are shown: to know again what was believed before.
#[cfg(feature = "online")]
pub(crate) fn all_keys(trust: &Trust, source: &dyn Source) -> Vec<Verifier> {
    let mut all = trust.policy.logs.clone();
    for shown in [Ok(trust.log_keys.clone()), shown(source)] {
        let Ok(Some(shown)) = shown else { continue };
        for log in &trust.policy.logs {
            all.extend(shown.follow(log).iter().flat_map(LogKeys::all).cloned());
        }
    }
    all
}

fn quorum(
    note: &Note,
    policy: &Policy,
    now: Timestamp,
    ledger: &mut Ledger,
) -> BTreeMap<String, u64> {
    let latest = latest(now);
    let verdict = policy.quorum(note);
    let names = |cosigned: &BTreeMap<String, u64>| {
        cosigned.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    match verdict {
        Ok(Quorum::NotAsked) => BTreeMap::new(),
        Ok(Quorum::Met(cosigned) | Quorum::Short(cosigned))
            if cosigned.values().any(|time| *time == 0 || *time > latest) =>
        {
            let detail =
                "a cosignature has no time, or one in the future: check this machine's clock";
            ledger.failed(Check::Quorum, CHECKPOINT, detail);
            cosigned
        }
        Ok(Quorum::Met(cosigned)) => {
            ledger.shown(Check::Quorum, format!("cosigned by {}", names(&cosigned)));
            cosigned
        }
        Ok(Quorum::Short(cosigned)) => {
            let asked = policy.quorum.as_deref().unwrap_or_default();
            let by = if cosigned.is_empty() { "nobody".to_owned() } else { names(&cosigned) };
            let detail = format!("policy asks for the cosignatures of {asked:?}; cosigned by {by}");
            ledger.failed(Check::Quorum, CHECKPOINT, detail);
            cosigned
        }
        Err(error) => {
            ledger.failed(Check::Quorum, CHECKPOINT, error.to_string());
            BTreeMap::new()
        }
    }
}

/// The latest time (Unix seconds) that a cosignature may have.
pub(super) fn latest(now: Timestamp) -> u64 {
    u64::try_from(now.as_second().saturating_add(CLOCK_TOLERANCE_SECONDS)).unwrap_or(0)
}

/// The copies of the trusted key that the bundle brings for other tools must not lead those tools astray.
/// While the log's key changes it may be the other one that signed this head too.
pub(super) fn copies(folder: &Folder, head: &Head, ledger: &mut Ledger) {
    let (log, fits) = (&head.log, head.keys.of_head(head.checkpoint.size));
    let pem = folder.read(LOG_KEY, MAX_PEM).map_err(|error| error.to_string());
    let key = pem.and_then(|pem| {
        PublicKey::from_pem(&String::from_utf8_lossy(&pem)).map_err(|error| error.to_string())
    });
    match key {
        Ok(key) if fits.iter().any(|log| *log.key() == key) => ledger.verified(Check::LogKey),
        Ok(key) => {
            let detail = format!("is key {}, the policy trusts {}", key.id(), log.key().id());
            ledger.failed(Check::LogKey, LOG_KEY, detail);
        }
        Err(error) => ledger.failed(Check::LogKey, LOG_KEY, error),
    }
    let policy = folder.read(POLICY, MAX_POLICY).map_err(|error| error.to_string());
    let policy = policy.and_then(|bytes| {
        Policy::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| error.to_string())
    });
    match policy {
        Ok(policy) if policy.logs.iter().any(|log| fits.contains(&log)) => {
            ledger.verified(Check::LogKey)
        }
        Ok(_) => {
            let detail = "does not name the log key that the trusted policy names";
            ledger.failed(Check::LogKey, POLICY, detail);
        }
        Err(error) => ledger.failed(Check::LogKey, POLICY, error),
    }
    if ledger.state(Check::LogKey) == Some(State::Verified) {
        ledger.shown(Check::LogKey, format!("log key has fingerprint {}", log.key().id()));
    }
}
