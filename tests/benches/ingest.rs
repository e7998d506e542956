//! Taking in: how many statements a second become durable and receipted, how long one waits, what one costs on disk.
//! The collector is the real program, the fleet is on the same machine and is part of what is measured.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use exhibit_tests::Programs;
use exhibit_tests::installation::{Installation, Serving};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::fleet::{DOCUMENTS, Simulated, roomy};
use crate::limits::Limits;
use crate::measured::{self, Cpu};

/// What is measured.
pub(crate) struct Plan {
    pub(crate) agents: usize,
    pub(crate) seconds: u64,
}

/// Everything about taking in, as JSON.
pub(crate) fn measure(folder: &Path, plan: &Plan, limits: &Limits) -> Result<Value> {
    let folder = folder.join("ingest");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let at = Installation::open(&Programs::beside_me()?, &folder)?;
    roomy(&at.folder)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let measured = runtime.block_on(all(&at, plan, limits));
    fs::remove_dir_all(&folder)?;
    measured
}

async fn all(at: &Installation, plan: &Plan, limits: &Limits) -> Result<Value> {
    let serving = at.serve()?;
    let mut fleet = Vec::new();
    for number in 0..plan.agents {
        let mut agent = Simulated::enrol(at, &serving, number).await?;
        agent.change()?;
        agent.submit().await?;
        fleet.push(agent);
    }
    let length = Duration::from_secs(plan.seconds);
    let (mut fleet, full) = flat_out(fleet, &serving, length).await?;
    let rate = full.rate;
    let mut paced = Vec::new();
    for share in [0.1, 0.5, 0.9] {
        let ran = run(fleet, Pace::PerSecond(rate * share), length).await?;
        fleet = ran.fleet;
        let reached = ran.waits.len() as f64 / ran.seconds;
        let mut figures = percentiles(ran.waits);
        figures.insert("share".into(), json!(share));
        figures.insert("asked_per_second".into(), json!(rate * share));
        figures.insert("reached_per_second".into(), json!(reached));
        paced.push(Value::Object(figures));
    }
    let mut fewer = Vec::new();
    for documents in [5, 1] {
        for agent in &mut fleet {
            agent.name(documents)?;
            agent.submit().await?;
        }
        let (back, ran) = flat_out(fleet, &serving, length).await?;
        fleet = back;
        fewer.push(ran.figures(documents));
    }
    let peak = measured::peak_kib(serving.id()).unwrap_or(0.0) / 1024.0;
    drop(fleet);
    serving.stop()?;
    let checks = limits.verify_strict_per_second * limits.cores as f64;
    Ok(json!({
        "agents": plan.agents,
        "flat_out": full.figures(DOCUMENTS),
        "flat_out_with_fewer_documents": fewer,
        "collector_peak_mib": peak,
        "share_of_signature_checks_alone_on_all_cores": rate / checks,
        "paced": paced,
        "bytes_per_statement": json!({
            "nothing_changed": stored(at, false).await?,
            "all_documents_changed": stored(at, true).await?,
        }),
    }))
}

/// What the fleet reached when nobody waited.
struct Full {
    rate: f64,
    /// Processor time of a statement, in milliseconds.
    collector: f64,
    own: f64,
    waits: Vec<f64>,
}

impl Full {
    fn figures(self, documents: usize) -> Value {
        let mut figures = percentiles(self.waits);
        figures.insert("documents_named_by_a_statement".into(), json!(documents));
        figures.insert("statements_per_second".into(), json!(self.rate));
        figures.insert("collector_cpu_ms_per_statement".into(), json!(self.collector));
        figures.insert("load_generator_cpu_ms_per_statement".into(), json!(self.own));
        Value::Object(figures)
    }
}

async fn flat_out(
    fleet: Vec<Simulated>,
    serving: &Serving,
    length: Duration,
) -> Result<(Vec<Simulated>, Full)> {
    let (collector, own) = (Cpu::of(serving.id())?, Cpu::of(std::process::id())?);
    let ran = run(fleet, Pace::FlatOut, length).await?;
    let count = ran.waits.len() as f64;
    let (collector, own) = (collector.since()?, own.since()?);
    let each = |seconds: f64| 1000.0 * seconds / count;
    let (rate, waits) = (count / ran.seconds, ran.waits);
    Ok((ran.fleet, Full { rate, collector: each(collector), own: each(own), waits }))
}

/// When an agent sends.
#[derive(Clone, Copy)]
enum Pace {
    /// As soon as it holds the receipt of the last statement.
    FlatOut,
    /// At this rate of the whole fleet, evenly, whether or not earlier statements have been answered.
    PerSecond(f64),
}

/// What a run of the fleet gave.
struct Ran {
    fleet: Vec<Simulated>,
    /// From the moment a statement was due until its receipt was verified, in milliseconds.
    waits: Vec<f64>,
    seconds: f64,
}

/// Lets all agents work at once, each as a task of its own.
async fn run(fleet: Vec<Simulated>, pace: Pace, length: Duration) -> Result<Ran> {
    let agents = fleet.len();
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, mut agent) in fleet.into_iter().enumerate() {
        tasks.spawn(async move {
            let (mut waits, mut sent) = (Vec::new(), 0.0);
            loop {
                let due = match pace {
                    Pace::FlatOut => Instant::now(),
                    Pace::PerSecond(rate) => {
                        let turn = (number as f64 + sent * agents as f64) / rate;
                        started + Duration::from_secs_f64(turn)
                    }
                };
                if due.duration_since(started) >= length {
                    return Ok::<_, anyhow::Error>((number, agent, waits));
                }
                tokio::time::sleep_until(due.into()).await;
                agent.submit().await?;
                waits.push(due.elapsed().as_secs_f64() * 1000.0);
                sent += 1.0;
            }
        });
    }
    let (mut fleet, mut waits) = (Vec::new(), Vec::new());
    while let Some(ended) = tasks.join_next().await {
        let (number, agent, waited) = ended??;
        fleet.push((number, agent));
        waits.extend(waited);
    }
    let seconds = started.elapsed().as_secs_f64();
    fleet.sort_by_key(|(number, _)| *number);
    let fleet = fleet.into_iter().map(|(_, agent)| agent).collect();
    Ok(Ran { fleet, waits, seconds })
}

/// Percentiles of waits, in milliseconds.
fn percentiles(mut waits: Vec<f64>) -> Map<String, Value> {
    waits.sort_by(f64::total_cmp);
    let at = |thousandths: usize| {
        let place = (waits.len() * thousandths / 1000).min(waits.len().saturating_sub(1));
        json!(waits.get(place))
    };
    [("p50_ms", 500), ("p99_ms", 990), ("p999_ms", 999), ("max_ms", 1000)]
        .map(|(name, thousandths)| (name.to_owned(), at(thousandths)))
        .into_iter()
        .collect()
}

/// What one statement adds to the data directory, once everything is in its place.
async fn stored(at: &Installation, changed: bool) -> Result<Value> {
    const STATEMENTS: u32 = 500;
    let serving = at.serve()?;
    let mut agent = Simulated::enrol(at, &serving, 1_000_000 + usize::from(changed)).await?;
    agent.change()?;
    agent.submit().await?;
    agent.hang_up();
    serving.stop()?;
    let (log, views) = sizes(at)?;
    let serving = at.serve()?;
    agent.connect(&serving).await?;
    for _ in 0..STATEMENTS {
        if changed {
            agent.change()?;
        }
        agent.submit().await?;
    }
    agent.hang_up();
    serving.stop()?;
    let (log_after, views_after) = sizes(at)?;
    let each =
        |after: u64, before: u64| after.saturating_sub(before) as f64 / f64::from(STATEMENTS);
    Ok(json!({ "log": each(log_after, log), "views": each(views_after, views) }))
}

/// Bytes of the log and of the views on disk.
fn sizes(at: &Installation) -> Result<(u64, u64)> {
    let size = |name: &str| -> Result<u64> {
        let of = |ending: &str| fs::metadata(at.folder.join(format!("collector/{name}{ending}")));
        // The write-ahead log is there only while something is open.
        Ok(of("")?.len() + of("-wal").map_or(0, |wal| wal.len()))
    };
    Ok((size("log.db")?, size("views.db")?))
}
