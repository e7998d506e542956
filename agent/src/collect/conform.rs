//! Puts a plugin to the test: whether anybody's program keeps the protocol, on this host, with a clean environment.
//! It stores nothing, sends nothing, and shows nothing of what the plugin observed.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::Duration;

use exhibit_plugin::kinds;
use exhibit_plugin::protocol::{Describe, PROTOCOL, Request};
use exhibit_proto::document::{Kind, Target};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::answer::Answers;
use super::process::{end_group, limit, start, take};
use super::{Limits, Observation, PluginConfig, describe};

/// What a secret's file holds during the check; a plugin that knows no secret of this name must not show it.
const PLANTED: &str = "planted-4f1c9a-secret";
/// How long a plugin may take over a request that leaves it no time, or that is none.
const GRACE: Duration = Duration::from_secs(10);
/// A kind that nobody offers.
const UNKNOWN: &str = "exhibit.no_such_kind";

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Trial {
    pub trial: &'static str,
    /// False for what the agent never does, but a careful plugin withstands.
    pub required: bool,
    /// What is wrong; empty when it passed.
    pub faults: Vec<String>,
}

/// What a plugin said to one input, and how it ended.
struct Said {
    out: Vec<u8>,
    err: Vec<u8>,
    code: Option<i32>,
    /// Killed by us: at the deadline, or at a bound.
    killed: Option<String>,
}

/// Runs every trial; `folder` is where the secret's file may lie.
pub async fn conform(
    plugin: &PluginConfig,
    limits: &Limits,
    folder: &Path,
) -> io::Result<Vec<Trial>> {
    let described = match describe(plugin).await {
        Ok(described) => described,
        Err(error) => return Ok(vec![trial("describe", true, vec![error.to_string()])]),
    };
    let secret = folder.join("secret");
    std::fs::write(&secret, PLANTED)?;
    let ask = |kinds: Vec<String>, deadline: Duration| Request {
        v: PROTOCOL,
        kinds,
        target: "host:plugin-check".to_owned(),
        settings: plugin.settings.clone(),
        secrets: [("plugin-check".to_owned(), secret.display().to_string())].into(),
        deadline_ms: u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
        root: "/".to_owned(),
        deny_paths: Vec::new(),
    };
    let offered: Vec<String> = described.kinds.iter().map(|kind| kind.kind.clone()).collect();
    let mut trials = vec![trial("describe", true, description(&described))];
    let whole = ask(offered.clone(), limits.deadline - limits.deadline / 10);
    let said = talk(plugin, &line(&whole), limits).await?;
    trials.push(trial("request", true, answered(&said, &offered)));
    trials.push(trial("secrets", true, secrets(&said)));
    let hurried = Limits { deadline: GRACE.min(limits.deadline), ..limits.clone() };
    let said = talk(plugin, &line(&ask(offered, Duration::from_millis(1))), &hurried).await?;
    trials.push(trial("deadline", true, said.killed.clone().into_iter().collect()));
    let said = talk(plugin, &line(&ask(vec![UNKNOWN.to_owned()], GRACE)), &hurried).await?;
    trials.push(trial("unknown kind", false, answered(&said, &[UNKNOWN.to_owned()])));
    let said = talk(plugin, b"this is no request\n", &hurried).await?;
    trials.push(trial("no request", false, refused(&said)));
    Ok(trials)
}

fn trial(trial: &'static str, required: bool, faults: Vec<String>) -> Trial {
    Trial { trial, required, faults }
}

fn line(request: &Request) -> Vec<u8> {
    let mut line = serde_json::to_vec(&json!(request)).unwrap_or_default();
    line.push(b'\n');
    line
}

/// What is wrong with a plugin's own words.
fn description(described: &Describe) -> Vec<String> {
    let mut faults = Vec::new();
    if described.name.is_empty() || described.version.is_empty() {
        faults.push("name or version is empty: a statement names both".to_owned());
    }
    if described.kinds.is_empty() {
        faults.push("no kind is offered".to_owned());
    }
    let mut seen = BTreeSet::new();
    for offered in &described.kinds {
        let kind = &offered.kind;
        if let Err(error) = kind.parse::<Kind>() {
            faults.push(error.to_string());
        }
        if !seen.insert(kind) {
            faults.push(format!("{kind} is offered twice"));
        }
        match kinds::find(kind) {
            Some(known) if known.schema != offered.schema => faults.push(format!(
                "the schema of {kind} is {:?}, and {:?} is said",
                known.schema, offered.schema
            )),
            None if !offered.schema.starts_with("urn:") => {
                faults.push(format!("the schema of {kind}, {:?}, is no urn", offered.schema));
            }
            Some(_) | None => {}
        }
        if offered.reads.is_empty() {
            faults.push(format!("what {kind} reads is not said"));
        }
    }
    faults
}

/// What is wrong with the answer to a request for these kinds.
fn answered(said: &Said, wanted: &[String]) -> Vec<String> {
    let mut faults: Vec<String> = said.killed.clone().into_iter().collect();
    let wanted: Vec<Kind> = wanted.iter().filter_map(|kind| kind.parse().ok()).collect();
    let Ok(target) = "host:plugin-check".parse::<Target>() else { return faults };
    let mut answers = Answers::new(&wanted, &target);
    let (mut done, mut seen) = (false, Vec::new());
    for (number, line) in said.out.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if done {
            faults.push(format!("line {} comes after done", number + 1));
            break;
        }
        let mut accept = |observation: Observation| {
            seen.push(observation);
            None
        };
        match take(line, &mut answers, &mut accept) {
            Ok(ended) => done = ended,
            Err(why) => {
                faults.push(format!("line {} is {why}", number + 1));
                return faults;
            }
        }
    }
    if !done {
        faults.push("the last line is not done".to_owned());
    }
    if said.killed.is_none() && said.code != Some(0) {
        faults.push(format!("it ended with {:?}, not with 0", said.code));
    }
    faults.extend(seen.iter().flat_map(document));
    for outcome in answers.finish(&super::answer::End::Done) {
        if outcome.detail.is_empty() || outcome.remedy.is_empty() {
            let text = format!("{} {} lacks detail or remedy", outcome.kind, outcome.outcome);
            faults.push(text);
        } else if outcome.detail.contains("without a word about this kind") {
            faults.push(format!("{} was asked for and not answered", outcome.kind));
        }
    }
    faults
}

fn document(seen: &Observation) -> Vec<String> {
    let mut faults = Vec::new();
    let kind = seen.kind.as_str();
    if kinds::find(kind).is_some()
        && let Err(error) = kinds::validate(kind, &seen.body)
    {
        faults.push(error);
    }
    if seen.capture.method.is_empty() {
        faults.push(format!("the document of {kind} does not say how it was obtained (method)"));
    }
    if seen.capture.privileges.is_empty() {
        faults.push(format!("the document of {kind} does not say with which rights (privileges)"));
    }
    faults
}

fn secrets(said: &Said) -> Vec<String> {
    let shows =
        |bytes: &[u8]| bytes.windows(PLANTED.len()).any(|window| window == PLANTED.as_bytes());
    let places = [("standard output", &said.out), ("standard error", &said.err)];
    let shown = places.into_iter().filter(|(_, bytes)| shows(bytes));
    shown.map(|(place, _)| format!("the content of a secret's file is on {place}")).collect()
}

fn refused(said: &Said) -> Vec<String> {
    let mut faults: Vec<String> = said.killed.clone().into_iter().collect();
    if said.code == Some(0) {
        faults.push("it ended with 0 although it was asked nothing".to_owned());
    }
    faults
}

/// Writes the input and takes everything that is said, to the end of the process.
async fn talk(plugin: &PluginConfig, input: &[u8], limits: &Limits) -> io::Result<Said> {
    let end = Instant::now() + limits.deadline;
    let mut child = start(plugin, &[])?;
    limit(&child, limits);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let most = limits.output_bytes.saturating_add(1);
    let pump = async {
        let ask = async {
            if let Some(mut stdin) = stdin
                && let Err(error) = stdin.write_all(input).await
            {
                tracing::debug!(%error, "plugin did not read its whole request");
            }
            Ok::<_, io::Error>(0)
        };
        let hear = async {
            match stdout {
                Some(stdout) => stdout.take(most).read_to_end(&mut out).await,
                None => Ok(0),
            }
        };
        let complaints = async {
            match stderr {
                Some(stderr) => stderr.take(most).read_to_end(&mut err).await,
                None => Ok(0),
            }
        };
        tokio::try_join!(ask, hear, complaints)?;
        child.wait().await
    };
    let ended = timeout_at(end, pump).await;
    let (code, mut killed) = match ended {
        Ok(status) => (status?.code(), None),
        Err(_elapsed) => {
            (None, Some(format!("it did not end within {} s", limits.deadline.as_secs())))
        }
    };
    end_group(&mut child).await;
    if u64::try_from(out.len()).unwrap_or(u64::MAX) > limits.output_bytes {
        killed = Some(format!("it printed more than {} bytes", limits.output_bytes));
    }
    Ok(Said { out, err, code, killed })
}
