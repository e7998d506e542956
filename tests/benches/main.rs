//! `exhibit-bench`: figures beside what the machine itself can do, as one JSON object. Run on demand, in release mode.
#![expect(clippy::print_stdout, reason = "it prints its figures")]

#[cfg(feature = "assess")]
mod assess;
mod fleet;
mod host;
mod ingest;
mod limits;
mod log;
mod measured;
#[cfg(feature = "assess")]
mod pages;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use exhibit_tests::Programs;
use serde_json::{Value, json};

use crate::limits::Limits;
use crate::log::{Bundled, Made};

/// Lets a fleet submit to a collector, lets `exhibit` verify logs and bundles of given sizes, and compares.
#[derive(Parser)]
struct Cli {
    /// Folder for what is made; removed afterwards.
    #[arg(long, default_value = "target/bench", global = true)]
    folder: PathBuf,
    /// Leaves of the logs to rebuild.
    #[arg(long, value_delimiter = ',', default_value = "100000,1000000")]
    leaves: Vec<u64>,
    /// Items of the bundles to verify with all signatures.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    items: Vec<u64>,
    /// Agents that send at the same time.
    #[arg(long, default_value_t = 128)]
    agents: usize,
    /// Length of each measurement of taking in; 0 leaves it out.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// What an agent costs its host, beside peers; `tests/benches/peers` installs them
    Host(host::Plan),
    /// What judging costs: a first assessment, a run without a change, one changed document, a year of history, a back-test
    #[cfg(feature = "assess")]
    Assess(assess::Plan),
    /// How quick the pages and the API are: a large fleet, many people at a time, open pages that wait for news
    #[cfg(feature = "assess")]
    Pages(pages::Plan),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    fs::create_dir_all(&cli.folder).with_context(|| cli.folder.display().to_string())?;
    let figures = match &cli.command {
        Some(Command::Host(plan)) => host::measure(&cli.folder, plan)?,
        #[cfg(feature = "assess")]
        Some(Command::Assess(plan)) => assess::measure(&cli.folder, plan)?,
        #[cfg(feature = "assess")]
        Some(Command::Pages(plan)) => pages::measure(&cli.folder, plan)?,
        None => everything(cli)?,
    };
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}

/// Taking in, and verifying logs and bundles.
fn everything(cli: Cli) -> Result<Value> {
    let programs = Programs::beside_me()?;
    let exhibit = programs.path("exhibit");
    ensure!(exhibit.is_file(), "{} is missing: build it in the same profile", exhibit.display());
    let limits = Limits::measure(&cli.folder)?;
    let mut logs = Vec::new();
    for leaves in cli.leaves {
        let made = log::make(&cli.folder.join("log"), leaves, Bundled::No)?;
        logs.push(rebuild(&exhibit, &made, leaves, &limits)?);
        fs::remove_dir_all(&made.folder)?;
    }
    let mut bundles = Vec::new();
    for items in cli.items {
        let made = log::make(&cli.folder.join("bundle"), items, Bundled::Yes)?;
        bundles.push(verify(&exhibit, &made, items, &limits)?);
        fs::remove_dir_all(&made.folder)?;
    }
    let plan = ingest::Plan { agents: cli.agents, seconds: cli.seconds };
    let ingest = match cli.seconds {
        0 => None,
        _ => Some(ingest::measure(&cli.folder, &plan, &limits)?),
    };
    Ok(json!({
        "machine": limits, "ingest": ingest, "verify_log": logs, "verify_bundle": bundles
    }))
}

fn rebuild(exhibit: &Path, made: &Made, leaves: u64, limits: &Limits) -> Result<Value> {
    let run = measured::run(exhibit, "verify-log", made)?;
    // A leaf is hashed once, and there are as many nodes as leaves.
    let hashing = made.leaf_bytes as f64 / limits.sha256_bytes_per_second;
    Ok(json!({
        "leaves": leaves,
        "seconds": run.seconds,
        "peak_mib": run.peak_mib,
        "leaves_per_second": leaves as f64 / run.seconds,
        "times_hashing_alone": run.seconds / hashing,
    }))
}

fn verify(exhibit: &Path, made: &Made, items: u64, limits: &Limits) -> Result<Value> {
    let run = measured::run(exhibit, "verify", made)?;
    let checking = items as f64 / (limits.verify_strict_per_second * limits.cores as f64);
    Ok(json!({
        "items": items,
        "seconds": run.seconds,
        "peak_mib": run.peak_mib,
        "items_per_second": items as f64 / run.seconds,
        "times_signature_checks_alone_on_all_cores": run.seconds / checking,
    }))
}
