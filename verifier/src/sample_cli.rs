//! `exhibit sample`: draws again what was drawn, out of a bundle or out of files.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::MAX_BYTES;
use exhibit_proto::sample::{self, Plan, Size};
use exhibit_verifier::files::Folder;
use exhibit_verifier::report::{Found, Report, Sampled, State};
use exhibit_verifier::verify::{self, Options};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bar::Bar;
use crate::cli::{FAILED, Policy, refuse_own_policy};

#[derive(Args)]
pub(crate) struct Sample {
    /// The folder that holds the bundle. It is verified first; then every sample in it is drawn again.
    #[arg(required_unless_present = "list", conflicts_with = "list", requires = "policy")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    trust: MaybePolicy,
    /// Only this population of the bundle.
    #[arg(long, value_name = "ID", requires = "bundle")]
    population: Option<String>,
    /// A population's list, as it is stored: draw from it without a bundle.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// How many lines to draw.
    #[arg(long, value_name = "NUMBER", conflicts_with = "bundle")]
    items: Option<u32>,
    /// How many of 100 lines to draw, rounded up.
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["bundle", "items"])]
    percent: Option<u8>,
    /// So many of each target, instead of all lines together.
    #[arg(long, requires = "list")]
    each_target: bool,
    /// The seed, as the sample's entry says it.
    #[arg(long, value_name = "SHA256", conflicts_with_all = ["bundle", "number"])]
    seed: Option<Digest>,
    /// Make the seed out of this number, with --origin, --entry and --leaf.
    #[arg(long, value_name = "NUMBER", requires_all = ["origin", "entry", "leaf"], conflicts_with = "bundle")]
    number: Option<String>,
    /// The log's name.
    #[arg(long, value_name = "NAME", requires = "number")]
    origin: Option<String>,
    /// The entry that froze the population.
    #[arg(long, value_name = "INDEX", requires = "number")]
    entry: Option<u64>,
    /// Its leaf, as a bundle holds it: `leaves/N.json`.
    #[arg(long, value_name = "FILE", requires = "number")]
    leaf: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Of a bundle alone.
#[derive(Args)]
pub(crate) struct MaybePolicy {
    /// Policy file (C2SP tlog-policy) with the log's key. Get it from the log's owner, not from the bundle.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The log's log-keys.json, where the log has changed its key and the bundle does not bring it.
    #[arg(long, value_name = "FILE", requires = "policy")]
    log_keys: Option<PathBuf>,
}

pub(crate) fn run(asked: Sample) -> anyhow::Result<ExitCode> {
    match (&asked.list, &asked.bundle) {
        (Some(list), _) => from_files(list, &asked),
        (None, bundle) => from_bundle(
            bundle.as_deref().unwrap_or(Path::new("")),
            asked.trust,
            asked.population.as_deref(),
            asked.json,
        ),
    }
}

fn from_files(list: &Path, asked: &Sample) -> anyhow::Result<ExitCode> {
    let size = match (asked.items, asked.percent) {
        (Some(items), _) => Size::Items(items),
        (None, Some(percent)) => Size::Percent(percent),
        (None, None) => bail!("say how many to draw: --items or --percent"),
    };
    let plan = Plan::new(size, asked.each_target);
    let seed = match (asked.seed, &asked.number, (&asked.origin, asked.entry, &asked.leaf)) {
        (Some(seed), ..) => seed,
        (None, Some(number), (Some(origin), Some(entry), Some(leaf))) => {
            let leaf = Digest::of(&read(leaf, MAX_BYTES)?);
            sample::seed(origin, entry, &leaf, sample::number(number, None)?)
        }
        (None, ..) => bail!("give the seed: --seed, or --number with --origin, --entry and --leaf"),
    };
    let bytes = read(list, u64::MAX)?;
    let lines = sample::lines(&bytes).with_context(|| list.display().to_string())?;
    let drawn = sample::draw(&seed, &lines, &plan)?;
    if !asked.json {
        return print(&drawn.iter().fold(String::new(), |text, line| text + line + "\n"));
    }
    let text = drawn.iter().fold(String::new(), |text, line| text + line + "\n");
    let values: Vec<Value> =
        drawn.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
    let all = json!({
        "list": Digest::of(&bytes), "items": lines.len(), "plan": plan, "seed": seed,
        "digest": Digest::of(text.as_bytes()), "drawn": values,
    });
    print(&(serde_json::to_string_pretty(&all)? + "\n"))
}

fn from_bundle(
    folder: &Path,
    MaybePolicy { policy, log_keys }: MaybePolicy,
    population: Option<&str>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let policy = policy.context("--policy is missing")?;
    let asked = Policy { policy, log_keys };
    let trust = asked.load()?;
    refuse_own_policy(folder, &asked.policy)?;
    let bar = Bar::new(true);
    let options = Options::default();
    let report =
        verify::verify_each(folder, &trust, Timestamp::now(), options, &bar, &mut |_item| {});
    bar.clear();
    let mut report = report?;
    if let Some(id) = population {
        report.samples.retain(|sampled| sampled.id == id);
        ensure!(!report.samples.is_empty(), "the bundle holds no population {id:?}");
    }
    let files = Folder::open(folder)?;
    let texts = report.samples.iter().map(|sampled| lines(&files, sampled));
    let texts: Vec<Vec<String>> = texts.collect::<anyhow::Result<_>>()?;
    let drawn_again = |sampled: &Sampled| {
        sampled.sample.as_ref().is_none_or(|found| found.state == State::Verified)
    };
    let whole = report.state != State::Failed && report.samples.iter().all(drawn_again);
    if json {
        let samples = report.samples.iter().zip(&texts).map(|(sampled, texts)| {
            let drawn = texts.iter().map(|line| serde_json::from_str(line));
            let drawn: Vec<Value> = drawn.collect::<Result<_, _>>()?;
            Ok(json!({"population": sampled, "drawn": drawn}))
        });
        let samples: Vec<Value> = samples.collect::<anyhow::Result<_>>()?;
        let all = json!({"state": report.state, "samples": samples});
        print(&(serde_json::to_string_pretty(&all)? + "\n"))?;
    } else {
        print(&told(&report, &texts))?;
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// The drawn lines of a sample that was drawn again; nothing of any other.
fn lines(files: &Folder, sampled: &Sampled) -> anyhow::Result<Vec<String>> {
    let Some(found) = sampled.sample.as_ref().filter(|found| found.state == State::Verified) else {
        return Ok(Vec::new());
    };
    let path = bundle::file(&found.digest);
    let Ok(bytes) = files.read(&path, MAX_BYTES) else { return Ok(Vec::new()) };
    let text = String::from_utf8(bytes).with_context(|| path.clone())?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn told(report: &Report, texts: &[Vec<String>]) -> String {
    let mut out = String::new();
    let mut say = |line: String| {
        out = std::mem::take(&mut out) + &exhibit_verifier::show::clean(&line) + "\n"
    };
    for (sampled, lines) in report.samples.iter().zip(texts) {
        let Sampled { population, id, title, by, items, list, plan, sealed, sample, .. } = sampled;
        say(format!("{id}  {title}"));
        say(format!(
            "  frozen by {by}, entry {population}: {items} items, sha256 of the list {list}"
        ));
        let promise = if *sealed { "; its number was promised before" } else { "" };
        say(format!("  to draw: {plan}{promise}"));
        match sample {
            None => say("  nothing drawn in this bundle".to_owned()),
            Some(Found { index, by, number, seed, items, state, .. }) => {
                say(format!(
                    "  drawn with the number {number:?} of {by}, entry {index}; seed {seed}"
                ));
                let again = match state {
                    State::Verified => "drawn again, the same",
                    State::NotChecked | State::Failed => "not drawn again",
                };
                say(format!("  {items} items: {again}"));
                lines.iter().for_each(|line| say(format!("    {line}")));
            }
        }
    }
    if report.samples.is_empty() {
        say("No population is frozen in this bundle.".to_owned());
    }
    say(match report.state {
        State::Verified => "VERIFIED: the bundle holds.".to_owned(),
        State::NotChecked => "VERIFIED IN PART: nothing of the bundle failed; `exhibit verify` says what was not checked.".to_owned(),
        State::Failed => "FAILED: do not rely on this bundle; `exhibit verify` says why.".to_owned(),
    });
    out
}

fn read(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    opened.with_context(|| path.display().to_string())?;
    Ok(bytes)
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.context("writing to standard output")?;
    Ok(ExitCode::SUCCESS)
}
