//! `exhibit witness`: its arguments in, facts and exit codes out. Decides nothing about heads.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command answers on standard output and says what it found on standard error"
)]

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use exhibit_proto::cosignature;
use exhibit_proto::note::Verifier;
use exhibit_verifier::witness::{Limits, Store, WitnessError, init, logs_file, serve};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[derive(Subcommand)]
pub(crate) enum Witness {
    /// Make a witness: its key, and the folder that remembers what it has seen.
    Init(Init),
    /// Cosign heads of the logs that you name until SIGTERM or Ctrl-C. Speaks plain HTTP: all it takes and gives is signed
    /// and nothing is secret; where the network between is not yours, put TLS in front.
    Serve(Serve),
}

#[derive(Args)]
pub(crate) struct Init {
    /// Folder to make.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The witness's name for ever: like a URL without scheme, such as witness.example.com/w1.
    #[arg(long)]
    name: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Serve {
    /// Folder that `init` made.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8464")]
    listen: SocketAddr,
    /// Verifier key of a log to witness; may be repeated. While a log changes its key: its old and its new one. Take the old
    /// one away once it is retired, so that nobody who stole it can have heads cosigned.
    #[arg(long = "log", value_name = "VKEY")]
    logs: Vec<String>,
    /// File with verifier keys of logs, one a line, or a policy file.
    #[arg(long = "logs", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// What `init` made, and what others need of it.
#[derive(Serialize)]
struct Made {
    name: String,
    vkey: String,
    /// The line for a policy file (C2SP tlog-policy).
    policy: String,
}

/// The port listens.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    url: String,
    vkey: String,
    logs: Vec<String>,
}

pub(crate) fn run(command: Witness) -> anyhow::Result<ExitCode> {
    match command {
        Witness::Init(asked) => make(&asked),
        Witness::Serve(asked) => cosign(&asked),
    }
}

fn make(asked: &Init) -> anyhow::Result<ExitCode> {
    let made = described(&init(&asked.state, &asked.name)?.witness);
    if asked.json {
        println!("{}", serde_json::to_string(&made)?);
    } else {
        let Made { vkey, policy, .. } = &made;
        println!("witness key  {vkey}");
        println!("policy line  {policy}");
        println!("\nFor the log's operator, in the collector's configuration:\n");
        println!("[[witness]]\nvkey = \"{vkey}\"\nurl = \"http://127.0.0.1:8464\"");
        println!("\nThen: exhibit witness serve --state {} --log VKEY", asked.state.display());
        println!("Keep the folder: a witness that lost it must never go on under this key.");
    }
    Ok(ExitCode::SUCCESS)
}

fn described(witness: &cosignature::Witness) -> Made {
    let (name, vkey) = (witness.name().to_owned(), witness.vkey());
    let policy = format!("witness {name} {vkey}");
    Made { name, vkey, policy }
}

fn cosign(asked: &Serve) -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_env("EXHIBIT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours);
    log.with_writer(std::io::stderr).init();
    let given = asked.logs.iter().map(|vkey| Verifier::from_vkey(vkey));
    let mut logs = given.collect::<Result<Vec<_>, _>>().context("--log")?;
    if let Some(file) = &asked.file {
        logs.extend(logs_file(file)?);
    }
    let store = Arc::new(Store::open(&asked.state, logs)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(listen(asked.listen, store))?;
    Ok(ExitCode::SUCCESS)
}

async fn listen(address: SocketAddr, store: Arc<Store>) -> anyhow::Result<()> {
    let bound = TcpListener::bind(address).await;
    let listener = bound.map_err(|source| WitnessError::Listen { address, source })?;
    let (mut terminated, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let bound = listener.local_addr()?;
    if !bound.ip().is_loopback() {
        eprintln!(
            "exhibit: note: {bound} is reached over plain HTTP by others. What is said there is signed and not secret, but \
             a stranger in between could hold it back: put TLS in front"
        );
    }
    let ready = Ready {
        ready: true,
        url: format!("http://{bound}"),
        vkey: store.witness().vkey(),
        logs: store.logs().iter().map(|log| log.name().to_owned()).collect(),
    };
    println!("{}", serde_json::to_string(&ready)?);
    let stop = async {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    serve(listener, store, Limits::default(), stop).await.context("the witness cannot go on")
}
