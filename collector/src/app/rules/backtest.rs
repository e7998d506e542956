//! `rules backtest`: a pack is tried on stored evidence before anybody activates it. It changes nothing.

use std::fmt;
use std::path::Path;
use std::time::Instant;

use anyhow::ensure;
use exhibit_assessment::{BackTest, Verdict};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;

use super::files::load;
use crate::app::{Keys, open};
use crate::config::Config;

/// Findings that are told one by one; `--json` has a thousand.
const TOLD: usize = 20;

/// What a pack would have changed.
#[derive(Debug, Serialize)]
pub struct BackTested {
    /// Versions and digests of the pack in force and of the candidate.
    pub in_force: (String, String),
    pub candidate: (String, String),
    pub from: String,
    pub to: String,
    /// Intervals of documents whose bytes are not held any more.
    pub not_held: u64,
    pub seconds: f64,
    /// Documents judged by both packs in a second.
    pub rate: f64,
    #[serde(flatten)]
    pub test: BackTest,
}

/// Tries the pack at `pack` on the evidence of a period; works while `serve` runs.
pub fn backtest(
    config: &Config,
    pack: &Path,
    (from, to): (Timestamp, Timestamp),
) -> anyhow::Result<BackTested> {
    ensure!(from <= to, "--from {from} is after --to {to}");
    let candidate = load(pack)?;
    let views = open::views(config, &Keys::load(config)?)?.pinned()?;
    // Hidden by itself where standard error is not a terminal.
    let bar = ProgressBar::no_length();
    bar.set_style(ProgressStyle::with_template("{spinner} {pos} documents, {per_sec}")?);
    let began = Instant::now();
    let tried = views.try_pack(&candidate, (from, to), |done| bar.set_position(done));
    bar.finish_and_clear();
    let (tried, seconds) = (tried?, began.elapsed().as_secs_f64());
    let now = views.assessor().pack();
    Ok(BackTested {
        in_force: (now.version().to_owned(), now.digest().to_owned()),
        candidate: (candidate.version().to_owned(), candidate.digest().to_owned()),
        from: from.to_string(),
        to: to.to_string(),
        not_held: tried.not_held,
        seconds,
        rate: f64::from(u32::try_from(tried.test.samples).unwrap_or(u32::MAX)) / seconds.max(0.001),
        test: tried.test,
    })
}

impl fmt::Display for BackTested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { test, .. } = self;
        writeln!(
            f,
            "{} instead of {}, {} to {}",
            self.candidate.0, self.in_force.0, self.from, self.to
        )?;
        writeln!(
            f,
            "{} documents judged by both in {:.1} s ({:.0} a second), {} not held any more",
            test.samples, self.seconds, self.rate, self.not_held
        )?;
        writeln!(f, "{} findings would have differed", test.finding_count)?;
        for (pair, count) in &test.verdicts {
            writeln!(f, "  {count}\t{pair}")?;
        }
        for change in test.findings.iter().take(TOLD) {
            let word = |finding: &Option<exhibit_assessment::Finding>| {
                finding.as_ref().map_or("none", |finding| Verdict::as_str(finding.verdict))
            };
            let (before, after) = (word(&change.before), word(&change.after));
            writeln!(f, "  {} on {}: {before} → {after}", change.rule, change.target)?;
        }
        if test.finding_count > TOLD as u64 {
            writeln!(f, "  …")?;
        }
        write!(
            f,
            "{} controls would have another status at the end, with the schedules and decisions of today",
            test.statuses.len()
        )?;
        for change in &test.statuses {
            let (before, after) = (change.before.as_str(), change.after.as_str());
            write!(f, "\n  {}\t{before} → {after}", change.control)?;
        }
        Ok(())
    }
}
