//! `log-key`: another key takes the place of the log's own, with a time in which both sign the heads. Done alone, while
//! nobody serves: every part that signs or verifies has the key in its hands.

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
use crate::identity::{move_over, random, write_private};
use crate::log::{Lock, LogError, LogWriter, NewEntry, Settings, Unbrought};

/// A change of the log's key that began or ended.
#[derive(Debug, Serialize)]
pub struct Changed {
    pub phase: Phase,
    /// Index of the entry that says so.
    pub entry: u64,
    /// Verifier keys of the log.
    pub old: String,
    pub new: String,
    /// The policy that auditors need from now on.
    pub policy: String,
}

/// Begins or ends a change.
pub fn change(
    config: &Config,
    phase: Phase,
    (by, reason): (&str, &str),
) -> anyhow::Result<Changed> {
    desk::texts(&[("--by", by), ("--reason", reason)])?;
    let _lock = match Lock::take(&config.lock()) {
        Err(LogError::Locked(_)) => bail!(
            "the log's key changes only while `serve` does not run: stop it, do this, start it again; meanwhile agents keep what they have in their spools"
        ),
        taken => taken?,
    };
    let keys = Keys::load(config)?;
    keys.settle(config)?;
    let (collector, next) = (&keys.collector, config.next_log_key());
    let (old, new) = match (phase, collector.leaving()) {
        (Phase::Begin, Some(_)) => {
            bail!("the log's key is changing already: end that with `log-key retire` first")
        }
        (Phase::Begin, None) => {
            // Durable before anybody hears of it; one that a crash left is taken up again.
            if !next.exists() {
                let made = SecretKey::from_seed(&random()?);
                write_private(&next, made.to_pem().as_bytes())?;
            }
            (collector.key(), secret(&next)?)
        }
        (Phase::End, Some(old)) => (old, collector.key()),
        (Phase::End, None) => {
            bail!("no change of the log's key goes on: begin one with `log-key rotate`")
        }
    };
    let entry = append(config, phase, (&old, &new), (by, reason))?;
    // The log says so now: a crash here is made good by the next start.
    if phase == Phase::End {
        move_over(&next, &config.log_key())?;
    }
    let keys = Keys::load(config)?;
    let log = keys.collector.keys();
    let vkey = |key: &SecretKey| {
        let public = key.public();
        log.all().find(|known| *known.key() == public).map(|known| known.vkey())
    };
    let lost = "the entry is in the log, and its keys are not those that it names";
    Ok(Changed {
        phase,
        entry,
        old: vkey(&old).context(lost)?,
        new: vkey(&new).context(lost)?,
        policy: witness::circle(config, &keys.collector)?.text().to_owned(),
    })
}

/// Appends the entry, under a head that both keys sign; answers its index.
fn append(
    config: &Config,
    phase: Phase,
    (old, new): (&SecretKey, &SecretKey),
    words: (&str, &str),
) -> anyhow::Result<u64> {
    let envelope = log_key::seal(&config.origin, phase, (old, new), words)?;
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (writer, mut task) = LogWriter::start(settings).context("opening the log")?;
        let committed = writer.append(entry).await;
        drop(writer);
        task.ended().await.context("closing the log")?;
        let committed = committed.context("logging the change of keys")?;
        let size = committed.head.checkpoint.size;
        // Nobody else writes, so both keys end or begin exactly here.
        ensure!(size == committed.index + 1, "the log grew to {size} meanwhile");
        Ok(committed.index)
    })
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "entry    {}", self.entry)?;
        writeln!(f, "old key  {}", self.old)?;
        writeln!(f, "new key  {}", self.new)?;
        match self.phase {
            Phase::Begin => writeln!(
                f,
                "\nBoth sign heads until `log-key retire`. Agents learn the new key by themselves. Auditors and witnesses need it first:"
            )?,
            Phase::End => writeln!(
                f,
                "\nThe old key is wiped and signs nothing more. Agents that were away follow by the log. Auditors need this policy:"
            )?,
        }
        write!(f, "{}", self.policy.trim_end())
    }
}
