//! `soa`: the statement of applicability, frozen and compared.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Because, Output, show};
use crate::app;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Soa {
    /// Freeze the statement as it is now: its document is stored beside the log, and a signed entry names it; works while
    /// `serve` runs
    Freeze(Because),
    /// The frozen versions, newest first
    List(Output),
    /// Print the document of a version, exactly as it is stored
    Show(Show),
    /// What changed from one version to another; exit 1 if anything
    Diff(Diff),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Entry that froze it, as `soa list` shows it
    entry: u64,
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

pub(super) fn soa(config: &Config, asked: Soa, now: Timestamp) -> anyhow::Result<ExitCode> {
    match asked {
        Soa::Freeze(Because { reason, by, output }) => {
            let done = app::freeze_soa(config, (by, reason), now)?;
            show(output.json, &done, &done.to_string())
        }
        Soa::List(output) => {
            let found = app::soa_versions(config)?;
            show(output.json, &found, &found.to_string())
        }
        Soa::Show(Show { entry }) => {
            let (_, bytes) = app::soa_version(config, entry)?;
            match std::io::stdout().write_all(&bytes) {
                // Whoever reads has read enough (`| head`).
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                written => written?,
            }
            Ok(ExitCode::SUCCESS)
        }
        Soa::Diff(Diff { older, newer, output }) => {
            let found = app::compare_soa(config, &older, &newer, now)?;
            let code = show(output.json, &found, &found.to_string())?;
            Ok(if found.differences.is_empty() { code } else { ExitCode::from(1) })
        }
    }
}
