//! One plugin process: clean environment, own process group, bounded output, killed at the deadline.

use std::cell::RefCell;
use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use exhibit_plugin::protocol::{Line, MAX_LINE, PROTOCOL, Request};
use exhibit_proto::statement::Outcome;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::{Answers, End};
use super::{Job, Limits, Observation, PluginConfig};

/// What is kept of a plugin's standard error; the rest is read and dropped.
const STDERR_BYTES: usize = 8 << 10;
/// How long standard error is read after standard output ended.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// Between `done` and the end of the process.
const FAREWELL: Duration = Duration::from_secs(2);

pub(super) async fn run(
    job: &Job<'_>,
    answers: &mut Answers<'_>,
    accept: &mut dyn FnMut(Observation) -> Option<Outcome>,
) -> End {
    let deadline = Instant::now() + job.limits.deadline;
    let mut child = match start(job.plugin, &[]) {
        Ok(child) => child,
        Err(error) => return not_started(job.plugin, &error),
    };
    limit(&child, job.limits);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let request = request(job);
    let lines = async {
        match stdout {
            Some(stdout) => read(stdout, job.limits, answers, accept).await,
            None => End::Silent("no standard output".to_owned()),
        }
    };
    let said = RefCell::new(Vec::new());
    // Requests and answers are pumped together: a plugin may answer before it has read everything.
    let talk = async {
        let mut side = pin!(async { tokio::join!(ask(stdin, &request), listen(stderr, &said)) });
        let mut lines = pin!(lines);
        let end = tokio::select! {
            biased;
            end = &mut lines => end,
            _pumped = &mut side => return lines.await,
        };
        if matches!(end, End::Silent(_)) {
            // What it complained of is still in the pipe.
            drop(timeout(LAST_WORDS, side).await);
        }
        end
    };
    let end = tokio::select! {
        () = job.stop.cancelled() => End::Stopped,
        talked = timeout_at(deadline, talk) => {
            talked.unwrap_or(End::Deadline(job.limits.deadline.as_secs()))
        }
    };
    let status = finish(&mut child, end == End::Done).await;
    match (end, status) {
        (End::Silent(_), Ok(status)) => ended(status, job.limits, &said.borrow()),
        (end, Ok(_) | Err(_)) => end,
    }
}

/// Starts the plugin with a clean environment as the leader of its own process group.
pub(super) fn start(plugin: &PluginConfig, arguments: &[&str]) -> io::Result<Child> {
    Command::new(&plugin.path)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

pub(super) fn not_started(plugin: &PluginConfig, error: &io::Error) -> End {
    let reason = format!("plugin {} cannot be started: {error}", plugin.path.display());
    End::NotStarted { reason, missing: error.kind() == io::ErrorKind::NotFound }
}

/// Sets the processor and memory limits. The plugin still waits for its request, so nothing has been used yet.
pub(super) fn limit(child: &Child, limits: &Limits) {
    let Some(pid) = pid(child) else {
        return;
    };
    let seconds = limits.cpu.as_secs().max(1);
    // The hard limit comes later: at the soft one the signal says what happened.
    for (resource, soft, hard) in [
        (Resource::Cpu, seconds, seconds.saturating_add(5)),
        (Resource::As, limits.memory, limits.memory),
        (Resource::Core, 0, 0),
    ] {
        let both = Rlimit { current: Some(soft), maximum: Some(hard) };
        if let Err(error) = prlimit(Some(pid), resource, both) {
            tracing::warn!(%error, ?resource, "a limit could not be set on the plugin");
        }
    }
}

fn pid(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}

pub(super) fn request(job: &Job<'_>) -> Vec<u8> {
    let millis = u64::try_from(job.limits.deadline.as_millis()).unwrap_or(u64::MAX);
    let request = Request {
        v: PROTOCOL,
        kinds: job.kinds.iter().map(|kind| kind.as_str().to_owned()).collect(),
        target: job.target.as_str().to_owned(),
        settings: job.plugin.settings.clone(),
        secrets: job
            .plugin
            .secrets
            .iter()
            .map(|(name, path)| (name.clone(), path.display().to_string()))
            .collect(),
        // A tenth is kept back so that a plugin which minds its deadline can say so itself.
        deadline_ms: millis - millis / 10,
        root: "/".to_owned(),
        deny_paths: job.plugin.deny_paths.clone(),
    };
    let mut line = serde_json::to_vec(&request).unwrap_or_default();
    line.push(b'\n');
    line
}

async fn ask(stdin: Option<ChildStdin>, request: &[u8]) {
    let Some(mut stdin) = stdin else {
        return;
    };
    let written = match stdin.write_all(request).await {
        Ok(()) => stdin.shutdown().await,
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        tracing::debug!(%error, "plugin did not read its whole request");
    }
}

async fn listen(stderr: Option<ChildStderr>, said: &RefCell<Vec<u8>>) {
    let Some(mut stderr) = stderr else {
        return;
    };
    let mut buffer = [0; 1024];
    while let Ok(read) = stderr.read(&mut buffer).await
        && read > 0
    {
        let mut said = said.borrow_mut();
        let room = STDERR_BYTES.saturating_sub(said.len()).min(read);
        said.extend_from_slice(buffer.get(..room).unwrap_or_default());
    }
}

/// Reads lines until `done`, the end, garbage or a limit; holds one line at a time.
pub(super) async fn read(
    stdout: impl AsyncRead + Unpin,
    limits: &Limits,
    answers: &mut Answers<'_>,
    accept: &mut dyn FnMut(Observation) -> Option<Outcome>,
) -> End {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    let (mut total, mut number) = (0_u64, 0_u64);
    loop {
        let chunk = match reader.fill_buf().await {
            Ok(chunk) => chunk,
            Err(error) => return End::Silent(format!("its output could not be read: {error}")),
        };
        if chunk.is_empty() {
            return match line.is_empty() {
                true => End::Silent("its output ended".to_owned()),
                false => End::Garbage(format!("line {} has no end", number + 1)),
            };
        }
        let newline = chunk.iter().position(|byte| *byte == b'\n');
        let used = newline.map_or(chunk.len(), |at| at + 1);
        line.extend_from_slice(chunk.get(..used).unwrap_or_default());
        reader.consume(used);
        total = total.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
        if total > limits.output_bytes {
            return End::Limit(format!(
                "the plugin wrote more than limits.max_output_bytes ({})",
                limits.output_bytes
            ));
        }
        if line.len() > MAX_LINE {
            return End::Limit(format!(
                "the plugin wrote a line over {MAX_LINE} bytes, the most that the protocol has"
            ));
        }
        if newline.is_some() {
            number += 1;
            match take(&line, answers, accept) {
                Ok(true) => return End::Done,
                Ok(false) => {}
                Err(why) => return End::Garbage(format!("line {number} is {why}")),
            }
            line.clear();
            // A large document's buffer is not kept for the small lines after it.
            line.shrink_to(64 << 10);
        }
    }
}

pub(super) fn take(
    line: &[u8],
    answers: &mut Answers<'_>,
    accept: &mut dyn FnMut(Observation) -> Option<Outcome>,
) -> Result<bool, String> {
    // The content of a bad line may be a secret: only where and what kind of fault is told.
    let value =
        exhibit_proto::json::read(line).map_err(|_not_json| "not one JSON value".to_owned())?;
    let line: Line = serde_json::from_value(value)
        .map_err(|_not_a_line| "not a line of the protocol".to_owned())?;
    answers.take(line, accept)
}

/// Lets a plugin that is done leave by itself, then ends what remains of its group.
async fn finish(child: &mut Child, done: bool) -> io::Result<ExitStatus> {
    let group = pid(child);
    if done && tokio::time::timeout(FAREWELL, child.wait()).await.is_err() {
        tracing::warn!("plugin was done and did not leave; it is killed");
    }
    // After the leader is reaped its group may still hold children, and the group's number is not reused while it does.
    let ended_alone = child.try_wait()?.is_some();
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, Signal::KILL)
        && !(ended_alone || error == rustix::io::Errno::SRCH)
    {
        tracing::warn!(%error, "process group of a plugin could not be killed");
    }
    child.wait().await
}

/// Ends a plugin of which nothing more is wanted.
pub(super) async fn end_group(child: &mut Child) {
    if let Err(error) = finish(child, false).await {
        tracing::warn!(%error, "a plugin could not be ended");
    }
}

/// How a plugin ended that was not killed by us before it fell silent.
fn ended(status: ExitStatus, limits: &Limits, said: &[u8]) -> End {
    use std::os::unix::process::ExitStatusExt as _;
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("it exited with status {code}"),
        (None, Some(signal)) if signal == Signal::XCPU.as_raw() => {
            return End::Limit(format!(
                "it used more than limits.cpu ({} s)",
                limits.cpu.as_secs()
            ));
        }
        (None, Some(signal)) => format!("it died by signal {signal}"),
        (None, None) => status.to_string(),
    };
    let said = String::from_utf8_lossy(said);
    match said.lines().rfind(|line| !line.trim().is_empty()) {
        Some(last) => {
            let last: String = last.trim().chars().filter(|c| !c.is_control()).take(300).collect();
            End::Silent(format!("{how}: {last}"))
        }
        None => End::Silent(how),
    }
}
