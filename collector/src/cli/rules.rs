//! The commands about rule packs on disk. They need no configuration and touch no log.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Output, show};
use crate::app;

/// Rule packs on disk: tried and compared before anybody activates them
#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// Compile every rule of a pack and run its tests; exit 1 if one fails
    Test(Test),
    /// What a newer pack changes: rules, parameters, controls; exit 1 if anything
    Diff(Diff),
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// Directory or archive of the pack, or `builtin`
    pack: PathBuf,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// Directory or archive of the older pack, or `builtin`
    older: PathBuf,
    /// The newer pack
    newer: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(rules: &Rules) -> anyhow::Result<ExitCode> {
    let (shown, fine) = match rules {
        Rules::Test(asked) => {
            let found = app::test_rules(&asked.pack)?;
            (show(asked.output.json, &found, &found.to_string())?, found.failures.is_empty())
        }
        Rules::Diff(asked) => {
            let found = app::diff_rules(&asked.older, &asked.newer)?;
            (show(asked.output.json, &found, &found.to_string())?, found.diff.is_empty())
        }
    };
    Ok(if fine { shown } else { ExitCode::FAILURE })
}
