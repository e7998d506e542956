//! Watches a log: each new head must follow from the one remembered, and from its leaves. Decides; what is printed and when to
//! look again is the caller's.

use std::collections::HashMap;
use std::path::PathBuf;

use exhibit_proto::bundle::CHECKPOINT;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::merkle::{Node, Nodes, leaf_hash, prove_consistency, root, verify_consistency};
use exhibit_proto::note::Verifier;
use exhibit_proto::policy::Quorum;
use exhibit_proto::tiles::{
    Edge, Level, Tile, TileError, WIDTH, fold, parse_bundle, parse_tile, tile_of, width,
};
use jiff::Timestamp;
use serde::Serialize;

use super::heads::{Heads, HeadsError};
use crate::files::FileError;
use crate::parallel;
use crate::source::Source;
use crate::trust::Trust;
use crate::verify;

const COSIGNED: &str = "checkpoint/cosigned";
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
    /// The log cannot be asked now, or does not show what a signed head needs.
    Unavailable { reason: String },
}

/// One log under watch.
pub struct Watch<'a> {
    pub trust: &'a Trust,
    pub heads: &'a Heads,
    /// The newest cosigned size that was told of.
    pub cosigned: u64,
}

/// Why a head is not accepted.
enum Refused {
    /// It excludes what is remembered.
    Fork(String),
    Unavailable(String),
}

impl From<FileError> for Refused {
    fn from(error: FileError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<TileError> for Refused {
    fn from(error: TileError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Watch<'_> {
    /// One look. An error means that nothing can be remembered.
    pub fn look(&mut self, log: &dyn Source, now: Timestamp) -> Result<Vec<Event>, HeadsError> {
        let read = log.read(CHECKPOINT, MAX_NOTE).map_err(|error| error.to_string());
        let opened = read.and_then(|bytes| {
            let (verifier, checkpoint, _) = verify::believed(&bytes, self.trust)?;
            Ok((verifier, checkpoint, String::from_utf8_lossy(&bytes).into_owned()))
        });
        let (verifier, found, note) = match opened {
            Ok(opened) => opened,
            Err(reason) => return Ok(vec![Event::Unavailable { reason }]),
        };
        let known = self.heads.newest(&verifier)?;
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
        let opened = verify::believed(&bytes, self.trust).map_err(|error| error.to_string());
        let (of, cosigned, text) = match opened {
            Ok(opened) => opened,
            Err(reason) => return Ok(Some(Event::Unavailable { reason })),
        };
        // One that was cosigned since the newest was read is looked at next time.
        if of != *verifier || cosigned.size > newest.size {
            return Ok(None);
        }
        match follows(log, &cosigned, newest) {
            Ok(()) => {}
            Err(Refused::Unavailable(reason)) => return Ok(Some(Event::Unavailable { reason })),
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
    if found.size < from {
        return Err(Refused::Fork(format!(
            "the log shows {} entries and has shown {from}: a restored backup, a copy, or a stale answer",
            found.size
        )));
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

/// Whether `new` extends `old`, by a proof from the tiles that stand under `new`. Tiles that lead to the signed root cannot lead
/// to another past than its own, so what does not follow then is a fork and no damage.
fn follows(log: &dyn Source, old: &Checkpoint, new: &Checkpoint) -> Result<(), Refused> {
    let mut tiles = Tiles::under(log, new.size);
    if old.size != new.size && root(new.size, &mut tiles)? != new.root {
        let what = format!("the tiles under {} entries do not lead to the signed root", new.size);
        return Err(Refused::Unavailable(what));
    }
    let path = prove_consistency(old.size, new.size, &mut tiles)?;
    verify_consistency((old.size, &old.root), (new.size, &new.root), &path).map_err(|error| {
        Refused::Fork(format!(
            "root {} over {} entries does not follow from root {} over {}: {error}",
            new.root, new.size, old.root, old.size
        ))
    })
}

struct Tiles<'a> {
    log: &'a dyn Source,
    size: u64,
    read: HashMap<(u8, u64), Vec<Digest>>,
}

impl<'a> Tiles<'a> {
    fn under(log: &'a dyn Source, size: u64) -> Self {
        Self { log, size, read: HashMap::new() }
    }
}

impl Nodes for Tiles<'_> {
    type Error = Refused;

    fn node(&mut self, node: Node) -> Result<Digest, Refused> {
        let (level, index, range) = tile_of(node);
        if !self.read.contains_key(&(level, index)) {
            let width = width(Level::Hashes(level), index, self.size);
            let tile = Tile { level: Level::Hashes(level), index, width };
            let bytes = self.log.read(&tile.to_string(), WIDTH * 32)?;
            self.read.insert((level, index), parse_tile(&bytes)?);
        }
        let hashes = self.read.get(&(level, index)).and_then(|hashes| hashes.get(range));
        let narrow =
            || Refused::Unavailable(format!("tile {index} of level {level} is too narrow"));
        Ok(fold(hashes.ok_or_else(narrow)?))
    }
}
