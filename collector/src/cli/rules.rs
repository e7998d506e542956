//! The commands about rule packs. Those about packs on disk need no configuration and touch no log.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde_json::json;

use super::{Because, Output, show};
use crate::app;
use crate::config::Config;

/// Rule packs: tried and compared on disk, put in force in the log
#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// Compile every rule of a pack and run its tests; exit 1 if one fails; needs no configuration
    Test(Test),
    /// What a newer pack changes: rules, parameters, controls; exit 1 if anything; needs no configuration
    Diff(Diff),
    /// Sign a pack with an Ed25519 key, into pack.sig or beside its archive; needs no configuration
    Sign(Sign),
    /// Try a pack on stored evidence: which findings and statuses it would have changed; changes nothing; works while `serve` runs
    Backtest(Backtest),
    /// Put a pack in force: compiled, tested and logged with all its files; findings from there on come from it. Where a
    /// second person is asked for, it is proposed. What is refused changes nothing; works while `serve` runs
    Activate(Activate),
    /// Put a proposed pack in force, as another person than who proposed it; works while `serve` runs
    Approve(Approve),
    /// Every pack of the log, newest first
    List(Output),
    /// One pack of the log, and what it changed
    Show(Show),
    /// Write the archive of a pack of the log
    Export(Export),
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

#[derive(Debug, Args)]
pub(super) struct Sign {
    /// Directory or archive of the pack, or `builtin`
    pack: PathBuf,
    /// PEM file of the Ed25519 key (`openssl genpkey -algorithm ed25519`)
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Name of the key, like ada.example.com/rules
    #[arg(long)]
    name: String,
    /// Where to write the signature; otherwise where `activate` looks for it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Backtest {
    /// Directory or archive of the pack, or `builtin`
    pack: PathBuf,
    /// From this day on (2026-10-01), or from this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = from_time)]
    from: Timestamp,
    /// Until the end of this day, or until this time; otherwise until now
    #[arg(long, value_name = "TIME", value_parser = to_time)]
    to: Option<Timestamp>,
    #[command(flatten)]
    output: Output,
}

/// The beginning of a day, or a time.
fn from_time(text: &str) -> Result<Timestamp, String> {
    time(text, civil::Time::midnight())
}

/// The end of a day, or a time.
fn to_time(text: &str) -> Result<Timestamp, String> {
    time(text, civil::Time::MAX)
}

fn time(text: &str, of_day: civil::Time) -> Result<Timestamp, String> {
    if let Ok(day) = text.parse::<civil::Date>()
        && !text.contains(['T', ' '])
    {
        let zoned = day.to_datetime(of_day).to_zoned(TimeZone::UTC);
        return zoned.map(|zoned| zoned.timestamp()).map_err(|error| error.to_string());
    }
    text.parse().map_err(|error| format!("{error}; such as 2026-10-01 or 2026-10-01T08:00:00Z"))
}

#[derive(Debug, Args)]
pub(super) struct Activate {
    /// Directory or archive of the pack, or `builtin`
    pack: PathBuf,
    /// The signature, where it lies elsewhere than pack.sig in the directory, or ARCHIVE.sig
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
pub(super) struct Approve {
    /// Entry that proposes the pack, as `rules list` shows it
    entry: u64,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Entry of the pack, as `rules list` shows it
    entry: u64,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Entry of the pack, as `rules list` shows it
    entry: u64,
    /// File to make
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What people gave, without the shipped rules below it
    #[arg(long)]
    given: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(
    rules: Rules,
    config: impl FnOnce() -> anyhow::Result<Config>,
) -> anyhow::Result<ExitCode> {
    match rules {
        Rules::Test(asked) => {
            let found = app::test_rules(&asked.pack)?;
            let shown = show(asked.output.json, &found, &found.to_string())?;
            Ok(if found.failures.is_empty() { shown } else { ExitCode::FAILURE })
        }
        Rules::Diff(asked) => {
            let found = app::diff_rules(&asked.older, &asked.newer)?;
            let shown = show(asked.output.json, &found, &found.to_string())?;
            Ok(if found.diff.is_empty() { shown } else { ExitCode::FAILURE })
        }
        Rules::Sign(Sign { pack, key, name, out, output }) => {
            let signed = app::sign_rules(&pack, (&name, &key), out.as_deref())?;
            show(output.json, &signed, &signed.to_string())
        }
        Rules::Backtest(Backtest { pack, from, to, output }) => {
            let to = to.unwrap_or_else(Timestamp::now);
            let found = app::backtest_rules(&config()?, &pack, (from, to))?;
            show(output.json, &found, &found.to_string())
        }
        Rules::Activate(Activate { pack, signature, because }) => {
            let Because { reason, by, output } = because;
            let pack = (pack.as_path(), signature.as_deref());
            let done = app::activate_rules(&config()?, pack, (by, reason), Timestamp::now())?;
            show(output.json, &done, &done.to_string())
        }
        Rules::Approve(Approve { entry, because }) => {
            let Because { reason, by, output } = because;
            let done = app::approve_rules(&config()?, entry, (by, reason), Timestamp::now())?;
            show(output.json, &done, &done.to_string())
        }
        Rules::List(output) => {
            let packs = app::packs(&config()?)?;
            let lines: Vec<String> = packs.iter().map(ToString::to_string).collect();
            show(output.json, &packs, &lines.join("\n"))
        }
        Rules::Show(Show { entry, output }) => {
            let found = app::show_pack(&config()?, entry)?;
            show(output.json, &found, &found.to_string())
        }
        Rules::Export(Export { entry, out, given, output }) => {
            let bytes = app::export_pack(&config()?, (entry, given), &out)?;
            let text = format!("{bytes} bytes in {}", out.display());
            show(output.json, &json!({"bytes": bytes, "out": out}), &text)
        }
    }
}
