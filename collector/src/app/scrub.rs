//! The scrub beside `serve`, and `check`, which does the whole of it at once.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::Keys;
use crate::config::Config;
use crate::log::LogReader;
use crate::log::scrub::{Damage, Part, PassError, Plan, Scrub, ScrubStore};
use crate::named::named;

/// Rest after a step that could not be made.
const RETRY: Duration = Duration::from_secs(60);
/// Damaged things that `check` names; the rest is counted.
const NAMED: usize = 10_000;

/// What `check` found.
#[derive(Debug, Serialize)]
pub struct Checked {
    #[serde(flatten)]
    pub plan: Plan,
    pub damaged: u64,
    /// At most 10,000 of them.
    pub damage: Vec<Damage>,
    /// Documents that only older entries name are not judged: whether they ever came was not kept. 0: all are.
    pub recorded_since: u64,
    #[serde(skip)]
    lost: BTreeSet<String>,
}

/// Looks through the whole log; changes nothing, works while `serve` runs.
pub fn check(config: &Config) -> anyhow::Result<Checked> {
    let keys = Keys::load(config)?;
    let reader = LogReader::open(&config.log_db()).context("opening the log")?;
    let scrub = Scrub::new(reader.clone(), keys.collector.keys().clone(), named);
    let plan = scrub.plan()?;
    // Hidden by itself where standard error is not a terminal.
    let bar = ProgressBar::new(plan.slices());
    bar.set_style(ProgressStyle::with_template("{wide_bar} {percent} % {eta} left")?);
    let recorded_since = reader.recorded_since()?.min(plan.size);
    let (damage, lost) = (Vec::new(), BTreeSet::new());
    let mut found = Checked { plan, damaged: 0, damage, recorded_since, lost };
    found.add(scrub.integrity()?);
    for number in 0..plan.slices() {
        found.add(scrub.slice(&plan, number)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(found)
}

/// Pass after pass in gentle slices off the async threads, until `stop`.
pub(super) async fn follow(
    scrub: Scrub,
    store: ScrubStore,
    period: Duration,
    stop: CancellationToken,
) {
    loop {
        let (scrub, store) = (scrub.clone(), store.clone());
        let step = move || scrub.step(&store, period, Timestamp::now());
        let rest = match tokio::task::spawn_blocking(step).await {
            Ok(done) => told(done),
            Err(error) => {
                tracing::error!(%error, "the scrub ended early");
                RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
    }
}

fn told(done: Result<(Duration, Vec<Damage>), PassError>) -> Duration {
    match done {
        Ok((rest, damage)) => {
            for damage in damage {
                tracing::error!(
                    part = damage.part.as_str(),
                    name = damage.name,
                    detail = damage.detail,
                    "the log is damaged: keep the files, run `exhibit-collector check`, restore a backup beside them"
                );
            }
            rest
        }
        Err(error) => {
            tracing::warn!(%error, "the scrub could not go on; it will try again");
            RETRY
        }
    }
}

impl Checked {
    fn add(&mut self, mut found: Vec<Damage>) {
        // Each slice that names a lost document tells it.
        found.retain(|damage| {
            damage.part != Part::LostDocument || self.lost.insert(damage.name.clone())
        });
        self.damaged += found.len() as u64;
        let room = NAMED.saturating_sub(self.damage.len());
        self.damage.extend(found.into_iter().take(room));
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { size, documents } = self.plan;
        write!(f, "{size} entries and {documents} documents: ")?;
        if self.damaged == 0 {
            write!(f, "all hashes lead to the signed heads, and no document is lost")?;
        } else {
            let damaged = self.damaged;
            write!(f, "{damaged} damaged; stop, keep the files, restore a backup beside them")?;
        }
        if self.recorded_since > 0 {
            write!(
                f,
                "\ndocuments that only entries before {} name are not looked for: an older version did not keep which of them never came",
                self.recorded_since
            )?;
        }
        self.damage.iter().try_for_each(|damage| write!(f, "\n  {damage}"))
    }
}
