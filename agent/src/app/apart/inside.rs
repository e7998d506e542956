//! The process of a run: reads its order, observes, answers, ends. It opens neither the state directory nor a connection.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::words::{Done, Line, Order, STOP};
use crate::app::catalog::Catalog;
use crate::app::observe::{Work, recorder};
use crate::collect::Limits;
use crate::config::Config;
use crate::seal::SealedDocument;

/// Above any configuration with what plugins say of themselves.
const ORDER: u64 = 16 << 20;

/// One run, as ordered on standard input.
pub(in crate::app) async fn serve() -> anyhow::Result<ExitCode> {
    let input = io::stdin().as_fd().try_clone_to_owned().context("taking the standard input")?;
    let input = pipe::Receiver::from_owned_fd(input)
        .context("`observe` is how the agent starts itself for a run: use `collect --print`")?;
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    (&mut input).take(ORDER).read_until(b'\n', &mut line).await?;
    let order: Order = serde_json::from_slice(&line).context("reading the order of a run")?;
    drop(line);
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let ends = async {
        let mut said = Vec::new();
        tokio::select! {
            _said = input.read_until(b'\n', &mut said) => {
                if said != STOP {
                    tracing::debug!("the agent is gone");
                }
            }
            // As a supervisor sends it to all: the agent says so too.
            _received = terminate.recv() => {}
        }
        stop.cancel();
        std::future::pending().await
    };
    tokio::select! {
        done = run(order, &stop) => done.map(|()| ExitCode::SUCCESS),
        never = ends => never,
    }
}

async fn run(order: Order, stop: &CancellationToken) -> anyhow::Result<()> {
    let folder = PathBuf::from(OsString::from_vec(order.folder));
    let Ok(config) = Config::parse(&order.configuration, &folder) else {
        bail!("the configuration in force cannot be read again");
    };
    let catalog = Catalog::told(&config, order.plugins);
    let limits = Limits { document_bytes: order.document_bytes, ..config.limits.clone() };
    let recorder = recorder(&config, order.local_key);
    let target = &order.target;
    let work = Work { catalog: &catalog, recorder: &recorder, target, limits: &limits, stop };
    let mut answered = Ok(());
    let report = work
        .observe(&order.kinds, &mut |document| {
            if answered.is_ok() {
                answered = answer(document);
                if answered.is_err() {
                    stop.cancel();
                }
            }
        })
        .await;
    answered?;
    let (started, finished) = (report.started, report.finished);
    let (plugins, outcomes) = (report.plugins, report.outcomes);
    say(&Line::Done(Done { started, finished, plugins, outcomes }), &[])?;
    Ok(())
}

fn answer(document: SealedDocument) -> io::Result<()> {
    say(&Line::Document(document.observed), document.bytes.as_bytes())
}

/// The agent reads as long as it lives, so this waits for moments.
fn say(line: &Line, bytes: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    serde_json::to_writer(&mut output, line)?;
    output.write_all(b"\n")?;
    output.write_all(bytes)?;
    output.flush()
}
