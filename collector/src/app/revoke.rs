//! `revoke`: by ourselves while nobody serves, otherwise by the collector that does.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail, ensure};
use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{Keys, open_log};
use crate::config::Config;
use crate::identity::{
    Enroller, EnrollerSettings, IdentityError, Registry, Revocation, Revocations, Tokens,
};
use crate::log::{Lock, LogError};
use crate::secrets::SecretsDb;

/// How often a serving collector looks for requests, and the command for its answer.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long the command waits for the collector that serves.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest name and reason, in bytes: both stand in the log for good.
const MAX_TEXT: usize = 1000;

/// A revocation that is in the log.
#[derive(Debug, Serialize)]
pub struct Revoked {
    /// Agent id.
    pub agent: String,
    /// Index of the entry: statements of the agent's key after it are not valid.
    pub entry: u64,
}

/// Revokes an agent's key; works while `serve` runs and while it does not.
pub fn revoke(config: &Config, asked: &Revocation, now: Timestamp) -> anyhow::Result<Revoked> {
    let keys = Keys::load(config)?;
    for (what, text) in [("AGENT", &asked.agent), ("--by", &asked.by), ("--reason", &asked.reason)]
    {
        ensure!(!text.trim().is_empty(), "{what} is empty: it stands in the log for good");
        ensure!(text.len() <= MAX_TEXT, "{what} has {} bytes: at most {MAX_TEXT}", text.len());
    }
    let secrets = SecretsDb::open(&config.secrets_db())?;
    let (agent, entry) = match Lock::take(&config.lock()) {
        Ok(_lock) => alone(config, &keys, secrets, asked)?,
        Err(LogError::Locked(_)) => through_the_serving(&Revocations::open(secrets)?, asked, now)?,
        Err(error) => return Err(error.into()),
    };
    Ok(Revoked { agent, entry })
}

fn alone(
    config: &Config,
    keys: &Keys,
    secrets: SecretsDb,
    asked: &Revocation,
) -> anyhow::Result<(String, u64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (writer, reader, mut task) = open_log(&config.log_db(), &keys.collector)?;
        let enroller = Enroller::new(
            Arc::clone(&keys.authority),
            keys.collector.clone(),
            Tokens::open(secrets)?,
            Registry::open(reader.clone(), keys.collector.public())?,
            (writer, reader),
            EnrollerSettings {
                certificate_days: i64::from(config.identity.client_certificate_days),
                evidence_address: config.evidence_address(config.evidence.listen),
            },
        );
        let revoked = enroller.revoke(&asked.agent, &asked.by, &asked.reason).await;
        drop(enroller);
        task.ended().await?;
        Ok(revoked?)
    })
}

fn through_the_serving(
    revocations: &Revocations,
    asked: &Revocation,
    now: Timestamp,
) -> anyhow::Result<(String, u64)> {
    let id = revocations.ask(asked, now)?;
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = revocations.answered(id)? {
            return answer.map_err(|error| anyhow!(error));
        }
        // What cannot be withdrawn was answered in this moment.
        if Instant::now() >= end && revocations.withdraw(id)? {
            bail!(
                "the collector that holds this data directory did not take the request in {} s, nothing was revoked: see its log, or stop it and try again",
                PATIENCE.as_secs()
            );
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Serves requests that commands leave, until `stop`.
pub(super) async fn serve(enroller: Enroller, revocations: Revocations, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        // Not broken off by `stop`: an entry that is in the log must be in the registry, and be answered.
        if let Err(error) = one(&enroller, &revocations).await {
            tracing::error!(%error, "a request to revoke could not be served");
        }
    }
}

async fn one(enroller: &Enroller, revocations: &Revocations) -> Result<(), IdentityError> {
    let waiting = revocations.clone();
    let next = tokio::task::spawn_blocking(move || waiting.next()).await;
    let Some((id, asked)) = next.map_err(|_panicked| IdentityError::Interrupted)?? else {
        return Ok(());
    };
    let done = enroller.revoke(&asked.agent, &asked.by, &asked.reason).await;
    let done = done.map_err(|error| error.to_string());
    let answered = revocations.clone();
    let answered = tokio::task::spawn_blocking(move || answered.answer(id, &done)).await;
    Ok(answered.map_err(|_panicked| IdentityError::Interrupted)??)
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "agent {} is revoked by entry {}: nothing that it sends is admitted any more",
            self.agent, self.entry
        )
    }
}
