//! `serve`: config → build → run → drain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use axum::Router;
use axum::body::Body;
use jiff::Timestamp;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::attest::Attest;
use super::decide::Decider;
use super::desk::{Desk, Waiting, answer_to, desk};
use super::rules::{self, Steward};
use super::{Keys, log_key, open, record, scrub, witness};
use crate::config::Config;
use crate::frameworks::{Frameworks, Refused};
use crate::identity::{Authority, EnrolmentService, ServerCertificate, evidence_tls, web_tls};
use crate::ingest::{self, Ahead, Certificates, EvidenceService, Ingest, Presence};
use crate::log::scrub::{Scrub, ScrubStore};
use crate::log::{Lock, LogReader, LogWriter, WriterTask};
use crate::named::named;
use crate::net;
use crate::oidc::Provider;
use crate::opened::Opened;
use crate::people::People;
use crate::requests::{Done, Mailbox};
use crate::secrets::SecretsDb;
use crate::timestamp::Timestamps;
use crate::views::{Assessor, Views};
use crate::web::{self, WebState, public};
use crate::witness::Witnesses;

/// How often the server certificate's age is looked at.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(3600);
/// How long the writer may take to finish after everybody has gone.
const WRITER_PATIENCE: Duration = Duration::from_secs(10);

/// Both ports listen.
#[derive(Debug, Serialize)]
pub struct Ready {
    ready: bool,
    evidence: SocketAddr,
    web: String,
}

/// Serves until a signal or a fatal error; `tell` is called once, when both ports listen.
pub fn serve(
    config: Config,
    tell: impl FnOnce(&Ready) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(run(config, tell));
    // Views that are being made anew may be broken off: they are made from the log again.
    runtime.shutdown_timeout(WRITER_PATIENCE);
    ended
}

async fn run(
    config: Config,
    tell: impl FnOnce(&Ready) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    Keys::expected(&config)?;
    let _lock = Lock::take(&config.lock())?;
    let mut standing = Standing { ports: None, signals: None, tell: Some(tell) };
    // The log's key changes in between, while nobody is at work with it.
    while let Some(Waiting { id, asked }) = session(&config, &mut standing).await? {
        let done = log_key::alone(&config, &asked).await;
        match &done {
            Ok(changed) => {
                tracing::info!(entry = changed.entry, "the log's key changed: serving again")
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the log's key did not change")
            }
        }
        let mailbox = Mailbox::open(SecretsDb::open(&config.secrets_db())?)?;
        answer_to(&mailbox, id, done.map(Done::LogKey)).await?;
    }
    Ok(())
}

/// What outlives a session.
struct Standing<T> {
    /// Evidence port and web port. Whoever connects while the log's key changes waits in the system's backlog.
    ports: Option<(std::net::TcpListener, std::net::TcpListener)>,
    signals: Option<(Signal, Signal)>,
    tell: Option<T>,
}

impl<T> Standing<T> {
    async fn ports(&mut self, config: &Config) -> anyhow::Result<(TcpListener, TcpListener)> {
        if self.ports.is_none() {
            let bind = async |address: SocketAddr| {
                let bound = TcpListener::bind(address).await;
                let bound = bound.with_context(|| format!("listening on {address}"))?;
                anyhow::Ok(bound.into_std()?)
            };
            let evidence = bind(config.evidence.listen).await?;
            self.ports = Some((evidence, bind(config.web.listen).await?));
        }
        let (evidence, web) = self.ports.as_ref().context("no ports")?;
        let open = |port: &std::net::TcpListener| TcpListener::from_std(port.try_clone()?);
        Ok((open(evidence)?, open(web)?))
    }
}

/// Serves until a signal, or until a request comes for which all work has to rest; everything has rested when this returns.
async fn session(
    config: &Config,
    standing: &mut Standing<impl FnOnce(&Ready) -> anyhow::Result<()>>,
) -> anyhow::Result<Option<Waiting>> {
    let keys = Keys::load(config)?;
    keys.settle(config)?;
    let (writer, reader, mut task) = open::log(&config.log_db(), &keys.collector)?;
    let (witnesses, asker) = witness::meet(config, &keys.collector, &reader).await?;
    let timestamps = Timestamps::open(config)?;
    let assessor = Assessor::builtin()?;
    let log = (writer.clone(), reader.clone());
    let steward = Steward::new(keys.collector.clone(), log, config.rules.clone());
    rules::at_start(&steward).await?;
    drop(steward);
    let (evidence, web) = standing.ports(config).await?;
    let ready = Ready {
        ready: true,
        evidence: evidence.local_addr()?,
        web: format!("https://{}", web.local_addr()?),
    };
    let stop = CancellationToken::new();
    let limits = limits(config);
    let (mut tasks, mut followers) = (JoinSet::new(), JoinSet::new());
    let requests;
    let mut desk = {
        let sizes = writer.sizes();
        let heads = witnesses.clone().follow(reader.clone(), asker, sizes, stop.clone());
        followers.spawn(heads);
        followers.spawn(timestamps.clone().follow(reader.clone(), stop.clone()));
        let store = ScrubStore::open(&config.scrub_db())?;
        let looks = Scrub::new(reader.clone(), keys.collector.keys().clone(), named);
        tasks.spawn(scrub::follow(looks, store.clone(), config.scrub_period(), stop.clone()));
        let log = (writer, reader, witnesses, timestamps, store);
        let built = build(config, &keys, assessor, log, ready.evidence, &stop)?;
        let Built { certificate, evidence_routes, web_routes, views, sizes, desk, mailbox } = built;
        let tls = evidence_tls(&keys.authority, Arc::clone(&certificate))?;
        tasks.spawn(net::serve(evidence, tls, evidence_routes, limits, stop.clone()));
        let tls = web_tls(Arc::clone(&certificate))?;
        tasks.spawn(net::serve(web, tls, web_routes, limits, stop.clone()));
        tasks.spawn(renew(keys.authority, certificate, config.clone(), stop.clone()));
        tasks.spawn(desk.undertaker.clone().follow(stop.clone()));
        followers.spawn(views.follow(sizes));
        requests = mailbox.clone();
        tokio::spawn(desk.serve(mailbox, stop.clone()))
    };
    let (terminated, interrupted) = match &mut standing.signals {
        Some(signals) => signals,
        none @ None => {
            none.insert((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
        }
    };
    if let Some(tell) = standing.tell.take() {
        tell(&ready)?;
    }
    let ended = tokio::select! {
        _ = terminated.recv() => Ok(None),
        _ = interrupted.recv() => Ok(None),
        ended = task.ended() => Err(broken(ended)),
        Some(task) = tasks.join_next() => Err(anyhow!("a port stopped serving: {task:?}")),
        asked = &mut desk => asked.context("requests are not served any more"),
    };
    tracing::info!("stopping: no new connections, open ones may finish");
    stop.cancel();
    while let Some(joined) = tasks.join_next().await {
        if let Err(error) = joined {
            tracing::error!(%error, "a task ended badly");
        }
    }
    if !desk.is_finished() {
        desk.await?;
    }
    let ended = ended?;
    match (finish(task, followers).await?, ended) {
        (true, ended) => Ok(ended),
        (false, None) => Ok(None),
        (false, Some(Waiting { id, .. })) => {
            let why = "somebody was still at work with the log: its key did not change";
            answer_to(&requests, id, Err(anyhow!(why))).await?;
            bail!(why)
        }
    }
}

fn limits(config: &Config) -> net::Limits {
    net::Limits {
        connections: config.limits.connections,
        streams: config.limits.streams,
        handshake: config.limits.handshake,
        body: config.limits.body,
        drain: config.limits.drain,
    }
}

/// All handles are gone with the routes; what was queued is committed. Answers whether nobody is at work any more.
async fn finish(mut task: WriterTask, mut followers: JoinSet<()>) -> anyhow::Result<bool> {
    let rest = async {
        task.ended().await.context("closing the log")?;
        while let Some(joined) = followers.join_next().await {
            joined.context("what follows the log")?;
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(WRITER_PATIENCE, rest).await {
        Ok(ended) => ended.map(|()| true),
        Err(_elapsed) => {
            tracing::warn!("the log is still waited for by somebody; they hold nothing back");
            Ok(false)
        }
    }
}

/// The log must not be served any longer.
fn broken(ended: Result<(), crate::log::LogError>) -> anyhow::Error {
    match ended {
        Err(error) => anyhow::Error::new(error).context("the log cannot go on"),
        Ok(()) => anyhow!("the log's writer ended while it was needed"),
    }
}

/// Those of the organisation too; what was refused is told, and the collector serves without it.
fn frameworks(config: &Config) -> anyhow::Result<Frameworks> {
    let known = Frameworks::read(config.frameworks.directory.as_deref())?;
    for Refused { folder, why } in known.refused.iter() {
        tracing::error!(folder = %folder.display(), why, "a framework was refused");
    }
    Ok(known)
}

type Log = (LogWriter, LogReader, Witnesses, Timestamps, ScrubStore);

struct Built {
    certificate: Arc<ServerCertificate>,
    evidence_routes: Router,
    web_routes: Router,
    views: Views,
    sizes: tokio::sync::watch::Receiver<u64>,
    desk: Desk,
    mailbox: Mailbox,
}

fn build(
    config: &Config,
    keys: &Keys,
    assessor: Assessor,
    (writer, reader, witnesses, timestamps, scrub): Log,
    bound: SocketAddr,
    stop: &CancellationToken,
) -> anyhow::Result<Built> {
    let Keys { collector, authority } = keys;
    let days = i64::from(config.identity.server_certificate_days);
    let first = authority.server_certificate(&config.names, days, Timestamp::now())?;
    let secrets = SecretsDb::open(&config.secrets_db())?;
    let log = (writer.clone(), reader.clone());
    let opened = Opened::default();
    let views = Views::open(&config.views_db(), reader.clone(), assessor)?.given(opened.clone());
    let (ahead, certificates) = (Ahead::default(), Certificates::open(secrets.clone())?);
    let (shared, attested) = (views.clone(), (witnesses.clone(), timestamps.clone()));
    let lent = Arc::new(move || Ok(shared.clone()));
    let (desk, registry) = desk(config, keys, secrets.clone(), log, bound, lent)?;
    let (enroller, mailbox) = (desk.enroller.clone(), Mailbox::open(secrets.clone())?);
    let live = web::live::Live::new(stop.clone());
    let state = WebState {
        ahead: ahead.clone(),
        certificates: certificates.clone(),
        views: views.clone(),
        witnesses: witnesses.clone(),
        timestamps: timestamps.clone(),
        people: People::open(secrets)?,
        second_factor: config.people.second_factor.clone(),
        oidc: config.oidc.clone().map(Provider::new).transpose()?.map(Arc::new),
        origin: config.origin.clone(),
        keys: collector.keys().clone(),
        scrub,
        frameworks: frameworks(config)?,
        retention: desk.retention(),
        record: record::record(collector.clone(), writer.clone()),
        scratch: config.data.clone(),
        decide: desk.decider.lent(Arc::new(Timestamp::now)),
        desk: desk.lent(),
        live: live.clone(),
        score: config.web.score,
        clock: Arc::new(Timestamp::now),
    };
    let per_minute = config.identity.enrolments_per_minute;
    let stamps = timestamps.stamps().clone();
    let beside = public::Public { log: reader.clone(), witnesses, stamps, stop: stop.clone() };
    let beside =
        public::router(beside).merge(grpc(EnrolmentService::server(enroller.clone(), per_minute)));
    let attest = Attest {
        collector: collector.clone(),
        writer: writer.clone(),
        reader: reader.clone(),
        witnesses: attested.0,
        timestamps: attested.1,
        ahead: ahead.clone(),
        every: config.witnesses.logged_every,
    };
    tokio::spawn(attest.follow(stop.clone()));
    tokio::spawn(live.follow(views.clone()));
    tokio::spawn(settle(desk.decider.clone(), stop.clone()));
    let evidence = EvidenceService::server(Ingest {
        origin: config.origin.clone(),
        collector: collector.clone(),
        ahead,
        registry,
        writer: writer.clone(),
        reader,
        enroller,
        presence: Presence::default(),
        certificates,
        opened,
        limits: ingest::Limits {
            document_bytes: config.limits.document_bytes,
            in_flight_bytes: config.limits.in_flight_bytes,
            idle: config.limits.idle,
            heartbeat: config.evidence.heartbeat,
        },
        stop: stop.clone(),
    });
    Ok(Built {
        certificate: ServerCertificate::new(first),
        evidence_routes: grpc(evidence),
        web_routes: web::router(state, beside),
        views,
        sizes: writer.sizes(),
        desk,
        mailbox,
    })
}

/// Logs what the configuration decides, beside the ports: the views may have to be made first.
async fn settle(decider: Decider, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        settled = decider.settle() => if let Err(error) = settled {
            tracing::error!(%error, "what the configuration decides is not logged; the next decision tries again");
        },
    }
}

/// A gRPC service as a route without a fallback, so that it can stand beside pages.
fn grpc<S>(service: S) -> Router
where
    S: tower::Service<
            axum::http::Request<tonic::body::Body>,
            Response = axum::http::Response<tonic::body::Body>,
            Error = std::convert::Infallible,
        > + tonic::server::NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    let service = service
        .map_request(|request: axum::http::Request<Body>| request.map(tonic::body::Body::new));
    Router::new().route_service(&format!("/{}/{{*method}}", S::NAME), service)
}

/// Replaces the server certificate when a third of its life is left.
async fn renew(
    authority: Arc<Authority>,
    certificate: Arc<ServerCertificate>,
    config: Config,
    stop: CancellationToken,
) {
    let days = i64::from(config.identity.server_certificate_days);
    let mut issued = Timestamp::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(CERTIFICATE_CHECK) => {}
        }
        let now = Timestamp::now();
        if now.duration_since(issued) < jiff::SignedDuration::from_hours(16 * days) {
            continue;
        }
        match authority.server_certificate(&config.names, days, now) {
            Ok(next) => {
                certificate.replace(next);
                issued = now;
                tracing::info!("server certificate renewed");
            }
            Err(error) => tracing::error!(%error, "server certificate could not be renewed"),
        }
    }
}
