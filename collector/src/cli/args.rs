//! Arguments of the program, and those that many commands share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

use super::{audit, decide, deletion, frameworks, history, people, population, report, rules};
use crate::config::parse_duration;

/// Keeps the evidence log, judges it, shows it, exports it.
#[derive(Debug, Parser)]
#[command(name = "exhibit-collector", version, about)]
pub struct Cli {
    /// Configuration file
    #[arg(
        long,
        env = "EXHIBIT_COLLECTOR_CONFIG",
        default_value = "/etc/exhibit/collector.toml",
        global = true
    )]
    pub(super) config: PathBuf,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the data directory: keys, CA, empty log, first user
    Init(Init),
    /// Serve both ports until SIGTERM or Ctrl-C
    Serve,
    /// Log, agents and controls at this moment; works while `serve` runs
    Status(Output),
    #[command(flatten)]
    Accounts(people::Accounts),
    /// Tokens for enrolment
    #[command(subcommand)]
    Token(Token),
    /// Revoke an agent's key: nothing that it sends is admitted any more; works while `serve` runs
    Revoke(Revoke),
    /// Put another key in the place of the log's own; works while `serve` runs, which then pauses for a moment
    #[command(subcommand)]
    LogKey(LogKey),
    /// Show what becomes of each document under the retention rules and why, or delete what is due; digests and proofs stay
    Retention(Retention),
    /// Delete one document, because a person asks for it; its digest and proofs stay
    Delete(deletion::Delete),
    /// Legal holds: what they cover is not deleted
    #[command(subcommand)]
    Hold(deletion::Hold),
    #[command(flatten)]
    Decide(decide::Decide),
    /// Lists that auditors draw from: frozen in the log, drawn by a number that is given afterwards; work while `serve` runs
    #[command(subcommand)]
    Population(population::Population),
    /// Audits: what auditors ask for, get and find; the bundle of an audit; work while `serve` runs
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Make the views anew from the log (stop `serve` first)
    Rebuild(Rebuild),
    /// Hash everything in the log again, against the signed heads; exit 1 names what is damaged
    Check(Output),
    /// Store documents again that `check` calls lost, from files, bundles or a backup of log.db (stop `serve` first)
    PutBack(PutBack),
    /// Write an audit bundle
    Export(Export),
    /// Write a report: controls, statement of applicability, findings, gaps, … as CSV, workbook, JSON, …; works while `serve`
    /// runs
    Report(report::Report),
    /// The past: what changed between two moments and why, and when there was no evidence
    #[command(subcommand)]
    History(history::History),
    /// Print the policy for auditors: the log's key, its witnesses and their quorum
    Policy(Output),
    /// Have the newest head time-stamped now by every authority of the configuration; exit 1 if one did not; works while
    /// `serve` runs
    Stamp(Output),
    /// Check configuration, keys and log, and change nothing
    Validate(Output),
    /// Print the OpenAPI description of the API (`/api/v1`), as JSON; needs no configuration
    Openapi,
    #[command(subcommand)]
    Rules(rules::Rules),
    #[command(subcommand)]
    Frameworks(frameworks::Frameworks),
}

#[derive(Debug, Args)]
pub(super) struct Output {
    /// One JSON object instead of text
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The new log goes on from another, which has ended: the last known head of that one, a signed checkpoint
    #[arg(long, value_name = "CHECKPOINT", requires = "old_policy")]
    pub(super) continues: Option<PathBuf>,
    /// Policy of the log that has ended: its key must have signed the head
    #[arg(long, value_name = "FILE", requires = "continues")]
    pub(super) old_policy: Option<PathBuf>,
    /// Who decides that it has ended; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    pub(super) by: String,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a one-time token
    Create(TokenCreate),
}

#[derive(Debug, Subcommand)]
pub(super) enum LogKey {
    /// Make the next key; from now on it signs the log's own entries, and both keys sign its heads
    Rotate(Because),
    /// End that: the old key signs one last head and is wiped. Refused while a witness does not know the new one
    Retire(Because),
}

#[derive(Debug, Args)]
pub(super) struct TokenCreate {
    /// Only hosts whose name fits may use it (`*` and `?` as in a shell)
    #[arg(long, value_name = "PATTERN")]
    pub(super) host_name: Option<String>,
    /// How long it may be used
    #[arg(long, default_value = "24h", value_parser = parse_duration)]
    pub(super) ttl: std::time::Duration,
    /// Who approves the enrolment; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    pub(super) by: String,
    /// The host takes its target over from the agent that holds it, whose key is revoked
    #[arg(long)]
    pub(super) replace: bool,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// Id of the agent, or its target or host name
    pub(super) agent: String,
    /// Why; stands in the log
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// Who revokes; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    pub(super) by: String,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Retention {
    /// Delete what is due now, batch by batch; otherwise nothing is changed, and up to 1000 documents are listed with the
    /// reason that each goes or stays
    #[arg(long)]
    pub(super) now: bool,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Because {
    /// Why; stands in the log
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// Who decides it; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    pub(super) by: String,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct By {
    /// Who does it; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    pub(super) by: String,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Rebuild {
    /// Build beside and compare; exit 1 names the tables that differ
    #[arg(long)]
    pub(super) check: bool,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct PutBack {
    /// Files, or folders with all below; their SHA-256 decides
    #[arg(required = true, value_name = "PATH")]
    pub(super) from: Vec<PathBuf>,
    /// Who does it; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    pub(super) by: String,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Folder to make
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Only this target; may be repeated
    #[arg(long, value_name = "TARGET")]
    pub(super) target: Vec<exhibit_proto::document::Target>,
    /// Only this kind; may be repeated
    #[arg(long, value_name = "KIND")]
    pub(super) kind: Vec<exhibit_proto::document::Kind>,
    /// Only kinds that rules for this control read, like A.8.13; may be repeated
    #[arg(long, value_name = "CONTROL")]
    pub(super) control: Vec<String>,
    /// Only entries received from this time on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<Timestamp>,
    /// Only entries received until this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(super) to: Option<Timestamp>,
    /// Who exports; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    pub(super) by: String,
    /// Under the newest head that the quorum of witnesses has cosigned, without what came after it
    #[arg(long)]
    pub(super) cosigned: bool,
    #[command(flatten)]
    pub(super) output: Output,
}
