//! The command line: arguments in, texts and exit codes out. It decides nothing about evidence.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command answers on standard output and says what went wrong on standard error"
)]

mod api_tokens;
mod audit;
mod decide;
mod deletion;
mod evidence;
mod frameworks;
mod history;
mod people;
mod population;
mod report;
mod rules;
mod soa;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use exhibit_proto::log_key::Phase;
use jiff::Timestamp;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::app;
use crate::config::{Config, parse_duration};
use crate::identity::Revocation;
use crate::requests::KeyChange;

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
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
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
struct Output {
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Init {
    /// The new log goes on from another, which has ended: the last known head of that one, a signed checkpoint
    #[arg(long, value_name = "CHECKPOINT", requires = "old_policy")]
    continues: Option<PathBuf>,
    /// Policy of the log that has ended: its key must have signed the head
    #[arg(long, value_name = "FILE", requires = "continues")]
    old_policy: Option<PathBuf>,
    /// Who decides that it has ended; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Token {
    /// Make a one-time token
    Create(TokenCreate),
}

#[derive(Debug, Subcommand)]
enum LogKey {
    /// Make the next key; from now on it signs the log's own entries, and both keys sign its heads
    Rotate(Because),
    /// End that: the old key signs one last head and is wiped. Refused while a witness does not know the new one
    Retire(Because),
}

#[derive(Debug, Args)]
struct TokenCreate {
    /// Only hosts whose name fits may use it (`*` and `?` as in a shell)
    #[arg(long, value_name = "PATTERN")]
    host_name: Option<String>,
    /// How long it may be used
    #[arg(long, default_value = "24h", value_parser = parse_duration)]
    ttl: std::time::Duration,
    /// Who approves the enrolment; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
    /// The host takes its target over from the agent that holds it, whose key is revoked
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Revoke {
    /// Id of the agent, or its target or host name
    agent: String,
    /// Why; stands in the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who revokes; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Retention {
    /// Delete what is due now, batch by batch; otherwise nothing is changed, and up to 1000 documents are listed with the
    /// reason that each goes or stays
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Because {
    /// Why; stands in the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who decides it; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Rebuild {
    /// Build beside and compare; exit 1 names the tables that differ
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct PutBack {
    /// Files, or folders with all below; their SHA-256 decides
    #[arg(required = true, value_name = "PATH")]
    from: Vec<PathBuf>,
    /// Who does it; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Export {
    /// Folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only this target; may be repeated
    #[arg(long, value_name = "TARGET")]
    target: Vec<exhibit_proto::document::Target>,
    /// Only this kind; may be repeated
    #[arg(long, value_name = "KIND")]
    kind: Vec<exhibit_proto::document::Kind>,
    /// Only kinds that rules for this control read, like A.8.13; may be repeated
    #[arg(long, value_name = "CONTROL")]
    control: Vec<String>,
    /// Only entries received from this time on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Only entries received until this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Who exports; stands in the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
    /// Under the newest head that the quorum of witnesses has cosigned, without what came after it
    #[arg(long)]
    cosigned: bool,
    #[command(flatten)]
    output: Output,
}

/// Runs the program.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::from(2),
            };
        }
    };
    log_to_stderr();
    // What `validate` finds wrong is its answer, not its failure.
    let failed = if matches!(cli.command, Command::Validate(_)) { 1 } else { 2 };
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("exhibit-collector: {}", told(&error));
            ExitCode::from(failed)
        }
    }
}

fn openapi() -> ExitCode {
    println!("{}", crate::web::api::description());
    ExitCode::SUCCESS
}

/// The error with its causes, each said once: many texts end with their cause already.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(|cause| cause.to_string()) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(cause.trim()) {
            text = format!("{text}: {cause}");
        }
    }
    text.trim_end().to_owned()
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("EXHIBIT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours);
    log.with_writer(std::io::stderr).init();
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { config: path, command } = cli;
    let config = || Ok(Config::load(&path)?);
    // Some of these need no configuration.
    if let Command::Rules(asked) = command {
        return rules::run(asked, config);
    }
    if let Command::Frameworks(asked) = command {
        return frameworks::run(asked, config);
    }
    if matches!(command, Command::Openapi) {
        return Ok(openapi());
    }
    let (config, now) = (config()?, Timestamp::now());
    match command {
        Command::Rules(asked) => rules::run(asked, || Ok(config)),
        Command::Frameworks(asked) => frameworks::run(asked, || Ok(config)),
        Command::Openapi => Ok(openapi()),
        Command::Init(asked) => init(&config, asked, now),
        Command::Serve => {
            app::serve(config, |ready| {
                println!("{}", serde_json::to_string(ready)?);
                Ok(())
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Status(output) => {
            let found = app::overview(&config, now)?;
            show(output.json, &found, &found.to_string())
        }
        Command::Token(Token::Create(asked)) => {
            let made = app::create_token(
                &config,
                app::TokenAsked {
                    host_name: asked.host_name,
                    ttl: asked.ttl,
                    by: asked.by,
                    replace: asked.replace,
                },
                now,
            )?;
            show(asked.output.json, &made, &made.to_string())
        }
        Command::Accounts(asked) => people::accounts(&config, asked, now),
        Command::Revoke(Revoke { agent, reason, by, output }) => {
            let done = app::revoke(&config, Revocation { agent, by, reason }, now)?;
            show(output.json, &done, &done.to_string())
        }
        Command::LogKey(asked) => log_key(&config, asked, now),
        Command::Retention(asked) => {
            let found = app::retention(&config, asked.now, now)?;
            show(asked.output.json, &found, &found.to_string())
        }
        Command::Delete(asked) => deletion::delete(&config, asked, now),
        Command::Hold(asked) => deletion::hold(&config, asked, now),
        Command::History(asked) => history::run(&config, asked, now),
        Command::Decide(asked) => decide::run(&config, asked, now),
        Command::Audit(asked) => audit::run(&config, asked, now),
        Command::Population(asked) => population::run(&config, asked, now),
        Command::Rebuild(asked) => {
            let rebuilt = app::rebuild(&config, asked.check)?;
            let code = show(asked.output.json, &rebuilt, &rebuilt.to_string())?;
            Ok(if rebuilt.differing.is_empty() { code } else { ExitCode::from(1) })
        }
        Command::Check(output) => {
            let found = app::check(&config)?;
            let code = show(output.json, &found, &found.to_string())?;
            Ok(if found.damaged == 0 { code } else { ExitCode::from(1) })
        }
        Command::PutBack(asked) => put_back(&config, &asked),
        Command::Export(asked) => export(&config, asked, now),
        Command::Report(asked) => report::report(&config, asked, now),
        Command::Policy(output) => {
            let found = app::policy(&config)?;
            show(output.json, &found, found.policy.trim_end())
        }
        Command::Stamp(output) => stamp(&config, &output),
        Command::Validate(output) => {
            let found = app::validate(&config)?;
            show(output.json, &found, &found.to_string())
        }
    }
}

fn put_back(config: &Config, asked: &PutBack) -> anyhow::Result<ExitCode> {
    let from: Vec<&std::path::Path> = asked.from.iter().map(PathBuf::as_path).collect();
    let done = app::put_back(config, &from, &asked.by)?;
    let code = show(asked.output.json, &done, &done.to_string())?;
    Ok(if done.still_lost.is_empty() { code } else { ExitCode::from(1) })
}

fn log_key(config: &Config, asked: LogKey, now: Timestamp) -> anyhow::Result<ExitCode> {
    let (phase, Because { reason, by, output }) = match asked {
        LogKey::Rotate(because) => (Phase::Begin, because),
        LogKey::Retire(because) => (Phase::End, because),
    };
    let done = app::change_log_key(config, KeyChange { phase, by, reason }, now)?;
    show(output.json, &done, &done.to_string())
}

fn init(config: &Config, asked: Init, now: Timestamp) -> anyhow::Result<ExitCode> {
    let Init { continues, old_policy, by, output } = asked;
    let before = continues.zip(old_policy);
    let before = before.map(|(checkpoint, policy)| app::Before { checkpoint, policy, by });
    let made = app::init(config, before.as_ref(), now)?;
    show(output.json, &made, &made.to_string())
}

fn stamp(config: &Config, output: &Output) -> anyhow::Result<ExitCode> {
    let done = app::stamp(config)?;
    let code = show(output.json, &done, &done.to_string())?;
    Ok(if done.whole() { code } else { ExitCode::from(1) })
}

fn export(config: &Config, asked: Export, now: Timestamp) -> anyhow::Result<ExitCode> {
    let selection =
        app::select(config, asked.target, asked.kind, asked.control, (asked.from, asked.to))?;
    let (by, out) = (asked.by, asked.out);
    let (summary, entry) = app::export(config, &selection, asked.cosigned, (&by, &out), now)?;
    exported(&summary, entry, asked.output.json)
}

fn exported(summary: &crate::export::Summary, entry: u64, json: bool) -> anyhow::Result<ExitCode> {
    let text = format!(
        "{} items ({} statements, {} documents) under size {}{} in {}; logged as entry {entry}\nverify: exhibit verify {} --policy FILE\nThe policy must come from elsewhere than the bundle, once: it is what `exhibit-collector policy` prints.",
        summary.items,
        summary.statements,
        summary.documents,
        summary.checkpoint.size,
        match summary.cosigned_by.as_slice() {
            [] => String::new(),
            names => format!(" (cosigned by {})", names.join(", ")),
        },
        summary.out.display(),
        summary.out.display(),
    );
    show(json, summary, &text)
}

fn show(json: bool, value: &impl Serialize, text: &str) -> anyhow::Result<ExitCode> {
    let line = if json { serde_json::to_string(value)? } else { text.to_owned() };
    match writeln!(std::io::stdout(), "{line}") {
        // Whoever reads has read enough (`| head`); the work is done all the same.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        written => {
            written?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
