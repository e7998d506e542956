//! The command line. Exit codes: 0 nothing failed, 1 something failed, 2 wrong usage or unreadable input.
#![expect(clippy::print_stderr, reason = "a command says why it failed")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use exhibit_verifier::files::FileError;
use exhibit_verifier::progress::Progress;
use exhibit_verifier::receipt::{self, ReceiptError};
use exhibit_verifier::report::{Report, State};
use exhibit_verifier::trust::Trust;
use exhibit_verifier::{keyfile, show, verify};
use jiff::Timestamp;

use crate::bar::Bar;

const FAILED: u8 = 1;
const UNUSABLE: u8 = 2;

/// Verifies Exhibit's bundles and receipts offline. Trusts the policy file that you name, and nothing else.
#[derive(Parser)]
#[command(name = "exhibit", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Verify a bundle: every file, the log, every item.
    Verify {
        /// The folder that holds the bundle.
        bundle: PathBuf,
        #[command(flatten)]
        trust: Policy,
        /// Root certificates (PEM) of time-stamping authorities. Get them from the authorities, not from the bundle; without
        /// them time-stamps are not checked.
        #[arg(long, value_name = "FILE")]
        tsa_roots: Option<PathBuf>,
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
    /// Show fingerprints and verifier keys of a policy file or a PEM public key, to compare them with what you got elsewhere.
    Key {
        /// The policy file or PEM public key.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Be a witness: cosign the heads of logs, so that none of them can show two histories.
    #[cfg(feature = "witness")]
    #[command(subcommand)]
    Witness(crate::witness_cli::Witness),
}

#[derive(Args)]
struct Policy {
    /// Policy file (C2SP tlog-policy) with the log's key. Get it from the log's owner, not from the bundle.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

#[derive(Args)]
struct Output {
    /// Print the report as JSON (schema urn:exhibit:verification:v1).
    #[arg(long)]
    json: bool,
    /// Print nothing; the exit code tells.
    #[arg(long, conflicts_with = "json")]
    quiet: bool,
}

pub(crate) fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Verify { bundle, trust, tsa_roots, output } => {
            let believed = (trust.policy.as_path(), tsa_roots.as_deref());
            folder_command(&bundle, believed, &output, verify::verify, show::summary)
        }
        Command::VerifyLog { log, trust, output } => {
            let believed = (trust.policy.as_path(), None);
            folder_command(&log, believed, &output, verify::verify_log, show::log_summary)
        }
        Command::VerifyReceipt { file, trust, output } => {
            receipt_command(&file, &trust.policy, &output)
        }
        Command::Key { file, json } => key_command(&file, json),
        #[cfg(feature = "witness")]
        Command::Witness(command) => crate::witness_cli::run(command),
    };
    done.unwrap_or_else(|error| {
        eprintln!("exhibit: {error:#}");
        ExitCode::from(UNUSABLE)
    })
}

type Verify = fn(&Path, &Trust, Timestamp, &dyn Progress) -> Result<Report, FileError>;

fn folder_command(
    folder: &Path,
    (policy, tsa_roots): (&Path, Option<&Path>),
    output: &Output,
    verify: Verify,
    summary: fn(&Report) -> String,
) -> anyhow::Result<ExitCode> {
    let mut trust = Trust::load(policy)?;
    refuse_own_policy(folder, policy)?;
    if let Some(roots) = tsa_roots {
        refuse_own_roots(folder, roots)?;
        trust = trust.with_tsa_roots(roots)?;
    }
    let bar = Bar::new(!output.quiet);
    let report = verify(folder, &trust, Timestamp::now(), &bar);
    bar.clear();
    let report = report?;
    if output.json {
        print(&(serde_json::to_string_pretty(&report)? + "\n"))?;
    } else if !output.quiet {
        print(&summary(&report))?;
    }
    Ok(match report.state {
        State::Verified | State::NotChecked => ExitCode::SUCCESS,
        State::Failed => ExitCode::from(FAILED),
    })
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
fn refuse_own_policy(bundle: &Path, policy: &Path) -> anyhow::Result<()> {
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

fn receipt_command(file: &Path, policy: &Path, output: &Output) -> anyhow::Result<ExitCode> {
    let trust = Trust::load(policy)?;
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
