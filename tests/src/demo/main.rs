//! `cargo demo`: the whole way on this machine, with real processes and real mTLS on loopback.

mod build;
mod report;
mod steps;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Shows Exhibit on this machine: a collector, an agent that observes this host, an audit bundle, and its verification.
#[derive(Debug, Parser)]
struct Arguments {
    /// End by itself after the last step; exit code 0 only if every step held.
    #[arg(long)]
    once: bool,
    /// Where the collector, the agent and the bundles live; a second start continues the same log
    /// [default: `demo` in cargo's target folder].
    #[arg(long)]
    data: Option<PathBuf>,
    /// Use the programs beside this one as they are.
    #[arg(long)]
    no_build: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match steps::all(arguments.data, !arguments.no_build, arguments.once).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failure(&error);
            ExitCode::FAILURE
        }
    }
}
