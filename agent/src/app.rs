//! Wires the rooms and holds the clock. It decides nothing that a room can decide.

mod agent;
mod apart;
mod catalog;
mod commands;
mod control;
mod doctor;
mod lock;
mod observe;
mod plugin;
mod rotation;
mod service;
mod status;
mod validate;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use jiff::Timestamp;

use crate::cli::{self, Cli, Command};

pub use agent::{Agent, Ran};
pub use catalog::Catalog;
pub use service::{Once, once, serve};
pub use status::Status;

/// The only clock.
pub fn clock() -> Timestamp {
    Timestamp::now()
}

/// Runs one command; errors are those of usage, configuration or start.
pub fn main(cli: Cli) -> anyhow::Result<ExitCode> {
    // One thread: the agent waits far more than it works.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let config = cli.config;
    match cli.command {
        Command::Enrol(arguments) => runtime.block_on(commands::enrol(&config, arguments)),
        Command::Run(arguments) => runtime.block_on(commands::run(&config, &arguments)),
        Command::Collect(arguments) => runtime.block_on(commands::collect(&config, &arguments)),
        Command::Status(arguments) => status::show(&config, &arguments),
        Command::Rotate(arguments) => runtime.block_on(control::rotate(&config, &arguments)),
        Command::Doctor(arguments) => runtime.block_on(doctor::show(&config, &arguments)),
        Command::Plugin(cli::Plugin::Check(arguments)) => {
            runtime.block_on(plugin::check(&arguments))
        }
        Command::Observe => runtime.block_on(apart::serve()),
        Command::Validate(arguments) => runtime.block_on(validate::show(&config, &arguments)),
    }
}

/// The error with its causes, each said once: many texts end with their cause already.
pub fn told(error: &anyhow::Error) -> String {
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

/// Says on standard error why the program ends.
pub fn complain(text: &str) {
    // Nobody is left to tell when standard error is gone too; the exit code still says it.
    drop(writeln!(std::io::stderr(), "exhibit-agent: {text}"));
}

/// Prints one line for whoever called.
fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("writing to standard output")
}
