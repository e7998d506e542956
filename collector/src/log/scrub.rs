//! The scrub: hashes again what is stored — envelopes and documents against their digests, leaves against their tiles, tiles
//! against the roots that were signed — and looks for what entries name and is not there, in slices that follow from a plan, so
//! that a pass may stop and go on.
//!
//! It never changes the log, and never tells a damaged leaf from a damaged tile by guessing: the signed root decides.

mod damage;
mod lost;
mod pass;
mod store;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::Leaf;
use exhibit_proto::log_key::LogKeys;
use exhibit_proto::merkle::{self, leaf_hash};
use exhibit_proto::tiles::{Edge, Level, Tile, WIDTH, fold, parse_tile, width};
use rusqlite::Connection;

use damage::{DOCUMENTS, HEADS};

use super::proofs::Stored;
use super::sqlite::{self, scan};
use super::{LogError, LogReader};

pub use damage::{Damage, Part, Plan};
pub use lost::{Lost, Named, Names};
pub use pass::PassError;
pub use store::{Found, Last, Running, ScrubError, ScrubStore, Standing};

/// Looks at the log, slice by slice; blocking.
#[derive(Clone)]
pub struct Scrub {
    reader: LogReader,
    log: LogKeys,
    names: Names,
}

impl Scrub {
    /// `log` is the key that signed the heads; `names` knows what envelopes say.
    pub fn new(reader: LogReader, log: impl Into<LogKeys>, names: Names) -> Self {
        Self { reader, log: log.into(), names }
    }

    /// The log as far as it goes now.
    pub fn plan(&self) -> Result<Plan, LogError> {
        let (size, documents) = self.reader.with(scan::extents)?;
        let size = size.ok_or(LogError::NotInitialised)?;
        Ok(Plan { size: sqlite::uint(size)?, documents: sqlite::uint(documents)? })
    }

    /// What is wrong in slice `number` of a plan. A slice that cannot be read is damage as well; an error means that the
    /// database is busy or its file is out of reach.
    pub fn slice(&self, plan: &Plan, number: u64) -> Result<Vec<Damage>, LogError> {
        let (tiles, heads) = (plan.tiles(), plan.heads());
        let (name, found) = if number < tiles {
            let tile = l0(number, plan.size);
            (format!("leaves of {tile}"), self.reader.with(|conn| self.leaves(conn, plan, tile)))
        } else if let Some(number) = number.checked_sub(tiles).filter(|number| *number < heads) {
            let sizes = span(number, HEADS, plan.size + 1);
            let name = format!("heads of sizes {}..{}", sizes.start, sizes.end);
            (name, self.reader.with(|conn| self.heads(conn, sizes)))
        } else {
            let number = number.saturating_sub(tiles + heads);
            // Rows count from 1.
            let rows = span(number, DOCUMENTS, plan.documents);
            let rows = rows.start + 1..rows.end + 1;
            let name = format!("rows {}..{} of documents", rows.start, rows.end);
            (name, self.reader.with(|conn| documents(conn, rows)))
        };
        match found {
            Ok(found) => Ok(found),
            Err(error) if unreadable(&error) => {
                Ok(vec![Damage::new(Part::Database, name, error.to_string())])
            }
            Err(error) => Err(error),
        }
    }

    /// Every lost document once, with the first entry that names it; reads all envelopes.
    pub fn lost(&self) -> Result<Vec<Lost>, LogError> {
        let (plan, mut known, mut all) = (self.plan()?, HashSet::new(), Vec::new());
        for tile in (0..plan.tiles()).map(|number| l0(number, plan.size)) {
            let start = tile.index * WIDTH;
            let found = self.reader.with(|conn| {
                let mut looked = lost::Looked::new(conn, self.names)?;
                let mut found = Vec::new();
                for row in scan::leaves(conn, start..start + u64::from(tile.width))? {
                    found.extend(looked.at(sqlite::uint(row.index)?, &row)?);
                }
                Ok(found)
            })?;
            all.extend(found.into_iter().filter(|lost| known.insert(lost.named.digest)));
        }
        Ok(all)
    }

    /// What SQLite finds wrong with the whole file; it reads all of it at once.
    pub fn integrity(&self) -> Result<Vec<Damage>, LogError> {
        let lines = match self.reader.with(scan::integrity) {
            Ok(lines) => lines,
            Err(error) if unreadable(&error) => vec![error.to_string()],
            Err(error) => return Err(error),
        };
        let damage = |line| Damage::new(Part::Database, "log.db".into(), line);
        Ok(lines.into_iter().map(damage).collect())
    }

    /// The leaves of one tile with their envelopes, and the tile in its tree.
    fn leaves(&self, conn: &Connection, plan: &Plan, tile: Tile) -> Result<Vec<Damage>, LogError> {
        let mut found = Vec::new();
        let start = tile.index * WIDTH;
        let wanted = start..start + u64::from(tile.width);
        let mut rows = scan::leaves(conn, wanted.clone())?.into_iter().peekable();
        let mut hashes = Vec::new();
        let mut looked = lost::Looked::new(conn, self.names)?;
        for index in wanted {
            match rows.next_if(|row| u64::try_from(row.index) == Ok(index)) {
                Some(row) => {
                    hashes.push(Some(leaf_hash(&row.bytes)));
                    entry(conn, index, &row, &mut found)?;
                    let lost = looked.at(index, &row)?;
                    found.extend(lost.iter().map(Lost::damage));
                }
                None => {
                    hashes.push(None);
                    found.push(leaf(index, "is missing"));
                }
            }
        }
        let held = held(conn, tile)?;
        let differing: Vec<u64> = (start..)
            .zip(hashes.iter().enumerate())
            .filter(|(_, (at, hash))| {
                hash.is_some_and(|hash| {
                    held.as_ref().is_some_and(|held| held.get(*at) != Some(&hash))
                })
            })
            .map(|(index, _)| index)
            .collect();
        let Some(held) = held else {
            found.push(damaged_tile(tile, "is missing or too narrow"));
            return Ok(found);
        };
        if !differing.is_empty() {
            let whole: Option<Vec<Digest>> = hashes.into_iter().collect();
            let by_tile = self.leads(conn, plan, tile, &held)?;
            let by_leaves = match whole {
                Some(whole) => self.leads(conn, plan, tile, &whole)?,
                None => false,
            };
            if by_tile || !by_leaves {
                let text = "does not have the hash that its tile holds";
                found.extend(differing.iter().map(|index| leaf(*index, text)));
            }
            if by_leaves || !by_tile {
                let text = format!("holds other hashes than its leaves {differing:?} have");
                found.push(damaged_tile(tile, &text));
            }
        }
        found.extend(parents(conn, tile, &held)?);
        Ok(found)
    }

    /// Whether `hashes` as the content of an L0 tile lead on to what was signed: to the parent, or at the edge to the root.
    fn leads(
        &self,
        conn: &Connection,
        plan: &Plan,
        tile: Tile,
        hashes: &[Digest],
    ) -> Result<bool, LogError> {
        if u64::from(tile.width) == WIDTH {
            let parent = held(conn, parent(1, tile.index))?;
            return Ok(
                parent.is_some_and(|parent| parent.get(at(tile.index)) == Some(&fold(hashes)))
            );
        }
        let Some(signed) = scan::head_of(conn, plan.size)? else {
            return Ok(false);
        };
        let Ok(checkpoint) = self.log.open_head(signed.as_bytes()) else {
            return Ok(false);
        };
        let edge = Edge::restore(plan.size, |asked| {
            if asked == tile {
                return Ok(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect());
            }
            let bytes = cut(conn, asked)?;
            bytes.ok_or_else(|| LogError::Damaged(format!("{asked} is missing")))
        });
        Ok(edge.is_ok_and(|edge| edge.root() == checkpoint.root))
    }

    /// Heads: signature, size, and the root to which the stored tiles lead.
    fn heads(&self, conn: &Connection, sizes: Range<u64>) -> Result<Vec<Damage>, LogError> {
        let mut found = Vec::new();
        let mut astray: Vec<u64> = Vec::new();
        let mut stored = Stored::new(conn);
        let rows = scan::heads(conn, sizes.clone())?;
        if sizes.start == 0 && rows.first().is_none_or(|(size, _)| *size != 0) {
            found.push(Damage::new(
                Part::Head,
                "0".into(),
                "head of the empty log is missing".into(),
            ));
        }
        for (size, signed) in rows {
            let size = sqlite::uint(size)?;
            let problem = match self.log.open_head(signed.as_bytes()) {
                Err(error) => error.to_string(),
                Ok(head) if head.size != size => {
                    format!("is kept as size {size} and says {}", head.size)
                }
                Ok(head) => {
                    if !merkle::root(size, &mut stored).is_ok_and(|root| root == head.root) {
                        astray.push(size);
                    }
                    continue;
                }
            };
            found.push(Damage::new(Part::Head, size.to_string(), problem));
        }
        if let (Some(first), Some(last)) = (astray.first(), astray.last()) {
            let heads = format!("{} signed heads of sizes {first} to {last}", astray.len());
            let detail = format!("the stored tiles do not lead to the roots of {heads}");
            found.push(Damage::new(Part::Tile, format!("tree of size {first}"), detail));
        }
        Ok(found)
    }
}

/// One leaf row by itself: its spelling, its columns, its place in the chain, its envelope.
fn entry(
    conn: &Connection,
    index: u64,
    row: &scan::LeafRow,
    found: &mut Vec<Damage>,
) -> Result<(), LogError> {
    match Leaf::parse(&row.bytes) {
        Err(error) => found.push(leaf(index, &error.to_string())),
        Ok(parsed) => {
            if parsed.env.as_bytes().as_slice() != row.env || parsed.t.as_str() != row.entry_type {
                found.push(leaf(index, "is not what the columns beside it say"));
            }
            if let Some(link) = parsed.link
                && sqlite::linked(conn, &parsed.key, &link)? != Some((index, parsed.env))
            {
                found.push(leaf(index, "is not found by its key, epoch and sequence number"));
            }
        }
    }
    let digest = hex::encode(&row.env);
    match &row.envelope {
        None => {
            let text = format!("of entry {index} is missing");
            found.push(Damage::new(Part::Envelope, digest, text));
        }
        Some(bytes) if Digest::of(bytes).as_bytes().as_slice() != row.env => {
            let text = format!("of entry {index} has digest {}", Digest::of(bytes));
            found.push(Damage::new(Part::Envelope, digest, text));
        }
        Some(_) => {}
    }
    Ok(())
}

/// A full tile against its parent, and each parent that it completes against the next.
fn parents(conn: &Connection, tile: Tile, hashes: &[Digest]) -> Result<Vec<Damage>, LogError> {
    let mut found = Vec::new();
    let (mut tile, mut hashes) = (tile, hashes.to_vec());
    for level in 1_u8..8 {
        if u64::from(tile.width) != WIDTH {
            break;
        }
        let above = parent(level, tile.index);
        let Some(held) = held(conn, above)? else {
            found.push(damaged_tile(above, "is missing or too narrow"));
            break;
        };
        if held.get(at(tile.index)) != Some(&fold(&hashes)) {
            let text = format!("or its parent {above} is damaged: they do not fit");
            found.push(damaged_tile(tile, &text));
        }
        (tile, hashes) = (above, held);
    }
    Ok(found)
}

fn documents(conn: &Connection, rows: Range<u64>) -> Result<Vec<Damage>, LogError> {
    let mut found = Vec::new();
    scan::documents(conn, rows, |digest, bytes| {
        let is = Digest::of(bytes);
        if is.as_bytes().as_slice() != digest {
            let text = format!("has digest {is}");
            found.push(Damage::new(Part::Document, hex::encode(digest), text));
        }
    })?;
    Ok(found)
}

/// The tile of level 0 that holds leaves of a log of `size`.
fn l0(index: u64, size: u64) -> Tile {
    let level = Level::Hashes(0);
    Tile { level, index, width: width(level, index, size) }
}

/// The part of the tile above that ends with the tile `index` below.
fn parent(level: u8, index: u64) -> Tile {
    let width = u16::try_from(index % WIDTH + 1).unwrap_or(u16::MAX);
    Tile { level: Level::Hashes(level), index: index / WIDTH, width }
}

fn at(index: u64) -> usize {
    usize::try_from(index % WIDTH).unwrap_or(usize::MAX)
}

/// The first hashes of a stored tile, as many as are asked for.
fn cut(conn: &Connection, tile: Tile) -> Result<Option<Vec<u8>>, LogError> {
    let Level::Hashes(level) = tile.level else {
        return Ok(None);
    };
    let stored = sqlite::tile(conn, level, tile.index)?;
    Ok(stored.and_then(|stored| Some(stored.get(..usize::from(tile.width) * 32)?.to_vec())))
}

fn held(conn: &Connection, tile: Tile) -> Result<Option<Vec<Digest>>, LogError> {
    Ok(cut(conn, tile)?.and_then(|bytes| parse_tile(&bytes).ok()))
}

fn span(number: u64, step: u64, end: u64) -> Range<u64> {
    let start = number * step;
    start.min(end)..(start + step).min(end)
}

/// Whether it is the stored bytes that cannot be read, not the moment that is wrong.
fn unreadable(error: &LogError) -> bool {
    let LogError::Sqlite(error) = error else {
        return error.is_fatal();
    };
    sqlite::is_disk_failure(error)
        || matches!(
            error,
            rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
        )
}

fn leaf(index: u64, detail: &str) -> Damage {
    Damage::new(Part::Leaf, index.to_string(), detail.to_owned())
}

fn damaged_tile(tile: Tile, detail: &str) -> Damage {
    Damage::new(Part::Tile, tile.to_string(), detail.to_owned())
}
