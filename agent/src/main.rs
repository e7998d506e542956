//! Parses, dispatches, exits: 0 fine, 1 what was asked about is not fine, 2 wrong usage or cannot start.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use exhibit_agent::{app, cli::Cli};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter =
        EnvFilter::try_from_env("EXHIBIT_LOG").unwrap_or_else(|_unset| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match app::main(cli) {
        Ok(code) => code,
        Err(error) => {
            app::complain(&app::told(&error));
            ExitCode::from(2)
        }
    }
}
