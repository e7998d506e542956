//! `history`: two moments compared, and the lapses of a period, for the command line.

use std::collections::BTreeMap;
use std::fmt;

use exhibit_assessment::ControlId;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Keys;
use super::open::views;
use crate::config::Config;
use crate::views::{Among, Comparison, Lapse, Period, Views, ViewsError};

/// Two moments compared.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct MomentsCompared(Comparison);

/// The lapses of a period.
#[derive(Debug, Serialize)]
pub struct LapsesFound {
    pub period: Period,
    pub targets: u64,
    pub controls: BTreeMap<ControlId, ControlLapses>,
    pub lapses: Vec<Lapse>,
    /// Statements that were read for it.
    pub statements: u64,
}

/// A control over all targets and kinds.
#[derive(Debug, Default, Serialize)]
pub struct ControlLapses {
    pub lapses: u64,
    /// Seconds, of all together and of the longest.
    pub seconds: u64,
    pub longest_seconds: u64,
}

/// Compares what stood at two moments; the second is now, if it is not given.
pub fn compare(
    config: &Config,
    (from, to): (&str, Option<&str>),
    now: Timestamp,
) -> anyhow::Result<MomentsCompared> {
    let views = opened(config)?;
    let now_text = now.to_string();
    let (from, to) = (views.moment(from, now)?, views.moment(to.unwrap_or(&now_text), now)?);
    Ok(MomentsCompared(views.compare(&from, &to)?))
}

/// Looks for intervals without valid evidence; of one target, or of all.
pub fn lapses(
    config: &Config,
    (from, to): (&str, Option<&str>),
    target: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<LapsesFound> {
    let views = opened(config)?;
    let from = views.moment(from, now)?.at;
    let to = to.map(|to| views.moment(to, now)).transpose()?.map_or(now, |to| to.at);
    if let Some(target) = target
        && views.target(target)?.is_none()
    {
        anyhow::bail!("no target {target:?} was ever enrolled: the pages list those that were");
    }
    let period = Period { from: from.min(to), to: to.max(from) };
    let (mut lapses, mut targets, mut statements) = (Vec::new(), 0, 0);
    views.lapses::<ViewsError>(period, Among::named(target), |of, read| {
        lapses.extend(of.lapses);
        (targets, statements) = (targets + 1, read);
        Ok(true)
    })?;
    let mut controls: BTreeMap<ControlId, ControlLapses> = BTreeMap::new();
    for lapse in &lapses {
        for (control, since) in &lapse.controls {
            let length = lapse.to.as_second().saturating_sub(since.as_second());
            let length = u64::try_from(length).unwrap_or(0);
            let of = controls.entry(*control).or_default();
            (of.lapses, of.seconds) = (of.lapses + 1, of.seconds + length);
            of.longest_seconds = of.longest_seconds.max(length);
        }
    }
    Ok(LapsesFound { period, targets, controls, lapses, statements })
}

fn opened(config: &Config) -> anyhow::Result<Views> {
    views(config, &Keys::load(config)?)
}

impl MomentsCompared {
    /// Whether no control has another status.
    pub fn is_calm(&self) -> bool {
        self.0.controls.is_empty()
    }
}

impl LapsesFound {
    pub fn is_calm(&self) -> bool {
        self.lapses.is_empty()
    }
}

impl fmt::Display for MomentsCompared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { from, to, controls, turned, events } = &self.0;
        writeln!(
            f,
            "from {} ({} entries) to {} ({} entries)",
            from.at, from.entries, to.at, to.entries
        )?;
        if from.pack != to.pack {
            writeln!(f, "rule pack {} then, {} after", from.pack_version, to.pack_version)?;
        }
        for change in controls {
            let (was, is) = (change.was.as_str(), change.is.as_str());
            writeln!(f, "{} {}: {was} -> {is}", change.control, change.title)?;
            for (sign, reasons) in [("+", &change.came), ("-", &change.went)] {
                for reason in reasons {
                    let target = reason.target.as_deref().unwrap_or("");
                    writeln!(f, "  {sign} {} {target}", reason.text)?;
                }
            }
            for turn in &change.turns {
                let was = turn.was.as_deref().unwrap_or("first");
                let (rule, name) = (&turn.rule, &turn.name);
                writeln!(f, "  {rule} on {name}: {was} -> {} (entry {})", turn.is, turn.index)?;
            }
            let more = change.turned.saturating_sub(change.turns.len() as u64);
            if more > 0 {
                writeln!(f, "  {more} findings turned before these")?;
            }
        }
        for event in events {
            let entry = event.index.map(|index| format!(" (entry {index})")).unwrap_or_default();
            writeln!(f, "{} {}: {}{entry}", event.at, event.what.as_str(), event.text)?;
        }
        write!(f, "{} controls with another status, {turned} findings turned", controls.len())
    }
}

impl fmt::Display for LapsesFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { period, targets, controls, lapses, statements } = self;
        for lapse in lapses {
            let Lapse { name, kind, from, to, open, cause, detail, .. } = lapse;
            let end = if *open { " and on" } else { "" };
            let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
            writeln!(f, "{name} {kind} {from} to {to}{end}, {cause}{detail}")?;
        }
        for (control, of) in controls {
            let hours = |seconds: u64| {
                SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)).as_hours()
            };
            let (longest, all) = (hours(of.longest_seconds), hours(of.seconds));
            writeln!(
                f,
                "{control} lacked evidence {} times, {longest} h at the longest, {all} h together",
                of.lapses
            )?;
        }
        write!(
            f,
            "{} intervals without valid evidence on {targets} targets from {} to {} ({statements} statements read)",
            lapses.len(),
            period.from,
            period.to
        )
    }
}
