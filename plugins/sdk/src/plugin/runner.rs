//! The loop of a plugin: one request in, lines out, one kind after the other.
//!
//! It never writes anything but protocol lines to standard output.

use std::{
    io::{self, Read, Write},
    process::ExitCode,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::Value;

use super::{Document, Entry, Job, Observation, Outcome, Plugin, VETO, Vetoes, peer, rights};
use crate::{
    kinds, levels,
    protocol::{Capture, Describe, DescribeKind, Line, MAX_LINE, OutcomeKind, PROTOCOL, Request},
};

/// Why a plugin could not answer at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Standard input or output failed.
    #[error("cannot speak with the agent")]
    Stream(#[from] io::Error),
    /// The request is not one.
    #[error("request is not understood: {0}; send one JSON line as the protocol says")]
    Request(String),
    /// Somebody asks who may not, or `--peer` is of no use.
    #[error("not answered: {0}")]
    Peer(String),
    /// A command line that this plugin does not know.
    #[error("unknown argument '{0}'; try --help")]
    Argument(String),
}

/// The whole `main` of a plugin: `--describe`, `--help`, `--version`, or one request on standard input, which may be a
/// socket of systemd's (`Accept=yes`, `StandardInput=socket`): then only root, the own user and `--peer USER` are answered.
#[must_use]
pub fn run(plugin: &Plugin) -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match dispatch(plugin, &arguments, &mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = format!("exhibit-plugin-{}: {error}\n", plugin.name);
            // Nobody is left to tell when standard error is gone too; the exit code still says it.
            drop(io::stderr().write_all(text.as_bytes()));
            ExitCode::from(2)
        }
    }
}

fn dispatch(
    plugin: &Plugin,
    arguments: &[String],
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<(), RunError> {
    match arguments.first().map(String::as_str) {
        None | Some("--peer") => {
            let named = match arguments {
                [] => None,
                [_, user] => Some(user.as_str()),
                [..] => return Err(RunError::Argument("--peer without one USER".to_owned())),
            };
            peer::admit(named)?;
            answer(plugin, &read_request(input)?, output)
        }
        Some("--describe") => {
            let text = serde_json::to_string(&describe(plugin)).map_err(io::Error::other)?;
            writeln!(output, "{text}")?;
            Ok(output.flush()?)
        }
        Some("--levels") => {
            output.write_all(levels::table(&describe(plugin)).as_bytes())?;
            Ok(output.flush()?)
        }
        Some("--version" | "-V") => {
            writeln!(output, "exhibit-plugin-{} {}", plugin.name, plugin.version)?;
            Ok(output.flush()?)
        }
        Some("--help" | "-h") => {
            output.write_all(help(plugin).as_bytes())?;
            Ok(output.flush()?)
        }
        Some(other) => Err(RunError::Argument(other.to_owned())),
    }
}

/// Answers one request with lines on `output`, ending with `done`.
///
/// # Errors
///
/// When `output` fails or the request is of another version. A kind that fails is a line, not an error.
pub fn answer(plugin: &Plugin, request: &Request, output: &mut dyn Write) -> Result<(), RunError> {
    if request.v != PROTOCOL {
        let text = format!("version {} is asked for, this plugin speaks {PROTOCOL}", request.v);
        return Err(RunError::Request(text));
    }
    let end = Instant::now().checked_add(Duration::from_millis(request.deadline_ms)).ok_or_else(
        || RunError::Request(format!("deadline_ms {} is too far", request.deadline_ms)),
    )?;
    let vetoes =
        Vetoes::read(&request.deny_paths).map_err(|error| RunError::Request(error.to_string()))?;
    let vetoes = vetoes.by_every_name(request.root.as_ref());
    let privileges = rights::describe();
    for (index, kind) in request.kinds.iter().enumerate() {
        let wanted = plugin.catalog.iter().find(|entry| entry.kind == kind);
        let Some(entry) = wanted else {
            let known: Vec<_> = plugin.catalog.iter().map(|entry| entry.kind).collect();
            let observation = Observation::without_document(
                OutcomeKind::NotApplicable,
                format!("plugin {} does not observe '{kind}'", plugin.name),
                format!("ask it for one of: {}", known.join(", ")),
            );
            write_observation(output, request, kind, observation, None)?;
            continue;
        };
        let job = Job {
            kind: kind.clone(),
            target: request.target.clone(),
            settings: request.settings.clone(),
            secrets: request.secrets.clone(),
            root: request.root.clone().into(),
            vetoes: vetoes.clone(),
            now: Timestamp::now(),
            deadline: share(end, request.kinds.len() - index),
        };
        let (started, clock) = (job.now, Instant::now());
        let mut observation = observe(entry, job);
        // The run tells each veto once, with what was wanted; the kind's own words would only repeat it.
        observation.outcomes.retain(|told| !told.detail.starts_with(VETO));
        for met in vetoes.met() {
            let remedy = "take the path out of [deny] paths in the agent's configuration";
            observation.outcome(OutcomeKind::Denied, met, remedy);
        }
        let duration_ms = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        let method = if observation.method.is_empty() {
            // A document of what is not there was obtained by looking for it.
            entry.reads.iter().map(|source| format!("looked for {source}")).collect()
        } else {
            observation.method.clone()
        };
        let capture = Capture {
            method,
            privileges: privileges.clone(),
            rows: 0,
            truncated: false,
            expected: None,
            started,
            duration_ms,
        };
        write_observation(output, request, kind, observation, Some(capture))?;
    }
    write_line(output, &Line::Done {})
}

/// One kind may take at most half of what is left, so that a hanging one does not starve those after it.
fn share(end: Instant, kinds_left: usize) -> Instant {
    let now = Instant::now();
    let left = end.saturating_duration_since(now);
    if kinds_left <= 1 { end } else { now + left / 2 }
}

/// Runs one kind in its own thread: a panic stays there, and a hang ends with the process.
fn observe(entry: &Entry, job: Job) -> Observation {
    let (sender, receiver) = mpsc::sync_channel(1);
    let deadline = job.deadline;
    let observe = entry.observe;
    let worker = thread::Builder::new().name(entry.kind.to_owned()).spawn(move || {
        // Nobody listens once the deadline has passed.
        drop(sender.send(observe(&job)));
    });
    let worker = match worker {
        Ok(worker) => worker,
        Err(error) => {
            return Observation::without_document(
                OutcomeKind::LimitExceeded,
                format!("no thread could be started: {error}"),
                "allow the plugin more tasks (TasksMax of its unit)",
            );
        }
    };
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(observation) => observation,
        Err(mpsc::RecvTimeoutError::Timeout) => Observation::without_document(
            OutcomeKind::TimedOut,
            format!("{} was not observed within its share of the deadline", entry.kind),
            "raise the deadline of the run, or find what blocks (see the agent's log)",
        ),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let text = worker
                .join()
                .err()
                .map_or_else(|| "without a message".to_owned(), |panic| panic_text(panic.as_ref()));
            Observation::without_document(
                OutcomeKind::Failed,
                format!("the plugin panicked while observing {}: {text}", entry.kind),
                "report this fault with the plugin's version",
            )
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

fn write_observation(
    output: &mut dyn Write,
    request: &Request,
    kind: &str,
    mut observation: Observation,
    capture: Option<Capture>,
) -> Result<(), RunError> {
    for (level, message) in std::mem::take(&mut observation.logs) {
        write_line(output, &Line::Log { level, message })?;
    }
    if observation.document.is_none() && observation.outcomes.is_empty() {
        observation.outcome(
            OutcomeKind::Failed,
            format!("the plugin said nothing about {kind}"),
            "report this fault with the plugin's version",
        );
    }
    let bounded = |outcome: &Outcome| outcome.kind == OutcomeKind::LimitExceeded;
    if let Some(document) = &mut observation.document {
        // What met a bound was cut, whether or not the kind thought of saying so.
        document.truncated |= observation.outcomes.iter().any(bounded);
    }
    let fault = match (observation.document.take(), capture) {
        (Some(document), Some(capture)) => {
            write_document(output, request, kind, document, capture)?
        }
        (_, _) => None,
    };
    if let Some((outcome, detail)) = fault {
        observation.outcome(outcome, detail, "report this fault with the plugin's version");
    }
    for outcome in observation.outcomes {
        let line = Line::Outcome {
            kind: kind.to_owned(),
            target: request.target.clone(),
            outcome: outcome.kind,
            detail: outcome.detail,
            remedy: outcome.remedy,
        };
        write_line(output, &line)?;
    }
    Ok(())
}

/// Writes the document, or says why it cannot be written.
fn write_document(
    output: &mut dyn Write,
    request: &Request,
    kind: &str,
    document: Document,
    capture: Capture,
) -> Result<Option<(OutcomeKind, String)>, RunError> {
    if document.kind != kind {
        let text = format!("the plugin answered {} when asked for {kind}", document.kind);
        return Ok(Some((OutcomeKind::Failed, text)));
    }
    let body = match document.body {
        Ok(body) => plain(body),
        Err(error) => {
            return Ok(Some((OutcomeKind::Failed, format!("{kind} cannot be written: {error}"))));
        }
    };
    let line = Line::Document {
        kind: kind.to_owned(),
        target: request.target.clone(),
        body,
        capture: Capture {
            rows: document.rows,
            truncated: document.truncated,
            expected: document.expected,
            ..capture
        },
    };
    let text = serde_json::to_string(&line).map_err(io::Error::other)?;
    if text.len() > MAX_LINE {
        let text = format!("{kind} is {} bytes, more than the {MAX_LINE} of a line", text.len());
        return Ok(Some((OutcomeKind::LimitExceeded, text)));
    }
    writeln!(output, "{text}")?;
    output.flush()?;
    Ok(None)
}

/// The same value without characters that move a terminal, which names of files and words of tools may hold.
fn plain(value: Value) -> Value {
    let moves = |character: char| character.is_control() && !['\n', '\t'].contains(&character);
    match value {
        Value::String(text) if text.chars().any(moves) => {
            let mut written = String::with_capacity(text.len());
            for character in text.chars() {
                if moves(character) {
                    written.push_str(&format!("\\x{:02X}", u32::from(character)));
                } else {
                    written.push(character);
                }
            }
            Value::String(written)
        }
        Value::Array(list) => list.into_iter().map(plain).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, plain(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn write_line(output: &mut dyn Write, line: &Line) -> Result<(), RunError> {
    let text = serde_json::to_string(line).map_err(io::Error::other)?;
    writeln!(output, "{text}")?;
    Ok(output.flush()?)
}

fn read_request(input: &mut dyn Read) -> Result<Request, RunError> {
    let bound = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    input.take(bound + 1).read_to_end(&mut text)?;
    if text.len() > MAX_LINE {
        return Err(RunError::Request(format!("it is longer than {MAX_LINE} bytes")));
    }
    let mut json = serde_json::Deserializer::from_slice(&text);
    let request = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| RunError::Request(format!("at '{}': {}", error.path(), error.inner())))?;
    json.end().map_err(|error| RunError::Request(error.to_string()))?;
    Ok(request)
}

/// What `--describe` prints.
pub(super) fn describe(plugin: &Plugin) -> Describe {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    Describe {
        name: plugin.name.to_owned(),
        version: plugin.version.to_owned(),
        protocol: PROTOCOL,
        keeps_deny_paths: plugin.keeps_deny_paths,
        kinds: plugin
            .catalog
            .iter()
            .map(|entry| DescribeKind {
                kind: entry.kind.to_owned(),
                schema: kinds::find(entry.kind).map_or_else(
                    || format!("urn:exhibit:kind:{}:v1", entry.kind),
                    |info| info.schema.to_owned(),
                ),
                reads: words(entry.reads),
                needs: words(entry.needs),
            })
            .collect(),
    }
}

fn help(plugin: &Plugin) -> String {
    let mut text = format!(
        "exhibit-plugin-{} {}: {}\n\nStarted by exhibit-agent: one JSON request on standard input, JSON lines on standard \
         output.\n\n  --peer USER answer this user too when standard input is a socket of \
         systemd's\n  --describe  print what it observes, reads and needs, as one JSON line\n  --levels    \
         print what each kind yields at each level of rights, as a table\n  --version   print the \
         version\n  --help      print this\n\nKinds:\n",
        plugin.name, plugin.version, plugin.about
    );
    for entry in plugin.catalog {
        let title = kinds::find(entry.kind).map_or("", |info| info.title);
        text.push_str(&format!("  {:28} {title}\n", entry.kind));
    }
    text
}

#[cfg(test)]
mod tests;
