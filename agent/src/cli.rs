//! The command line; it only names what can be asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use exhibit_proto::document::Kind;

use crate::config::units::{Span, UnitError};
use crate::identity::{Address, CaPin};

/// Observes this host, seals what it sees, and proves that the collector logged it.
#[derive(Parser)]
#[command(name = "exhibit-agent", version, about)]
pub struct Cli {
    /// Configuration file
    #[arg(
        long,
        global = true,
        env = "EXHIBIT_AGENT_CONFIG",
        default_value = "/etc/exhibit/agent.toml",
        value_name = "FILE"
    )]
    pub config: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Exchange a one-time token for an identity
    Enrol(Enrol),
    /// Collect and submit on schedule until stopped
    Run(Run),
    /// Show what would leave this host, after redaction; nothing is stored or sent
    Collect(Collect),
    /// Show identity, spool, receipts, errors and next runs
    Status(Json),
    /// Hand over to a new evidence key now; works while `run` runs, and without it
    Rotate(Json),
    /// Try every kind once and tell what is seen, what is not, and which right, tool or setting would change it
    Doctor(Doctor),
    /// For those who write plugins
    #[command(subcommand)]
    Plugin(Plugin),
    /// Check the configuration, the plugins and the secrets they need
    Validate(Json),
    /// How the agent starts itself for one run; not for people
    #[command(hide = true)]
    Observe,
}

#[derive(clap::Args)]
pub struct Enrol {
    /// The collector's second port
    #[arg(long, value_name = "https://HOST:PORT")]
    pub collector: Address,
    /// Fingerprint of the collector's CA, as `exhibit-collector token create` printed it
    #[arg(long, value_name = "sha256:HEX")]
    pub ca: CaPin,
    /// File that holds the token; without it the token is read from EXHIBIT_TOKEN or standard input
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args)]
pub struct Run {
    /// Collect every configured kind now, wait for the receipts, print a summary as JSON, end
    #[arg(long)]
    pub once: bool,
    /// How long `--once` waits for the receipts
    #[arg(long, default_value = "120s", value_parser = span, requires = "once")]
    pub timeout: Duration,
}

#[derive(clap::Args)]
pub struct Collect {
    /// Kinds to collect; all configured ones when none is named
    #[arg(value_name = "KIND")]
    pub kinds: Vec<Kind>,
    /// Print documents and statement, a line each, exactly as they would leave
    #[arg(long, required = true)]
    pub print: bool,
}

/// Plugins run once, as `collect --print` runs them: nothing is stored or sent. Ends with 0 when everything that is
/// configured can be seen, with 1 when something cannot.
#[derive(clap::Args)]
pub struct Doctor {
    /// Kinds to try; all configured ones when none is named
    #[arg(value_name = "KIND")]
    pub kinds: Vec<Kind>,
    /// Also ask the collector for an answer
    #[arg(long)]
    pub online: bool,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum Plugin {
    /// Test whether a plugin keeps the protocol; what it observes is neither shown nor stored nor sent
    Check(PluginCheck),
}

#[derive(clap::Args)]
pub struct PluginCheck {
    /// The plugin's executable
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// TOML file with the plugin's settings; without it the table is empty
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// How long the plugin may take over everything it offers
    #[arg(long, default_value = "120s", value_parser = span)]
    pub deadline: Duration,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args)]
pub struct Json {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

fn span(text: &str) -> Result<Duration, UnitError> {
    Span::try_from(text.to_owned()).map(|span| span.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn command_line_is_consistent() {
        use clap::CommandFactory as _;
        super::Cli::command().debug_assert();
    }
}
