//! The agent, put together: one run from plugins to spool, one heartbeat, one upload.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use exhibit_plugin::protocol::Describe;
use exhibit_proto::document::{Kind, Target};
use exhibit_proto::statement::{Outcome, Scheduled};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::catalog::Catalog;
use super::observe::{Work, recorder};
use super::{apart, clock, lock};
use crate::collect::{self, PluginConfig};
use crate::config::Config;
use crate::host::{self, Moment};
use crate::identity::{Address, Identity, Store, tls};
use crate::receipts::Pinned;
use crate::seal::{Pulse, Report, SealedDocument, Sealer};
use crate::spool::{Batch, Bounds, Epoch, GivenUp, Spool, SpoolError};
use crate::upload::{Session, UploadError, Uploader};

/// How long one answer of the collector may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Heartbeat interval where neither configuration nor collector names one: longer than an hour with its delays, so that
/// hourly runs are sign enough of life.
const INTERVAL: Duration = Duration::from_secs(70 * 60);

/// An enrolled agent with everything open.
pub struct Agent {
    pub config: Config,
    pub store: Store,
    pub identity: Identity,
    pub spool: Spool,
    pub target: Target,
    /// Cancelled when the agent should end.
    pub stop: CancellationToken,
    log: RefCell<Pinned>,
    tls: tls::Remembered,
    address: Address,
    /// Salts documents and keys redactions.
    pub(super) local_key: [u8; 32],
    /// Another one after a rotation: to be asked for at the moment of sealing.
    pub(super) sealer: RefCell<Rc<Sealer>>,
    _lock: lock::Lock,
}

/// What one run gave.
#[derive(Debug, Default)]
pub struct Ran {
    pub statements: u64,
    pub documents: u64,
    pub unchanged: u64,
    pub outcomes: Vec<Outcome>,
}

impl Agent {
    /// Opens the state directory of an enrolled agent.
    pub fn open(config: Config) -> anyhow::Result<Self> {
        let store = Store::open(&config.state_dir)?;
        let lock = lock::take(&store)?;
        let Some(identity) = store.identity()? else {
            bail!(
                "not enrolled: run `exhibit-agent enrol --collector https://HOST:PORT --ca sha256:…` with a token from `exhibit-collector token create`"
            );
        };
        let target = target(&config, &store)?;
        if !identity.targets.contains(&target) {
            let granted: Vec<&str> = identity.targets.iter().map(Target::as_str).collect();
            bail!(
                "this agent may speak for {} only, and the target here is {target}: correct `target` in the configuration, or enrol anew",
                granted.join(", ")
            );
        }
        let bounds = Bounds::of(config.spool_max_bytes);
        let spool = Spool::open(&store.path("spool.db"), &identity.agent, bounds)?;
        let local_key = store.local_key()?;
        let sealer = sealer(&config, &store, &spool, &identity)?;
        let sealer = RefCell::new(Rc::new(sealer));
        let address = config.collector.clone().unwrap_or(identity.evidence_address.clone());
        let (log, stop) = (RefCell::new(identity.log()?), CancellationToken::new());
        let tls = tls::Remembered::default();
        Ok(Self {
            config,
            store,
            identity,
            spool,
            target,
            stop,
            log,
            tls,
            address,
            local_key,
            sealer,
            _lock: lock,
        })
    }

    /// Asks the plugins what they observe, and remembers it for when they are gone.
    pub async fn catalog(&self) -> anyhow::Result<Catalog<'_>> {
        let remembered = |plugin: &PluginConfig| remembered(&self.spool, &plugin.path);
        let catalog = Catalog::ask(&self.config, remembered).await;
        for known in &catalog.plugins {
            match &known.described {
                Ok(words) => {
                    let text = serde_json::to_string(words).context("plugin description")?;
                    // A full disk must not keep what waits from being sent.
                    if let Err(error) = self.spool.remember_described(&known.plugin.path, &text) {
                        tracing::warn!(%error, "what a plugin says of itself is not remembered");
                    }
                }
                Err(error) => tracing::error!(%error, "a plugin does not say what it observes"),
            }
        }
        Ok(catalog)
    }

    /// Collects these kinds, seals and spools: one run.
    pub async fn collect(&self, catalog: &Catalog<'_>, kinds: &[Kind]) -> Result<Ran, SpoolError> {
        let (limits, stop) = (self.limits()?, &self.stop);
        let recorder = recorder(&self.config, self.local_key);
        let work =
            Work { catalog, recorder: &recorder, target: &self.target, limits: &limits, stop };
        let mut documents = Vec::new();
        let report = work.observe(kinds, &mut |document| documents.push(document)).await;
        self.keep(kinds, &documents, report)
    }

    /// The same, with all that comes before sealing in a process of its own.
    pub(super) async fn collect_apart(
        &self,
        catalog: &Catalog<'_>,
        kinds: &[Kind],
    ) -> Result<Ran, SpoolError> {
        let limits = self.limits()?;
        let (documents, report) = apart::observe(self, catalog, kinds, &limits).await;
        self.keep(kinds, &documents, report)
    }

    /// Seals and spools what a run observed.
    fn keep(
        &self,
        kinds: &[Kind],
        documents: &[SealedDocument],
        mut report: Report,
    ) -> Result<Ran, SpoolError> {
        let untold = self.spool.untold()?;
        report.outcomes.extend(untold.iter().map(told));
        let mut ran = Ran { outcomes: report.outcomes.clone(), ..Ran::default() };
        for document in documents {
            ran.documents += 1;
            ran.unchanged += u64::from(self.spool.unchanged(document)?);
        }
        let served: Vec<(Kind, Timestamp)> =
            kinds.iter().map(|kind| (kind.clone(), report.started)).collect();
        let told: Vec<_> = untold.iter().map(|given_up| given_up.digest).collect();
        let batch = Batch { documents, ran: &served, told: &told, begins: None };
        let moment = Moment::at(clock());
        let sealer = self.sealer();
        let sealed = self.spool.append(&batch, |place| sealer.run(place, &moment, &report))?;
        ran.statements = u64::try_from(sealed.len()).unwrap_or(u64::MAX);
        tracing::info!(
            statements = ran.statements,
            documents = ran.documents,
            unchanged = ran.unchanged,
            outcomes = ran.outcomes.len(),
            "a run is sealed"
        );
        Ok(ran)
    }

    /// Seals a heartbeat.
    pub fn beat(&self, catalog: &Catalog<'_>) -> Result<(), SpoolError> {
        let schedule = catalog.wanted().into_iter().map(|kind| Scheduled {
            cron: self.config.schedule.of(&kind).text().to_owned(),
            target: self.target.clone(),
            kind,
        });
        let moment = Moment::at(clock());
        let open = self.spool.day(self.sealer().epoch)?;
        let begins = open.as_ref().is_none_or(|(day, _)| over(day, moment.now));
        let today = today(moment.now);
        let pulse = Pulse {
            ended: open.filter(|_| begins),
            host_name: host::name(),
            schedule: schedule.collect(),
            interval_seconds: self.interval()?.as_secs(),
            spool_items: self.spool.items()?,
            dropped: self.spool.dropped()?,
            labels: self.labels(),
        };
        let batch = Batch { begins: begins.then_some(today.as_str()), ..Batch::default() };
        self.spool
            .append(&batch, |place| Ok(vec![self.sealer().heartbeat(place, &moment, &pulse)?]))?;
        Ok(())
    }

    /// What the configuration says that the host is; what looks like a secret leaves in a label no more than in a document.
    fn labels(&self) -> BTreeMap<Target, BTreeMap<String, String>> {
        if self.config.labels.is_empty() {
            return BTreeMap::new();
        }
        let mut labels = serde_json::to_value(&self.config.labels).unwrap_or_default();
        recorder(&self.config, self.local_key).redactor.value(&mut labels);
        let labels = serde_json::from_value(labels).unwrap_or_default();
        BTreeMap::from([(self.target.clone(), labels)])
    }

    /// Whether the open day is over, so that a heartbeat should close it before anything else is sealed.
    pub fn day_is_over(&self, now: Timestamp) -> Result<bool, SpoolError> {
        let open = self.spool.day(self.sealer().epoch)?;
        Ok(open.is_some_and(|(day, _)| over(&day, now)))
    }

    /// One session with the collector; counts into `session`.
    pub async fn upload(&self, session: &mut Session) -> Result<(), UploadError> {
        let uploader = Uploader {
            store: &self.store,
            spool: &self.spool,
            identity: &self.identity,
            address: &self.address,
            log: &self.log,
            tls: &self.tls,
            configuration: self.config.digest,
            patience: PATIENCE,
            clock,
        };
        uploader.run(session).await
    }

    /// Who seals now; not to be kept across a wait.
    fn sealer(&self) -> Rc<Sealer> {
        Rc::clone(&self.sealer.borrow())
    }

    /// Longest time between two statements.
    pub fn interval(&self) -> Result<Duration, SpoolError> {
        let wished = self.spool.wishes()?.0.map(Duration::from_secs);
        Ok(self.config.heartbeat.or(wished).unwrap_or(INTERVAL))
    }

    /// The limits here, and what the collector would refuse anyway.
    fn limits(&self) -> Result<collect::Limits, SpoolError> {
        let mut limits = self.config.limits.clone();
        if let Some(most) = self.spool.wishes()?.1 {
            limits.document_bytes = limits.document_bytes.min(most);
        }
        Ok(limits)
    }
}

/// Whether an open day is over. One that goes backwards with the clock closes nothing.
fn over(open: &str, now: Timestamp) -> bool {
    *open < *today(now)
}

/// The day, UTC.
fn today(now: Timestamp) -> String {
    now.strftime("%Y-%m-%d").to_string()
}

/// What a statement says of a document that had to go.
fn told(given_up: &GivenUp) -> Outcome {
    Outcome {
        kind: given_up.kind.clone(),
        target: given_up.target.clone(),
        outcome: "dropped".to_owned(),
        detail: format!(
            "document {} of {} bytes was given up before it was sent: the spool was full",
            given_up.digest, given_up.size
        ),
        remedy: "restore the connection to the collector, or raise spool.max_bytes".to_owned(),
    }
}

fn remembered(spool: &Spool, plugin: &Path) -> Option<Describe> {
    match spool.described(plugin) {
        Ok(text) => text.and_then(|text| serde_json::from_str(&text).ok()),
        Err(error) => {
            tracing::warn!(%error, "what a plugin said earlier cannot be read");
            None
        }
    }
}

/// The target of this host: configured, or named after the machine id, or after one of our own.
pub(super) fn target(config: &Config, store: &Store) -> anyhow::Result<Target> {
    if let Some(target) = &config.target {
        return Ok(target.clone());
    }
    let id = host::machine_id(Path::new("/etc/machine-id")).context("reading /etc/machine-id")?;
    let id = match id {
        Some(id) => id,
        None => store.own_machine_id()?,
    };
    Ok(format!("host:{id}").parse()?)
}

fn sealer(
    config: &Config,
    store: &Store,
    spool: &Spool,
    identity: &Identity,
) -> anyhow::Result<Sealer> {
    let epoch = match spool.epoch()? {
        Some(epoch) => epoch,
        None => {
            let key = store.evidence_key()?.public().id();
            let epoch = Epoch { number: identity.epoch, key, since: identity.enrolled_at };
            spool.begin_epoch(&epoch)?;
            epoch
        }
    };
    let executable = std::env::current_exe().context("finding the agent's own executable")?;
    Ok(Sealer {
        key: store.evidence_key_of(&epoch.key)?,
        agent: identity.agent.clone(),
        epoch: epoch.number,
        binary: collect::digest_of(&executable).context("hashing the agent's own executable")?,
        configuration: config.digest,
        vetoes: config.vetoes(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_over_at_midnight_utc_and_not_when_the_clock_goes_back() {
        let over = |now: &str| over("2026-11-22", now.parse().unwrap());
        for open in ["2026-11-22T00:00:00Z", "2026-11-23T00:30:00+01:00", "2026-11-21T12:00:00Z"] {
            assert!(!over(open), "{open}");
        }
        for later in ["2026-11-23T00:00:00Z", "2026-11-22T23:30:00-01:00", "2027-01-01T00:00:00Z"] {
            assert!(over(later), "{later}");
        }
    }
}
