//! Runs a program under GNU time: wall, processor time of it and of everything it waited for, memory of the largest process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// One run.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    pub(crate) peak_mib: f64,
    /// What it printed and wrote into `files`.
    pub(crate) bytes: u64,
    pub(crate) code: i32,
    pub(crate) printed: String,
}

/// Runs `words` in `folder`; `files` are what it writes beside its standard output.
pub(crate) fn timed(folder: &Path, words: &[String], files: &[PathBuf]) -> Result<Timed> {
    let (said, figures) = (folder.join("said"), folder.join("time"));
    let status = Command::new("/usr/bin/time")
        .args(["-f", "%e %U %S %M", "-o"])
        .arg(&figures)
        .args(words)
        .current_dir(folder)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(fs::File::create(&said)?)
        .stderr(fs::File::create(folder.join("complaints"))?)
        .status()
        .context("starting /usr/bin/time: tests/benches/peers installs it")?;
    let text = fs::read_to_string(&figures)?;
    let line = text.lines().last().unwrap_or_default();
    let fields: Vec<f64> = line.split(' ').filter_map(|field| field.parse().ok()).collect();
    let [wall, user, system, kib] = fields.as_slice() else {
        anyhow::bail!("/usr/bin/time said {text:?} of {words:?}");
    };
    let size = |path: &PathBuf| fs::metadata(path).map_or(0, |found| found.len());
    Ok(Timed {
        wall: *wall,
        cpu: user + system,
        peak_mib: kib / 1024.0,
        bytes: size(&said) + files.iter().map(size).sum::<u64>(),
        code: status.code().unwrap_or(-1),
        printed: String::from_utf8_lossy(&fs::read(&said)?).into_owned(),
    })
}

/// The same several times over: least, median and most of each figure, and the last run.
pub(crate) fn repeated(
    folder: &Path,
    words: &[String],
    files: &[PathBuf],
    times: usize,
) -> Result<(Value, Timed)> {
    ensure!(times > 0, "measured no times");
    let runs = (0..times).map(|_| timed(folder, words, files)).collect::<Result<Vec<_>>>()?;
    let last = runs.last().context("no run")?.clone();
    let spread = |figure: fn(&Timed) -> f64| {
        let mut all: Vec<f64> = runs.iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        let at = |index: usize| all.get(index).copied();
        json!({"min": at(0), "median": at(all.len() / 2), "max": at(all.len() - 1)})
    };
    let figures = json!({
        "runs": times,
        "exit_code": last.code,
        "wall_seconds": spread(|run| run.wall),
        "cpu_seconds": spread(|run| run.cpu),
        "peak_mib_of_the_largest_process": spread(|run| run.peak_mib),
        "output_bytes": last.bytes,
    });
    Ok((figures, last))
}

/// Median processor seconds of what [`repeated`] gave.
pub(crate) fn median_cpu(figures: &Value) -> Option<f64> {
    figures.pointer("/cpu_seconds/median")?.as_f64()
}

/// `a b c` as words.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
