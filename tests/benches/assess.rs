//! `exhibit-bench assess`: what judging costs. A made-up fleet in a real log; the collector's own views follow it.

mod fleet;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use exhibit_assessment::{GivenRules, RulePack};
use exhibit_collector::views::{Assessor, Views};
use exhibit_plugin::kinds;
use jiff::SignedDuration;
use serde_json::{Value, json};

use self::fleet::Fleet;

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
    let year = match plan.year_targets {
        0 => None,
        targets => {
            let small = folder.join("assess-year");
            let year = world(&small, plan, (targets, plan.year_days));
            fs::remove_dir_all(&small)?;
            Some(year?)
        }
    };
    Ok(json!({ "large": first, "year": year }))
}

/// A fleet from its first day on.
fn world(folder: &Path, plan: &Plan, (targets, days): (usize, usize)) -> Result<Value> {
    let mut fleet = Fleet::found(folder, plan.kinds, plan.rows)?;
    let (made, _) = timed(|| fleet.enrol(targets))?;
    let path = folder.join("views.db");
    let views = Views::open(&path, fleet.reader(), Assessor::builtin()?)?;
    let shipped = RulePack::builtin()?;
    let judged = || views.assessor().judged();
    let (following, _) = timed(|| Ok(views.catch_up()?))?;
    let first_judged = judged();
    let (first_status, _) = timed(|| Ok(views.assess(fleet.now())?))?;

    // All that is current, judged by another pack: from the documents, on all cores.
    let given = given()?;
    fleet.another_pack(&given, &shipped)?;
    let (turned, _) = timed(|| Ok(views.catch_up()?))?;
    let again_judged = judged();

    let begun = (fleet.now(), views.applied()?, size(&path)?);
    let unchanged = unchanged(&mut fleet, &views, targets)?;
    let one = one_document(&mut fleet, &views)?;
    let history = history(&mut fleet, &views, plan.change, days)?;
    let grown = size(&path)?.saturating_sub(begun.2);

    let early = begun.0 + SignedDuration::from_hours(25);
    let short = middle(|| Ok(views.statuses_at(early)?.len()))?;
    let (whole, _) = timed(|| Ok(views.assess_as_of(begun.1, early)?))?;
    let quarter = (fleet.now() - SignedDuration::from_hours(24 * 91), fleet.now());
    let (back_test, tried) = timed(|| Ok(views.try_pack(&shipped, quarter, |_| {})?))?;
    let intervals = tried.test.samples;
    let per_day = grown as f64 / (days + 1) as f64;
    Ok(json!({
        "targets": targets, "kinds": plan.kinds, "documents": fleet.places(), "rules": shipped.rules().len(),
        "days": days, "change_a_day": plan.change, "made_in_seconds": made,
        "log_bytes": size(&folder.join("log.db"))?, "views_bytes": size(&path)?,
        "first": {
            "following_the_log_seconds": following, "documents_judged": first_judged,
            "statuses_seconds": first_status,
        },
        "another_pack": { "seconds": turned, "documents_judged": again_judged,
            "documents_a_second": again_judged as f64 / turned },
        "unchanged_run_of_all": unchanged,
        "one_changed_document": one,
        "history": history,
        "views_bytes_a_target_and_year": per_day * 365.0 / targets as f64,
        "as_of": { "statuses_seconds": short, "with_all_reasons_seconds": whole },
        "back_test": { "seconds": back_test, "intervals": intervals,
            "intervals_a_second": intervals as f64 / back_test },
    }))
}

/// Every host is looked at again and nothing has changed.
fn unchanged(fleet: &mut Fleet, views: &Views, targets: usize) -> Result<Value> {
    fleet.wait_hours(24);
    let before = views.assessor().judged();
    let nothing: Vec<(usize, Vec<usize>)> = (0..targets).map(|host| (host, Vec::new())).collect();
    fleet.runs(&nothing)?;
    let (seconds, _) = timed(|| Ok(views.catch_up()?))?;
    let by_clock = views.assessor().pack().rules().iter().filter(|rule| rule.clock || rule.capture);
    let kinds: std::collections::BTreeSet<&str> = by_clock.map(|rule| rule.kind.as_str()).collect();
    Ok(json!({
        "seconds": seconds,
        "documents_judged": views.assessor().judged() - before,
        "kinds_whose_rules_read_the_time_or_the_capture": kinds.len(),
    }))
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
        seconds.push(spent);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(json!({ "seconds_median": seconds.get(TIMES / 2), "seconds_worst": seconds.last() }))
}

fn history(fleet: &mut Fleet, views: &Views, share: f64, days: usize) -> Result<Value> {
    let (mut changed, mut following, mut worst) = (0, 0.0, 0.0_f64);
    let before = views.assessor().judged();
    for day in 0..days {
        changed += fleet.day(day, share)?;
        let (seconds, _) = timed(|| Ok(views.catch_up()?))?;
        following += seconds;
        worst = worst.max(seconds);
    }
    Ok(json!({
        "documents_changed": changed, "documents_judged": views.assessor().judged() - before,
        "following_seconds": following, "longest_day_seconds": worst,
    }))
}

fn given() -> Result<GivenRules> {
    let manifest = r#"{"name": "bench", "version": "1", "extends": "builtin"}"#;
    let sources = [("pack.json", manifest), ("time.sync/bench.rego", RULE)];
    let sources = sources.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Ok(GivenRules::from_sources(sources.into())?)
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let started = Instant::now();
    let done = work()?;
    Ok((started.elapsed().as_secs_f64(), done))
}

fn middle<T>(mut work: impl FnMut() -> Result<T>) -> Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..TIMES {
        seconds.push(timed(&mut work)?.0);
    }
    seconds.sort_by(f64::total_cmp);
    seconds.get(TIMES / 2).copied().context("it was measured")
}

/// Bytes of a database with what waits beside it.
fn size(path: &Path) -> Result<u64> {
    let mut bytes = 0;
    for end in ["", "-wal"] {
        let mut name = path.to_owned().into_os_string();
        name.push(end);
        match fs::metadata(&name) {
            Ok(file) => bytes += file.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    Ok(bytes)
}
