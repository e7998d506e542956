//! How a command reaches the agent that runs: a socket in the state directory, which only its owner may enter. Nothing
//! else can be asked over it than what a command could do by itself while no agent runs.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::agent::Agent;
use super::{say, told};
use crate::cli;
use crate::config::Config;
use crate::identity::Store;

const SOCKET: &str = "control.sock";
const ROTATE: &str = "rotate";
/// How long one side waits for the other's line.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest line, in bytes.
const MAX_LINE: u64 = 4096;

/// What came of a rotation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Rotated { epoch: u64, evidence_key: String },
    Failed(String),
}

/// Serves commands until the agent stops. Without a socket the agent works on: only `rotate` has to wait for its end.
pub(super) async fn serve(agent: &Agent, wake: &Notify) {
    let path = agent.store.path(SOCKET);
    let listener = match listen(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, "commands cannot reach this agent while it runs");
            return;
        }
    };
    loop {
        let accepted = tokio::select! {
            () = agent.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let served = match accepted {
            Ok((mut stream, _)) => one(agent, &mut stream, wake).await,
            Err(error) => {
                // Out of descriptors, say: not to be asked again at once.
                tokio::time::sleep(PATIENCE).await;
                Err(error)
            }
        };
        if let Err(error) = served {
            tracing::warn!(%error, "a command was not served to its end");
        }
    }
    // A socket that nobody serves is refused by the system; a file left behind does no harm.
    drop(std::fs::remove_file(&path));
}

/// The lock of the state directory is ours, so a socket that is there was left by a crash.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    UnixListener::bind(path)
}

async fn one(agent: &Agent, stream: &mut UnixStream, wake: &Notify) -> io::Result<()> {
    let answer = match line(stream).await?.as_str() {
        ROTATE => rotated(agent),
        other => Answer::Failed(format!("{other:?} is not a command of this version")),
    };
    wake.notify_one();
    let text = serde_json::to_string(&answer)? + "\n";
    timeout(PATIENCE, stream.write_all(text.as_bytes())).await?
}

fn rotated(agent: &Agent) -> Answer {
    match agent.rotate() {
        Ok(epoch) => Answer::Rotated { epoch: epoch.number, evidence_key: epoch.key.to_string() },
        Err(error) => Answer::Failed(told(&error)),
    }
}

async fn line(stream: &mut UnixStream) -> io::Result<String> {
    let mut text = String::new();
    let mut reader = BufReader::new(stream.take(MAX_LINE));
    timeout(PATIENCE, reader.read_line(&mut text)).await??;
    Ok(text.trim().to_owned())
}

/// Rotates by the agent that runs, or by ourselves when none does.
pub(super) async fn rotate(config: &Path, arguments: &cli::Json) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    let path = Store::look(&config.state_dir).path(SOCKET);
    let answer = match UnixStream::connect(&path).await {
        Ok(mut stream) => {
            stream.write_all(format!("{ROTATE}\n").as_bytes()).await?;
            let text = line(&mut stream).await.context("waiting for the agent that runs")?;
            serde_json::from_str(&text).context("the answer of the agent that runs")?
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            bail!("{}: {error}: run this as the agent's user", path.display())
        }
        // Nobody listens: an agent that runs all the same holds the lock, and this says so.
        Err(_) => rotated(&Agent::open(config)?),
    };
    match answer {
        Answer::Failed(why) => bail!("the key was not rotated: {why}"),
        Answer::Rotated { epoch, evidence_key } if arguments.json => {
            let told = serde_json::json!({ "epoch": epoch, "evidence_key": evidence_key });
            say(&told.to_string())?;
        }
        Answer::Rotated { epoch, evidence_key } => say(&format!(
            "evidence key {evidence_key} speaks from epoch {epoch} on, as soon as the collector has the rotation; the old key is wiped"
        ))?,
    }
    Ok(ExitCode::SUCCESS)
}
