//! `exhibit`: parses the command line, runs one command, answers with its exit code.

use std::process::ExitCode;

use clap::Parser as _;

mod bar;
mod cli;
#[cfg(feature = "online")]
mod online_cli;
mod sample_cli;
#[cfg(feature = "witness")]
mod witness_cli;

fn main() -> ExitCode {
    cli::run(cli::Cli::parse())
}
