//! One group commit: numbered steps, each with what a crash there leaves behind and who mends it.
//!
//! It never answers anybody and never publishes; it returns only what is on disk.

use std::collections::HashMap;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::{KeyId, SecretKey};
use exhibit_proto::leaf::{self, Leaf, Link};
use exhibit_proto::merkle::{self, leaf_hash};
use exhibit_proto::note::Verifier;
use exhibit_proto::tiles::{Edge, Level, Tile, WIDTH, fold, parse_tile};
use jiff::Timestamp;
use rusqlite::Connection;

use super::proofs::Stored;
use super::{AppendError, Head, LogError, NewEntry, Unbrought, sqlite};

/// Where a commit stands; tests make each of them fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Begin,
    Entries,
    Erase,
    Unbrought,
    Tiles,
    Recompute,
    Head,
    Commit,
}

/// Called before and after each step; an error is as if the step itself had failed.
pub(super) type Hook = Box<dyn FnMut(Step, Moment) -> Result<(), LogError> + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    After,
}

/// The log as the writer holds it in memory; dropped and read again after any failure.
pub(super) struct State {
    pub(super) head: Head,
    rx: String,
    edge: Edge,
    /// The index after the newest tombstone.
    erased_to: u64,
}

/// What a round came to for one entry: its index and leaf.
pub(super) type Placed = Result<(u64, Vec<u8>), AppendError>;

/// Reads the state from disk and accepts it only if it is whole. Start and recovery are this same function.
///
/// One of `log` must have signed the head: the head before a change of keys carries the old one's line only.
pub(super) fn load(conn: &Connection, log: &[Verifier]) -> Result<State, LogError> {
    let (head, rx) = sqlite::head(conn)?;
    Checkpoint::open(head.signed.as_bytes(), log)?;
    let size = head.checkpoint.size;
    let leaves = sqlite::leaf_count(conn)?;
    if leaves != size {
        return Err(LogError::Damaged(format!("{leaves} leaves under a head of {size}")));
    }
    let edge = Edge::restore(size, |tile| stored_partial(conn, tile))?;
    if edge.root() != head.checkpoint.root {
        return Err(LogError::Damaged(format!("tiles do not lead to the root of size {size}")));
    }
    let tail = size - size % WIDTH;
    recompute(conn, tail, &edge)?;
    let erased_to = sqlite::unbrought::erased_to(conn)?;
    Ok(State { head, rx, edge, erased_to })
}

/// Commits `batch` after `state`. On error nothing of it may be believed in memory: load again.
pub(super) fn commit(
    conn: &Connection,
    keys: &[SecretKey],
    state: State,
    batch: &[&NewEntry],
    now: Timestamp,
    hook: &mut Hook,
) -> Result<(State, Vec<Placed>), LogError> {
    let State { head, rx: last_rx, mut edge, mut erased_to } = state;
    let old = head.checkpoint.size;
    let rx = rfc3339(now);

    // 1. Take the write lock and see that the head is still ours.
    //    Crash: nothing was written.
    let transaction = step(hook, Step::Begin, || {
        let transaction =
            rusqlite::Transaction::new_unchecked(conn, rusqlite::TransactionBehavior::Immediate)?;
        let found = sqlite::head(conn)?.0.checkpoint;
        if found == head.checkpoint {
            Ok(transaction)
        } else {
            Err(LogError::Moved { expected: old, found: found.size })
        }
    })?;

    // 2. Leaves, links, envelopes and documents of what is new.
    //    Crash: the transaction is not in the WAL as committed; SQLite forgets it.
    let placed = step(hook, Step::Entries, || place(conn, old, &rx, batch))?;

    // 2b. The bytes that new tombstones name. They go in this very transaction, so that no crash leaves bytes missing
    //     without a tombstone, nor a tombstone whose bytes a later statement still leans on. Crash: as in step 2.
    erased_to = step(hook, Step::Erase, || erase(conn, old, batch, &placed))?.unwrap_or(erased_to);

    // 2c. Documents that are named and not here, so that a lost one is not taken for one that never came. Crash: as in step 2.
    step(hook, Step::Unbrought, || unbrought(conn, old, batch, &placed, erased_to))?;
    let mut size = old;
    for (index, leaf) in placed.iter().flatten() {
        if *index >= size {
            size = index + 1;
            let mut full = Vec::new();
            edge.push(leaf_hash(leaf), &mut |tile, bytes| full.push((tile, bytes)));
            // 3a. Finished tiles. Crash: as in step 2.
            put_tiles(conn, full)?;
        }
    }
    if size == old {
        // Everything was known already or conflicts: there is no new head, and nothing to commit.
        transaction.rollback()?;
        return Ok((State { head, rx: last_rx, edge, erased_to }, placed));
    }

    // 3b. The right edge. Crash: as in step 2.
    step(hook, Step::Tiles, || put_tiles(conn, edge.partial()))?;

    // 4. Hash again what now stands in the tables, before anything is signed over it.
    //    A mismatch fails the round: nothing was signed, and the state is loaded from disk.
    step(hook, Step::Recompute, || recompute(conn, old, &edge))?;

    // 5. Sign and store the head. Ed25519 is deterministic, and the table holds one head for one size.
    //    Crash: the signature never left this process.
    let checkpoint = Checkpoint { origin: head.checkpoint.origin.clone(), size, root: edge.root() };
    let keys: Vec<&SecretKey> = keys.iter().collect();
    let signed = checkpoint.sign_with(&keys)?;
    let head = Head { checkpoint, signed };
    step(hook, Step::Head, || sqlite::put_head(conn, &head, &rx))?;

    // 6. The commit point. Crash before: as in step 2. Crash after: the head is on disk and unpublished; the next start
    //    loads and publishes it, and agents that send again get the receipt of the index they already have.
    step(hook, Step::Commit, || Ok(transaction.commit()?))
        .map_err(|error| at_commit(error, size))?;
    Ok((State { head, rx, edge, erased_to }, placed))
}

impl State {
    /// Whether a head may be signed at `now`: time never goes backwards from head to head.
    pub(super) fn accepts(&self, now: Timestamp) -> bool {
        rfc3339(now) >= self.rx
    }

    pub(super) fn last_rx(&self) -> &str {
        &self.rx
    }

    pub(super) fn erased_to(&self) -> u64 {
        self.erased_to
    }
}

/// RFC 3339 in UTC with milliseconds; texts order as times do.
pub(super) fn rfc3339(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn step<T>(
    hook: &mut Hook,
    step: Step,
    act: impl FnOnce() -> Result<T, LogError>,
) -> Result<T, LogError> {
    hook(step, Moment::Before)?;
    let done = act()?;
    hook(step, Moment::After)?;
    Ok(done)
}

/// A commit that failed for want of room or by a lock left nothing. Of any other failure nobody knows what reached the
/// disk, and a later read may show pages that a crash would lose: the process must end.
fn at_commit(error: LogError, size: u64) -> LogError {
    if error.is_retryable() { error } else { LogError::Commit { size, source: Box::new(error) } }
}

fn place(
    conn: &Connection,
    old: u64,
    rx: &str,
    batch: &[&NewEntry],
) -> Result<Vec<Placed>, LogError> {
    let mut next = old;
    let mut placed: Vec<Placed> = Vec::with_capacity(batch.len());
    let mut links: HashMap<(KeyId, u64, u64), (usize, Digest)> = HashMap::new();
    for (position, entry) in batch.iter().enumerate() {
        let env = Digest::of(&entry.envelope);
        if let Some(link) = entry.link {
            let place = (entry.key, link.epoch, link.seq);
            if let Some((earlier, held)) = links.get(&place) {
                let same = placed.get(*earlier).cloned().filter(|_| *held == env);
                placed.push(same.unwrap_or(Err(AppendError::Conflict { held: *held })));
                continue;
            }
            if let Some(known) = already(conn, &entry.key, &link, env)? {
                placed.push(known);
                continue;
            }
            links.insert(place, (position, env));
        }
        let (t, key) = (entry.entry_type.clone(), entry.key);
        let leaf = Leaf { v: 1, t, env, key, link: entry.link, rx: rx.to_owned() };
        let bytes = leaf.write().into_bytes();
        if bytes.len() > leaf::MAX_BYTES {
            placed.push(Err(AppendError::TooLong { bytes: bytes.len() }));
            continue;
        }
        sqlite::put_entry(conn, next, &leaf, &bytes, &entry.envelope)?;
        for document in &entry.documents {
            sqlite::put_document(conn, next, &Digest::of(document), document)?;
        }
        placed.push(Ok((next, bytes)));
        next += 1;
    }
    Ok(placed)
}

/// The index after the last tombstone of the round.
fn erase(
    conn: &Connection,
    old: u64,
    batch: &[&NewEntry],
    placed: &[Placed],
) -> Result<Option<u64>, LogError> {
    let mut last = None;
    for (entry, placed) in batch.iter().zip(placed) {
        if let Ok((index, _)) = placed
            && *index >= old
            && !entry.erases.is_empty()
        {
            sqlite::erase(conn, *index, &entry.erases)?;
            last = Some(index + 1);
        }
    }
    Ok(last)
}

/// What was held when the caller looked is looked for again only if something was deleted since.
fn unbrought(
    conn: &Connection,
    old: u64,
    batch: &[&NewEntry],
    placed: &[Placed],
    erased_to: u64,
) -> Result<(), LogError> {
    for (entry, placed) in batch.iter().zip(placed) {
        let Unbrought { gone, held, size } = &entry.unbrought;
        if let Ok((index, _)) = placed
            && *index >= old
        {
            let doubtful = held.iter().filter(|_| erased_to > *size);
            for digest in gone.iter().chain(doubtful) {
                sqlite::unbrought::put(conn, digest, *index)?;
            }
        }
    }
    Ok(())
}

/// The whole key decides, 32 bytes of each digest: truncated dedup keys let receipts be forged.
fn already(
    conn: &Connection,
    key: &KeyId,
    link: &Link,
    env: Digest,
) -> Result<Option<Placed>, LogError> {
    let Some((index, held)) = sqlite::linked(conn, key, link)? else {
        return Ok(None);
    };
    if held != env {
        return Ok(Some(Err(AppendError::Conflict { held })));
    }
    let leaf = sqlite::leaves(conn, index..index + 1)?.pop().unwrap_or_default();
    Ok(Some(Ok((index, leaf))))
}

fn put_tiles(conn: &Connection, tiles: Vec<(Tile, Vec<u8>)>) -> Result<(), LogError> {
    for (tile, bytes) in tiles {
        if let Level::Hashes(level) = tile.level {
            sqlite::put_tile(conn, level, tile.index, &bytes)?;
        }
    }
    Ok(())
}

/// Hashes the stored leaves from `old` on against the stored tiles, each tile finished since then against its parent, and
/// the stored tiles against the root in memory.
fn recompute(conn: &Connection, old: u64, edge: &Edge) -> Result<(), LogError> {
    let size = edge.size();
    let mut stored = Stored::new(conn);
    for (index, leaf) in (old..size).zip(sqlite::leaves(conn, old..size)?) {
        let tile = stored.tile(0, index / WIDTH)?;
        if tile.get(at(index)) != Some(&leaf_hash(&leaf)) {
            return Err(LogError::Damaged(format!("leaf {index} differs from its tile")));
        }
    }
    for level in 0_u8..7 {
        let shift = 8 * (u32::from(level) + 1);
        for index in old >> shift..size >> shift {
            let hash = fold(stored.tile(level, index)?);
            if stored.tile(level + 1, index / WIDTH)?.get(at(index)) != Some(&hash) {
                let text = format!("tile {index} of level {level} differs from its parent");
                return Err(LogError::Damaged(text));
            }
        }
    }
    if merkle::root(size, &mut stored)? == edge.root() {
        Ok(())
    } else {
        Err(LogError::Damaged(format!("stored tiles give another root for size {size}")))
    }
}

/// Where in its tile a hash stands.
fn at(index: u64) -> usize {
    usize::try_from(index % WIDTH).unwrap_or(usize::MAX)
}

/// The unfinished tile of the right edge, cut to the width asked for.
fn stored_partial(conn: &Connection, tile: Tile) -> Result<Vec<u8>, LogError> {
    let Level::Hashes(level) = tile.level else {
        return Err(LogError::Damaged(format!("{tile} is not a tile of hashes")));
    };
    let bytes = sqlite::tile(conn, level, tile.index)?;
    let bytes = bytes.ok_or_else(|| LogError::Damaged(format!("{tile} is missing")))?;
    let width = parse_tile(&bytes)?.len();
    if width == usize::from(tile.width) {
        Ok(bytes)
    } else {
        Err(LogError::Damaged(format!("{tile} has width {width}")))
    }
}
