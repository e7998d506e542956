//! Bounds in time by the word of others: cosignatures of the bundle's head, and what entries of the type `time` carry. Read before
//! the items, since such an entry says by when the entries before it were there. Never takes anything from whoever made the log.

use std::collections::BTreeMap;

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::note::Note;
use exhibit_proto::policy::{Policy, Quorum};
use exhibit_proto::statement::{Attested, MAX_ENVELOPE, Statement, TIME};
use jiff::Timestamp;
use serde_json::Value;

use super::head::{Head, latest};
use super::history::History;
use super::timestamps::{Token, Tokens};
use super::tree::{Stone, Tree};
use crate::files::Folder;
use crate::report::{Basis, Bound};

/// What was said outside about the log's time.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Size of the log, and by when it had that size.
    pub(super) by: Vec<(u64, Bound)>,
    /// Index of an entry, and since when at the earliest there can be such an entry; both ascend.
    pub(super) since: Vec<(u64, Bound)>,
}

/// What one entry carries, in milliseconds: by when the head existed, and since when its attestation did at the earliest.
struct Said {
    by: i64,
    since: i64,
    basis: Basis,
    who: String,
}

/// Whose word is taken, and what of it is at hand.
pub(super) struct Believed<'a> {
    pub(super) policy: &'a Policy,
    pub(super) tokens: &'a Tokens,
    pub(super) now: Timestamp,
}

/// Reads the entries that the bundle holds; one that cannot be believed bounds nothing, and fails as an item.
pub(super) fn read(folder: &Folder, head: &Head, tree: &Tree, believed: &Believed<'_>) -> Marks {
    let mut marks = Marks::default();
    if let Some(said) = cosigned(&head.cosigned, believed) {
        marks.by.extend(bound(said.by, &said).map(|bound| (head.checkpoint.size, bound)));
    }
    if !tree.rebuilt {
        return marks;
    }
    let mut history = History::new(folder, head.checkpoint.size, tree.tiles);
    let mut latest = i64::MIN;
    for stone in &tree.attested {
        let Some(attested) = open(folder, head, stone) else { continue };
        let ours =
            attested.size <= stone.index && history.root_at(attested.size) == Some(attested.root);
        let Some(mut said) = ours.then(|| said(&attested, head, believed)).flatten() else {
            continue;
        };
        said.who = format!("{}, in entry {}", said.who, stone.index);
        marks.by.extend(bound(said.by, &said).map(|bound| (attested.size, bound)));
        if said.since > latest {
            latest = said.since;
            marks.since.extend(bound(said.since, &said).map(|bound| (stone.index, bound)));
        }
    }
    marks
}

fn bound(ms: i64, said: &Said) -> Option<Bound> {
    let time = Timestamp::from_millisecond(ms).ok()?;
    Some(Bound::new(time, said.basis, &said.who))
}

fn open(folder: &Folder, head: &Head, stone: &Stone) -> Option<Attested> {
    let path = bundle::envelope(&stone.envelope);
    let log = head.keys.of_entry(stone.index).key();
    if stone.key != log.id() || !folder.has(&path) {
        return None;
    }
    let bytes = folder.read(&path, MAX_ENVELOPE as u64).ok()?;
    if Digest::of(&bytes) != stone.envelope {
        return None;
    }
    let statement = Statement::<Value>::open(&bytes, log).ok()?;
    (statement.predicate_type == TIME).then(|| statement.predicate_as().ok())?
}

/// What an entry about a head of this log carries, if it is of somebody whom the policy or the given roots trust.
fn said(attested: &Attested, head: &Head, believed: &Believed<'_>) -> Option<Said> {
    match (&attested.cosigned, &attested.stamped) {
        (Some(note), None) => {
            let parsed = note_over(note, attested, head).ok()?;
            match believed.policy.quorum(&parsed).ok()? {
                Quorum::Met(by) => cosigned(&by, believed),
                Quorum::NotAsked | Quorum::Short(_) => None,
            }
        }
        (None, Some(stamped)) => {
            let place = (attested.size, stamped.authority.clone());
            let Token { digest, by, since } = believed.tokens.get(&place)?;
            let path = bundle::Timestamp::Token { size: place.0, authority: place.1 };
            let who = format!("{}, {}{path}", stamped.authority, bundle::TIMESTAMPS);
            let (by, since, basis) = (*by, *since, Basis::Token);
            (*digest == stamped.token).then_some(Said { by, since, basis, who })
        }
        (None, None) | (Some(_), Some(_)) => None,
    }
}

/// The cosigned head of an entry: signed by the log, and the one that the entry names.
pub(super) fn note_over(note: &str, attested: &Attested, head: &Head) -> Result<Note, String> {
    let signed = head.keys.open_head(note.as_bytes()).map_err(|error| error.to_string())?;
    if (signed.size, signed.root) != (attested.size, attested.root) {
        return Err("carries another head than it names".to_owned());
    }
    Note::parse(note.as_bytes()).map_err(|error| error.to_string())
}

/// The times of a quorum, by Unix seconds of each witness; nothing if one of them is none or lies in the future.
fn cosigned(times: &BTreeMap<String, u64>, believed: &Believed<'_>) -> Option<Said> {
    let future = latest(believed.now);
    if times.values().any(|time| *time == 0 || *time > future) {
        return None;
    }
    let (by, since) = believed.policy.quorum_times(times)?;
    let ms = |seconds: u64| i64::try_from(seconds).ok()?.checked_mul(1000);
    let who = times.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    Some(Said { by: ms(by)?, since: ms(since)?, basis: Basis::Cosignature, who })
}
