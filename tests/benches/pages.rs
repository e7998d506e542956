//! `exhibit-bench pages`: how quick the pages and the API are, for many people at a time, over a large fleet. The collector is the
//! real program behind its own port; people are signed in and have roles.
#![expect(clippy::print_stderr, reason = "it takes long, and says how far it is")]

mod addresses;
mod copied;
mod judged;
mod people;
mod users;
mod viewers;
mod world;
mod written;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use exhibit_plugin::kinds;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::measured::peak_kib;

/// A fleet with a year behind it, people who read, and pages that wait for news.
#[derive(Args, Clone)]
pub(crate) struct Plan {
    /// Hosts, each with an agent of its own
    #[arg(long, default_value_t = 10_000)]
    targets: usize,
    /// So many of them are in the log, signed and judged; the others are rows of those, copied in the tables
    #[arg(long, default_value_t = 400)]
    signed_targets: usize,
    /// Kinds that each host has
    #[arg(long, default_value_t = kinds::ALL.len())]
    kinds: usize,
    /// Rows of each list in a document
    #[arg(long, default_value_t = 12)]
    rows: usize,
    /// Images that hosts are made from: those of one say the same, times apart
    #[arg(long, default_value_t = 100)]
    images: usize,
    /// Days after the first one, each with a signed run of every host in the log
    #[arg(long, default_value_t = 0)]
    days: usize,
    /// Days before the first one whose ended intervals are written straight into the tables; fewer than targets
    #[arg(long, default_value_t = 365)]
    written_days: usize,
    /// Share of all documents that change in a day
    #[arg(long, default_value_t = 0.01)]
    change: f64,
    /// Of the written days: at so many changes of a document its findings become others once
    #[arg(long, default_value_t = 2)]
    findings_every: usize,
    /// People who read at the same time
    #[arg(long, default_value_t = 50)]
    users: usize,
    /// Mean time between an answer and the next question of one of them
    #[arg(long, default_value_t = 1_000)]
    pause_ms: u64,
    /// How long they read; 0 leaves it out
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// How long the same people read without any pause; 0 leaves it out
    #[arg(long, default_value_t = 60)]
    flat_out_seconds: u64,
    /// Open pages that wait for news
    #[arg(long, default_value_t = 200)]
    viewers: usize,
    /// How long nothing happens meanwhile; 0 leaves it out
    #[arg(long, default_value_t = 60)]
    viewer_seconds: u64,
    /// Leaves what was made, and takes it if it is there
    #[arg(long)]
    keep: bool,
    /// Only addresses whose label holds this text
    #[arg(long, default_value = "")]
    only: String,
    /// No addresses that hold this text; once for each text
    #[arg(long)]
    without: Vec<String>,
}

pub(crate) fn measure(folder: &Path, plan: &Plan) -> Result<Value> {
    let folder = folder.join("pages");
    let measured = world::of(&folder, plan).and_then(|world| asked(&world, plan));
    if !plan.keep {
        fs::remove_dir_all(&folder)?;
    }
    measured
}

/// Says on standard error how far it is.
fn tell(what: &str) {
    eprintln!("{what}");
}

fn asked(world: &world::World, plan: &Plan) -> Result<Value> {
    let starting = Instant::now();
    let serving = world.installation.serve()?;
    let runtime = Runtime::new()?;
    let peak = || peak_kib(serving.id()).map(|kib| kib / 1024.0);
    let figures = runtime.block_on(async {
        let port = people::Port::of(world, &serving)?;
        let admin = port.sign_in(people::ADMIN, 0).await?;
        let first_page = addresses::weight(&admin).await?;
        let ready = starting.elapsed().as_secs_f64();
        tell("looking at every page once");
        let all = addresses::Addresses::found(&admin, (&plan.only, &plan.without)).await?;
        let mut figures = json!({ "first_page": first_page, "from_start_to_first_page_seconds": ready,
            "first_asked": all.cold, "not_asked": all.unmet, "memory_peak_after_first_looks_mib": peak() });
        let mut add = |name: &str, value: Value| {
            if let Some(all) = figures.as_object_mut() {
                all.insert(name.to_owned(), value);
            }
        };
        if plan.viewer_seconds > 0 {
            tell("pages that wait for news");
            let length = Duration::from_secs(plan.viewer_seconds);
            let waited = viewers::measure(&port, serving.id(), plan.viewers, length).await?;
            add("viewers", waited);
        }
        let users = if plan.seconds + plan.flat_out_seconds > 0 {
            users::enter(&port, plan.users, &all).await?
        } else {
            Vec::new()
        };
        let pause = Duration::from_millis(plan.pause_ms);
        for (name, seconds, pause) in
            [("reading", plan.seconds, pause), ("flat_out", plan.flat_out_seconds, Duration::ZERO)]
        {
            if seconds > 0 {
                tell(name);
                let length = Duration::from_secs(seconds);
                add(name, users::read(&users, serving.id(), (length, pause)).await?);
            }
        }
        add("memory_peak_mib", json!(peak()));
        anyhow::Ok(figures)
    })?;
    serving.stop()?;
    Ok(
        json!({ "world": world.told, "users": plan.users, "without": plan.without, "pause_ms": plan.pause_ms, "asked": figures }),
    )
}
