//! `exhibit`: parses the command line, runs one command, answers with its exit code.

use std::process::ExitCode;

use clap::Parser as _;

mod bar;
mod cli;

fn main() -> ExitCode {
    cli::run(cli::Cli::parse())
}
