//! The commands that enrol, run and show what would leave.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Target;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::keys::SecretKey;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::agent::{Agent, target};
use super::catalog::Catalog;
use super::observe::{Work, recorder};
use super::{clock, lock, say, service};
use crate::cli;
use crate::collect::digest_of;
use crate::config::Config;
use crate::host::{self, Moment};
use crate::identity::Store;
use crate::identity::enrol::{Invitation, enrol as enrol_with};
use crate::seal::{Place, Recorder, Sealer};
use crate::spool::{Bounds, Spool, View};

pub(super) async fn enrol(config: &Path, arguments: cli::Enrol) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    let store = Store::open(&config.state_dir)?;
    let _lock = lock::take(&store)?;
    let invitation = Invitation {
        collector: arguments.collector,
        ca: arguments.ca,
        token: token(arguments.token_file.as_deref())?,
        target: target(&config, &store)?,
        host_name: host::name(),
    };
    let (identity, head) = enrol_with(&store, &invitation, clock()).await?;
    let spool = store.path("spool.db");
    let spool = Spool::open(&spool, &identity.agent, Bounds::of(config.spool_max_bytes))?;
    let checkpoint =
        exhibit_proto::checkpoint::Checkpoint::open(head.as_bytes(), &identity.log()?)?;
    spool.first_head(&checkpoint, &head)?;
    let key = store.evidence_key()?.public();
    if arguments.json {
        let told = json!({
            "agent": identity.agent,
            "targets": identity.targets,
            "evidence_address": identity.evidence_address,
            "log_key": identity.log_key,
            "evidence_key": key.id(),
            "checkpoint_size": checkpoint.size,
        });
        say(&told.to_string())?;
    } else {
        let targets: Vec<&str> = identity.targets.iter().map(|target| target.as_str()).collect();
        say(&format!(
            "enrolled as agent {} for {}\nevidence goes to {}\nevidence key {}\nlog key {} (pinned; the log has {} entries)\nstart it with: exhibit-agent run",
            identity.agent,
            targets.join(", "),
            identity.evidence_address,
            key.id(),
            identity.log_key,
            checkpoint.size
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The token comes from a file, the environment or standard input; never from the command line, which others can see.
fn token(file: Option<&Path>) -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    if let Some(file) = file {
        *text = std::fs::read_to_string(file)
            .with_context(|| format!("reading the token from {}", file.display()))?;
    } else if let Ok(token) = std::env::var("EXHIBIT_TOKEN") {
        *text = token;
    } else {
        std::io::stdin()
            .take(4096)
            .read_to_string(&mut text)
            .context("reading the token from standard input")?;
    }
    let token = Zeroizing::new(text.trim().to_owned());
    if token.is_empty() {
        bail!(
            "no token: give one with --token-file, EXHIBIT_TOKEN or on standard input (from `exhibit-collector token create`)"
        );
    }
    Ok(token)
}

pub(super) async fn run(config: &Path, arguments: &cli::Run) -> anyhow::Result<ExitCode> {
    let agent = Agent::open(Config::load(config)?)?;
    let stop = agent.stop.clone();
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let signals = async {
        tokio::select! {
            _received = terminate.recv() => {}
            _received = interrupt.recv() => {}
        }
        tracing::info!("asked to stop: what is at hand is sealed and sent, then the agent ends");
        stop.cancel();
        std::future::pending::<()>().await;
    };
    let work = async {
        if !arguments.once {
            service::serve(&agent).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let once = service::once(&agent, arguments.timeout).await?;
        say(&serde_json::to_string(&once)?)?;
        Ok(if once.complete { ExitCode::SUCCESS } else { ExitCode::from(1) })
    };
    tokio::select! {
        done = work => done,
        () = signals => Ok(ExitCode::SUCCESS),
    }
}

/// What a run needs that stores and sends nothing: everything as it would be, but the key that signs.
pub(super) struct Rehearsal {
    pub(super) view: View,
    pub(super) target: Target,
    pub(super) recorder: Recorder,
    /// Signs with a key made up for this run: nothing that is signed can leak.
    pub(super) sealer: Sealer,
}

impl Rehearsal {
    pub(super) fn of(config: &Config) -> anyhow::Result<Self> {
        let store = Store::look(&config.state_dir);
        let identity = store.identity()?;
        let view = View::read(&store.path("spool.db"))?;
        let local_key = match store.existing_local_key()? {
            Some(key) => key,
            None => {
                tracing::warn!(
                    "not enrolled yet: salts are made up for this run, so digests will differ later"
                );
                random()?
            }
        };
        let target = match (&config.target, &identity) {
            (Some(target), _) => target.clone(),
            (None, _) => match host::machine_id(Path::new("/etc/machine-id"))? {
                Some(id) => format!("host:{id}").parse()?,
                None => match identity.as_ref().and_then(|identity| identity.targets.first()) {
                    Some(target) => target.clone(),
                    None => {
                        bail!("no machine id here: name a `target` in the configuration, or enrol")
                    }
                },
            },
        };
        let sealer = Sealer {
            key: SecretKey::from_seed(&random()?),
            agent: identity.map_or("not-enrolled".to_owned(), |known| known.agent),
            epoch: view.epoch.as_ref().map_or(1, |epoch| epoch.number),
            binary: digest_of(&std::env::current_exe()?)?,
            configuration: config.digest,
            vetoes: config.vetoes(),
        };
        let recorder = recorder(config, local_key);
        Ok(Self { view, target, recorder, sealer })
    }
}

/// Prints each document as its exact bytes, then the payload of each statement, a line each.
pub(super) async fn collect(config: &Path, arguments: &cli::Collect) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    let Rehearsal { view, target, recorder, sealer } = Rehearsal::of(&config)?;
    let catalog = Catalog::ask(&config, |_plugin| None).await;
    let kinds = if arguments.kinds.is_empty() { catalog.wanted() } else { arguments.kinds.clone() };
    let stop = CancellationToken::new();
    let work = Work {
        catalog: &catalog,
        recorder: &recorder,
        target: &target,
        limits: &config.limits,
        stop: &stop,
    };
    let mut documents = Vec::new();
    let report = work.observe(&kinds, &mut |document| documents.push(document.bytes)).await;
    let place = Place {
        seq: view.next_seq,
        prev: view.prev.unwrap_or(Digest::ZERO),
        clock_offset_ms: view.clock_offset_ms,
        checkpoint: view.head,
    };
    for document in &documents {
        say(document)?;
    }
    for statement in sealer.run(&place, &Moment::at(clock()), &report)? {
        let payload = Envelope::parse(&statement.envelope)?.unverified_payload()?;
        say(&String::from_utf8(payload)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(bytes)
}
