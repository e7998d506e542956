//! Runs a tool of the host: bounded in time and output, with an empty environment, and gone afterwards with its children.
//!
//! It never uses a shell and never leaves a process behind.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use crate::plugin::VETO;
use crate::{Job, OutcomeKind};

const DIRECTORIES: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const MAX_ERROR_TEXT: u64 = 64 * 1024;
const MAX_TOOL_LINE: u64 = 64 * 1024;
/// A process that has ended may have left its output open in a child; that long we still wait for it.
const AFTER_EXIT: Duration = Duration::from_secs(1);

/// One call of a tool.
#[derive(Clone, Debug)]
pub struct Tool<'a> {
    program: &'a str,
    arguments: Vec<String>,
    environment: BTreeMap<&'a str, String>,
    folder: PathBuf,
    max_output: usize,
    timeout: Duration,
    user: Option<(u32, u32)>,
    input: Option<Arc<File>>,
}

/// What a tool that has ended left.
#[derive(Clone, Debug)]
pub struct Output {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// First 64 KiB of standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it ended with exit code 0.
    pub fn is_success(&self) -> bool {
        self.code == Some(0)
    }

    /// One line saying how it ended, for an outcome: the code and the last line of standard error.
    pub fn fault(&self) -> String {
        let code =
            self.code.map_or_else(|| "by a signal".to_owned(), |code| format!("with {code}"));
        let last = self.stderr.lines().rev().find(|line| !line.trim().is_empty());
        format!("ended {code}: {}", last.unwrap_or("nothing on standard error").trim())
    }
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("{0} is not installed")]
    Missing(String),
    #[error("{0} may not be executed")]
    Denied(String),
    #[error("{VETO} ([deny] paths: {pattern}): {line} would read there")]
    Vetoed { line: String, pattern: String },
    #[error("{line} did not end within {seconds} seconds")]
    TimedOut { line: String, seconds: u64 },
    #[error("{line} printed more than {bound} bytes")]
    TooMuch { line: String, bound: usize },
    #[error("{line} could not be run: {source}")]
    Io {
        line: String,
        #[source]
        source: io::Error,
    },
}

impl ToolError {
    pub fn outcome(&self) -> OutcomeKind {
        match self {
            Self::Missing(_) => OutcomeKind::ToolMissing,
            Self::Denied(_) | Self::Vetoed { .. } => OutcomeKind::Denied,
            Self::TimedOut { .. } => OutcomeKind::TimedOut,
            Self::TooMuch { .. } => OutcomeKind::LimitExceeded,
            Self::Io { .. } => OutcomeKind::Failed,
        }
    }

    pub fn remedy(&self) -> String {
        match self {
            Self::Missing(program) => {
                format!("install {program} in one of {}", DIRECTORIES.join(", "))
            }
            Self::Denied(program) => format!("let the plugin's user execute {program}"),
            Self::Vetoed { pattern, .. } => format!("take {pattern} out of [deny] paths"),
            Self::TimedOut { .. } => "raise the deadline of the run".to_owned(),
            Self::TooMuch { line, .. } => format!("look at what {line} prints by hand"),
            Self::Io { .. } => "look at the limits of the plugin's unit (tasks, files)".to_owned(),
        }
    }
}

impl<'a> Tool<'a> {
    /// A call of `program`, found in the usual directories, with the given arguments.
    pub fn new(program: &'a str, arguments: &[&str]) -> Self {
        Self {
            program,
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            environment: BTreeMap::new(),
            folder: PathBuf::from("/"),
            max_output: 16 * 1024 * 1024,
            timeout: Duration::from_secs(30),
            user: None,
            input: None,
        }
    }

    /// Adds a variable to the environment; it never shows in [`Self::line`].
    pub fn env(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.environment.insert(name, value.into());
        self
    }

    /// Sets the folder it works in; `/` when not set.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Runs it as another user and group, without further groups, which only root may; the plugin's own when not set.
    pub fn user(mut self, uid: u32, gid: u32) -> Self {
        self.user = Some((uid, gid));
        self
    }

    /// Gives it a file to read from; nothing when not set.
    pub fn input(mut self, file: File) -> Self {
        self.input = Some(Arc::new(file));
        self
    }

    /// Sets the longest run; the job's deadline holds besides. 30 seconds when not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the largest output in bytes; 16 MiB when not set.
    pub fn max_output(mut self, bytes: usize) -> Self {
        self.max_output = bytes;
        self
    }

    /// The call as one line, for the capture.
    pub fn line(&self) -> String {
        let mut line = self.program.to_owned();
        for word in &self.arguments {
            line.push(' ');
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:@,+%".contains(&byte);
            if !word.is_empty() && word.bytes().all(plain) {
                line.push_str(word);
            } else {
                line.push_str(&format!("'{}'", word.replace('\'', r"'\''")));
            }
        }
        line
    }
}

/// Where a program lies; none when it is not installed.
pub fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    DIRECTORIES.iter().map(|place| PathBuf::from(place).join(program)).find(|path| path.is_file())
}

/// Where tools read without being told; folders with all that is in them.
const READS: [(&str, &[&str]); 13] = [
    ("apt-get", &["/etc/apt", "/var/lib/apt", "/var/lib/dpkg"]),
    ("auditctl", &["/etc/audit"]),
    ("borg", &["/root/.config/borg"]),
    ("chronyc", &["/run/chrony"]),
    ("dpkg-query", &["/var/lib/dpkg"]),
    ("getent", &["/etc/passwd", "/etc/group"]),
    ("journalctl", &["/var/log/journal", "/run/log/journal"]),
    ("lvs", &["/etc/lvm"]),
    ("rpm", &["/var/lib/rpm", "/usr/lib/sysimage/rpm"]),
    ("sshd", &["/etc/ssh"]),
    ("systemctl", &["/etc/systemd"]),
    ("upsc", &["/etc/nut"]),
    ("zypper", &["/etc/zypp", "/var/cache/zypp"]),
];

/// The veto that stands against a call: over its program, its folder, a path in its arguments, or what it is known to read.
fn vetoed(tool: &Tool<'_>, job: &Job) -> Option<String> {
    if job.vetoes.is_empty() {
        return None;
    }
    let root = job.root.to_str().unwrap_or("/").trim_end_matches('/');
    let name = tool.program.rsplit('/').next().unwrap_or(tool.program);
    let known = READS.iter().filter(|(program, _)| *program == name).flat_map(|(_, paths)| *paths);
    let folder = tool.folder.to_str();
    // A path may follow an option: `--config=/etc/x`.
    let words =
        tool.arguments.iter().filter_map(|word| word.find('/').and_then(|at| word.get(at..)));
    known
        .copied()
        .chain(folder)
        .chain(tool.program.starts_with('/').then_some(tool.program))
        .chain(words)
        .find_map(|path| job.vetoes.touches(path.strip_prefix(root).unwrap_or(path)))
}

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
    if let Some(pattern) = vetoed(tool, job) {
        return Err(ToolError::Vetoed { line: tool.line(), pattern });
    }
    let program = find(tool.program).ok_or_else(|| ToolError::Missing(tool.program.to_owned()))?;
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
    use super::super::testing::job;
    use super::*;

    fn shell(script: &str) -> Tool<'_> {
        Tool::new("sh", &["-c", script])
    }

    #[test]
    fn a_tool_that_would_read_what_is_forbidden_is_not_run() {
        let mut job = super::super::testing::job("/");
        job.vetoes = crate::plugin::Vetoes::read(&["/etc/ssh/ssh_host_*".to_owned()]).unwrap();
        let refused = [
            Tool::new("cat", &["/etc/ssh/ssh_host_rsa_key"]),
            Tool::new("cat", &["--file=/etc/ssh/ssh_host_rsa_key"]),
            Tool::new("sshd", &["-T"]),
            Tool::new("/usr/sbin/sshd", &["-T"]),
            Tool::new("ls", &[]).folder("/etc/ssh"),
        ];
        for tool in refused {
            let answer = run(&tool, &job);
            assert!(matches!(answer, Err(ToolError::Vetoed { .. })), "{}: {answer:?}", tool.line());
        }
        assert!(run(&Tool::new("cat", &["/etc/passwd"]), &job).unwrap().is_success());
        assert_eq!(job.vetoes.met().len(), 1);
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

    #[test]
    fn a_missing_tool_is_named() {
        let error = run(&Tool::new("no-such-tool", &[]), &job("/")).unwrap_err();
        assert_eq!(error.outcome(), OutcomeKind::ToolMissing);
        assert!(error.to_string().contains("no-such-tool"));
    }

    #[test]
    fn lines_can_be_pasted_into_a_shell() {
        assert_eq!(Tool::new("a", &["-b", "c d", "it's", ""]).line(), r"a -b 'c d' 'it'\''s' ''");
    }
}
