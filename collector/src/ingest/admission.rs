//! Whether one envelope may enter the log, as far as its bytes and the agent's enrolment say. Pure: it reads nothing and
//! changes nothing.

use std::collections::BTreeSet;

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
    let mut brings = None;
    let (entry_type, capsule, documents, targets) = match of.as_str() {
        EVIDENCE => {
            let statement =
                Statement::<Run>::from_payload(&payload).map_err(|error| invalid(&error))?;
            let run = statement.predicate;
            moments(&[&run.started, &run.finished])?;
            let documents = documents(&run, &statement.subject, terms.document_bytes)?;
            let observed = run.documents.into_iter().map(|observed| observed.target);
            let missed = run.outcomes.into_iter().map(|outcome| outcome.target);
            let targets: BTreeSet<Target> = observed.chain(missed).collect();
            (EntryType::Evidence, run.capsule, documents, targets)
        }
        HEARTBEAT => {
            let statement =
                Statement::<Heartbeat>::from_payload(&payload).map_err(|error| invalid(&error))?;
            let beat = statement.predicate;
            let targets = beat.schedule.into_iter().map(|line| line.target).collect();
            (EntryType::Heartbeat, beat.capsule, Vec::new(), targets)
        }
        ROTATE => {
            let Rotation { statement, key } =
                rotation::open(bytes, &state.key).map_err(|error| invalid(&error))?;
            // The rotation of a key that was replaced may be the one that did it: its place will tell.
            if state.replaced.is_none() {
                unused(&key.id(), &find)?;
            }
            brings = Some(key.id());
            (EntryType::Rotate, statement.predicate.capsule, Vec::new(), BTreeSet::new())
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
    granted(&targets, terms.agent)?;
    let (key, begins, replaced) = (state.key.id(), state.begins, state.replaced);
    let (digest, seen) = (Digest::of(bytes), capsule.checkpoint);
    Ok(Admitted { entry_type, key, link, begins, replaced, brings, digest, documents, seen })
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

fn granted(targets: &BTreeSet<Target>, agent: &Agent) -> Result<(), Refused> {
    match targets.difference(&agent.targets).next() {
        None => Ok(()),
        Some(foreign) => Err(Refused::forbidden(format!(
            "target {foreign} is not granted to agent {}, which may speak for {}",
            agent.id,
            agent.targets.iter().map(Target::as_str).collect::<Vec<_>>().join(", ")
        ))),
    }
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
mod tests {
    use super::*;

    fn admitted(seq: u64, prev: Digest) -> Admitted {
        Admitted {
            entry_type: EntryType::Evidence,
            key: Digest::of(b"key"),
            link: Link { epoch: 1, seq, prev },
            begins: Digest::ZERO,
            replaced: None,
            brings: None,
            digest: Digest::of(b"envelope"),
            documents: Vec::new(),
            seen: None,
        }
    }

    #[test]
    fn chain_accepts_next_and_gap_and_refuses_another_past() {
        let before = Digest::of(b"before");
        assert_eq!(chain(&admitted(1, Digest::ZERO), None, None), Ok(None));
        assert!(chain(&admitted(1, before), None, None).is_err());
        assert_eq!(chain(&admitted(2, before), None, Some(before)), Ok(None));
        let other = chain(&admitted(2, before), None, Some(Digest::of(b"other")));
        let other = other.unwrap_err();
        assert_eq!(other.kind, RefusalKind::Invalid);
        let against = other.against.unwrap();
        assert_eq!((against.over, against.held), (Over::Predecessor, Digest::of(b"other")));
        assert_eq!(chain(&admitted(9, before), None, None), Ok(None));
    }

    #[test]
    fn a_taken_place_answers_its_own_envelope_and_refuses_another() {
        let own = admitted(1, Digest::ZERO);
        assert_eq!(chain(&own, Some((7, own.digest)), None), Ok(Some(7)));
        let other = chain(&own, Some((7, Digest::of(b"x"))), None).unwrap_err();
        assert_eq!(other.kind, RefusalKind::Conflict);
        assert!(other.reason.contains("sequence number 1"));
        assert_eq!(other.against.map(|against| against.over), Some(Over::Number));
    }

    #[test]
    fn a_replaced_key_gets_its_old_receipts_and_nothing_new() {
        let late = Admitted { replaced: Some(40), ..admitted(1, Digest::ZERO) };
        assert_eq!(chain(&late, Some((7, late.digest)), None), Ok(Some(7)));
        for own in [None, Some((7, Digest::of(b"x")))] {
            let refused = chain(&late, own, None).unwrap_err();
            assert_eq!(refused.kind, RefusalKind::Forbidden);
            assert!(refused.reason.contains("entry 40"));
        }
    }

    #[test]
    fn the_first_statement_of_an_epoch_follows_the_rotation() {
        let rotation = Digest::of(b"rotation");
        let begins = |prev| Admitted { begins: rotation, ..admitted(1, prev) };
        assert_eq!(chain(&begins(rotation), None, None), Ok(None));
        assert!(chain(&begins(Digest::ZERO), None, None).is_err());
    }
}
