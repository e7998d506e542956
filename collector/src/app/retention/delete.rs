//! Deletes documents: the tombstone first, then every byte that is left of them. It does not decide which.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::ensure;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Deleted, Subject, TOMBSTONE, Tombstone};
use jiff::Timestamp;

use super::{Undertaker, desk};
use crate::config::Config;
use crate::requests::{Done, Request};
use crate::retention::held;
use crate::views::{Candidate, KEPT_MEDIA_TYPE, Views};

/// How often the files are tried again while somebody reads them.
const TRIES: u32 = 20;
const TRY_EVERY: Duration = Duration::from_millis(250);

/// Documents by digest, with every place that names them.
pub(super) type Gone = BTreeMap<Digest, Vec<Candidate>>;

/// Why, in the words of the tombstone.
pub(super) struct Why {
    pub(super) rule: String,
    pub(super) approver: String,
    pub(super) reason: String,
}

impl Undertaker {
    /// Deletes one document because somebody asks for it, unless a hold keeps it.
    pub(in crate::app) async fn one(
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
        if let Some((hold, _)) = held(&places, &holds) {
            anyhow::bail!(
                "document {digest} is under the legal hold {hold}: see `exhibit-collector hold list`, and lift it first if it is over"
            );
        }
        let why = Why { rule: "on request".to_owned(), approver: by, reason };
        let entry = self.delete(&views, [(digest, places)].into(), why).await?;
        Ok(Done::Deleted { entry: Some(entry), documents: 1, left: 0 })
    }

    /// 1. The tombstone and the deletion are one transaction of the log. Crash before: nothing happened, and the next pass
    ///    finds the same. Crash after: the entry is there and the rows are gone; steps 2 and 3 are done by the next pass.
    /// 2. Views take the words of findings that came of the documents. Crash: they follow the log at the next start.
    /// 3. The files are rid of what the rows left: views are written anew, both WALs emptied. Crash, or a reader that holds a
    ///    WAL: the next deletion, and SQLite's own checkpoint at the next close, do it.
    pub(super) async fn delete(&self, views: &Views, gone: Gone, why: Why) -> anyhow::Result<u64> {
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
