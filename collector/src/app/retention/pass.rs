//! The pass: what is due goes, batch by batch, beside `serve` or at once.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Undertaker;
use super::delete::{Gone, Why};
use crate::requests::Done;
use crate::retention::{Fate, Retention};
use crate::views::Views;

/// Documents of one tombstone: its envelope stays far below 64 KiB.
const BATCH: usize = 64;
/// Bytes of one tombstone's documents: they are overwritten in one transaction.
const BATCH_BYTES: u64 = 32 << 20;
/// A pass a day; the first soon after the start.
const FIRST: Duration = Duration::from_secs(300);
const DAILY: Duration = Duration::from_secs(86_400);

impl Undertaker {
    /// Deletes what is due now: one batch of one rule, at most `most` documents.
    pub(in crate::app) async fn due(&self, most: usize, now: Timestamp) -> anyhow::Result<Done> {
        let _turn = self.turn.lock().await;
        let views = self.caught_up().await?;
        let (rules, asked) = (self.rules.clone(), views.clone());
        let most = most.min(BATCH);
        let next = tokio::task::spawn_blocking(move || next(&asked, &rules, most, now)).await??;
        let Some(Next { rule, gone, left }) = next else {
            self.last.step(now, 0, false);
            return Ok(Done::Deleted { entry: None, documents: 0, left: 0 });
        };
        let documents = gone.len() as u64;
        let approver = self.rules.approved_by.clone().unwrap_or_default();
        let reason = "no statement has named it for as long as the rule says".to_owned();
        let entry = self.delete(&views, gone, Why { rule, approver, reason }).await?;
        self.last.step(now, documents, left > 0);
        Ok(Done::Deleted { entry: Some(entry), documents, left })
    }

    /// A pass a day, bounded in documents per second, until `stop`.
    pub(in crate::app) async fn follow(self, stop: CancellationToken) {
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
                Ok(Done::Deleted { documents, left: 1.., .. }) => {
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

/// The next batch.
struct Next {
    rule: String,
    gone: Gone,
    /// Due besides.
    left: u64,
}

/// What goes next: the first documents by digest of the first rule by name. No more than a batch a rule is kept in memory.
fn next(
    views: &Views,
    rules: &Retention,
    most: usize,
    now: Timestamp,
) -> anyhow::Result<Option<Next>> {
    if rules.is_empty() {
        return Ok(None);
    }
    let holds = views.holds()?;
    let (mut due, mut all) = (BTreeMap::<String, Gone>::new(), 0_u64);
    views.each_held(|digest, places| {
        let decided = rules.decide(&places, &holds, now).map(|decided| decided.fate);
        if let Some(Fate::Due { rule }) = decided {
            all += 1;
            let gone = due.entry(rule).or_default();
            if gone.len() < most {
                gone.insert(digest, places);
            }
        }
    })?;
    let Some((rule, mut gone)) = due.pop_first() else { return Ok(None) };
    let (mut bytes, mut count) = (0_u64, 0_u64);
    gone.retain(|_, places| {
        let size = places.iter().map(|place| place.size).max().unwrap_or(0);
        let fits = count == 0 || bytes + size <= BATCH_BYTES;
        (bytes, count) = if fits { (bytes + size, count + 1) } else { (bytes, count) };
        fits
    });
    Ok(Some(Next { rule, gone, left: all - count }))
}
