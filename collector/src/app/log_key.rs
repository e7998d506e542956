//! `log-key`: another key takes the place of the log's own, with a time in which both sign the heads. Nobody else is at work
//! meanwhile: every part that signs or verifies has the key in its hands. So a collector that serves drains, does this, and
//! serves again on the same ports.

use std::fmt;

use anyhow::{Context as _, bail, ensure};
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key::{self, Phase};
use jiff::Timestamp;
use serde::Serialize;

use super::keys::{Keys, secret};
use super::{desk, witness};
use crate::config::Config;
use crate::identity::{Collector, move_over, random, write_private};
use crate::log::{Lock, LogError, LogReader, LogWriter, NewEntry, Settings, Unbrought};
use crate::requests::{Done, KeyChange, KeyChanged, Mailbox, Request};
use crate::secrets::SecretsDb;

/// What the command answers.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Changed(KeyChanged);

/// Begins or ends a change; works while `serve` runs and while it does not.
pub fn change(config: &Config, asked: KeyChange, now: Timestamp) -> anyhow::Result<Changed> {
    desk::texts(&[("--by", &asked.by), ("--reason", &asked.reason)])?;
    Keys::expected(config)?;
    match Lock::take(&config.lock()) {
        Ok(_lock) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(alone(config, &asked)).map(Changed)
        }
        Err(LogError::Locked(_)) => {
            let mailbox = Mailbox::open(SecretsDb::open(&config.secrets_db())?)?;
            let done = desk::through_the_serving(&mailbox, &Request::LogKey(asked), now)?;
            if let Done::LogKey(changed) = done {
                Ok(Changed(changed))
            } else {
                Err(desk::unexpected(&done))
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether this is what can be done now.
pub(super) fn fits(collector: &Collector, phase: Phase) -> anyhow::Result<()> {
    match (phase, collector.keys().overlap()) {
        (Phase::Begin, Some(_)) => {
            bail!("the log's key is changing already: end that with `log-key retire` first")
        }
        (Phase::End, None) => {
            bail!("no change of the log's key goes on: begin one with `log-key rotate`")
        }
        (Phase::Begin, None) | (Phase::End, Some(_)) => Ok(()),
    }
}

/// Does it. The caller holds the lock, and nothing of this process is at work with the log.
pub(super) async fn alone(config: &Config, asked: &KeyChange) -> anyhow::Result<KeyChanged> {
    let keys = Keys::load(config)?;
    keys.settle(config)?;
    let (collector, next) = (&keys.collector, config.next_log_key());
    fits(collector, asked.phase)?;
    // As at every start: a restored backup must neither sign a change nor begin to use another key.
    let reader = LogReader::open(&config.log_db()).context("opening the log")?;
    let (witnesses, asker) = witness::meet(config, collector, &reader).await?;
    let (old, new) = match collector.leaving() {
        None => {
            // Durable before anybody hears of it; one that a crash left is taken up again.
            if !next.exists() {
                let made = SecretKey::from_seed(&random()?);
                write_private(&next, made.to_pem().as_bytes())?;
            }
            (collector.key(), secret(&next)?)
        }
        Some(old) => {
            let new = collector.key();
            witnesses.know(&reader, &asker, &new).await?;
            (old, new)
        }
    };
    let entry = append(config, asked, (&old, &new)).await?;
    // The log says so now: a crash here is made good by the next start.
    if asked.phase == Phase::End {
        move_over(&next, &config.log_key())?;
    }
    let keys = Keys::load(config)?;
    let log = keys.collector.keys();
    let vkey = |key: &SecretKey| {
        let public = key.public();
        let known = log.all().find(|known| *known.key() == public).map(|known| known.vkey());
        known.context("the entry is in the log, and its keys are not those that it names")
    };
    Ok(KeyChanged {
        phase: asked.phase,
        entry,
        old: vkey(&old)?,
        new: vkey(&new)?,
        policy: witness::circle(config, &keys.collector)?.text().to_owned(),
    })
}

/// Appends the entry, under a head that both keys sign; answers its index.
async fn append(
    config: &Config,
    KeyChange { phase, by, reason }: &KeyChange,
    (old, new): (&SecretKey, &SecretKey),
) -> anyhow::Result<u64> {
    let envelope = log_key::seal(&config.origin, *phase, (old, new), (by, reason))?;
    let signer = match phase {
        Phase::Begin => old,
        Phase::End => new,
    };
    let entry = NewEntry {
        entry_type: EntryType::LogKey,
        key: signer.public().id(),
        link: None,
        envelope,
        documents: Vec::new(),
        erases: Vec::new(),
        unbrought: Unbrought::default(),
    };
    let settings = Settings {
        path: config.log_db(),
        origin: config.origin.clone(),
        key: new.clone(),
        leaving: Some(old.clone()),
        clock: Box::new(Timestamp::now),
    };
    let (writer, mut task) = LogWriter::start(settings).context("opening the log")?;
    let committed = writer.append(entry).await;
    drop(writer);
    task.ended().await.context("closing the log")?;
    let committed = committed.context("logging the change of keys")?;
    let size = committed.head.checkpoint.size;
    // Nobody else writes, so both keys end or begin exactly here.
    ensure!(size == committed.index + 1, "the log grew to {size} meanwhile");
    Ok(committed.index)
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KeyChanged { phase, entry, old, new, policy } = &self.0;
        writeln!(f, "entry    {entry}")?;
        writeln!(f, "old key  {old}")?;
        writeln!(f, "new key  {new}")?;
        match phase {
            Phase::Begin => writeln!(
                f,
                "\nBoth sign heads until `log-key retire`. Agents follow by themselves. Until then give each witness the new key \
                 beside the old one (`exhibit witness serve --log OLD --log NEW`), and auditors this policy:"
            )?,
            Phase::End => writeln!(
                f,
                "\nThe old key is wiped and signs nothing more. Agents that were away follow by the log. Take the old key from each \
                 witness, and give auditors this policy:"
            )?,
        }
        write!(f, "{}", policy.trim_end())
    }
}
