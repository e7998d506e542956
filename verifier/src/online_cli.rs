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
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_verifier::online::{Authority, Event, Heads, Patience, Remote, Watch, lag};
use exhibit_verifier::report::{Check, Report, State};
use exhibit_verifier::source::Source as _;
use exhibit_verifier::verify;
use jiff::Timestamp;
use serde::Serialize;

use crate::bar::Bar;
use crate::cli::{FAILED, Output, Policy, UNUSABLE, WITHHELD, told};

#[derive(Subcommand)]
pub(crate) enum Log {
    /// Watch a log: look at it again and again, check that each new head follows from the one before and from its leaves, and
    /// print one line for each. Ends with 1 at a head that does not follow; both are then kept under DIR/forks. Ends with 3 when
    /// the log has not shown what it signed for as many looks in a row as --patience says.
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
    /// Looks in a row at which the log may be away, behind, or unable to show its own head.
    #[arg(long, value_name = "LOOKS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
    /// Look once and end; 2 if the log could not be asked, or shows an older head than the remembered one.
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
    let trust = trust.load()?;
    let mut remote = server.remote()?;
    if trust.policy.quorum.is_some() {
        // Witnesses come after the log: its very newest head is seldom cosigned yet.
        remote = remote.cosigned();
    }
    // A log that cannot be reached is not a log that fails.
    remote.read(exhibit_proto::bundle::CHECKPOINT, 64 << 10).context("the log cannot be asked")?;
    let heads = state.map(Heads::open).transpose()?;
    let known = heads.as_ref().map(|heads| heads.newest(&trust, &remote)).transpose()?.flatten();
    let bar = Bar::new(!output.quiet);
    let place = server.url.clone().unwrap_or_default();
    let remembered = known.as_ref().map(|(checkpoint, _)| checkpoint);
    let verified =
        verify::verify_source(&remote, place, &trust, remembered, Timestamp::now(), &bar);
    bar.clear();
    let (mut report, note) = verified;
    if let Some(known) = remembered.filter(|_| trust.policy.quorum.is_some()) {
        lag(&remote, &trust, known, &mut report);
    }
    if let (Some(heads), Some(note)) = (&heads, note) {
        remember(heads, known.as_ref(), &note, &report)?;
    }
    told(&report, output)
}

/// Remembers a head whose leaves lead to it and whose past is the remembered one, whatever else is wrong; keeps both heads where
/// they exclude each other. What could not be compared changes nothing.
fn remember(
    heads: &Heads,
    known: Option<&(Checkpoint, String)>,
    note: &str,
    report: &Report,
) -> anyhow::Result<()> {
    let state = |check| report.checks.get(&check).copied();
    match (known, state(Check::Consistency)) {
        (Some((_, known)), Some(State::Failed)) => {
            let kept = heads.fork(known, note)?;
            eprintln!(
                "exhibit: two heads that the log signed exclude each other; both are kept: {}",
                kept.display()
            );
        }
        (None, _) | (Some(_), Some(State::Verified)) => {
            // The cosigned head may be older than what was seen before.
            let newer = known.is_none_or(|(known, _)| {
                report.log.as_ref().is_some_and(|log| log.size >= known.size)
            });
            if newer && state(Check::Root) == Some(State::Verified) {
                heads.keep(note)?;
            }
        }
        (Some(_), Some(State::NotChecked)) => {}
        (Some((known, _)), None) => eprintln!(
            "exhibit: nothing was compared with the remembered head, which is of the log {}: name another folder, one for each log",
            known.origin
        ),
    }
    Ok(())
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
    let trust = asked.trust.load()?;
    let mut remote = asked.server.remote()?;
    let heads = Heads::open(&asked.state)?;
    let mut watch = Watch { trust: &trust, heads: &heads, cosigned: 0 };
    let mut patience = Patience::new(asked.patience);
    loop {
        let now = Timestamp::now();
        let mut events = watch.look(&remote, now)?;
        if !asked.once {
            events.extend(patience.take(&events, now));
        }
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
            let unasked =
                is(|event| matches!(event, Event::Unavailable { .. } | Event::Behind { .. }));
            return Ok(if unasked { ExitCode::from(UNUSABLE) } else { ExitCode::SUCCESS });
        }
        if is(|event| matches!(event, Event::Withheld { .. })) {
            return Ok(ExitCode::from(WITHHELD));
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
        Event::Behind { size, root, known } => {
            format!(
                "behind: head {size} {root} is a past of the remembered one over {known}; a stale answer"
            )
        }
        Event::Unavailable { reason } => format!("cannot be shown now: {reason}"),
        Event::Withheld { looks, since, reason } => format!(
            "WITHHELD: {looks} looks in a row since {} without a head that follows and is shown; the last: {reason}",
            since.strftime("%Y-%m-%dT%H:%M:%SZ")
        ),
    }
}
