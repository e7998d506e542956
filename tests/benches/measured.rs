//! Runs the verifier as a person would; memory and processor time of a process.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::log::Made;

/// Ticks a second that Linux shows to programs, whatever its own.
const USER_HZ: f64 = 100.0;

pub(crate) struct Run {
    pub(crate) seconds: f64,
    /// The kernel's high-water mark of resident memory.
    pub(crate) peak_mib: f64,
}

pub(crate) fn run(exhibit: &Path, command: &str, made: &Made) -> Result<Run> {
    let started = Instant::now();
    let mut child = Command::new(exhibit)
        .arg(command)
        .arg(&made.folder)
        .arg("--policy")
        .arg(&made.policy)
        .arg("--quiet")
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| exhibit.display().to_string())?;
    let mut peak = 0.0_f64;
    let ended = loop {
        peak = peak.max(peak_kib(child.id()).unwrap_or(0.0));
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let seconds = started.elapsed().as_secs_f64();
    ensure!(ended.success(), "exhibit {command} ended with {ended}");
    Ok(Run { seconds, peak_mib: peak / 1024.0 })
}

/// `VmHWM`, in KiB; nothing once the process has ended.
pub(crate) fn peak_kib(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Processor time of a process from a moment on.
pub(crate) struct Cpu {
    process: u32,
    ticks: u64,
}

impl Cpu {
    pub(crate) fn of(process: u32) -> Result<Self> {
        Ok(Self { process, ticks: ticks(process)? })
    }

    /// Seconds since then.
    pub(crate) fn since(&self) -> Result<f64> {
        let ticks = ticks(self.process)?.saturating_sub(self.ticks);
        Ok(ticks as f64 / USER_HZ)
    }
}

/// `utime` and `stime` of `/proc/PID/stat`, which follow the name in brackets.
fn ticks(process: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, rest) = text.rsplit_once(')').context("no name in stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field =
        |place: usize| fields.get(place).context("stat is short")?.parse::<u64>().context("stat");
    Ok(field(11)? + field(12)?)
}
