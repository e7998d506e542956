//! The key files of an initialised collector. Which of two log keys is in force is not decided here: the log says so.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail, ensure};
use exhibit_proto::keys::{PublicKey, SecretKey};
use exhibit_proto::leaf::EntryType;
use exhibit_proto::log_key::LogKeys;
use exhibit_proto::note::Verifier;

use crate::config::Config;
use crate::identity::{Authority, Collector, move_over, read_secret};
use crate::log::LogReader;

pub(super) struct Keys {
    pub(super) collector: Collector,
    pub(super) authority: Arc<Authority>,
}

impl Keys {
    /// Says what to do where there are none.
    pub(super) fn expected(config: &Config) -> anyhow::Result<()> {
        ensure!(
            config.log_db().exists(),
            "{} holds no collector: run `exhibit-collector init` first",
            config.data.display()
        );
        Ok(())
    }

    /// Whoever writes to the log has the lock before this: the log says which keys are in force.
    pub(super) fn load(config: &Config) -> anyhow::Result<Self> {
        Self::expected(config)?;
        let certificate = read_secret(&config.ca_certificate())?;
        let authority = Authority::load(&certificate, &read_secret(&config.ca_key())?)?;
        Ok(Self { collector: collector(config)?, authority: Arc::new(authority) })
    }

    /// Ends what a crash left of a retirement: the log says that the old key is gone, and its file is still there. The
    /// caller holds the lock.
    pub(super) fn settle(&self, config: &Config) -> anyhow::Result<()> {
        let (keys, path) = (self.collector.keys(), config.next_log_key());
        if keys.overlap().is_some() || !path.exists() {
            return Ok(());
        }
        if secret(&path)?.public() == *keys.newest().key() {
            move_over(&path, &config.log_key())?;
        }
        Ok(())
    }
}

/// The log's keys with the secret ones that are in force.
fn collector(config: &Config) -> anyhow::Result<Collector> {
    // The next key first: a retirement that goes on meanwhile overwrites the old one and then moves this over it.
    let next = config.next_log_key();
    let next = if next.exists() { Some(secret(&next)?) } else { None };
    let current = secret(&config.log_key());
    let reader = LogReader::open(&config.log_db()).context("opening the log")?;
    let mut changes = Vec::new();
    for entry in reader.entries_of(&EntryType::LogKey, 0, u32::MAX)? {
        let missing = || anyhow!("entry {} changes the log's key and is missing", entry.index);
        changes.push((entry.index, entry.envelope.ok_or_else(missing)?));
    }
    let known = match (&current, &next) {
        (Ok(current), _) => current.public(),
        (Err(_), Some(next)) if !changes.is_empty() => next.public(),
        (Err(error), _) => bail!("{error:#}"),
    };
    let known = Verifier::new(&config.origin, known)?;
    let keys = LogKeys::follow(&known, changes).context("the log's keys")?;
    let mut held: Vec<SecretKey> = current.ok().into_iter().chain(next).collect();
    let mut take = |wanted: &PublicKey| {
        let at = held.iter().position(|key| key.public() == *wanted);
        at.map(|at| held.swap_remove(at)).with_context(|| {
            let folder = config.keys();
            format!(
                "{} does not hold the key {} that the log says is in force: restore it from a backup",
                folder.display(),
                wanted.id()
            )
        })
    };
    let key = take(keys.newest().key())?;
    let leaving = keys.overlap().map(|(old, _)| *old.key());
    let leaving = leaving.map(|old| take(&old)).transpose()?;
    Ok(Collector::of(keys, key, leaving))
}

/// Reads a log key.
pub(super) fn secret(path: &Path) -> anyhow::Result<SecretKey> {
    let text = read_secret(path)?;
    SecretKey::from_pem(&text).with_context(|| format!("key file {}", path.display()))
}
