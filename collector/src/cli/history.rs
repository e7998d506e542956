//! `history`: what changed between two moments, and when there was no evidence.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Output, show};
use crate::app;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum History {
    /// What changed between two moments and why: statuses, findings that turned, decisions, rule packs, targets; exit 1 if a
    /// control's status did; works while `serve` runs
    Diff(Diff),
    /// Intervals of a period without valid evidence, by target and kind, and controls that lacked it; exit 1 if any; works
    /// while `serve` runs
    Lapses(Lapses),
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The end of a day (2026-11-30), a time (RFC 3339), or the number of an entry
    #[arg(long, value_name = "MOMENT")]
    from: String,
    /// The same; now if absent
    #[arg(long, value_name = "MOMENT")]
    to: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Lapses {
    /// The end of a day (2026-11-30), a time (RFC 3339), or the number of an entry
    #[arg(long, value_name = "MOMENT")]
    from: String,
    /// The same; now if absent
    #[arg(long, value_name = "MOMENT")]
    to: Option<String>,
    /// Only this target
    #[arg(long, value_name = "TARGET")]
    target: Option<exhibit_proto::document::Target>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(config: &Config, asked: History, now: Timestamp) -> anyhow::Result<ExitCode> {
    let (code, calm) = match asked {
        History::Diff(Diff { from, to, output }) => {
            let found = app::compare_moments(config, (&from, to.as_deref()), now)?;
            (show(output.json, &found, &found.to_string())?, found.is_calm())
        }
        History::Lapses(Lapses { from, to, target, output }) => {
            let target = target.as_ref().map(|target| target.as_str());
            let found = app::lapses(config, (&from, to.as_deref()), target, now)?;
            (show(output.json, &found, &found.to_string())?, found.is_calm())
        }
    };
    Ok(if calm { code } else { ExitCode::from(1) })
}
