//! The desk: does what commands ask for, by ourselves while nobody serves, otherwise by the collector that does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use exhibit_proto::statement::Activity;
use jiff::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::decide::Decider;
use super::log_key::fits;
use super::open::OpenViews;
use super::retention::Undertaker;
use super::rules::Steward;
use super::{Keys, open, record};
use crate::config::Config;
use crate::decisions::{Attached, Deciding};
use crate::identity::{Collector, Enroller, EnrollerSettings, Registry, Tokens};
use crate::log::{Lock, LogError, LogReader, LogWriter};
use crate::requests::{AskDesk, Done, KeyChange, Mailbox, Request};
use crate::retention::{Counts, InForce, LastPass};
use crate::secrets::SecretsDb;
use crate::views::{Assessor, Views};

/// How often a serving collector looks for requests.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often a command looks for its answer.
const ANSWER_EVERY: Duration = Duration::from_millis(50);
/// How long the command waits for the collector that serves.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest name, reason and the like, in bytes: they stand in the log for good.
const MAX_TEXT: usize = 1000;

/// Whoever does what is asked for: one request at a time.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) collector: Collector,
    pub(super) enroller: Enroller,
    pub(super) writer: LogWriter,
    pub(super) undertaker: Undertaker,
    pub(super) steward: Steward,
    pub(super) decider: Decider,
    pub(super) mailbox: Mailbox,
}

impl Desk {
    /// For pages.
    pub(super) fn retention(&self) -> InForce {
        let Undertaker { rules, last, .. } = &self.undertaker;
        InForce { rules: rules.clone(), last: last.clone(), counts: Counts::default() }
    }

    /// For pages: it does for them what it does for commands.
    pub(super) fn lent(&self) -> AskDesk {
        let desk = self.clone();
        Arc::new(move |request| {
            let desk = desk.clone();
            // A task of its own: a browser that goes away breaks nothing off.
            let done = tokio::spawn(async move { desk.act(request).await });
            Box::pin(async move {
                let done = done.await.map_err(|error| error.to_string())?;
                done.map_err(|error| format!("{error:#}"))
            })
        })
    }

    /// Does it. To be run to its end: an entry that is in the log must be acted upon.
    async fn act(&self, request: Request) -> anyhow::Result<Done> {
        match request {
            Request::Revoke(asked) => {
                let revoked = self.enroller.revoke(&asked.agent, &asked.by, &asked.reason).await;
                let (agent, entry) = revoked?;
                Ok(Done::Revoked { agent, entry })
            }
            Request::Record(activity) => {
                let entry = record::activity(&self.collector, &self.writer, activity).await?;
                Ok(Done::Recorded { entry })
            }
            Request::Retain => self.undertaker.due(usize::MAX, Timestamp::now()).await,
            Request::Delete { digest, by, reason } => self.undertaker.one(digest, by, reason).await,
            Request::Hold(hold) => self.undertaker.hold(hold).await,
            Request::Lift(lift) => self.undertaker.lift(lift).await,
            Request::ActivatePack(asked) => self.steward.activate(asked).await,
            Request::ApprovePack(asked) => self.steward.approve(asked).await,
            Request::Decide { decision, file } => {
                let file = match file {
                    Some(digest) => Some(self.fetched(digest).await?),
                    None => None,
                };
                let deciding = Deciding { decision, file };
                let done = self.decider.decide(deciding, Timestamp::now()).await?;
                Ok(Done::Decided { entry: done.entry, proposed: done.proposed })
            }
            // Everybody at work here has the key in their hands.
            Request::LogKey(_) => bail!("the log's key changes only while nobody is at work"),
        }
    }

    async fn fetched(&self, digest: exhibit_proto::digest::Digest) -> anyhow::Result<Attached> {
        let mailbox = self.mailbox.clone();
        let bytes = tokio::task::spawn_blocking(move || mailbox.fetch(&digest)).await??;
        Ok(Attached::new(bytes.context("the file did not come with the request")?)?)
    }

    /// Serves requests that commands leave, until `stop`, or until one comes for which all work has to rest: that is
    /// answered by whoever made it rest.
    pub(super) async fn serve(self, mailbox: Mailbox, stop: CancellationToken) -> Option<Waiting> {
        loop {
            tokio::select! {
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            // Not broken off by `stop`: what is in the log must be acted upon, and be answered.
            match self.all(&mailbox).await {
                Ok(None) => {}
                Ok(Some(waiting)) => return Some(waiting),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "requests could not be served");
                }
            }
        }
    }

    async fn all(&self, mailbox: &Mailbox) -> anyhow::Result<Option<Waiting>> {
        loop {
            let waiting = mailbox.clone();
            let next = tokio::task::spawn_blocking(move || waiting.next()).await??;
            let Some((id, request)) = next else { return Ok(None) };
            let answer = if let Request::LogKey(asked) = request {
                match fits(&self.collector, asked.phase) {
                    Ok(()) => return Ok(Some(Waiting { id, asked })),
                    Err(error) => Err(error),
                }
            } else {
                self.act(request).await
            };
            answer_to(mailbox, id, answer).await?;
        }
    }
}

/// A request that nobody can do who is at work with the log's key.
pub(super) struct Waiting {
    pub(super) id: i64,
    pub(super) asked: KeyChange,
}

/// Answers a request.
pub(super) async fn answer_to(
    mailbox: &Mailbox,
    id: i64,
    answer: anyhow::Result<Done>,
) -> anyhow::Result<()> {
    let (mailbox, answer) = (mailbox.clone(), answer.map_err(|error| format!("{error:#}")));
    Ok(tokio::task::spawn_blocking(move || mailbox.answer(id, &answer)).await??)
}

/// Has a request done, whether or not `serve` runs.
pub(super) fn ask(config: &Config, request: Request, now: Timestamp) -> anyhow::Result<Done> {
    Keys::expected(config)?;
    let secrets = SecretsDb::open(&config.secrets_db())?;
    match Lock::take(&config.lock()) {
        // Under the lock: the log's key may have changed while somebody else had it.
        Ok(_lock) => alone(config, &Keys::load(config)?, secrets, request),
        Err(LogError::Locked(_)) => through_the_serving(&Mailbox::open(secrets)?, &request, now),
        Err(error) => Err(error.into()),
    }
}

/// Logs what a person did at the command line; answers the index of the entry.
pub(super) fn log_activity(
    config: &Config,
    (by, action, detail): (&str, &str, Value),
    now: Timestamp,
) -> anyhow::Result<u64> {
    let activity = Activity { by: by.to_owned(), action: action.to_owned(), detail };
    let done = ask(config, Request::Record(activity), now)?;
    if let Done::Recorded { entry } = done { Ok(entry) } else { Err(unexpected(&done)) }
}

/// Refuses texts that must not stand in the log.
pub(super) fn texts(given: &[(&str, &str)]) -> anyhow::Result<()> {
    for (what, text) in given {
        ensure!(!text.trim().is_empty(), "{what} is empty: it stands in the log for good");
        ensure!(text.len() <= MAX_TEXT, "{what} has {} bytes: at most {MAX_TEXT}", text.len());
    }
    Ok(())
}

pub(super) fn unexpected(done: &Done) -> anyhow::Error {
    anyhow!("the collector that serves answered something else ({done:?}): restart it")
}

/// A desk over an open log.
pub(super) fn desk(
    config: &Config,
    keys: &Keys,
    secrets: SecretsDb,
    (writer, reader): (LogWriter, LogReader),
    evidence: std::net::SocketAddr,
    views: OpenViews,
) -> anyhow::Result<(Desk, Registry)> {
    let registry = Registry::open(reader.clone(), keys.collector.keys().clone())?;
    let enroller = Enroller::new(
        Arc::clone(&keys.authority),
        keys.collector.clone(),
        Tokens::open(secrets.clone())?,
        registry.clone(),
        (writer.clone(), reader.clone()),
        EnrollerSettings {
            certificate_days: i64::from(config.identity.client_certificate_days),
            evidence_address: config.evidence_address(evidence),
        },
    );
    let log = (writer.clone(), reader.clone());
    let steward = Steward::new(keys.collector.clone(), log, config.rules.clone());
    let undertaker = Undertaker {
        collector: keys.collector.clone(),
        writer: writer.clone(),
        reader,
        views: Arc::clone(&views),
        rules: config.retention.clone(),
        turn: Arc::default(),
        last: LastPass::default(),
    };
    let decider = Decider {
        collector: keys.collector.clone(),
        writer: writer.clone(),
        views,
        configured: super::decide::configured(config),
        turn: Arc::default(),
    };
    let (collector, mailbox) = (keys.collector.clone(), Mailbox::open(secrets)?);
    Ok((Desk { collector, enroller, writer, undertaker, steward, decider, mailbox }, registry))
}

fn alone(
    config: &Config,
    keys: &Keys,
    secrets: SecretsDb,
    request: Request,
) -> anyhow::Result<Done> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (writer, reader, mut task) = open::log(&config.log_db(), &keys.collector)?;
        let (path, log) = (config.views_db(), reader.clone());
        let views = move || Ok(Views::open(&path, log.clone(), Assessor::builtin()?)?);
        let (desk, _registry) =
            desk(config, keys, secrets, (writer, reader), config.evidence.listen, Arc::new(views))?;
        let done = desk.act(request).await;
        drop(desk);
        task.ended().await.context("closing the log")?;
        done
    })
}

pub(super) fn through_the_serving(
    mailbox: &Mailbox,
    request: &Request,
    now: Timestamp,
) -> anyhow::Result<Done> {
    let id = mailbox.ask(request, now)?;
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = mailbox.answered(id)? {
            return answer.map_err(|error| anyhow!(error));
        }
        // What cannot be withdrawn was taken: it is being done, and will be answered.
        if Instant::now() >= end && mailbox.withdraw(id)? {
            bail!(
                "the collector that holds this data directory did not take the request in {} s, nothing was done: see its log, or stop it and try again",
                PATIENCE.as_secs()
            );
        }
        std::thread::sleep(ANSWER_EVERY);
    }
}
