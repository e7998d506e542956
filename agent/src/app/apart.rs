//! A run in a process of its own: this very program, started for the run and gone after it, and with it all the memory that
//! plugins' answers, redaction and hashing took. It is given what it needs on its standard input and answers documents as
//! they will be stored. It is never given the key that signs, nor a connection.

mod inside;
mod words;

use std::os::unix::ffi::OsStrExt as _;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use exhibit_plugin::protocol::OutcomeKind;
use exhibit_proto::document::Kind;
use exhibit_proto::statement::Observed;
use jiff::Timestamp;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::agent::Agent;
use super::catalog::Catalog;
use super::clock;
use crate::collect::{Limits, outcome};
use crate::seal::{Report, SealedDocument};

pub(super) use inside::serve;
use words::{Done, Order, STOP, hear};

/// This program, even where its file has been replaced since.
const PROGRAM: &str = "/proc/self/exe";
/// What the process may take beside its plugins, whose deadlines it minds itself.
const BESIDE: Duration = Duration::from_secs(60);
/// Between the end of the run, or the word to stop, and the end of the process.
const FAREWELL: Duration = Duration::from_secs(10);

/// Runs every plugin that these kinds need. Whatever becomes of the process, each kind ends as a document or an outcome.
pub(super) async fn observe(
    agent: &Agent,
    catalog: &Catalog<'_>,
    kinds: &[Kind],
    limits: &Limits,
) -> (Vec<SealedDocument>, Report) {
    let started = clock();
    let (text, folder) = &agent.config.source;
    let order = Order {
        configuration: text.clone(),
        folder: folder.as_os_str().as_bytes().to_vec(),
        local_key: agent.local_key,
        plugins: catalog.words(),
        target: agent.target.clone(),
        kinds: kinds.to_vec(),
        document_bytes: limits.document_bytes,
    };
    let plugins = u32::try_from(catalog.plugins.len()).unwrap_or(u32::MAX);
    let most = limits.deadline.saturating_mul(plugins).saturating_add(BESIDE);
    let mut documents = Vec::new();
    let ended = match start() {
        Ok(child) => converse(child, &order, most, &agent.stop, &mut documents).await,
        Err(error) => Err(format!("it could not be started: {error}")),
    };
    let observed = documents.iter().map(|document| document.observed.clone()).collect();
    let report = match ended {
        Ok(Done { started, finished, plugins, outcomes }) => {
            Report { started, finished, plugins, documents: observed, outcomes }
        }
        Err(why) => {
            tracing::error!(why, "the process of a run ended before it was done");
            broken(agent, catalog, kinds, (started, observed), &why)
        }
    };
    (documents, report)
}

fn start() -> std::io::Result<Child> {
    Command::new(PROGRAM)
        .arg0("exhibit-agent")
        .arg("observe")
        // What a terminal sends to all is for the agent to answer.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// Hands over the order, takes the documents, and sees the process off.
async fn converse(
    mut child: Child,
    order: &Order,
    most: Duration,
    stop: &CancellationToken,
    documents: &mut Vec<SealedDocument>,
) -> Result<Done, String> {
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("it has no standard input and output".to_owned());
    };
    let heard = match timeout(most, talk(&mut stdin, stdout, order, stop, documents)).await {
        Ok(heard) => heard,
        Err(_elapsed) => Err(format!("it took more than {} s", most.as_secs())),
    };
    // Without an agent it ends its plugins and then itself.
    drop(stdin);
    match (heard, timeout(FAREWELL, child.wait()).await) {
        (Ok(done), Ok(_)) => Ok(done),
        (Err(why), Ok(Ok(status))) => Err(format!("{why} ({status})")),
        (Err(why), Ok(Err(_unknown))) => Err(why),
        (heard, Err(_elapsed)) => {
            if let Err(error) = child.kill().await {
                tracing::warn!(%error, "the process of a run could not be ended");
            }
            heard
        }
    }
}

async fn talk(
    stdin: &mut ChildStdin,
    stdout: ChildStdout,
    order: &Order,
    stop: &CancellationToken,
    documents: &mut Vec<SealedDocument>,
) -> Result<Done, String> {
    let unheard = |error: std::io::Error| format!("it does not listen: {error}");
    stdin.write_all(&order.line()?).await.map_err(unheard)?;
    let mut heard = pin!(hear(BufReader::new(stdout), documents));
    tokio::select! {
        biased;
        done = &mut heard => return done,
        () = stop.cancelled() => {}
    }
    stdin.write_all(STOP).await.map_err(unheard)?;
    let late = |_elapsed| "it did not end when it was told to".to_owned();
    timeout(FAREWELL, heard).await.map_err(late)?
}

/// What a statement says of a run whose process broke off: what came before is evidence all the same.
fn broken(
    agent: &Agent,
    catalog: &Catalog<'_>,
    kinds: &[Kind],
    (started, documents): (Timestamp, Vec<Observed>),
    why: &str,
) -> Report {
    let (assigned, mut outcomes) = catalog.assign(kinds, &agent.target);
    let mut plugins = Vec::new();
    for (known, kinds) in assigned {
        plugins.push(known.used());
        let open = kinds.iter().filter(|kind| documents.iter().all(|seen| seen.kind != **kind));
        outcomes.extend(open.map(|kind| {
            let detail = format!("the agent's process of this run ended before it was done: {why}");
            let remedy = "see the agent's log, and whether its unit's MemoryMax= is enough";
            outcome(kind, &agent.target, OutcomeKind::Failed, detail, remedy)
        }));
    }
    Report { started, finished: clock(), plugins, documents, outcomes }
}
