//! A PostgreSQL server of its own in the scratch folder: it listens on a socket there and nowhere else, and goes with this
//! value. It never takes a setting of another server, archives nothing and starts no library of somebody else.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use exhibit_plugin::OutcomeKind;

use crate::jobs::{Refusal, unrun};
use crate::look::Look;
use crate::tool::{Output, Tool, run};

/// The one account of an empty server, which no backup has.
pub(super) const OWN: &str = "exhibit_restore";
/// The kernel takes socket paths of 107 bytes, and the name of the socket follows.
const LONGEST_FOLDER: usize = 88;
/// Command lines win over what a restored server brings along.
const SETTINGS: [&str; 21] = [
    "listen_addresses=",
    "port=5432",
    "fsync=off",
    "archive_mode=off",
    "shared_preload_libraries=",
    "session_preload_libraries=",
    "local_preload_libraries=",
    "logging_collector=off",
    "log_destination=stderr",
    "log_statement=none",
    "log_min_error_statement=panic",
    "lc_messages=C",
    "hot_standby=off",
    "primary_conninfo=",
    "ssl=off",
    "autovacuum=off",
    "max_connections=20",
    "shared_buffers=32MB",
    "huge_pages=off",
    "external_pid_file=",
    "cluster_name=exhibit_restore",
];

/// Which programs, and who runs them.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    /// None: the plugin's own account.
    pub(super) user: Option<(u32, u32)>,
}

impl Programs {
    /// The programs of a major version, or the newest; `run_as` matters to root alone, as whom a server does not start.
    pub(super) fn find(
        look: &Look<'_>,
        folder: Option<&Path>,
        run_as: &str,
    ) -> Result<Self, Refusal> {
        let folder = match folder {
            Some(folder) => Some(folder.to_owned()),
            None => newest(look),
        };
        let folder = folder.filter(|folder| folder.join("initdb").is_file()).ok_or_else(|| {
            Refusal::new(
                OutcomeKind::ToolMissing,
                "no server of PostgreSQL is installed here to restore to",
                "install the package postgresql, or name the folder of initdb as programs in the test",
            )
        })?;
        let user = match rustix::process::geteuid().is_root() {
            true => Some(account(look, run_as)?),
            false => None,
        };
        Ok(Self { folder, user })
    }

    pub(super) fn path(&self, program: &str) -> String {
        self.folder.join(program).to_string_lossy().into_owned()
    }

    /// Those of the version that data was written by, where they are installed beside these.
    pub(super) fn of_version(mut self, version: &str) -> Self {
        for folder in
            [format!("/usr/lib/postgresql/{version}/bin"), format!("/usr/pgsql-{version}/bin")]
        {
            if !version.is_empty() && Path::new(&folder).join("postgres").is_file() {
                self.folder = PathBuf::from(folder);
            }
        }
        self
    }

    /// Lets the server's account have a file or folder, with all in it.
    pub(super) fn give(&self, path: &Path) -> std::io::Result<()> {
        let Some((uid, gid)) = self.user else { return Ok(()) };
        std::os::unix::fs::lchown(path, Some(uid), Some(gid))?;
        if fs::symlink_metadata(path)?.is_dir() {
            for entry in fs::read_dir(path)? {
                self.give(&entry?.path())?;
            }
        }
        Ok(())
    }

    pub(super) fn as_user<'a>(&self, tool: Tool<'a>) -> Tool<'a> {
        match self.user {
            Some((uid, gid)) => tool.user(uid, gid),
            None => tool,
        }
    }
}

/// Debian keeps each version in a folder of its own, and so do the packages of the project for other systems.
fn newest(look: &Look<'_>) -> Option<PathBuf> {
    let mut found = Vec::new();
    for (base, prefix, below) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/lib", "postgresql", "bin"),
    ] {
        for name in look.host.names(base).ok().flatten().unwrap_or_default() {
            let number = name.strip_prefix(prefix).and_then(|number| number.parse::<u32>().ok());
            let folder = Path::new(base).join(&name).join(below);
            found.extend(number.filter(|_| folder.join("initdb").is_file()).map(|n| (n, folder)));
        }
    }
    if Path::new("/usr/bin/initdb").is_file() {
        found.push((0, PathBuf::from("/usr/bin")));
    }
    found.into_iter().max().map(|(_, folder)| folder)
}

fn account(look: &Look<'_>, name: &str) -> Result<(u32, u32), Refusal> {
    let text = look.host.text("/etc/passwd").ok().flatten().unwrap_or_default();
    let found = text.lines().find_map(|line| {
        let words: Vec<&str> = line.split(':').collect();
        match words[..] {
            [of, _, uid, gid, ..] if of == name => Some((uid.parse().ok()?, gid.parse().ok()?)),
            _ => None,
        }
    });
    found.filter(|(uid, _)| *uid != 0).ok_or_else(|| {
        Refusal::new(
            OutcomeKind::NotConfigured,
            format!("a server cannot run as '{name}', who is root or not an account of this host"),
            "name an account without rights of its own as run_as in the test",
        )
    })
}

/// The server, running.
pub(super) struct Cluster {
    programs: Programs,
    folder: PathBuf,
    /// The account by which it is asked.
    account: String,
    server: Child,
}

/// The folder of the server below a scratch folder, ready for its data.
pub(super) fn folder(programs: &Programs, scratch: &Path) -> Result<PathBuf, Refusal> {
    let folder = scratch.join("db");
    if folder.as_os_str().len() > LONGEST_FOLDER {
        return Err(Refusal::new(
            OutcomeKind::NotConfigured,
            format!("{} is too long for the path of a socket", folder.display()),
            "name a scratch folder with a shorter path in the test",
        ));
    }
    let make = || {
        // The server's account must pass through; what else lies there stays closed.
        fs::set_permissions(scratch, fs::Permissions::from_mode(0o711))?;
        fs::create_dir(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        for (name, text) in
            [("own.conf", ""), ("hba.conf", "local all all trust\n"), ("ident.conf", "")]
        {
            fs::write(folder.join(name), text)?;
        }
        programs.give(&folder)
    };
    make().map_err(|error: std::io::Error| {
        Refusal::new(
            OutcomeKind::Failed,
            format!("{} cannot be made ready for a server: {error}", folder.display()),
            "name a scratch folder in the test that the plugin may write to",
        )
    })?;
    Ok(folder)
}

impl Cluster {
    /// A new, empty one.
    pub(super) fn empty(
        look: &mut Look<'_>,
        programs: &Programs,
        folder: &Path,
        account: &str,
        left: Duration,
    ) -> Result<Self, Refusal> {
        let (initdb, data) = (programs.path("initdb"), folder.join("data"));
        let words = ["-U", account, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"];
        let tool = Tool::new(&initdb, &[&words[..], &[&*data.to_string_lossy()]].concat());
        let tool = programs.as_user(tool).folder(folder).timeout(left);
        look.seen.method("initdb, postgres (in the scratch folder, on a socket there)");
        let output = run(&tool, look.job).map_err(|error| unrun(&error, "postgresql"))?;
        if !output.is_success() {
            return Err(start_failed(&output.fault()));
        }
        Self::start(look, programs, folder, account, &[], left)
    }

    /// One over data that lies in the folder already.
    pub(super) fn start(
        look: &Look<'_>,
        programs: &Programs,
        folder: &Path,
        account: &str,
        more: &[&str],
        left: Duration,
    ) -> Result<Self, Refusal> {
        let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let program = programs.path("postgres");
        if let Err(error) = look.host.facts(&program) {
            return Err(Refusal::new(error.outcome(), error.to_string(), error.remedy()));
        }
        let mut command = Command::new(program);
        command.args(["-D", &at("data")]);
        for setting in SETTINGS.iter().chain(more) {
            command.args(["-c", setting]);
        }
        let sockets = folder.to_string_lossy();
        command.args(["-c", &format!("unix_socket_directories={sockets}")]);
        for (key, file) in
            [("config_file", "own.conf"), ("hba_file", "hba.conf"), ("ident_file", "ident.conf")]
        {
            command.args(["-c", &format!("{key}={}", at(file))]);
        }
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TZ", "UTC");
        command.env("LC_ALL", "C").current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // It stays in the plugin's group, so that who kills the plugin kills it too.
        if let Some((uid, gid)) = programs.user {
            command.uid(uid).gid(gid);
        }
        let mut server = command.spawn().map_err(|error| start_failed(&error.to_string()))?;
        let (sender, news) = mpsc::channel();
        if let Some(errors) = server.stderr.take() {
            thread::spawn(move || listen(errors, &sender));
        }
        // From here on it is stopped whatever happens.
        let (programs, folder, account) = (programs.clone(), folder.to_owned(), account.to_owned());
        let cluster = Self { programs, folder, account, server };
        cluster.wait(&news, left)?;
        Ok(cluster)
    }

    fn wait(&self, news: &mpsc::Receiver<String>, left: Duration) -> Result<(), Refusal> {
        let end = Instant::now() + left;
        let mut said = VecDeque::new();
        loop {
            match news.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains("is ready to accept connections") => return Ok(()),
                Ok(line) => {
                    said.push_back(line);
                    if said.len() > 20 {
                        said.pop_front();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    return Err(Refusal::new(
                        OutcomeKind::TimedOut,
                        "the server did not take up its work in time",
                        "raise the deadline of the agent",
                    ));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let fatal = said.iter().rev().find(|line| line.contains("FATAL"));
                    let line = fatal.or_else(|| said.back()).map_or("nothing", String::as_str);
                    let line = line.split_once("FATAL:").map_or(line, |(_, what)| what.trim());
                    return Err(start_failed(&unquoted(line)));
                }
            }
        }
    }

    pub(super) fn make_database(
        &self,
        look: &Look<'_>,
        name: &str,
        left: Duration,
    ) -> Result<(), Refusal> {
        let createdb = self.programs.path("createdb");
        let host = self.folder.to_string_lossy();
        let words = ["-h", &host, "-p", "5432", "-U", &self.account, "-T", "template0", name];
        let tool = Tool::new(&createdb, &words).folder(&self.folder).timeout(left);
        let output = run(&self.programs.as_user(tool), look.job)
            .map_err(|error| unrun(&error, "postgresql"))?;
        if output.is_success() { Ok(()) } else { Err(start_failed(&unquoted(&output.fault()))) }
    }

    /// Where clients find it.
    pub(super) fn words(&self, database: &str) -> Vec<String> {
        let host = self.folder.to_string_lossy().into_owned();
        ["-h", &host, "-p", "5432", "-U", &self.account, "-d", database].map(str::to_owned).to_vec()
    }

    /// Runs statements from a file as the server's own account; what they print is left out unless it is asked for.
    pub(super) fn psql(
        &self,
        look: &Look<'_>,
        database: &str,
        script: fs::File,
        prints: bool,
        left: Duration,
    ) -> Result<Output, Refusal> {
        let psql = self.programs.path("psql");
        let mut words = self.words(database);
        let quiet: &[&str] = if prints { &[] } else { &["-o", "/dev/null"] };
        words.extend(
            ["-X", "-q", "-A", "-t", "-v", "VERBOSITY=terse", "-f", "-"].map(str::to_owned),
        );
        words.extend(quiet.iter().map(|word| (*word).to_owned()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let tool = Tool::new(&psql, &words).folder(&self.folder).timeout(left).input(script);
        run(&self.programs.as_user(tool), look.job).map_err(|error| unrun(&error, "postgresql"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nothing in it is needed any more; its children end with it.
        self.server.kill().unwrap_or(());
        if self.server.wait().is_err() {
            self.server.kill().unwrap_or(());
        }
    }
}

/// Hands on what the server says, until it ends.
fn listen(errors: impl std::io::Read, sender: &Sender<String>) {
    for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
        // Nobody listens once it works, and its pipe must be emptied all the same.
        drop(sender.send(String::from_utf8_lossy(&line).into_owned()));
    }
}

fn start_failed(said: &str) -> Refusal {
    Refusal::new(
        OutcomeKind::Failed,
        format!("no server of its own could be started: {said}"),
        "look whether run_as may execute the programs of PostgreSQL and enter the scratch folder",
    )
}

/// What stands in quotes in a message of a server may be data.
pub(super) fn unquoted(message: &str) -> String {
    let mut out = String::new();
    let mut inside = None;
    for c in message.chars() {
        match inside {
            Some(quote) if c == quote => {
                inside = None;
                out.push(c);
            }
            Some(_) => {}
            None => {
                out.push(c);
                if c == '"' || (c == '\'' && !out.ends_with("n'")) {
                    inside = Some(c);
                    out.push('…');
                }
            }
        }
    }
    out
}
