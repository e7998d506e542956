//! What a resident program costs while it waits: memory at the end, processor time over the whole.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// Until a program that has begun its work is taken to wait.
const SETTLING: Duration = Duration::from_secs(15);

/// Watches a program that was started for `length`, then ends it.
pub(crate) fn watch(mut child: Child, length: Duration) -> Result<Value> {
    sleep(SETTLING);
    let process = child.id();
    let before = (on_processor(process)?, Instant::now());
    sleep(length);
    let seconds = before.1.elapsed().as_secs_f64();
    let cpu = on_processor(process)? - before.0;
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let smaps = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let mib = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kib| kib / 1024.0)
    };
    let figures = json!({
        "seconds": seconds,
        "cpu_seconds": cpu,
        "percent_of_a_core": cpu / seconds * 100.0,
        "resident_mib": mib(&status, "VmRSS:"),
        "anonymous_mib": mib(&status, "RssAnon:"),
        "proportional_mib": mib(&smaps, "Pss:"),
        "most_resident_mib": mib(&status, "VmHWM:"),
    });
    child.kill()?;
    child.wait()?;
    Ok(figures)
}

/// Seconds that its threads were on a processor.
fn on_processor(process: u32) -> Result<f64> {
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let first = text.split(' ').next().context("an empty schedstat")?;
        nanoseconds += first.parse::<f64>()?;
    }
    Ok(nanoseconds / 1e9)
}

/// The one resident peer that Debian has.
pub(crate) fn node_exporter(length: Duration) -> Result<Value> {
    let program = "/usr/bin/prometheus-node-exporter";
    if !Path::new(program).is_file() {
        return Ok(json!({"missing": program}));
    }
    let child = Command::new(program)
        .arg("--web.listen-address=127.0.0.1:0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    watch(child, length)
}
