//! What the pages are about: a collector whose log was filled by a made-up fleet, with a year behind it, and people.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use exhibit_collector::views::{Assessor, Views};
use exhibit_proto::keys::SecretKey;
use exhibit_tests::installation::Installation;
use exhibit_tests::{Programs, inhabited};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Plan, copied, judged, people, tell, written};
use crate::assess::fleet::{Fleet, Ground, Like, target_of};

/// What was made, so that it need not be made again.
const MADE: &str = "world.json";
/// Between the last run and now.
const SINCE: i64 = 2;

pub(super) struct World {
    pub(super) installation: Installation,
    pub(super) told: Value,
}

/// The one in the folder if it is there, or a new one.
pub(super) fn of(folder: &Path, plan: &Plan) -> Result<World> {
    let remembered = folder.join(MADE);
    let programs = Programs::beside_me()?;
    if remembered.is_file() {
        let told = serde_json::from_slice(&fs::read(&remembered)?)?;
        return Ok(World { installation: Installation::open(&programs, folder)?, told });
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let installation = Installation::open(&programs, folder)?;
    let mut settings =
        OpenOptions::new().append(true).open(installation.folder.join("collector.toml"))?;
    // People come from a script that has no telephone.
    writeln!(settings, "\n[people]\nsecond_factor = []")?;
    let told = made(&installation, plan)?;
    fs::write(&remembered, serde_json::to_vec_pretty(&told)?)?;
    Ok(World { installation, told })
}

fn made(at: &Installation, plan: &Plan) -> Result<Value> {
    let began = Instant::now();
    let data = at.folder.join("collector");
    for name in ["log.db", "log.db-wal", "log.db-shm"] {
        let file = data.join(name);
        if file.exists() {
            fs::remove_file(file)?;
        }
    }
    let days = |count: usize| i64::try_from(count).map(|days| days * 24);
    let before = days(plan.days)? + days(plan.written_days)? + SINCE;
    let ground = Ground {
        path: data.join("log.db"),
        origin: at.first.origin.clone(),
        key: SecretKey::from_pem(&fs::read_to_string(data.join("keys/log.pem"))?)?,
        start: Timestamp::now() - SignedDuration::from_hours(before),
    };
    let like = Like { rows: plan.rows, images: plan.images };
    let mut fleet = Fleet::on(ground, plan.kinds, like)?;
    fleet.invite(plan.targets.min(plan.signed_targets))?;
    fleet.wait_hours(days(plan.written_days)?);
    let first = fleet.now();
    tell("first runs into the log");
    fleet.first_runs()?;
    let views = Views::open(&data.join("views.db"), fleet.reader(), Assessor::builtin()?)?;
    let judging = Instant::now();
    follow(&views)?;
    let judged = judging.elapsed().as_secs_f64();
    let mut changed = 0;
    for day in 0..plan.days {
        changed += fleet.day(day, plan.change)?;
        follow(&views)?;
    }
    let documents = fleet.places();
    drop((views, fleet));
    tell("copies of hosts");
    let copied = copied::hosts(&data.join("views.db"), plan)?;
    tell("a year into the tables");
    let written = written::history(&data.join("views.db"), plan, first)?;
    tell("people, decisions, an audit");
    people::settle(at, || {
        inhabited::decide(at, &target_of(0)?.to_string())?;
        // Targets themselves: rows of so many hosts are more than a list may hold.
        inhabited::audit(at, &[])
    })?;
    tell("what was judged in that year");
    let hours = judged::hours(&data.join("views.db"), plan, first)?;
    let size = |name: &str| fs::metadata(data.join(name)).map_or(0, |found| found.len());
    Ok(
        json!({ "targets": plan.targets, "copied_targets": copied, "kinds": plan.kinds, "documents_in_the_log": documents, "rows": plan.rows,
        "images": plan.images, "days_in_the_log": plan.days, "documents_changed_in_the_log": changed,
        "written": written, "judged_hours": hours, "change_a_day": plan.change, "log_bytes": size("log.db"), "views_bytes": size("views.db"),
        "judged_in_seconds": judged, "made_in_seconds": began.elapsed().as_secs_f64() }),
    )
}

/// Lets the tables follow the log, and says how far they are.
fn follow(views: &Views) -> Result<()> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut told = Instant::now();
            while !done.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100));
                if told.elapsed() > Duration::from_secs(15) {
                    told = Instant::now();
                    tell(&format!("judged: {} entries", views.applied().unwrap_or(0)));
                }
            }
        });
        let followed = views.catch_up();
        done.store(true, Ordering::Relaxed);
        let applied = followed.context("following the log")?;
        ensure!(applied == views.log().head()?.checkpoint.size, "not to the end of the log");
        Ok(())
    })
}
