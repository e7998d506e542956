//! A PostgreSQL server of its own in the scratch folder: it listens on a socket there and nowhere else, and goes with this
//! value. It never takes a setting of another server, archives nothing and starts no library of somebody else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::confine::{self, Walls};
use super::programs::Programs;
use super::server::{self, Server, Signs, start_failed};
use crate::jobs::{Refusal, unrun};
use crate::look::Look;
use crate::tool::{Output, Tool, run};

/// The one account of an empty server, which no backup has.
pub(super) const OWN: &str = "exhibit_restore";
const SIGNS: Signs =
    Signs { ready: "is ready to accept connections", fault: "FATAL:", told: unquoted };
/// Command lines win over what a restored server brings along.
const SETTINGS: [&str; 27] = [
    "listen_addresses=",
    "port=5432",
    "fsync=off",
    "archive_mode=off",
    "archive_command=",
    "archive_cleanup_command=",
    "recovery_end_command=",
    "ssl_passphrase_command=",
    "dynamic_shared_memory_type=mmap",
    "jit=off",
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

/// The server, running.
pub(super) struct Cluster {
    programs: Programs,
    folder: PathBuf,
    /// The account by which it is asked.
    account: String,
    /// Goes with this value.
    _server: Server,
}

/// The folder of the server below a scratch folder, ready for its data.
pub(super) fn folder(programs: &Programs, scratch: &Path) -> Result<PathBuf, Refusal> {
    let files = [("own.conf", ""), ("hba.conf", "local all all trust\n"), ("ident.conf", "")];
    server::folder(programs, scratch, (&files, &[]))
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
        // It starts a shell and the server, and knows nothing of the backup yet.
        let output = confine::behind(&Walls::Bare, || run(&tool, look.job))?;
        let output = output.map_err(|error| unrun(&error, "postgresql"))?;
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
        let walls = programs.walls("postgres", &[], &[folder]);
        let server = Server::start(command, programs, &walls, folder, (&SIGNS, left))?;
        let (programs, folder, account) = (programs.clone(), folder.to_owned(), account.to_owned());
        Ok(Self { programs, folder, account, _server: server })
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
        let tool = self.programs.as_user(tool);
        let output = self.programs.run(look, "createdb", &tool, (&[], &self.folder))?;
        if output.is_success() { Ok(()) } else { Err(start_failed(&unquoted(&output.fault()))) }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
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
        // What is counted must not depend on where the restored database looks for names.
        let options = if prints { "-c search_path=pg_catalog" } else { "" };
        let tool = self.programs.as_user(tool.env("PGOPTIONS", options));
        self.programs.run(look, "psql", &tool, (&[], &self.folder))
    }
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
