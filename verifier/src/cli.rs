//! The command line. Exit codes: 0 nothing failed, 1 something failed, 2 wrong usage or unreadable input, 3 a log shows less than
//! it has shown before.
#![expect(clippy::print_stderr, reason = "a command says why it failed")]

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use exhibit_verifier::receipt::{self, ReceiptError};
use exhibit_verifier::report::{Item, Report, State};
use exhibit_verifier::show::Kept;
use exhibit_verifier::trust::Trust;
use exhibit_verifier::verify::Options;
use exhibit_verifier::written::Writer;
use exhibit_verifier::{keyfile, show, verify};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use crate::bar::Bar;

pub(crate) const FAILED: u8 = 1;
pub(crate) const UNUSABLE: u8 = 2;
/// A log that does not show what it has signed.
pub(crate) const WITHHELD: u8 = 3;

/// Verifies Exhibit's bundles and receipts offline. Trusts the policy file that you name, and nothing else.
#[derive(Parser)]
#[command(name = "exhibit", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Verify a bundle: every file, the log, every item. With --url a log where it is served: head, leaves, tiles. Ends with 0
    /// if nothing failed, 1 if something did, 2 if it could not be asked, 3 if the log shows less than it has shown before.
    Verify {
        /// The folder that holds the bundle.
        #[cfg_attr(not(feature = "online"), arg(required = true))]
        #[cfg_attr(
            feature = "online",
            arg(required_unless_present = "url", conflicts_with = "url")
        )]
        bundle: Option<PathBuf>,
        #[command(flatten)]
        trust: Policy,
        /// Root certificates (PEM) of time-stamping authorities. Get them from the authorities, not from the bundle; without
        /// them time-stamps are not checked.
        #[arg(long, value_name = "FILE")]
        tsa_roots: Option<PathBuf>,
        /// Judge completeness from this time on (RFC 3339, or a day such as 2026-10-01); the bundle's own beginning otherwise.
        #[arg(long, value_name = "TIME", value_parser = from_time)]
        from: Option<Timestamp>,
        /// Judge completeness up to this time; a day counts whole. The bundle's own end otherwise.
        #[arg(long, value_name = "TIME", value_parser = to_time)]
        to: Option<Timestamp>,
        /// The log before this one, as a bundle or a folder with its checkpoint and tiles: it must show the head that this log
        /// goes on from, and the policy must name its key too.
        #[arg(long, value_name = "DIR", requires = "bundle")]
        predecessor: Option<PathBuf>,
        /// Judge the documents again, by the rule packs that were in force, and compare with the findings and statuses that the
        /// bundle brings. A difference is a failure.
        #[cfg(feature = "replay")]
        #[arg(long, requires = "bundle")]
        replay: bool,
        #[cfg(feature = "online")]
        #[command(flatten)]
        server: crate::online_cli::Server,
        /// Folder that remembers the log's newest head, which the next must extend; made where it is not there. A log that
        /// shows only a past of it ends this with 3: a stale answer, or one that keeps its newest entries back.
        #[cfg(feature = "online")]
        #[arg(long, value_name = "DIR", requires = "url")]
        state: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Verify a log alone: a folder with its checkpoint and tiles (C2SP tlog-tiles), without envelopes.
    VerifyLog {
        /// The folder that holds `checkpoint` and `tile/`.
        log: PathBuf,
        #[command(flatten)]
        trust: Policy,
        #[command(flatten)]
        output: Output,
    },
    /// Verify one receipt (a .tlog-proof file that carries its leaf).
    VerifyReceipt {
        /// The receipt.
        file: PathBuf,
        #[command(flatten)]
        trust: Policy,
        #[command(flatten)]
        output: Output,
    },
    /// Draw a sample again: every one in a bundle, which is verified first, or one out of a population's list and a seed. Ends
    /// with 0 if the bundle holds and everything was drawn again with the same result.
    Sample(Box<crate::sample_cli::Sample>),
    /// Show fingerprints and verifier keys of a policy file or a PEM public key, to compare them with what you got elsewhere.
    Key {
        /// The policy file or PEM public key.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look at a log where it is served.
    #[cfg(feature = "online")]
    #[command(subcommand)]
    Log(crate::online_cli::Log),
    /// Be a witness: cosign the heads of logs, so that none of them can show two histories.
    #[cfg(feature = "witness")]
    #[command(subcommand)]
    Witness(crate::witness_cli::Witness),
}

#[derive(Args)]
pub(crate) struct Policy {
    /// Policy file (C2SP tlog-policy) with the log's key. Get it from the log's owner, not from the bundle.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    /// Where the log has changed its key and the policy names another one than signed what is judged: the log's log-keys.json
    /// (from its address, or from any of its bundles). It leads from the policy's key to those before and after it, by
    /// entries that both keys signed. A bundle and a served log bring their own.
    #[arg(long, value_name = "FILE")]
    pub(crate) log_keys: Option<PathBuf>,
}

impl Policy {
    pub(crate) fn load(&self) -> anyhow::Result<Trust> {
        let trust = Trust::load(&self.policy)?;
        Ok(match &self.log_keys {
            Some(file) => trust.with_log_keys(file)?,
            None => trust,
        })
    }
}

#[derive(Args)]
pub(crate) struct Output {
    /// Print the report as JSON (schema urn:exhibit:verification:v1).
    #[arg(long)]
    json: bool,
    /// Print nothing; the exit code tells.
    #[arg(long, conflicts_with = "json")]
    pub(crate) quiet: bool,
}

pub(crate) fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        #[cfg(feature = "online")]
        Command::Verify { bundle: None, trust, server, state, output, .. } => {
            crate::online_cli::verify_url(&server, &trust, state.as_deref(), &output)
        }
        Command::Verify {
            bundle,
            trust,
            tsa_roots,
            from,
            to,
            predecessor,
            #[cfg(feature = "replay")]
            replay,
            output,
            ..
        } => {
            let bundle = bundle.unwrap_or_default();
            let folders = (bundle.as_path(), predecessor.as_deref());
            let options = Options {
                from,
                to,
                #[cfg(feature = "replay")]
                replay,
            };
            bundle_command(folders, (&trust, tsa_roots.as_deref()), options, &output)
        }
        Command::VerifyLog { log, trust, output } => log_command(&log, &trust, &output),
        Command::VerifyReceipt { file, trust, output } => receipt_command(&file, &trust, &output),
        Command::Sample(asked) => crate::sample_cli::run(*asked),
        Command::Key { file, json } => key_command(&file, json),
        #[cfg(feature = "online")]
        Command::Log(command) => crate::online_cli::run(command),
        #[cfg(feature = "witness")]
        Command::Witness(command) => crate::witness_cli::run(command),
    };
    done.unwrap_or_else(|error| {
        eprintln!("exhibit: {error:#}");
        ExitCode::from(UNUSABLE)
    })
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

fn bundle_command(
    (folder, predecessor): (&Path, Option<&Path>),
    (asked, tsa_roots): (&Policy, Option<&Path>),
    options: Options,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let mut trust = asked.load()?;
    refuse_own_policy(folder, &asked.policy)?;
    if let Some(old) = predecessor {
        refuse_own_policy(old, &asked.policy)?;
    }
    if let Some(roots) = tsa_roots {
        refuse_own_roots(folder, roots)?;
        trust = trust.with_tsa_roots(roots)?;
    }
    let bar = Bar::new(!output.quiet);
    let now = Timestamp::now();
    let before = |mut report: Report| {
        if let Some(old) = predecessor {
            verify::check_predecessor(&mut report, old, &trust, now, &bar)?;
        }
        Ok(report)
    };
    if output.json {
        let mut writer = Writer::new(BufWriter::new(std::io::stdout().lock()));
        let mut take = |item: Item| writer.item(&item);
        let report = verify::verify_each(folder, &trust, now, options, &bar, &mut take);
        let report = report.and_then(before);
        bar.clear();
        let report = report?;
        writer.finish(&report).context("writing to standard output")?;
        return Ok(answer(report.state));
    }
    let mut kept = Kept::default();
    let mut take = |item: Item| kept.take(&item);
    let report = verify::verify_each(folder, &trust, now, options, &bar, &mut take);
    let report = report.and_then(before);
    bar.clear();
    let report = report?;
    if !output.quiet {
        print(&show::summary_of(&report, &kept))?;
    }
    Ok(answer(report.state))
}

fn log_command(folder: &Path, asked: &Policy, output: &Output) -> anyhow::Result<ExitCode> {
    let trust = asked.load()?;
    refuse_own_policy(folder, &asked.policy)?;
    let bar = Bar::new(!output.quiet);
    let report = verify::verify_log(folder, &trust, Timestamp::now(), &bar);
    bar.clear();
    told(&report?, output)
}

/// Tells what was found about a log alone.
pub(crate) fn told(report: &Report, output: &Output) -> anyhow::Result<ExitCode> {
    if output.json {
        print(&(serde_json::to_string_pretty(report)? + "\n"))?;
    } else if !output.quiet {
        print(&show::log_summary(report))?;
    }
    if report.behind.is_some() && report.state != State::Failed {
        return Ok(ExitCode::from(WITHHELD));
    }
    Ok(answer(report.state))
}

fn answer(state: State) -> ExitCode {
    match state {
        State::Verified | State::NotChecked => ExitCode::SUCCESS,
        State::Failed => ExitCode::from(FAILED),
    }
}

/// As [`refuse_own_policy`], for those who tell the time.
fn refuse_own_roots(bundle: &Path, roots: &Path) -> anyhow::Result<()> {
    let (Ok(folder), Ok(file)) = (bundle.canonicalize(), roots.canonicalize()) else {
        return Ok(());
    };
    anyhow::ensure!(
        !file.starts_with(folder),
        "{} lies in the bundle that it would judge: get the root certificates from the time-stamping authority",
        roots.display()
    );
    Ok(())
}

/// A bundle that brings the keys it is judged by proves nothing.
pub(crate) fn refuse_own_policy(bundle: &Path, policy: &Path) -> anyhow::Result<()> {
    let (Ok(folder), Ok(file)) = (bundle.canonicalize(), policy.canonicalize()) else {
        return Ok(());
    };
    anyhow::ensure!(
        !file.starts_with(folder),
        "policy {} lies in the bundle that it would judge: get the policy from the log's owner, compare its \
         fingerprint (`exhibit key FILE`), and keep it elsewhere",
        policy.display()
    );
    Ok(())
}

fn receipt_command(file: &Path, asked: &Policy, output: &Output) -> anyhow::Result<ExitCode> {
    let trust = asked.load()?;
    let bytes = match receipt::read(file) {
        Err(error @ ReceiptError::Unreadable { .. }) => return Err(error.into()),
        read => read,
    };
    match bytes.and_then(|bytes| receipt::verify(&bytes, &trust)) {
        Ok(receipt) => {
            if output.json {
                print(&(serde_json::to_string_pretty(&receipt)? + "\n"))?;
            } else if !output.quiet {
                print(&format!(
                    "VERIFIED: entry {} ({}) of {}, logged {}, envelope {}, under the signed root {} over {} entries\n",
                    receipt.index,
                    receipt.entry_type,
                    receipt.origin,
                    receipt.logged,
                    receipt.envelope,
                    receipt.root,
                    receipt.size
                ))?;
                if let Some(entry) = receipt.retired {
                    print(&format!(
                        "Its key {} was retired by entry {entry}: if others got hold of that key since, they could have made this. The log shows whether entry {} is its own.\n",
                        receipt.log_key, receipt.index
                    ))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("FAILED: {}: {error}", file.display());
            Ok(ExitCode::from(FAILED))
        }
    }
}

fn key_command(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let mut bytes = Vec::new();
    let opened = File::open(file).and_then(|file| file.take(1 << 20).read_to_end(&mut bytes));
    opened.with_context(|| file.display().to_string())?;
    let keys = keyfile::keys(&bytes).with_context(|| file.display().to_string())?;
    if json {
        print(&(serde_json::to_string_pretty(&keys)? + "\n"))?;
    } else {
        for key in keys {
            let vkey = key.vkey.map(|vkey| format!("  {vkey}")).unwrap_or_default();
            print(&format!("{:8} sha256:{}{vkey}\n", key.role, key.fingerprint))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A closed pipe is an error that is told, not a panic.
fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("writing to standard output")
}
