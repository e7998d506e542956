//! `exhibit-bench assess`: what judging costs. A made-up fleet in a real log; the collector's own views follow it.

pub(crate) mod fleet;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use exhibit_assessment::{GivenRules, RulePack};
use exhibit_collector::views::{Assessor, Views};
use exhibit_plugin::kinds;
use jiff::SignedDuration;
use rusqlite::{Connection, OpenFlags};
use rustix::time::ClockId;
use serde::Serialize;
use serde_json::{Value, json};

use self::fleet::{Fleet, Like};

/// One more rule, about a kind that every host has.
const RULE: &str = include_str!("assess/rule.rego");
/// Times that something short is measured; the middle one is told.
const TIMES: usize = 9;

/// A fleet of `--targets` for a few days, and a small one for a year: both are scaled by these.
#[derive(Args, Clone)]
pub(crate) struct Plan {
    /// Hosts, each with an agent of its own
    #[arg(long, default_value_t = 10_000)]
    targets: usize,
    /// Kinds that each host has
    #[arg(long, default_value_t = kinds::ALL.len())]
    kinds: usize,
    /// Rows of each list in a document
    #[arg(long, default_value_t = 12)]
    rows: usize,
    /// Images that hosts are made from: those of one say the same, times apart
    #[arg(long, default_value_t = 100)]
    images: usize,
    /// Days after the first one, each with a run of every host
    #[arg(long, default_value_t = 2)]
    days: usize,
    /// Share of all documents that change in a day
    #[arg(long, default_value_t = 0.01)]
    change: f64,
    /// Hosts of the fleet that is looked at for a year; 0 leaves it out
    #[arg(long, default_value_t = 200)]
    year_targets: usize,
    #[arg(long, default_value_t = 365)]
    year_days: usize,
}

pub(crate) fn measure(folder: &Path, plan: &Plan) -> Result<Value> {
    let large = folder.join("assess");
    let first = world(&large, plan, (plan.targets, plan.days));
    fs::remove_dir_all(&large)?;
    let first = first?;
    if plan.year_targets == 0 {
        return Ok(json!({ "large": first }));
    }
    let small = folder.join("assess-year");
    let year = world(&small, plan, (plan.year_targets, plan.year_days));
    fs::remove_dir_all(&small)?;
    Ok(json!({ "large": first, "year": year? }))
}

/// A fleet from its first day on.
fn world(folder: &Path, plan: &Plan, (targets, days): (usize, usize)) -> Result<Value> {
    let like = Like { rows: plan.rows, images: plan.images };
    let mut fleet = Fleet::found(folder, plan.kinds, like)?;
    let (made, ()) = timed(|| fleet.enrol(targets))?;
    let path = folder.join("views.db");
    let views = Views::open(&path, fleet.reader(), Assessor::builtin()?)?;
    let shipped = RulePack::builtin()?;
    let (first, _) = counted(&views, || Ok(views.catch_up()?))?;
    let (first_status, _) = timed(|| Ok(views.assess(fleet.now())?))?;
    let first_bytes = size(&path)?;

    // One rule more: all that is current is judged by what the other pack says otherwise.
    let given = given()?;
    fleet.another_pack(&given, &shipped)?;
    let (turned, _) = counted(&views, || Ok(views.catch_up()?))?;

    let begun = (fleet.now(), views.applied()?, size(&path)?);
    let unchanged = unchanged(&mut fleet, &views, targets)?;
    let one = one_document(&mut fleet, &views)?;
    let history = history(&mut fleet, &views, plan.change, days)?;
    let per_day = size(&path)?.saturating_sub(begun.2) as f64 / (days + 1) as f64;

    let early = begun.0 + SignedDuration::from_hours(25);
    let short = middle(|| Ok(views.statuses_at(early)?.len()))?;
    let (first_day, now) = (begun.0.strftime("%Y-%m-%d").to_string(), fleet.now());
    let (told, _) = timed(|| {
        let moment = views.moment(&first_day, now)?;
        Ok(views.standing_at(&moment)?.shown(moment.at)?.statuses.len())
    })?;
    let (whole, _) = timed(|| Ok(views.assess_as_of(begun.1, early)?))?;
    let quarter = (fleet.now() - SignedDuration::from_hours(24 * 91), fleet.now());
    let (back_test, tried) = timed(|| Ok(views.try_pack(&shipped, quarter, |_| {})?))?;
    let intervals = tried.test.samples;
    Ok(json!({
        "targets": targets, "kinds": plan.kinds, "documents": fleet.places(), "rules": shipped.rules().len(),
        "images": plan.images, "days": days, "change_a_day": plan.change, "made_in_seconds": made.wall,
        "log_bytes": size(&folder.join("log.db"))?, "views_bytes": size(&path)?,
        "first": { "following_the_log": first,
            "documents_a_second": fleet.places() as f64 / first.time.wall,
            "statuses_seconds": first_status.wall, "views_bytes_a_target": first_bytes / targets as u64 },
        "another_pack": turned,
        "unchanged_run_of_all": unchanged,
        "one_changed_document": one,
        "history": history,
        "views_bytes_a_target_and_year": per_day * 365.0 / targets as f64,
        "as_of": { "statuses_seconds": short, "day_as_pages_show_it_seconds": told.wall, "with_all_reasons_seconds": whole.wall },
        "back_test": { "seconds": back_test.wall, "processor_seconds": back_test.processor,
            "intervals": intervals, "intervals_a_second": intervals as f64 / back_test.wall },
    }))
}

/// Every host is looked at again and nothing has changed.
fn unchanged(fleet: &mut Fleet, views: &Views, targets: usize) -> Result<Value> {
    fleet.wait_hours(24);
    let nothing: Vec<(usize, Vec<usize>)> = (0..targets).map(|host| (host, Vec::new())).collect();
    fleet.runs(&nothing)?;
    let (cost, _) = counted(views, || Ok(views.catch_up()?))?;
    let rules = views.assessor().pack().rules();
    let reading = rules.iter().filter(|rule| rule.clock || rule.capture);
    Ok(json!({ "cost": cost, "rules_that_read_the_time_or_the_capture": reading.count() }))
}

/// One document of one host changes: until its control shows it.
fn one_document(fleet: &mut Fleet, views: &Views) -> Result<Value> {
    views.assess(fleet.now())?;
    let mut seconds = Vec::new();
    for time in 0..TIMES {
        fleet.runs(&[(time, vec![time])])?;
        let (spent, _) = timed(|| {
            views.catch_up()?;
            let shown = views.assess(fleet.now())?;
            ensure!(shown.applied == views.applied()?, "an older assessment was shown");
            Ok(())
        })?;
        seconds.push(spent.wall);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(json!({ "seconds_median": seconds.get(TIMES / 2), "seconds_worst": seconds.last() }))
}

fn history(fleet: &mut Fleet, views: &Views, share: f64, days: usize) -> Result<Value> {
    let (mut changed, mut longest, mut all) = (0, 0.0_f64, Cost::default());
    for day in 0..days {
        changed += fleet.day(day, share)?;
        let (cost, _) = counted(views, || Ok(views.catch_up()?))?;
        longest = longest.max(cost.time.wall);
        all.add(&cost);
    }
    Ok(json!({ "documents_changed": changed, "following": all, "longest_day_seconds": longest }))
}

fn given() -> Result<GivenRules> {
    let manifest = r#"{"name": "bench", "version": "1", "extends": "builtin"}"#;
    let sources = [("pack.json", manifest), ("time.sync/bench.rego", RULE)];
    let sources = sources.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Ok(GivenRules::from_sources(sources.into())?)
}

/// How long something took.
#[derive(Clone, Copy, Default, Serialize)]
struct Time {
    #[serde(rename = "seconds")]
    wall: f64,
    /// Of all threads; on a busy machine the one that says something.
    #[serde(rename = "processor_seconds")]
    processor: f64,
}

/// What following the log took.
#[derive(Clone, Copy, Default, Serialize)]
struct Cost {
    #[serde(flatten)]
    time: Time,
    /// Documents that were looked at, and evaluations of a rule that this took.
    documents_judged: u64,
    rules_evaluated: u64,
}

impl Cost {
    fn add(&mut self, other: &Self) {
        self.time.wall += other.time.wall;
        self.time.processor += other.time.processor;
        self.documents_judged += other.documents_judged;
        self.rules_evaluated += other.rules_evaluated;
    }
}

fn counted<T>(views: &Views, work: impl FnOnce() -> Result<T>) -> Result<(Cost, T)> {
    let before = (views.assessor().judged(), views.assessor().evaluated());
    let (time, done) = timed(work)?;
    let documents_judged = views.assessor().judged() - before.0;
    let rules_evaluated = views.assessor().evaluated() - before.1;
    Ok((Cost { time, documents_judged, rules_evaluated }, done))
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(Time, T)> {
    let processor = || {
        let time = rustix::time::clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let (started, before) = (Instant::now(), processor());
    let done = work()?;
    let wall = started.elapsed().as_secs_f64();
    Ok((Time { wall, processor: processor() - before }, done))
}

fn middle<T>(mut work: impl FnMut() -> Result<T>) -> Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..TIMES {
        seconds.push(timed(&mut work)?.0.wall);
    }
    seconds.sort_by(f64::total_cmp);
    seconds.get(TIMES / 2).copied().context("it was measured")
}

/// Bytes of a database that are in use: the file itself grows in steps, and behind what waits beside it.
fn size(path: &Path) -> Result<u64> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let number = |name| database.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let pages = u64::from(number("page_count")?) - u64::from(number("freelist_count")?);
    Ok(pages * u64::from(number("page_size")?))
}
