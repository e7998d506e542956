//! What an agent costs the host it observes, beside its peers, on this machine in one run: a full collection, idleness, bytes on
//! the wire, a walk over a million files.

mod files;
mod idle;
mod peers;
mod timed;
mod week;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use exhibit_tests::Programs;
use exhibit_tests::installation::Installation;
use serde_json::{Value, json};

use timed::{median_cpu, repeated};

/// Kinds that read the whole disk, once a day at the lowest priority: the walk, and the sums of packaged files.
const SCANS: [&str; 2] = ["access.resource_permissions", "config.file_integrity"];

/// The scan of sums on the ground of its peers, which take documentation and data too.
const EVERY_FILE: &str = "every-file.toml";

#[derive(clap::Args)]
pub(crate) struct Plan {
    /// Folder of exhibit-agent, exhibit-collector and the plugins; that of this program when not named.
    #[arg(long)]
    programs: Option<PathBuf>,
    /// How often each collection is measured; 0 leaves it out, and the peers with it.
    #[arg(long, default_value_t = 5)]
    times: usize,
    /// How often each peer is run; 0 leaves them out.
    #[arg(long, default_value_t = 3)]
    peer_times: usize,
    /// How long idleness is watched; 0 leaves it out.
    #[arg(long, default_value_t = 600)]
    idle_seconds: u64,
    /// Days of each replayed week; 0 leaves it out.
    #[arg(long, default_value_t = 7)]
    days: u32,
    /// Files of the walk; 0 leaves it out.
    #[arg(long, default_value_t = 1_000_000)]
    files: u32,
}

/// Everything that was asked for, as JSON.
pub(crate) fn measure(folder: &Path, plan: &Plan) -> Result<Value> {
    let programs =
        plan.programs.clone().map_or_else(Programs::beside_me, |at| Ok(Programs::at(at)))?;
    let folder = folder.join("host");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    let measured = all(&programs, &folder, plan);
    fs::remove_dir_all(&folder)?;
    measured
}

fn all(programs: &Programs, folder: &Path, plan: &Plan) -> Result<Value> {
    let at = Installation::open(programs, &folder.join("one"))?;
    plain(programs, &at)?;
    let serving = at.serve()?;
    at.enrol(&serving)?;
    let (collection, ours) = match plan.times {
        0 => (Value::Null, None),
        times => collections(programs, folder, &at, times).map(|(all, ours)| (all, Some(ours)))?,
    };
    let peers = match (plan.peer_times, ours) {
        (0, _) | (_, None) => Value::Null,
        (times, Some(ours)) => peers::measure(folder, times, &ours)?,
    };
    let idle = match plan.idle_seconds {
        0 => Value::Null,
        seconds => idleness(&at, Duration::from_secs(seconds))?,
    };
    serving.stop()?;
    let weeks = match plan.days {
        0 => Value::Null,
        days => week::measure(programs, folder, days)?,
    };
    let files = match plan.files {
        0 => Value::Null,
        files => files::measure(programs, folder, files)?,
    };
    Ok(json!({
        "machine": machine(),
        "sizes": sizes(programs)?,
        "collection": collection,
        "peers": peers,
        "idle": idle,
        "wire": weeks,
        "walk": files,
    }))
}

/// The configuration that a package would bring: both plugins, nothing set; and one that compares every packaged file.
fn plain(programs: &Programs, at: &Installation) -> Result<()> {
    let mut text = "state_dir = \"agent\"\n".to_owned();
    for plugin in ["exhibit-plugin-backup", "exhibit-plugin-linux"] {
        let path = Value::from(programs.path(plugin).to_string_lossy().as_ref());
        text.push_str(&format!("[[plugin]]\npath = {path}\n"));
    }
    fs::write(at.folder.join("agent.toml"), &text)?;
    text.push_str(
        "[plugin.settings]\nintegrity = { scope = \"all\", megabytes = 1000000, seconds = 900 }\n",
    );
    text.push_str("[limits]\ndeadline = \"1200s\"\ncpu = \"1200s\"\n");
    Ok(fs::write(at.folder.join(EVERY_FILE), text)?)
}

/// All kinds, all but the scans, and each scan alone; with the median processor times that peers are held against.
fn collections(
    programs: &Programs,
    folder: &Path,
    at: &Installation,
    times: usize,
) -> Result<(Value, peers::Ours)> {
    let mut kinds = Vec::new();
    for plugin in ["exhibit-plugin-linux", "exhibit-plugin-backup"] {
        let said = exhibit_tests::programs::run_json(programs.command(plugin).arg("--describe"))?;
        let listed = said.get("kinds").and_then(Value::as_array).context("no kinds")?;
        let names = listed.iter().filter_map(|kind| kind.get("kind")?.as_str());
        kinds.extend(names.map(str::to_owned));
    }
    let agent = programs.path("exhibit-agent").to_string_lossy().into_owned();
    let collect_by = |config: &str, kinds: &[String]| {
        let config = at.folder.join(config).to_string_lossy().into_owned();
        let start = [&agent, "--config", &config, "collect", "--print"].map(str::to_owned);
        repeated(folder, &[start.as_slice(), kinds].concat(), &[], times)
    };
    let collect = |kinds: &[String]| collect_by("agent.toml", kinds);
    let others: Vec<String> =
        kinds.iter().filter(|kind| !SCANS.contains(&kind.as_str())).cloned().collect();
    let (without, last) = collect(&others)?;
    let median = |figures: &Value| median_cpu(figures).context("no median");
    let rest = median(&without)?;
    let slowest = slowest(&last.printed);
    let mut figures = serde_json::Map::new();
    figures.insert("kinds".to_owned(), json!(kinds.len()));
    figures.insert("everything".to_owned(), collect(&kinds)?.0);
    figures.insert("everything_but_the_daily_scans".to_owned(), without);
    figures.insert("slowest_of_these_in_ms".to_owned(), slowest);
    let [walk, sums] = SCANS.map(|scan| collect(&[scan.to_owned()]).map(|(figures, _)| figures));
    let (walk, sums) = (walk?, sums?);
    let every = collect_by(EVERY_FILE, &[SCANS[1].to_owned()])?.0;
    let ours = peers::Ours { rest, walk: median(&walk)?, sums: median(&every)? };
    figures.extend(SCANS.map(str::to_owned).into_iter().zip([walk, sums]));
    figures.insert("config.file_integrity_of_every_packaged_file".to_owned(), every);
    Ok((Value::Object(figures), ours))
}

/// Where the time goes: kinds by how long they took, from the statement that was printed.
fn slowest(printed: &str) -> Value {
    let lines = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut took: Vec<(u64, String)> = Vec::new();
    for line in lines {
        let documents = line.pointer("/predicate/documents").and_then(Value::as_array);
        for document in documents.into_iter().flatten() {
            let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default();
            let ms = document.get("duration_ms").and_then(Value::as_u64);
            took.extend(ms.map(|ms| (ms, kind.to_owned())));
        }
    }
    took.sort();
    took.reverse();
    took.truncate(8);
    json!(took)
}

/// The agent beside the one resident peer, each in its turn.
fn idleness(at: &Installation, length: Duration) -> Result<Value> {
    let mut command = at.agent();
    command.arg("run").stdout(Stdio::null()).stderr(Stdio::null());
    // As its unit sets them.
    command.envs([
        ("MALLOC_ARENA_MAX", "1"),
        ("MALLOC_TRIM_THRESHOLD_", "65536"),
        ("MALLOC_MMAP_THRESHOLD_", "65536"),
    ]);
    let child = command.spawn()?;
    let patience = Instant::now() + Duration::from_secs(300);
    // The first run of all kinds is no idleness.
    let waits = || -> Result<bool> {
        let status = exhibit_tests::programs::run_json(at.agent().args(["status", "--json"]))?;
        let sent = status.pointer("/spool/items").and_then(Value::as_u64) == Some(0);
        Ok(sent && status.pointer("/spool/last_receipt").is_some_and(Value::is_string))
    };
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) || (!waits()? && Instant::now() < patience) {
        std::thread::sleep(Duration::from_secs(1));
    }
    let agent = idle::watch(child, length)?;
    Ok(json!({"exhibit-agent": agent, "prometheus-node-exporter": idle::node_exporter(length)?}))
}

fn sizes(programs: &Programs) -> Result<Value> {
    let mut sizes = serde_json::Map::new();
    for name in ["exhibit-agent", "exhibit-plugin-linux", "exhibit-plugin-backup"] {
        let length = fs::metadata(programs.path(name)).with_context(|| name.to_owned())?.len();
        sizes.insert(name.to_owned(), json!(length));
    }
    Ok(Value::Object(sizes))
}

/// What the figures depend on.
fn machine() -> Value {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = text("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let inodes = rustix::fs::statvfs("/").map_or(0, |disk| disk.f_files - disk.f_ffree);
    json!({
        "processor": model.map(|(_, name)| name),
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "kernel": text("/proc/sys/kernel/osrelease").trim(),
        "packages": text("/var/lib/dpkg/status").matches("\nStatus: install ok installed").count(),
        "files_on_the_root_file_system": inodes,
        "load_before": text("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>(),
    })
}
