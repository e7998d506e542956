//! Whether one envelope may enter the log, as far as its bytes and the agent's enrolment say. Pure: it reads nothing and
//! changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Kind, Target};
use exhibit_proto::dsse::{Envelope, IN_TOTO};
use exhibit_proto::keys::KeyId;
use exhibit_proto::leaf::{EntryType, Link};
use exhibit_proto::rotation::{self, Rotation};
use exhibit_proto::rpc::RefusalKind;
use exhibit_proto::statement::{
    self, Capsule, EVIDENCE, HEARTBEAT, Heartbeat, MAX_ENVELOPE, Over, ROTATE, Run, Statement,
    Subject,
};
use jiff::Timestamp;

use crate::identity::{Agent, KeyState};

/// An envelope that may enter, with the documents it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    pub entry_type: EntryType,
    pub key: KeyId,
    pub link: Link,
    /// The predecessor of the first statement of this key.
    pub begins: Digest,
    /// Index of the entry that put another key in place of this one.
    pub replaced: Option<u64>,
    /// The key that a rotation brings.
    pub brings: Option<KeyId>,
    /// SHA-256 of the envelope.
    pub digest: Digest,
    /// Each digest once.
    pub documents: Vec<Wanted>,
    /// The head that the statement carries.
    pub seen: Option<Checkpoint>,
    /// What a run says, as it was read.
    pub run: Option<Arc<Run>>,
}

/// A document as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub digest: Digest,
    pub size: u64,
    pub kind: Kind,
    pub target: Target,
}

/// Why an envelope may not enter: what, to which value, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    pub kind: RefusalKind,
    pub reason: String,
    /// The held envelope that excludes this one, where the agent's key signed both.
    pub against: Option<Box<Against>>,
}

/// Two envelopes that one key signed and that exclude each other: the held one, and the place that the refused one names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Against {
    pub key: KeyId,
    pub link: Link,
    pub over: Over,
    pub held: Digest,
}

/// What admission is measured against.
pub(super) struct Terms<'a> {
    /// Name of the log.
    pub origin: &'a str,
    /// Whose certificate the connection showed.
    pub agent: &'a Agent,
    /// Largest document, in bytes.
    pub document_bytes: u64,
}

impl Refused {
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Invalid, reason: reason.into(), against: None }
    }

    pub fn forbidden(reason: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Forbidden, reason: reason.into(), against: None }
    }

    pub fn later(reason: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Later, reason: reason.into(), against: None }
    }
}

/// Decides about the bytes of an envelope; `find` knows the enrolled keys.
pub(super) fn examine(
    bytes: &[u8],
    terms: &Terms<'_>,
    find: impl Fn(&KeyId) -> Option<KeyState>,
) -> Result<Admitted, Refused> {
    if bytes.len() > MAX_ENVELOPE {
        let text = format!("envelope of {} bytes is over 65536: split the run", bytes.len());
        return Err(Refused::invalid(text));
    }
    let invalid = |error: &dyn std::fmt::Display| Refused::invalid(error.to_string());
    let envelope = Envelope::parse(bytes).map_err(|error| invalid(&error))?;
    let state = key_of(&envelope, terms.agent, &find)?;
    let payload = envelope.open(IN_TOTO, &state.key).map_err(|error| invalid(&error))?;
    let of = statement::predicate_type(&payload).map_err(|error| invalid(&error))?;
    let (mut brings, mut run) = (None, None::<Arc<Run>>);
    let (mut wanted, mut targets) = (Vec::new(), Vec::<Target>::new());
    let (entry_type, capsule) = match of.as_str() {
        EVIDENCE => {
            let statement =
                Statement::<Run>::from_payload(&payload).map_err(|error| invalid(&error))?;
            let said = statement.predicate;
            moments(&[&said.started, &said.finished])?;
            wanted = documents(&said, &statement.subject, terms.document_bytes)?;
            let capsule = said.capsule.clone();
            run = Some(Arc::new(said));
            (EntryType::Evidence, capsule)
        }
        HEARTBEAT => {
            let statement =
                Statement::<Heartbeat>::from_payload(&payload).map_err(|error| invalid(&error))?;
            let beat = statement.predicate;
            targets = beat.schedule.into_iter().map(|line| line.target).collect();
            (EntryType::Heartbeat, beat.capsule)
        }
        ROTATE => {
            let Rotation { statement, key } =
                rotation::open(bytes, &state.key).map_err(|error| invalid(&error))?;
            // The rotation of a key that was replaced may be the one that did it: its place will tell.
            if state.replaced.is_none() {
                unused(&key.id(), &find)?;
            }
            brings = Some(key.id());
            (EntryType::Rotate, statement.predicate.capsule)
        }
        other => {
            let text = format!(
                "predicate type {other:?} is not one that an agent may log: expected {EVIDENCE}, {HEARTBEAT} or {ROTATE}"
            );
            return Err(Refused::invalid(text));
        }
    };
    moments(&[&capsule.sealed_at])?;
    let link = place(&capsule, &state, terms)?;
    match run.as_deref() {
        Some(Run { documents, outcomes, .. }) => {
            let observed = documents.iter().map(|observed| &observed.target);
            let missed = outcomes.iter().map(|outcome| &outcome.target);
            granted(observed.chain(missed), terms.agent)?;
        }
        None => granted(targets.iter(), terms.agent)?,
    }
    let (key, begins, replaced) = (state.key.id(), state.begins, state.replaced);
    let (digest, seen, documents) = (Digest::of(bytes), capsule.checkpoint, wanted);
    Ok(Admitted { entry_type, key, link, begins, replaced, brings, digest, documents, seen, run })
}

/// Where the envelope stands in its chain, judged by what the log holds at its own place and the one before.
/// `Ok(Some)`: the very same envelope is held there already.
pub(super) fn chain(
    admitted: &Admitted,
    own: Option<(u64, Digest)>,
    before: Option<Digest>,
) -> Result<Option<u64>, Refused> {
    let (key, link) = (admitted.key, admitted.link);
    let Link { seq, prev, .. } = link;
    let against = |over, held| Some(Box::new(Against { key, link, over, held }));
    if let Some((index, held)) = own
        && held == admitted.digest
    {
        return Ok(Some(index));
    }
    if let Some(index) = admitted.replaced {
        return Err(replaced(&admitted.key, index));
    }
    if let Some((_, held)) = own {
        let reason = format!(
            "sequence number {seq} is held by envelope {held}: two agents with one key? enrol this one anew"
        );
        let against = against(Over::Number, held);
        return Err(Refused { kind: RefusalKind::Conflict, reason, against });
    }
    // Before the first stand zeros, or the rotation that brought the key. A predecessor that is not held is a gap: what comes
    // after it must not be lost, so it is admitted, and the gap is an entry of its own.
    let expected = if seq == 1 { Some(admitted.begins) } else { before };
    match expected {
        Some(expected) if expected != prev => Err(Refused {
            against: before.and_then(|held| against(Over::Predecessor, held)),
            ..Refused::invalid(format!(
                "prev {prev} of sequence number {seq} is not {expected}, the envelope that the log holds before it: two agents with one key? enrol this one anew"
            ))
        }),
        Some(_) | None => Ok(None),
    }
}

/// A rotation ends its epoch: nothing of it may stand behind. `tip` is the highest number that the log holds of the epoch.
pub(super) fn last(
    admitted: &Admitted,
    held: Option<u64>,
    tip: Option<u64>,
) -> Result<Option<u64>, Refused> {
    let seq = admitted.link.seq;
    match tip.filter(|tip| held.is_none() && *tip > seq) {
        None => Ok(held),
        Some(tip) => Err(Refused::invalid(format!(
            "rotation with sequence number {seq} would end an epoch of which {tip} is held: it must be the last"
        ))),
    }
}

/// Why nothing new of a key is taken after another took its place.
pub(super) fn replaced(key: &KeyId, index: u64) -> Refused {
    Refused::forbidden(format!(
        "key {key} was replaced on entry {index}: what it signs after that is not valid; if this agent was restored from a backup, enrol it anew, if not, somebody else has its old key"
    ))
}

/// A rotation may bring only a key that nobody has used.
pub(super) fn unused(
    key: &KeyId,
    find: impl Fn(&KeyId) -> Option<KeyState>,
) -> Result<(), Refused> {
    match find(key) {
        None => Ok(()),
        Some(_) => Err(Refused::invalid(format!(
            "key {key} was used before: rotate to a key that nobody has seen"
        ))),
    }
}

/// Key ids in an envelope are hints: they find the key, its signature decides.
fn key_of(
    envelope: &Envelope,
    agent: &Agent,
    find: &impl Fn(&KeyId) -> Option<KeyState>,
) -> Result<KeyState, Refused> {
    let mut strangers = Vec::new();
    for hint in envelope.key_hints() {
        let known = hint.parse().ok().and_then(|key| find(&key));
        match known {
            Some(state) if state.agent == agent.id => {
                return match state.revoked {
                    None => Ok(state),
                    Some(index) => Err(Refused::forbidden(format!(
                        "key {hint} was revoked on entry {index}: enrol the agent anew"
                    ))),
                };
            }
            Some(_) | None => strangers.push(hint.chars().take(80).collect::<String>()),
        }
    }
    Err(Refused::forbidden(format!(
        "no key of agent {} signed this, only {strangers:?}: an agent may send only its own statements",
        agent.id
    )))
}

fn documents(run: &Run, subjects: &[Subject], limit: u64) -> Result<Vec<Wanted>, Refused> {
    let mut subjects: Vec<Digest> = subjects.iter().map(|subject| subject.digest.sha256).collect();
    let mut digests: Vec<Digest> = run.documents.iter().map(|observed| observed.digest).collect();
    subjects.sort_unstable();
    digests.sort_unstable();
    if subjects != digests {
        let text = "subjects are not the documents of the predicate: name each document in both";
        return Err(Refused::invalid(text));
    }
    let mut seen = BTreeSet::new();
    let mut wanted = Vec::new();
    for observed in &run.documents {
        if observed.size > limit {
            return Err(Refused::invalid(format!(
                "document {} of {} bytes is over the limit of {limit}: narrow what is collected",
                observed.digest, observed.size
            )));
        }
        if seen.insert(observed.digest) {
            let (kind, target) = (observed.kind.clone(), observed.target.clone());
            wanted.push(Wanted { digest: observed.digest, size: observed.size, kind, target });
        }
    }
    Ok(wanted)
}

fn place(capsule: &Capsule, key: &KeyState, terms: &Terms<'_>) -> Result<Link, Refused> {
    if capsule.agent != terms.agent.id {
        return Err(Refused::forbidden(format!(
            "statement of agent {:?} came with the certificate of agent {}",
            capsule.agent, terms.agent.id
        )));
    }
    if capsule.epoch != key.epoch {
        return Err(Refused::invalid(format!(
            "epoch {} is not {}, for which the key is enrolled",
            capsule.epoch, key.epoch
        )));
    }
    if capsule.seq == 0 {
        return Err(Refused::invalid("sequence number 0: they count from 1"));
    }
    if let Some(seen) = &capsule.checkpoint
        && seen.origin != terms.origin
    {
        return Err(Refused::invalid(format!(
            "statement was made for log {:?}, this is {:?}",
            seen.origin, terms.origin
        )));
    }
    Ok(Link { epoch: capsule.epoch, seq: capsule.seq, prev: capsule.prev })
}

fn granted<'a>(targets: impl Iterator<Item = &'a Target>, agent: &Agent) -> Result<(), Refused> {
    let mut last = None;
    for target in targets {
        if last == Some(target) {
            continue;
        }
        if !agent.targets.contains(target) {
            return Err(Refused::forbidden(format!(
                "target {target} is not granted to agent {}, which may speak for {}",
                agent.id,
                agent.targets.iter().map(Target::as_str).collect::<Vec<_>>().join(", ")
            )));
        }
        last = Some(target);
    }
    Ok(())
}

fn moments(texts: &[&str]) -> Result<(), Refused> {
    match texts.iter().find(|text| text.parse::<Timestamp>().is_err()) {
        None => Ok(()),
        Some(text) => {
            let text: String = text.chars().take(40).collect();
            Err(Refused::invalid(format!("{text:?} is not an RFC 3339 time")))
        }
    }
}

#[cfg(test)]
mod tests;
