//! Runs one call to its end: its output in threads of their own, a deadline over all of it, and nothing left behind.

use std::{
    io::{self, BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use super::{DIRECTORIES, Output, Tool, ToolError, find, reads};
use crate::Job;

const MAX_ERROR_TEXT: u64 = 64 * 1024;
const MAX_TOOL_LINE: u64 = 64 * 1024;
/// A process that has ended may have left its output open in a child; that long we still wait for it.
const AFTER_EXIT: Duration = Duration::from_secs(1);

/// Runs the tool to its end, or kills it and its children.
///
/// # Errors
///
/// When it is missing, refused, too slow or too loud. A tool that ends with a fault is not an error here.
pub fn run(tool: &Tool<'_>, job: &Job) -> Result<Output, ToolError> {
    let limit = u64::try_from(tool.max_output.saturating_add(1)).unwrap_or(u64::MAX);
    start(tool, job, move |stream| {
        let mut bytes = Vec::new();
        stream.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    })
}

/// The same for a tool that prints more than fits into memory: each line is handed on as it comes, without its end, and
/// the output that is left is empty. Lines longer than 64 KiB are cut; the largest output does not hold.
///
/// # Errors
///
/// As [`run`].
pub fn run_lines(
    tool: &Tool<'_>,
    job: &Job,
    mut each: impl FnMut(&str) + Send + 'static,
) -> Result<Output, ToolError> {
    start(tool, job, move |stream| {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while (&mut reader).take(MAX_TOOL_LINE).read_until(b'\n', &mut line)? > 0 {
            each(String::from_utf8_lossy(&line).trim_end_matches('\n'));
            line.clear();
        }
        Ok(Vec::new())
    })
}

fn start(
    tool: &Tool<'_>,
    job: &Job,
    read: impl FnOnce(ChildStdout) -> io::Result<Vec<u8>> + Send + 'static,
) -> Result<Output, ToolError> {
    let program = find(tool.program).ok_or_else(|| ToolError::Missing(tool.program.to_owned()))?;
    if let Some(pattern) = reads::vetoed(tool, &program, job) {
        return Err(ToolError::Vetoed { line: tool.line(), pattern });
    }
    // A tenth of the job's time is kept back, so that a slow tool still leaves time to write what else was seen.
    let allowed = tool.timeout.min(job.remaining() * 9 / 10);
    let mut command = Command::new(program);
    command
        .args(&tool.arguments)
        .env_clear()
        .env("PATH", DIRECTORIES.join(":"))
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .envs(&tool.environment)
        .current_dir(&tool.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    if let Some((uid, gid)) = tool.user {
        command.uid(uid).gid(gid);
    }
    if let Some(input) = &tool.input {
        let input = input.try_clone();
        command.stdin(input.map_err(|source| ToolError::Io { line: tool.line(), source })?);
    }
    let child = command.spawn().map_err(|source| {
        if source.kind() == io::ErrorKind::PermissionDenied {
            ToolError::Denied(tool.program.to_owned())
        } else {
            ToolError::Io { line: tool.line(), source }
        }
    })?;
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let (Some(pid), Some(bytes)) = (group, tool.largest_file) {
        let bound = rustix::process::Rlimit { current: Some(bytes), maximum: Some(bytes) };
        // One that has ended already writes no more.
        rustix::process::prlimit(Some(pid), rustix::process::Resource::Fsize, bound)
            .map(drop)
            .unwrap_or(());
    }
    let result = follow(tool, child, allowed, read);
    if result.is_err()
        && let Some(group) = group
    {
        // The group may be gone already, which is what we want.
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap_or(());
    }
    result
}

enum News {
    Ended(io::Result<ExitStatus>),
    Output(io::Result<Vec<u8>>),
    Errors(io::Result<Vec<u8>>),
}

fn follow(
    tool: &Tool<'_>,
    mut child: Child,
    allowed: Duration,
    read: impl FnOnce(ChildStdout) -> io::Result<Vec<u8>> + Send + 'static,
) -> Result<Output, ToolError> {
    let failed = |source| ToolError::Io { line: tool.line(), source };
    let (sender, receiver) = mpsc::channel();
    let out = child.stdout.take();
    let errors = child.stderr.take();
    let bound = tool.max_output;
    drain(sender.clone(), out, read, News::Output).map_err(failed)?;
    drain(sender.clone(), errors, head_of, News::Errors).map_err(failed)?;
    thread::Builder::new()
        .spawn(move || drop(sender.send(News::Ended(child.wait()))))
        .map_err(failed)?;

    let mut end = Instant::now() + allowed;
    let (mut status, mut stdout, mut stderr) = (None, None, None);
    while status.is_none() || stdout.is_none() || stderr.is_none() {
        match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(News::Ended(ended)) => {
                status = Some(ended.map_err(failed)?);
                end = end.min(Instant::now() + AFTER_EXIT);
            }
            Ok(News::Output(bytes)) => {
                let bytes = bytes.map_err(failed)?;
                if bytes.len() > bound {
                    return Err(ToolError::TooMuch { line: tool.line(), bound });
                }
                stdout = Some(bytes);
            }
            Ok(News::Errors(bytes)) => stderr = Some(bytes.map_err(failed)?),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = allowed.as_secs();
                return Err(ToolError::TimedOut { line: tool.line(), seconds });
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(failed(io::Error::other("a reader of its output died")));
            }
        }
    }
    let text =
        |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    Ok(Output {
        code: status.and_then(|status| status.code()),
        stdout: text(stdout),
        stderr: text(stderr),
    })
}

/// Reads a stream in a thread of its own.
fn drain<S: Read + Send + 'static>(
    sender: Sender<News>,
    stream: Option<S>,
    read: impl FnOnce(S) -> io::Result<Vec<u8>> + Send + 'static,
    news: fn(io::Result<Vec<u8>>) -> News,
) -> io::Result<()> {
    thread::Builder::new()
        .spawn(move || {
            let bytes = stream.map_or_else(|| Ok(Vec::new()), read);
            // Nobody listens once the tool was given up.
            drop(sender.send(news(bytes)));
        })
        .map(drop)
}

/// The first bytes; what follows is read and thrown away, so that the writer does not block.
fn head_of(mut stream: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut stream).take(MAX_ERROR_TEXT).read_to_end(&mut bytes)?;
    io::copy(&mut stream, &mut io::sink())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::{fs::File, path::PathBuf};

    use super::super::super::testing::job;
    use super::*;

    fn shell(script: &str) -> Tool<'_> {
        Tool::new("sh", &["-c", script])
    }

    #[test]
    fn environment_is_empty_and_the_code_is_told() {
        let output =
            run(&shell("env | sort; echo oops >&2; exit 3").env("X", "1"), &job("/")).unwrap();
        assert_eq!(output.code, Some(3));
        let names: Vec<_> =
            output.stdout.lines().filter_map(|line| line.split('=').next()).collect();
        let expected = ["LC_ALL", "PATH", "PWD", "TZ", "X"];
        assert!(names.iter().all(|name| expected.contains(name) || *name == "_"), "{names:?}");
        assert_eq!(output.fault(), "ended with 3: oops");
    }

    #[test]
    fn a_slow_tool_is_killed_with_its_children() {
        let marker = tempfile::tempdir().unwrap();
        let pid = marker.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
        let tool = Tool::new("sh", &["-c", &script]).timeout(Duration::from_millis(300));
        assert!(matches!(run(&tool, &job("/")), Err(ToolError::TimedOut { .. })));
        let child = std::fs::read_to_string(pid).unwrap();
        let status = PathBuf::from(format!("/proc/{}/stat", child.trim()));
        let gone = || std::fs::read_to_string(&status).map_or(true, |stat| stat.contains(") Z "));
        let patience = Instant::now() + Duration::from_secs(5);
        while !gone() && Instant::now() < patience {
            thread::yield_now();
        }
        assert!(gone(), "the child of the tool outlived it");
    }

    #[test]
    fn a_loud_tool_is_stopped() {
        let tool =
            shell("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done").max_output(10_000);
        assert!(matches!(run(&tool, &job("/")), Err(ToolError::TooMuch { bound: 10_000, .. })));
        let tool = shell("head -c 10000 /dev/zero").max_output(10_000);
        assert_eq!(run(&tool, &job("/")).unwrap().stdout.len(), 10_000);
    }

    #[test]
    fn lines_are_handed_on_one_by_one_and_long_ones_are_cut() {
        let lines = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let sink = std::sync::Arc::clone(&lines);
        let tool = shell("pwd; printf 'a\\nb'; head -c 70000 /dev/zero; exit 2").folder("/tmp");
        let output =
            run_lines(&tool, &job("/"), move |line| sink.lock().unwrap().push(line.len())).unwrap();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
        assert_eq!(*lines.lock().unwrap(), [4, 1, 65_536, 4_465]);
    }

    #[test]
    fn a_tool_reads_the_file_that_it_is_given() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("in"), "given").unwrap();
        let tool = shell("cat").input(File::open(folder.path().join("in")).unwrap());
        assert_eq!(run(&tool, &job("/")).unwrap().stdout, "given");
        assert_eq!(run(&shell("cat"), &job("/")).unwrap().stdout, "");
    }

    #[test]
    fn root_may_run_a_tool_as_somebody_else() {
        if rustix::process::geteuid().is_root() {
            let output =
                run(&shell("id -u; id -g; id -G").user(65_534, 65_533), &job("/")).unwrap();
            assert_eq!(output.stdout, "65534\n65533\n65533\n");
        }
    }
}
