//! Watches a log: each new head must follow from the one remembered, and from its leaves. Decides; what is printed and when to
//! look again is the caller's.

use std::path::PathBuf;

use exhibit_proto::bundle::CHECKPOINT;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::merkle::leaf_hash;
use exhibit_proto::note::Verifier;
use exhibit_proto::policy::Quorum;
use exhibit_proto::tiles::{Edge, Level, Tile, WIDTH, parse_bundle, width};
use jiff::Timestamp;
use serde::Serialize;

use super::heads::{Heads, HeadsError};
use super::remote::COSIGNED;
use crate::files::FileError;
use crate::follows::{Refused, behind, follows};
use crate::parallel;
use crate::source::Source;
use crate::trust::Trust;
use crate::verify::{self, Believed};

const MAX_NOTE: u64 = 64 << 10;
const MAX_BUNDLE: u64 = WIDTH * (u16::MAX as u64 + 2);
/// Entry bundles held at a time.
const WAVE: u64 = 64;

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A new head that follows; `leaves` were hashed again for it.
    Head { origin: String, size: u64, root: Digest, before: Option<u64>, leaves: u64 },
    /// The newest head that witnesses cosigned as the policy asks, and that the newest head follows from.
    Cosigned { size: u64, root: Digest, by: Vec<String> },
    /// A signed head that does not follow from the remembered one. Both are kept.
    Fork { size: u64, root: Digest, known: u64, reason: String, kept: PathBuf },
    /// A head that is a past of the remembered one: a stale answer. The remembered one stays.
    Behind { size: u64, root: Digest, known: u64 },
    /// The log cannot be asked now, or does not show what a signed head needs.
    Unavailable { reason: String },
    /// For `looks` looks in a row the log has shown nothing new that follows and could not show the head that it signed.
    Withheld { looks: u64, since: Timestamp, reason: String },
}

/// How often in a row a log may fail to show what it signed, before that is what there is to tell.
pub struct Patience {
    most: u64,
    looks: u64,
    since: Option<Timestamp>,
}

impl Patience {
    pub fn new(most: u64) -> Self {
        Self { most, looks: 0, since: None }
    }

    /// Takes what a look found. An answer ends the watch.
    pub fn take(&mut self, events: &[Event], now: Timestamp) -> Option<Event> {
        let lacking = events.iter().find_map(|event| match event {
            Event::Unavailable { reason } => Some(reason.clone()),
            Event::Behind { size, known, .. } => {
                Some(format!("it still shows the head over {size} entries, after one over {known}"))
            }
            Event::Head { .. }
            | Event::Cosigned { .. }
            | Event::Fork { .. }
            | Event::Withheld { .. } => None,
        });
        let Some(reason) = lacking else {
            (self.looks, self.since) = (0, None);
            return None;
        };
        self.looks += 1;
        let since = *self.since.get_or_insert(now);
        let looks = self.looks;
        (looks >= self.most).then_some(Event::Withheld { looks, since, reason })
    }
}

/// One log under watch.
pub struct Watch<'a> {
    pub trust: &'a Trust,
    pub heads: &'a Heads,
    /// The newest cosigned size that was told of.
    pub cosigned: u64,
}

impl Watch<'_> {
    /// One look. An error means that nothing can be remembered.
    pub fn look(&mut self, log: &dyn Source, now: Timestamp) -> Result<Vec<Event>, HeadsError> {
        let read = log.read(CHECKPOINT, MAX_NOTE).map_err(|error| error.to_string());
        let opened = read.and_then(|bytes| {
            let Believed { log, checkpoint, .. } = verify::believed(&bytes, self.trust, log)?;
            Ok((log, checkpoint, String::from_utf8_lossy(&bytes).into_owned()))
        });
        let (verifier, found, note) = match opened {
            Ok(opened) => opened,
            Err(reason) => return Ok(vec![Event::Unavailable { reason }]),
        };
        let known = self.heads.newest(self.trust, log)?;
        if let Some((known, _)) = known.as_ref().filter(|(known, _)| known.origin != found.origin) {
            return Err(self.heads.of_another(&known.origin, &found.origin));
        }
        let mut events = Vec::new();
        match follow(log, known.as_ref().map(|(known, _)| known), &found) {
            Ok(0) if known.as_ref().is_some_and(|(known, _)| *known == found) => {}
            Ok(leaves) => {
                self.heads.keep(&note)?;
                let (origin, size, root) = (found.origin.clone(), found.size, found.root);
                let before = known.map(|(known, _)| known.size);
                events.push(Event::Head { origin, size, root, before, leaves });
            }
            Err(Refused::Unavailable(reason)) => {
                return Ok(vec![Event::Unavailable { reason }]);
            }
            Err(Refused::Behind(known)) => {
                return Ok(vec![Event::Behind { size: found.size, root: found.root, known }]);
            }
            Err(Refused::Fork(reason)) => {
                let (known, text) = known.unwrap_or_else(|| (found.clone(), note.clone()));
                return Ok(vec![self.fork((&known, &text), (&found, &note), reason)?]);
            }
        }
        events.extend(self.witnessed(log, &verifier, (&found, &note), now)?);
        Ok(events)
    }

    fn fork(
        &self,
        (known, known_note): (&Checkpoint, &str),
        (found, note): (&Checkpoint, &str),
        reason: String,
    ) -> Result<Event, HeadsError> {
        let kept = self.heads.fork(known_note, note)?;
        Ok(Event::Fork { size: found.size, root: found.root, known: known.size, reason, kept })
    }

    /// The head that witnesses cosigned must be a past of the newest one.
    fn witnessed(
        &mut self,
        log: &dyn Source,
        verifier: &Verifier,
        (newest, newest_note): (&Checkpoint, &str),
        now: Timestamp,
    ) -> Result<Option<Event>, HeadsError> {
        let bytes = match log.read(COSIGNED, MAX_NOTE) {
            Ok(bytes) => bytes,
            // Not every log is witnessed.
            Err(FileError::Absent(_)) => return Ok(None),
            Err(error) => return Ok(Some(Event::Unavailable { reason: error.to_string() })),
        };
        let opened = verify::believed(&bytes, self.trust, log);
        let Believed { log: of, checkpoint: cosigned, note: text, .. } = match opened {
            Ok(opened) => opened,
            Err(reason) => return Ok(Some(Event::Unavailable { reason })),
        };
        // One that was cosigned since the newest was read is looked at next time.
        if of.name() != verifier.name() || cosigned.size > newest.size {
            return Ok(None);
        }
        match follows(log, &cosigned, newest) {
            Ok(()) => {}
            Err(Refused::Unavailable(reason)) => return Ok(Some(Event::Unavailable { reason })),
            Err(Refused::Behind(_)) => return Ok(None),
            Err(Refused::Fork(reason)) => {
                let note = String::from_utf8_lossy(&bytes).into_owned();
                let forked = self.fork((newest, newest_note), (&cosigned, &note), reason)?;
                return Ok(Some(forked));
            }
        }
        let latest = now.as_second().saturating_add(300).unsigned_abs();
        match self.trust.policy.quorum(&text) {
            Ok(Quorum::Met(by)) if by.values().all(|time| (1..=latest).contains(time)) => {
                if cosigned.size <= self.cosigned {
                    return Ok(None);
                }
                self.cosigned = cosigned.size;
                let by = by.into_keys().collect();
                Ok(Some(Event::Cosigned { size: cosigned.size, root: cosigned.root, by }))
            }
            Ok(Quorum::Met(_) | Quorum::NotAsked | Quorum::Short(_)) => Ok(None),
            Err(error) => Ok(Some(Event::Unavailable { reason: error.to_string() })),
        }
    }
}

/// Hashes the leaves from the known head to the found one again; answers how many.
fn follow(
    log: &dyn Source,
    known: Option<&Checkpoint>,
    found: &Checkpoint,
) -> Result<u64, Refused> {
    let (from, past) = known.map_or((0, None), |known| (known.size, Some(known.root)));
    if let Some(known) = known.filter(|known| found.size < known.size) {
        return Err(behind(log, found, known));
    }
    let mut edge = Edge::restore(from, |tile| edge_tile(log, tile, found.size))?;
    if past.is_some_and(|past| past != edge.root())
        || (found.size == from && found.root != edge.root())
    {
        // Only a proof tells tiles that are damaged from a history that is another one.
        let known = known.unwrap_or(found);
        return Err(follows(log, known, found).err().unwrap_or_else(|| {
            Refused::Unavailable(format!(
                "the tiles over {from} entries do not give the root that was signed over them"
            ))
        }));
    }
    let tiles = found.size.div_ceil(WIDTH);
    let mut next = from / WIDTH;
    while next < tiles {
        let wave: Vec<Tile> = (next..tiles.min(next + WAVE))
            .map(|index| Tile {
                level: Level::Entries,
                index,
                width: width(Level::Entries, index, found.size),
            })
            .collect();
        let read =
            parallel::map_on(log.at_once(), &wave, |tile| log.read(&tile.to_string(), MAX_BUNDLE));
        for (tile, bytes) in wave.iter().zip(read) {
            let bytes = bytes?;
            let entries = parse_bundle(&bytes)?;
            if entries.len() != usize::from(tile.width) {
                return Err(Refused::Unavailable(format!(
                    "{tile} holds {} entries",
                    entries.len()
                )));
            }
            for (index, entry) in (tile.index * WIDTH..).zip(entries) {
                if index >= from {
                    edge.push(leaf_hash(entry), &mut |_tile, _bytes| {});
                }
            }
        }
        next += WAVE;
    }
    if edge.root() == found.root {
        return Ok(found.size - from);
    }
    // Both roots are signed. Whether they exclude each other, the proof between them shows.
    if let Some(known) = known {
        follows(log, known, found)?;
    }
    Err(Refused::Unavailable(format!(
        "the leaves that the log shows give root {}, its head over {} entries says {}",
        edge.root(),
        found.size,
        found.root
    )))
}

/// The beginning of a tile as it stands under `size`: the narrower one may be gone.
fn edge_tile(log: &dyn Source, tile: Tile, size: u64) -> Result<Vec<u8>, Refused> {
    let now = Tile { width: width(tile.level, tile.index, size), ..tile };
    let mut bytes = log.read(&now.to_string(), WIDTH * 32)?;
    bytes.truncate(usize::from(tile.width) * 32);
    Ok(bytes)
}
