//! `retention`, `delete` and `hold`; and the pass beside `serve`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{
    Deleted, HOLD, HOLD_LIFTED, Hold, HoldLifted, Subject, TOMBSTONE, Tombstone,
};
use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::desk;
use super::{Keys, tools};
use crate::config::Config;
use crate::identity::Collector;
use crate::log::{LogReader, LogWriter};
use crate::requests::{Done, Request};
use crate::retention::{Fate, LastPass, Retention, held};
use crate::views::{Assessor, Candidate, KEPT_MEDIA_TYPE, Views};

/// Documents of one tombstone: its envelope stays far below 64 KiB.
const BATCH: usize = 64;
/// Bytes of one tombstone's documents: they are overwritten in one transaction.
const BATCH_BYTES: u64 = 32 << 20;
/// A pass a day; the first soon after the start.
const FIRST: Duration = Duration::from_secs(300);
const DAILY: Duration = Duration::from_secs(86_400);
/// How often the files are tried again while somebody reads them.
const TRIES: u32 = 20;
const TRY_EVERY: Duration = Duration::from_millis(250);

/// Opens the views, when somebody needs them.
pub(super) type OpenViews = Arc<dyn Fn() -> anyhow::Result<Views> + Send + Sync>;

/// Whoever deletes: one batch at a time, and no hold slips in between.
#[derive(Clone)]
pub(super) struct Undertaker {
    pub(super) collector: Collector,
    pub(super) writer: LogWriter,
    pub(super) reader: LogReader,
    pub(super) views: OpenViews,
    pub(super) rules: Retention,
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    pub(super) last: LastPass,
}

/// Documents by digest, with every place that names them.
type Gone = BTreeMap<Digest, Vec<Candidate>>;

/// Why, in the words of the tombstone.
struct Why {
    rule: String,
    approver: String,
    reason: String,
}

impl Undertaker {
    /// Deletes what is due now, at most `BATCH` documents.
    pub(super) async fn due(&self, most: usize, now: Timestamp) -> anyhow::Result<Done> {
        let _turn = self.turn.lock().await;
        let views = self.caught_up().await?;
        let (rules, asked) = (self.rules.clone(), views.clone());
        let fates = tokio::task::spawn_blocking(move || fates(&asked, &rules, now)).await??;
        let mut due: BTreeMap<String, Gone> = BTreeMap::new();
        for (digest, (places, fate)) in fates {
            if let Fate::Due(rule) = fate {
                due.entry(rule).or_default().insert(digest, places);
            }
        }
        let Some((rule, mut gone)) = due.pop_first() else {
            self.last.step(now, 0, false);
            return Ok(Done::Deleted { entry: None, documents: 0, more: false });
        };
        let (mut bytes, mut count) = (0_u64, 0_usize);
        let all = gone.len();
        gone.retain(|_, places| {
            let size = places.iter().map(|place| place.size).max().unwrap_or(0);
            let fits = count < most.min(BATCH) && (count == 0 || bytes + size <= BATCH_BYTES);
            (bytes, count) = if fits { (bytes + size, count + 1) } else { (bytes, count) };
            fits
        });
        let more = gone.len() < all || !due.is_empty();
        let approver = self.rules.approved_by.clone().unwrap_or_default();
        let reason = "no statement has named it for as long as the rule says".to_owned();
        let entry = self.delete(&views, gone, Why { rule, approver, reason }).await?;
        self.last.step(now, count as u64, more);
        Ok(Done::Deleted { entry: Some(entry), documents: count as u64, more })
    }

    /// Deletes one document because somebody asks for it, unless a hold keeps it.
    pub(super) async fn one(
        &self,
        digest: Digest,
        by: String,
        reason: String,
    ) -> anyhow::Result<Done> {
        let _turn = self.turn.lock().await;
        let views = self.caught_up().await?;
        let asked = views.clone();
        let (places, holds) = tokio::task::spawn_blocking(move || {
            Ok::<_, anyhow::Error>((asked.candidate(&digest)?, asked.holds()?))
        })
        .await??;
        ensure!(
            !places.is_empty(),
            "no document {digest} is held: give the SHA-256 that its evidence page shows"
        );
        if let Some(hold) = held(&places, &holds) {
            anyhow::bail!(
                "document {digest} is under the legal hold {hold}: see `exhibit-collector hold list`, and lift it first if it is over"
            );
        }
        let why = Why { rule: "on request".to_owned(), approver: by, reason };
        let entry = self.delete(&views, [(digest, places)].into(), why).await?;
        Ok(Done::Deleted { entry: Some(entry), documents: 1, more: false })
    }

    pub(super) async fn hold(&self, hold: Hold) -> anyhow::Result<Done> {
        let _turn = self.turn.lock().await;
        let entry = self.collector.entry(EntryType::Hold, HOLD, self.about(), hold)?;
        Ok(Done::Held { entry: self.writer.append(entry).await?.index })
    }

    pub(super) async fn lift(&self, lift: HoldLifted) -> anyhow::Result<Done> {
        let _turn = self.turn.lock().await;
        let views = self.caught_up().await?;
        let holds = tokio::task::spawn_blocking(move || views.holds()).await??;
        let hold = holds.iter().find(|hold| hold.id == lift.hold);
        let hold = hold.with_context(|| {
            format!("no hold has the id {}: `exhibit-collector hold list` shows them", lift.hold)
        })?;
        if let Some((index, ..)) = hold.lifted {
            anyhow::bail!("hold {} was lifted already, by entry {index}", lift.hold);
        }
        let entry = self.collector.entry(EntryType::Hold, HOLD_LIFTED, self.about(), lift)?;
        Ok(Done::Held { entry: self.writer.append(entry).await?.index })
    }

    /// 1. The tombstone and the deletion are one transaction of the log. Crash before: nothing happened, and the next pass
    ///    finds the same. Crash after: the entry is there and the rows are gone; steps 2 and 3 are done by the next pass.
    /// 2. Views take the words of findings that came of the documents. Crash: they follow the log at the next start.
    /// 3. The files are rid of what the rows left: views are written anew, both WALs emptied. Crash, or a reader that holds a
    ///    WAL: the next deletion, and SQLite's own checkpoint at the next close, do it.
    async fn delete(&self, views: &Views, gone: Gone, why: Why) -> anyhow::Result<u64> {
        let (views, reader) = (views.clone(), self.reader.clone());
        let digests: Vec<Digest> = gone.keys().copied().collect();
        let (asked, named) = (views.clone(), digests.clone());
        let (kept, stored) = tokio::task::spawn_blocking(move || {
            let stored: Vec<Option<u64>> =
                named.iter().map(|digest| reader.stored(digest)).collect::<Result<_, _>>()?;
            Ok::<_, anyhow::Error>((asked.kept(&named)?, stored))
        })
        .await??;
        let mut documents = Vec::new();
        for (places, stored) in gone.into_values().zip(stored) {
            for place in places {
                documents.push(Deleted {
                    digest: place.digest,
                    kind: place.kind.parse()?,
                    target: place.target.parse()?,
                    stored: stored.unwrap_or(0),
                    last: place.last_index,
                });
            }
        }
        let mut subject = self.about();
        let name = "urn:exhibit:tombstone:findings";
        subject.push(Subject::new(name, Digest::of(&kept), Some(KEPT_MEDIA_TYPE)));
        let Why { rule, approver, reason } = why;
        let stone = Tombstone { rule, approver, reason, documents };
        let mut entry = self.collector.entry(EntryType::Tombstone, TOMBSTONE, subject, stone)?;
        entry.documents.push(kept);
        entry.erases = digests;
        let index = self.writer.append(entry).await?.index;
        let reader = self.reader.clone();
        tokio::task::spawn_blocking(move || {
            views.catch_up()?;
            let (mut views_done, mut log_done) = (false, false);
            for _ in 0..TRIES {
                views_done = views_done || views.erase_remains()?;
                log_done = log_done || reader.empty_wal()?;
                if views_done && log_done {
                    return Ok(());
                }
                std::thread::sleep(TRY_EVERY);
            }
            tracing::warn!(
                index,
                "deleted bytes may still be in a write-ahead log that somebody reads; the next deletion tries again"
            );
            Ok::<_, anyhow::Error>(())
        })
        .await??;
        tracing::info!(index, "documents deleted");
        Ok(index)
    }

    fn about(&self) -> Vec<Subject> {
        let log = self.collector.verifier().name().to_owned();
        vec![Subject::new(log, self.collector.public().id(), None)]
    }

    async fn caught_up(&self) -> anyhow::Result<Views> {
        let open = Arc::clone(&self.views);
        tokio::task::spawn_blocking(move || {
            let views = open()?;
            views.catch_up()?;
            Ok(views)
        })
        .await?
    }

    /// A pass a day, bounded in documents per second, until `stop`.
    pub(super) async fn follow(self, stop: CancellationToken) {
        if self.rules.is_empty() {
            return stop.cancelled().await;
        }
        let per_second = self.rules.documents_per_second.get() as usize;
        let mut rest = FIRST;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(rest) => {}
            }
            let most = per_second.min(BATCH);
            // Not broken off by `stop`: it ends within one batch.
            let now = Timestamp::now();
            rest = match self.due(most, now).await {
                Ok(Done::Deleted { more: true, documents, .. }) => {
                    Duration::from_secs(1).max(Duration::from_secs(documents / per_second as u64))
                }
                Ok(_) => DAILY,
                Err(error) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "the retention pass could not go on; it will try again"
                    );
                    self.last.failed(now, format!("{error:#}"));
                    FIRST
                }
            };
        }
    }
}

/// What becomes of each document that is old enough to be asked about.
fn fates(
    views: &Views,
    rules: &Retention,
    now: Timestamp,
) -> anyhow::Result<BTreeMap<Digest, (Vec<Candidate>, Fate)>> {
    let Some(horizon) = rules.horizon(now) else { return Ok(BTreeMap::new()) };
    let mut fates = BTreeMap::new();
    let holds = views.holds()?;
    for candidate in views.candidates(horizon)? {
        fates.entry(candidate.digest).or_insert((Vec::new(), Fate::Kept));
    }
    for (digest, (places, fate)) in &mut fates {
        // Places that named it later count as well.
        *places = views.candidate(digest)?;
        *fate = rules.fate(places, &holds, now);
    }
    Ok(fates)
}

/// What a look, or a pass, came to.
#[derive(Debug, Serialize)]
pub struct Retained {
    /// Documents that may go, or went.
    pub due: u64,
    pub bytes: u64,
    /// Their time has come, and a legal hold keeps them.
    pub held: u64,
    /// By rule.
    pub rules: BTreeMap<String, u64>,
    /// Digests, when nothing was deleted; at most 1000.
    pub documents: Vec<Digest>,
    /// Entries that say what was deleted; empty: nothing was.
    pub entries: Vec<u64>,
    pub deleted: bool,
}

/// Shows what the rules let go, or deletes it; works while `serve` runs and while it does not.
pub fn retention(config: &Config, delete: bool, now: Timestamp) -> anyhow::Result<Retained> {
    if delete {
        return delete_due(config, now);
    }
    let views = views(config, &Keys::load(config)?)?;
    let mut found = Retained::nothing(false);
    for (digest, (places, fate)) in fates(&views, &config.retention, now)? {
        match fate {
            Fate::Due(rule) => {
                found.due += 1;
                found.bytes += places.iter().map(|place| place.size).max().unwrap_or(0);
                *found.rules.entry(rule).or_default() += 1;
                if found.documents.len() < 1000 {
                    found.documents.push(digest);
                }
            }
            Fate::Held(_) => found.held += 1,
            Fate::Kept | Fate::Until(_) => {}
        }
    }
    Ok(found)
}

fn delete_due(config: &Config, now: Timestamp) -> anyhow::Result<Retained> {
    let mut found = Retained::nothing(true);
    loop {
        let done = desk::ask(config, Request::Retain, now)?;
        let Done::Deleted { entry, documents, more } = done else {
            return Err(desk::unexpected(&done));
        };
        found.due += documents;
        found.entries.extend(entry);
        if !more {
            return Ok(found);
        }
    }
}

/// Deletes one document because somebody asks for it; answers the index of its tombstone.
pub fn delete(
    config: &Config,
    digest: Digest,
    (by, reason): (String, String),
    now: Timestamp,
) -> anyhow::Result<u64> {
    desk::texts(&[("--by", &by), ("--reason", &reason)])?;
    let request = Request::Delete { digest, by, reason };
    let done = desk::ask(config, request, now)?;
    if let Done::Deleted { entry: Some(entry), .. } = done {
        Ok(entry)
    } else {
        Err(desk::unexpected(&done))
    }
}

/// Makes a legal hold, or lifts one; answers the index of the entry.
pub fn hold(config: &Config, request: Request, now: Timestamp) -> anyhow::Result<u64> {
    match &request {
        Request::Hold(Hold { by, reason, from, to, .. }) => {
            desk::texts(&[("--by", by), ("--reason", reason)])?;
            if let (Some(from), Some(to)) = (from, to) {
                let (first, last): (Timestamp, Timestamp) = (from.parse()?, to.parse()?);
                ensure!(first <= last, "--from {from} is after --to {to}");
            }
        }
        Request::Lift(HoldLifted { by, reason, .. }) => {
            desk::texts(&[("--by", by), ("--reason", reason)])?;
        }
        Request::Revoke(_)
        | Request::Record(_)
        | Request::Retain
        | Request::Delete { .. }
        | Request::LogKey(_) => {}
    }
    let done = desk::ask(config, request, now)?;
    if let Done::Held { entry } = done { Ok(entry) } else { Err(desk::unexpected(&done)) }
}

/// One legal hold, for people and programs.
#[derive(Debug, Serialize)]
pub struct HoldShown {
    pub id: u64,
    pub target: Option<String>,
    pub kind: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub by: String,
    pub reason: String,
    pub made: String,
    /// Index of the entry that lifted it.
    pub lifted: Option<u64>,
}

/// All holds, newest first.
pub fn holds(config: &Config) -> anyhow::Result<Vec<HoldShown>> {
    let views = views(config, &Keys::load(config)?)?;
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let shown = views.holds()?.into_iter().map(|hold| HoldShown {
        id: hold.id,
        target: hold.target,
        kind: hold.kind,
        from: text(hold.from),
        to: text(hold.to),
        by: hold.by,
        reason: hold.reason,
        made: hold.made.to_string(),
        lifted: hold.lifted.map(|(index, ..)| index),
    });
    Ok(shown.collect())
}

/// The views as of now, whether or not `serve` runs.
fn views(config: &Config, keys: &Keys) -> anyhow::Result<Views> {
    let reader = tools::reader(config, keys)?;
    let (path, assessor) = (config.views_db(), Assessor::builtin()?);
    let views = match crate::log::Lock::take(&config.lock()) {
        Ok(_lock) => Views::open(&path, reader, assessor)?,
        Err(_serving) => Views::attach(&path, reader, assessor)?,
    };
    views.catch_up()?;
    Ok(views)
}

impl Retained {
    fn nothing(deleted: bool) -> Self {
        let (rules, documents, entries) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { due: 0, bytes: 0, held: 0, rules, documents, entries, deleted }
    }
}

impl fmt::Display for Retained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.deleted {
            return match self.entries.as_slice() {
                [] => write!(f, "nothing was due"),
                entries => write!(f, "{} documents deleted, entries {entries:?} say so", self.due),
            };
        }
        write!(f, "{} documents ({} bytes) may go", self.due, self.bytes)?;
        for (rule, count) in &self.rules {
            write!(f, "\n  {count} under the rule {rule}")?;
        }
        if self.held > 0 {
            write!(f, "\n  {} more are due and kept by a legal hold", self.held)?;
        }
        if self.due > 0 {
            write!(
                f,
                "\n`exhibit-collector retention --now` deletes them; their digests and proofs stay"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for HoldShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let any = |text: &Option<String>, all: &str| text.clone().unwrap_or_else(|| all.to_owned());
        write!(
            f,
            "{}\t{}\t{}\t{} to {}\tby {} on {}: {}",
            self.id,
            any(&self.target, "every target"),
            any(&self.kind, "every kind"),
            any(&self.from, "the beginning"),
            any(&self.to, "now and later"),
            self.by,
            self.made,
            self.reason
        )?;
        self.lifted.map_or(Ok(()), |index| write!(f, "\tlifted by entry {index}"))
    }
}

#[cfg(test)]
mod tests;
