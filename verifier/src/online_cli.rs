//! `exhibit verify --url` and `exhibit log watch`: arguments in, lines and exit codes out. Decides nothing about heads.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command answers on standard output and says what it found on standard error"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use exhibit_verifier::online::{Authority, Event, Heads, Remote, Watch};
use exhibit_verifier::source::Source as _;
use exhibit_verifier::trust::Trust;
use exhibit_verifier::verify;
use jiff::Timestamp;
use serde::Serialize;

use crate::bar::Bar;
use crate::cli::{FAILED, Output, Policy, UNUSABLE, told};

#[derive(Subcommand)]
pub(crate) enum Log {
    /// Watch a log: look at it again and again, check that each new head follows from the one before and from its leaves, and
    /// print one line for each. Ends with 1 at a head that does not follow; both are then kept under DIR/forks.
    Watch(Watching),
}

#[derive(Args)]
pub(crate) struct Server {
    /// Address of the collector (https://HOST:PORT), or of any log that publishes C2SP tlog-tiles (with its path).
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// PEM file with the CA that vouches for the server; otherwise what this system trusts.
    #[arg(long, value_name = "FILE", requires = "url", conflicts_with = "ca_fingerprint")]
    ca: Option<PathBuf>,
    /// Fingerprint of that CA's certificate (sha256:…), which the server shows: `exhibit-collector init` prints it.
    #[arg(long, value_name = "SHA256", requires = "url")]
    ca_fingerprint: Option<String>,
}

#[derive(Args)]
pub(crate) struct Watching {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    trust: Policy,
    /// Folder that remembers the newest head that followed; made where it is not there.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Time from one look to the next, such as 60s or 5m.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = span)]
    every: Duration,
    /// Look once and end; 2 if the log could not be asked.
    #[arg(long)]
    once: bool,
    /// Print JSON lines.
    #[arg(long)]
    json: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    let wrong = |_| format!("{text:?} is no time: write 60s, 5m or 1h");
    let span: jiff::SignedDuration = text.parse().map_err(wrong)?;
    Duration::try_from(span)
        .ok()
        .filter(|span| !span.is_zero())
        .ok_or_else(|| format!("{text:?} must be more than nothing"))
}

impl Server {
    pub(crate) fn remote(&self) -> anyhow::Result<Remote> {
        let url = self.url.as_deref().context("name the log with --url https://HOST:PORT")?;
        let authority = match (&self.ca, &self.ca_fingerprint) {
            (Some(file), _) => Authority::File(file.clone()),
            (None, Some(text)) => Authority::fingerprint(text)?,
            (None, None) => Authority::System,
        };
        Ok(Remote::new(url, &authority)?)
    }
}

/// Verifies a log where it is served: head, quorum, all leaves and tiles, and that it follows from the remembered head.
pub(crate) fn verify_url(
    server: &Server,
    trust: &Policy,
    state: Option<&Path>,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let trust = Trust::load(&trust.policy)?;
    let remote = server.remote()?;
    // A log that cannot be reached is not a log that fails.
    remote.read(exhibit_proto::bundle::CHECKPOINT, 64 << 10).context("the log cannot be asked")?;
    let heads = state.map(Heads::open).transpose()?;
    let logs = trust.policy.logs.iter();
    let known = match &heads {
        None => None,
        Some(heads) => {
            let known = logs.map(|log| heads.newest(log)).find_map(Result::transpose);
            known.transpose()?
        }
    };
    let bar = Bar::new(!output.quiet);
    let place = server.url.clone().unwrap_or_default();
    let remembered = known.as_ref().map(|(checkpoint, _)| checkpoint);
    let verified =
        verify::verify_source(&remote, place, &trust, remembered, Timestamp::now(), &bar);
    bar.clear();
    let (report, note) = verified;
    if let (Some(heads), Some(note)) = (&heads, note) {
        if report.state == exhibit_verifier::report::State::Failed {
            if let Some((_, known)) = &known {
                let kept = heads.fork(known, &note)?;
                eprintln!("exhibit: both signed heads are kept: {}", kept.display());
            }
        } else {
            heads.keep(&note)?;
        }
    }
    told(&report, output)
}

pub(crate) fn run(command: Log) -> anyhow::Result<ExitCode> {
    match command {
        Log::Watch(asked) => watch(&asked),
    }
}

/// A line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    event: &'a Event,
}

fn watch(asked: &Watching) -> anyhow::Result<ExitCode> {
    let trust = Trust::load(&asked.trust.policy)?;
    let mut remote = asked.server.remote()?;
    let heads = Heads::open(&asked.state)?;
    let mut watch = Watch { trust: &trust, heads: &heads, cosigned: 0 };
    loop {
        let now = Timestamp::now();
        let events = watch.look(&remote, now)?;
        for event in &events {
            if asked.json {
                let time = now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
                println!("{}", serde_json::to_string(&Line { time, event })?);
            } else {
                println!("{} {}", now.strftime("%Y-%m-%dT%H:%M:%SZ"), words(event));
            }
        }
        let is = |wanted: fn(&Event) -> bool| events.iter().any(wanted);
        if is(|event| matches!(event, Event::Fork { .. })) {
            return Ok(ExitCode::from(FAILED));
        }
        if asked.once {
            let unasked = is(|event| matches!(event, Event::Unavailable { .. }));
            return Ok(if unasked { ExitCode::from(UNUSABLE) } else { ExitCode::SUCCESS });
        }
        remote.wait(asked.every);
        remote.refresh();
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Head { origin, size, root, before, leaves } => {
            let before =
                before.map_or("first look".to_owned(), |before| format!("follows {before}"));
            format!("head {origin} {size} {root} ({before}; {leaves} leaves hashed)")
        }
        Event::Cosigned { size, root, by } => {
            format!("cosigned {size} {root} by {}", by.join(", "))
        }
        Event::Fork { size, root, known, reason, kept } => format!(
            "DOES NOT FOLLOW: head {size} {root} after {known}: {reason}; both signed heads are kept: {}",
            kept.display()
        ),
        Event::Unavailable { reason } => format!("cannot be shown now: {reason}"),
    }
}
