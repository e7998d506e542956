//! The tables follow the log: batches of entries, and the rule pack that judges from an entry on. Never turns an entry into rows
//! itself.

use std::sync::{Arc, PoisonError};

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_proto::statement::Run;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::ahead::Ahead;
use super::live::Live;
use super::{
    Assessor, Views, ViewsError, Writer, ahead, apply, history, position, rejudge, signed, unsigned,
};
use crate::log::Entry;
use crate::packs::{LoggedPack, PacksError};

/// Entries in one transaction: bounds what a crash repeats and what a reader waits for.
const BATCH: u64 = 1024;

/// While more entries than this are to be applied, the writing connection has more room.
const BACKLOG: u64 = 64;
/// KiB of the tables that it keeps in memory then: rows go to places all over the tables, and a page that was let go would be read
/// again for the next entry.
const ROOM: i64 = 64 << 10;

/// Of so many, what they brought is judged side by side while those before are applied: bounds the memory that takes.
const AHEAD: usize = 64;

/// An entry; if its run was opened already, that instead of its envelope.
type Opened = (Entry, Option<Arc<Run>>);

/// How far the judging by a pack is that comes into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turning {
    /// The entry that puts it in force.
    pub index: u64,
    pub done: u64,
    pub documents: u64,
}

impl Views {
    /// Applies what the log holds and the tables do not; answers how many entries are in them now.
    pub fn catch_up(&self) -> Result<u64, ViewsError> {
        let size = self.0.log.head()?.checkpoint.size;
        self.advance(size)
    }

    /// Applies entries up to `size`, a batch a transaction: a crash leaves whole batches with their position.
    pub(super) fn advance(&self, size: u64) -> Result<u64, ViewsError> {
        let mut writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if size.saturating_sub(position(&writer.connection)?.0) <= BACKLOG {
            return self.steps(&mut writer, size);
        }
        let before: i64 =
            writer.connection.pragma_query_value(None, "cache_size", |row| row.get(0))?;
        writer.connection.pragma_update(None, "cache_size", -ROOM)?;
        let applied = self.steps(&mut writer, size);
        writer.connection.pragma_update(None, "cache_size", before)?;
        writer.connection.execute_batch("PRAGMA shrink_memory")?;
        applied
    }

    fn steps(&self, writer: &mut Writer, size: u64) -> Result<u64, ViewsError> {
        let Writer { connection, assessor, live } = writer;
        loop {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Whatever breaks off below leaves no board behind that saw what was rolled back.
            let mut followed = live.take();
            // Read inside the transaction: another process may have applied entries meanwhile.
            let applied = position(&transaction)?.0;
            let judging = self.judging(&transaction, assessor.as_ref())?;
            let judging = &*assessor.insert(judging);
            if applied >= size {
                self.0.present.set(judging);
                *live = followed;
                self.0
                    .moved
                    .send_if_modified(|before| std::mem::replace(before, applied) != applied);
                return Ok(applied);
            }
            let until = size.min(applied + BATCH);
            let mut leaves = self.0.log.leaves(applied..until)?;
            let is_pack =
                |leaf: &Vec<u8>| Leaf::parse(leaf).is_ok_and(|leaf| leaf.t == EntryType::RulePack);
            match leaves.iter().position(is_pack) {
                // Judged outside of a transaction; whoever waits for the tables goes first.
                Some(0) => {
                    drop(transaction);
                    *live = self.turn(connection, (judging, followed), applied)?;
                    continue;
                }
                Some(place) => leaves.truncate(place),
                None => {}
            }
            let until = applied + leaves.len() as u64;
            let root = leaves.last().map_or(Digest::ZERO, |leaf| Digest::of(leaf)).to_string();
            let leaves = (applied..until).zip(leaves).collect();
            self.each_judged(leaves, judging, |some, ahead| {
                for (entry, run) in some {
                    history::until((&transaction, applied), &mut followed, judging, &entry)?;
                    let next = (&entry, run, Some(ahead));
                    apply::entry(&transaction, &self.0.log, (judging, None), next)?;
                }
                Ok(())
            })?;
            moved(&transaction, (until, &root))?;
            transaction.commit()?;
            if let Some(followed) = &mut followed {
                followed.noted(applied..until);
            }
            *live = followed;
        }
    }

    /// Hands over entries, some at a time, with what they brought judged; the next ones are judged meanwhile.
    fn each_judged(
        &self,
        leaves: Vec<(u64, Vec<u8>)>,
        judging: &Assessor,
        mut take: impl FnMut(Vec<Opened>, &Ahead) -> Result<(), ViewsError>,
    ) -> Result<(), ViewsError> {
        let judged = |some: &[(u64, Vec<u8>)]| {
            let some = some.iter().map(|(index, leaf)| self.entry(*index, leaf.clone()));
            let some = some.collect::<Result<Vec<_>, _>>()?;
            let ahead = ahead::judge(&self.0.log, judging, &some)?;
            Ok::<_, ViewsError>((some, ahead))
        };
        let count = leaves.len();
        if count <= AHEAD {
            let (some, ahead) = judged(&leaves)?;
            return take(some, &ahead);
        }
        let (next, ready) = std::sync::mpsc::sync_channel(1);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for some in leaves.chunks(AHEAD) {
                    // Nobody takes it: applying the ones before broke off.
                    if next.send(judged(some)).is_err() {
                        return;
                    }
                }
            });
            let mut handed = 0;
            for judged in ready {
                let (some, ahead) = judged?;
                handed += some.len();
                take(some, &ahead)?;
            }
            // A thread that broke off must not pass for one that came to the end.
            if handed == count { Ok(()) } else { Err(ViewsError::Interrupted) }
        })
    }

    /// Applies the entry `index` about a rule pack. One that puts another pack in force has all that is current judged first,
    /// and the findings change with the entry, in one transaction: a crash before it leaves everything as it was. Answers the board.
    fn turn(
        &self,
        connection: &mut Connection,
        (before, mut live): (&Assessor, Option<Live>),
        index: u64,
    ) -> Result<Option<Live>, ViewsError> {
        let leaf = self.0.log.leaves(index..index + 1)?.pop().ok_or(ViewsError::Hole(index))?;
        let root = Digest::of(&leaf).to_string();
        let (entry, _) = self.entry(index, leaf)?;
        let (next, problem) = self.next(&entry, before)?;
        let staged = match &next {
            Some(next) => {
                tracing::info!(
                    index,
                    version = next.pack().version(),
                    "all that is current is judged by another rule pack"
                );
                let tell = |done, documents| {
                    let turning = Some(Turning { index, done, documents });
                    *self.0.turning.lock().unwrap_or_else(PoisonError::into_inner) = turning;
                };
                let staged = rejudge::stage(connection, &self.0.log, (before, next, index), tell);
                *self.0.turning.lock().unwrap_or_else(PoisonError::into_inner) = None;
                // Compiled once: from its entry on it is looked up by its digest.
                self.0.present.keep(next);
                Some(staged?)
            }
            None => None,
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if position(&transaction)?.0 != index {
            // Another process was faster; what it applied is read anew.
            return Ok(None);
        }
        history::until((&transaction, index), &mut live, before, &entry)?;
        if let Some((next, staged)) = next.as_ref().zip(staged) {
            rejudge::turn(&transaction, &self.0.log, (next, index), staged)?;
        }
        let judging = (next.as_ref().unwrap_or(before), problem.as_ref());
        apply::entry(&transaction, &self.0.log, judging, (&entry, None, None))?;
        moved(&transaction, (index + 1, &root))?;
        transaction.commit()?;
        if let Some(live) = &mut live {
            live.noted(index..index + 1);
        }
        Ok(live)
    }

    /// The pack that an entry puts in the place of `before`, or why nothing can judge by it.
    fn next(
        &self,
        entry: &Entry,
        before: &Assessor,
    ) -> Result<(Option<Assessor>, Option<String>), ViewsError> {
        let logged = match LoggedPack::of(entry) {
            Ok(logged) if !logged.proposed => logged,
            // Its row says what is wrong with it.
            Ok(_) | Err(_) => return Ok((None, None)),
        };
        let digest = logged.said.pack.to_string();
        if before.pack().digest() == digest {
            return Ok((None, None));
        }
        match self.load(&logged) {
            Ok(next) => Ok((Some(next), None)),
            Err(PacksError::Log(error)) => Err(error.into()),
            Err(problem) => Ok((None, Some(problem.to_string()))),
        }
    }

    fn load(&self, logged: &LoggedPack) -> Result<Assessor, PacksError> {
        let digest = logged.said.pack.to_string();
        if let Some(known) = self.0.present.find(&digest) {
            return Ok(known.clone());
        }
        let pack = logged.pack(&self.0.log)?;
        let unusable = |error| PacksError::Unusable(logged.said.pack, error);
        self.0.present.shipped().with(pack).map_err(unusable)
    }

    /// What judges where the tables stand; `held` if that is it.
    pub(super) fn judging(
        &self,
        connection: &Connection,
        held: Option<&Assessor>,
    ) -> Result<Assessor, ViewsError> {
        self.judging_at(connection, u64::MAX, held)
    }

    /// What judged once the log had so many entries.
    pub(super) fn judging_at(
        &self,
        connection: &Connection,
        entries: u64,
        held: Option<&Assessor>,
    ) -> Result<Assessor, ViewsError> {
        let row: Option<(i64, String)> = connection
            .prepare_cached(
                "SELECT idx, digest FROM rule_packs WHERE proposed = 0 AND idx < ?1 ORDER BY idx DESC LIMIT 1",
            )?
            .query_row([signed(entries)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((index, digest)) = row else { return Ok(self.0.present.shipped().clone()) };
        if let Some(held) = held.filter(|held| held.pack().digest() == digest) {
            return Ok(held.clone());
        }
        if let Some(known) = self.0.present.find(&digest) {
            return Ok(known.clone());
        }
        let index = unsigned(index);
        let entry = self.0.log.entry(index)?.ok_or(ViewsError::Hole(index))?;
        let loaded = LoggedPack::of(&entry).and_then(|logged| self.load(&logged));
        loaded.map_err(ViewsError::Pack)
    }
}

fn moved(transaction: &Connection, (applied, root): (u64, &str)) -> Result<(), ViewsError> {
    transaction.execute("UPDATE position SET applied = ?1, root = ?2", (signed(applied), root))?;
    Ok(())
}
