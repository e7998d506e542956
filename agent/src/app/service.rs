//! The loops: collect on schedule, bring what waits to the collector, drain and end; or all of it once.

use std::time::Duration;

use exhibit_proto::document::Kind;
use exhibit_proto::statement::Outcome;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::agent::{Agent, Ran};
use super::catalog::Catalog;
use super::{clock, control, told as told_error};
use crate::schedule::{Due, due, splay};
use crate::spool::SpoolError;
use crate::upload::{Session, UploadError, backoff};

/// Longest sleep: a clock that was set, or a host that slept, is noticed after this.
const NAP: Duration = Duration::from_secs(60);
/// What is left for the last upload after a stop.
const DRAIN: Duration = Duration::from_secs(5);

/// What `run --once` did.
#[derive(Debug, Serialize)]
pub struct Once {
    pub statements: u64,
    pub documents: u64,
    pub unchanged: u64,
    pub outcomes: Vec<Outcome>,
    pub receipts: u64,
    pub checkpoint_size: u64,
    /// Why something is not receipted; absent when everything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip)]
    pub complete: bool,
}

/// Runs until stopped.
pub async fn serve(agent: &Agent) -> anyhow::Result<()> {
    let wake = Notify::new();
    let collecting = async {
        let collected = collecting(agent, &wake).await;
        // An agent that only uploads would look alive: it ends, and its supervisor starts it again.
        agent.stop.cancel();
        collected
    };
    let (collected, (), ()) =
        tokio::join!(collecting, uploading(agent, &wake), control::serve(agent, &wake));
    collected
}

/// Collects what is due, and says that the agent is alive.
async fn collecting(agent: &Agent, wake: &Notify) -> anyhow::Result<()> {
    let mut catalog = agent.catalog().await?;
    let mut told: Option<Timestamp> = None;
    while !agent.stop.is_cancelled() {
        let now = clock();
        match agent.rotate_if_due(now) {
            Ok(true) => wake.notify_one(),
            Ok(false) => {}
            // The old key goes on; the next turn tries again.
            Err(error) => {
                tracing::error!(error = told_error(&error), "the evidence key could not be rotated")
            }
        }
        let (ready, next) = plan(agent, &catalog, now)?;
        let done = step(agent, &catalog, &ready, &mut told).await;
        match done {
            Ok(true) => wake.notify_one(),
            Ok(false) => {}
            // What could not be stored is collected again after a nap; nothing was half done.
            Err(error) => tracing::error!(%error, "a run could not be stored"),
        }
        let wait = next.map_or(NAP, |next| {
            Duration::try_from(clock().duration_until(next)).unwrap_or_default()
        });
        let wait = if ready.is_empty() {
            wait.clamp(Duration::from_millis(50), NAP)
        } else {
            NAP.min(wait.max(Duration::from_secs(1)))
        };
        tokio::select! {
            () = agent.stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
        if stale(&catalog) {
            catalog = agent.catalog().await?;
        }
    }
    Ok(())
}

/// One step: a heartbeat if silence would be too long, then the kinds that are ready. Answers whether anything was sealed.
async fn step(
    agent: &Agent,
    catalog: &Catalog<'_>,
    ready: &[Kind],
    told: &mut Option<Timestamp>,
) -> Result<bool, SpoolError> {
    let now = clock();
    let interval =
        jiff::SignedDuration::try_from(agent.interval()?).unwrap_or(jiff::SignedDuration::MAX);
    let silent = told.is_none_or(|told| told > now || told.duration_until(now) >= interval);
    if silent || agent.day_is_over(now)? {
        agent.beat(catalog)?;
        *told = Some(now);
    }
    if ready.is_empty() {
        return Ok(*told == Some(now));
    }
    agent.collect_apart(catalog, ready).await?;
    *told = Some(clock());
    Ok(true)
}

/// Which kinds are due now, and when the next thing is: a kind or a heartbeat.
fn plan(
    agent: &Agent,
    catalog: &Catalog<'_>,
    now: Timestamp,
) -> Result<(Vec<Kind>, Option<Timestamp>), SpoolError> {
    let (mut ready, mut next) = (Vec::new(), None);
    for kind in catalog.wanted() {
        let schedule = &agent.config.schedule;
        let line = schedule.of(&kind);
        let splay = splay(&agent.identity.agent, line, schedule.splay);
        match due(line, splay, now, agent.spool.last_run(&kind)?) {
            Due::Now => ready.push(kind),
            Due::At(at) => next = Some(next.map_or(at, |next: Timestamp| next.min(at))),
            Due::Never => {}
        }
    }
    Ok((ready, next))
}

/// Whether a plugin's file changed since it was asked: it is asked again then.
fn stale(catalog: &Catalog<'_>) -> bool {
    catalog.plugins.iter().any(|known| known.changed())
}

/// Brings what waits to the collector, and asks after its wishes now and then even if nothing waits.
async fn uploading(agent: &Agent, wake: &Notify) {
    let mut failures = 0;
    while !agent.stop.is_cancelled() {
        let mut session = Session::default();
        let done = tokio::select! {
            () = agent.stop.cancelled() => break,
            done = agent.upload(&mut session) => done,
        };
        match done {
            Ok(()) => {
                failures = 0;
                // What is sealed wakes; a heartbeat that is due comes up to a nap late, and needs no connection of its own.
                let interval = agent.interval().unwrap_or(NAP) + 2 * NAP;
                tokio::select! {
                    () = agent.stop.cancelled() => {}
                    () = wake.notified() => {}
                    () = tokio::time::sleep(interval) => {}
                }
            }
            Err(error) => {
                failures += 1;
                note(agent, &error);
                let wait = backoff(failures, error.needs_a_person(), jitter());
                tracing::warn!(%error, retry_in_s = wait.as_secs(), "evidence waits in the spool");
                tokio::select! {
                    () = agent.stop.cancelled() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
    }
    let mut session = Session::default();
    if let Ok(Err(error)) = timeout(DRAIN, agent.upload(&mut session)).await {
        tracing::warn!(%error, "what waits is sent after the next start");
    }
}

/// Heartbeat, every configured kind, and all receipts, or until `patience` ends.
pub async fn once(agent: &Agent, patience: Duration) -> anyhow::Result<Once> {
    let end = Instant::now() + patience;
    let catalog = agent.catalog().await?;
    let kinds = catalog.wanted();
    let rotated = agent.rotate_if_due(clock())?;
    agent.beat(&catalog)?;
    let ran =
        if kinds.is_empty() { Ran::default() } else { agent.collect(&catalog, &kinds).await? };
    let mut session = Session::default();
    let mut failures = 0;
    let mut error = None;
    while !agent.stop.is_cancelled() {
        let uploaded =
            timeout(end.saturating_duration_since(Instant::now()), agent.upload(&mut session));
        match uploaded.await {
            Ok(Ok(())) => {
                error = None;
                break;
            }
            Ok(Err(failed)) => {
                failures += 1;
                note(agent, &failed);
                error = Some(failed.to_string());
                if failed.needs_a_person() {
                    break;
                }
            }
            Err(_elapsed) => {
                error.get_or_insert_with(|| format!("no receipts within {} s", patience.as_secs()));
                break;
            }
        }
        let wait = backoff(failures, false, jitter());
        if Instant::now() + wait >= end {
            break;
        }
        tokio::time::sleep(wait).await;
    }
    if session.quarantined > 0 {
        error = Some(format!(
            "{} statements were refused for good; see `exhibit-agent status`",
            session.quarantined
        ));
    }
    if kinds.is_empty() {
        let mut silent = catalog.plugins.iter().filter_map(|known| known.described.as_ref().err());
        error = Some(match silent.next() {
            Some(why) => format!("no kind was observed: {why}; `exhibit-agent validate` says more"),
            None => "no kind is configured: name a [[plugin]]; `exhibit-agent validate` says more"
                .to_owned(),
        });
    }
    let waiting = agent.spool.items()?;
    let checkpoint_size = agent.spool.place()?.checkpoint.map_or(0, |checkpoint| checkpoint.size);
    Ok(Once {
        // The heartbeat is one too.
        statements: ran.statements + 1 + u64::from(rotated),
        documents: ran.documents,
        unchanged: ran.unchanged,
        outcomes: ran.outcomes,
        receipts: session.received,
        checkpoint_size,
        complete: waiting == 0 && error.is_none(),
        error,
    })
}

fn note(agent: &Agent, error: &UploadError) {
    if let Err(spool) = agent.spool.note_error(&error.to_string(), clock()) {
        tracing::error!(%spool, "the spool does not take notes");
    }
}

/// Any number; without randomness everybody waits the same, which is no reason to fail.
fn jitter() -> u32 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u32::from_be_bytes(bytes),
        Err(_no_randomness) => 0,
    }
}
