//! `soa`: versions of the statement of applicability, frozen, listed, shown and compared. What is decided about a control stands
//! in `decide`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Because, Output, show};
use crate::app;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Versions {
    /// Freeze the statement as it is now: its document is stored beside the log, and a signed entry names it. Where `[approval]
    /// second_person` names `soa`, another person approves it first (`decision approve soa RECORD`); works while `serve` runs
    Freeze(Because),
    /// The frozen versions, newest first
    List(Output),
    /// What changed from one version to another; exit 1 if anything
    Diff(Diff),
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// Entry of the older version
    older: String,
    /// Entry of the newer version, or `now`
    #[arg(default_value = "now")]
    newer: String,
    #[command(flatten)]
    output: Output,
}

pub(super) fn versions(
    config: &Config,
    asked: Versions,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    match asked {
        Versions::Freeze(Because { reason, by, output }) => {
            let done = app::freeze_soa(config, (by, reason), now)?;
            show(output.json, &done, &done.to_string())
        }
        Versions::List(output) => {
            let found = app::soa_versions(config)?;
            show(output.json, &found, &found.to_string())
        }
        Versions::Diff(Diff { older, newer, output }) => {
            let found = app::compare_soa(config, &older, &newer, now)?;
            let code = show(output.json, &found, &found.to_string())?;
            Ok(if found.differences.is_empty() { code } else { ExitCode::from(1) })
        }
    }
}

/// Prints the document of a version, exactly as it is stored.
pub(super) fn document(config: &Config, entry: u64) -> anyhow::Result<ExitCode> {
    let (_, bytes) = app::soa_version(config, entry)?;
    match std::io::stdout().write_all(&bytes) {
        // Whoever reads has read enough (`| head`).
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(ExitCode::SUCCESS)
}
