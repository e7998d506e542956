//! The command line: arguments in, texts and exit codes out. It decides nothing about evidence.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command answers on standard output and says what went wrong on standard error"
)]

mod api_tokens;
mod args;
mod audit;
mod decide;
mod deletion;
mod evidence;
mod frameworks;
mod history;
mod made;
mod people;
mod population;
mod report;
mod rules;
mod soa;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use exhibit_proto::log_key::Phase;
use jiff::Timestamp;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::app;
use crate::config::Config;
use crate::identity::Revocation;
use crate::requests::KeyChange;
use args::{Because, By, Command, Export, Init, LogKey, Output, PutBack, Revoke, Token};

pub use args::Cli;

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
    let before = match summary.statements_before {
        0 => String::new(),
        some => format!(", {some} from before the period"),
    };
    let text = format!(
        "{} items ({} statements{before}, {} documents) under size {}{} in {}; logged as entry {entry}\nverify: exhibit verify {} --policy FILE\nThe policy must come from elsewhere than the bundle, once: it is what `exhibit-collector policy` prints.",
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
