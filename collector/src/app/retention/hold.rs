//! Legal holds: made, lifted, listed. What they keep is decided elsewhere.

use std::fmt;

use anyhow::{Context as _, ensure};
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{HOLD, HOLD_LIFTED, Hold, HoldLifted};
use jiff::Timestamp;
use serde::Serialize;

use super::{Keys, Undertaker, desk, views};
use crate::config::Config;
use crate::requests::{Done, Request};

impl Undertaker {
    pub(in crate::app) async fn hold(&self, hold: Hold) -> anyhow::Result<Done> {
        let _turn = self.turn.lock().await;
        let entry = self.collector.entry(EntryType::Hold, HOLD, self.about(), hold)?;
        Ok(Done::Held { entry: self.writer.append(entry).await?.index })
    }

    pub(in crate::app) async fn lift(&self, lift: HoldLifted) -> anyhow::Result<Done> {
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
        | Request::ActivatePack(_)
        | Request::ApprovePack(_)
        | Request::Decide { .. }
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
