//! A MariaDB server of its own in the scratch folder: it listens on a socket there and nowhere else, and goes with this
//! value. It never takes a setting of another server, follows no other server and starts no library of somebody else.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use exhibit_plugin::OutcomeKind;

use super::programs::Programs;
use super::server::{self, Server, Signs, start_failed};
use crate::jobs::Refusal;
use crate::look::Look;
use crate::tool::{Output, Tool};

const SIGNS: Signs = Signs { ready: "ready for connections", fault: "[ERROR]", told: unsaid };
/// What a new version may no longer know is `loose`.
const SETTINGS: [&str; 21] = [
    "--skip-networking",
    "--skip-symbolic-links",
    "--skip-slave-start",
    "--skip-log-bin",
    "--event-scheduler=OFF",
    "--local-infile=OFF",
    "--default-storage-engine=InnoDB",
    "--character-set-server=utf8mb4",
    "--lower-case-table-names=0",
    "--max-allowed-packet=1G",
    "--max-connections=20",
    "--open-files-limit=1024",
    "--table-open-cache=200",
    "--innodb-buffer-pool-size=64M",
    "--innodb-buffer-pool-dump-at-shutdown=OFF",
    "--innodb-buffer-pool-load-at-startup=OFF",
    "--loose-innodb-use-native-aio=OFF",
    "--loose-innodb-flush-method=nosync",
    "--loose-performance-schema=OFF",
    "--loose-feedback=OFF",
    "--loose-ssl=OFF",
];
/// Scripts that make the tables of an empty server, whose names began with `mysql_` before version 11.
const SCRIPTS: [&str; 3] = ["system_tables", "performance_tables", "system_tables_data"];
/// The first account: root, who comes from the socket of this server alone, without a password.
const BEFORE: &str = "create database mysql;\nuse mysql;\nset @skip_auth_anonymous=1;\nset @skip_auth_root_nopasswd=null;\nset @auth_root_socket=null;\n";

/// The server, running.
pub(super) struct Mariadb {
    programs: Programs,
    folder: PathBuf,
    /// Goes with this value.
    server: Server,
}

/// The folder of the server below a scratch folder, ready for its data.
pub(super) fn folder(programs: &Programs, scratch: &Path) -> Result<PathBuf, Refusal> {
    server::folder(programs, scratch, (&[], &["data", "tmp", "files", "plugins"]))
}

impl Mariadb {
    /// A new, empty one.
    pub(super) fn empty(
        look: &mut Look<'_>,
        programs: &Programs,
        folder: &Path,
        left: Duration,
    ) -> Result<Self, Refusal> {
        let script = tables(look, programs)?;
        let mut words = words(programs, folder);
        words.push("--bootstrap".to_owned());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let server = programs.path("mariadbd");
        let tool = Tool::new(&server, &words).folder(folder).timeout(left).reads(&[]);
        let tool = programs.as_user(tool.input(script));
        look.seen.method("mariadbd (in the scratch folder, on a socket there)");
        let output = programs.run(look, "mariadbd", &tool, (&[], folder))?;
        if !output.is_success() {
            let said = output.stderr.lines().rfind(|line| line.starts_with("ERROR"));
            return Err(start_failed(&unsaid(said.unwrap_or(&output.fault()))));
        }
        Self::start(look, programs, folder, &[])
            .and_then(|command| Self::wait(command, programs, folder, left))
    }

    /// One over data that was copied to its folder, which asks for no account and loads nothing that the data names.
    pub(super) fn over(
        look: &Look<'_>,
        programs: &Programs,
        folder: &Path,
        more: &[String],
        left: Duration,
    ) -> Result<Self, Refusal> {
        let mut settings = vec!["--skip-grant-tables".to_owned()];
        settings.extend_from_slice(more);
        let command = Self::start(look, programs, folder, &settings)?;
        Self::wait(command, programs, folder, left)
    }

    /// The same data under a new server: what a dump set for all sessions is forgotten.
    pub(super) fn anew(self, look: &Look<'_>, left: Duration) -> Result<Self, Refusal> {
        let Self { programs, folder, server } = self;
        drop(server);
        Self::over(look, &programs, &folder, &[], left)
    }

    fn start(
        look: &Look<'_>,
        programs: &Programs,
        folder: &Path,
        more: &[String],
    ) -> Result<Command, Refusal> {
        let program = programs.path("mariadbd");
        if let Err(error) = look.host.facts(&program) {
            return Err(Refusal::new(error.outcome(), error.to_string(), error.remedy()));
        }
        let mut command = Command::new(program);
        command.args(words(programs, folder)).args(more);
        Ok(command)
    }

    fn wait(
        command: Command,
        programs: &Programs,
        folder: &Path,
        left: Duration,
    ) -> Result<Self, Refusal> {
        let walls = programs.walls("mariadbd", &[], &[folder]);
        let server = Server::start(command, programs, &walls, folder, (&SIGNS, left))?;
        Ok(Self { programs: programs.clone(), folder: folder.to_owned(), server })
    }

    /// Runs statements from a file and goes on after one that is refused. The client takes no command of its own from
    /// them but DELIMITER. What they print is left out unless it is asked for.
    pub(super) fn client(
        &self,
        look: &Look<'_>,
        database: Option<&str>,
        script: File,
        prints: bool,
        left: Duration,
    ) -> Result<Output, Refusal> {
        let program = self.programs.path("mariadb");
        let mut words = vec!["--no-defaults".to_owned()];
        words.push(format!("--socket={}", self.folder.join("s").display()));
        words.extend(CLIENT.iter().map(|word| (*word).to_owned()));
        words.push("--user=root".to_owned());
        words.extend(database.map(|name| format!("--database={name}")));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let tool = Tool::new(&program, &words).folder(&self.folder).timeout(left).reads(&[]);
        let tool = self.programs.as_user(tool.input(script));
        if prints {
            self.programs.run(look, "mariadb", &tool, (&[], &self.folder))
        } else {
            self.programs.run_unheard(look, "mariadb", &tool, &self.folder)
        }
    }
}

/// How statements are handed to a client, whichever server it speaks with: answers as plain lines.
pub(super) const CLIENT: [&str; 10] = [
    "--binary-mode",
    "--force",
    "--batch",
    "--raw",
    "--skip-column-names",
    "--loose-skip-print-query-on-error",
    "--local-infile=0",
    "--connect-timeout=20",
    "--default-character-set=utf8mb4",
    "--max-allowed-packet=1G",
];

/// Command lines are all that it goes by.
fn words(programs: &Programs, folder: &Path) -> Vec<String> {
    let mut words = vec!["--no-defaults".to_owned()];
    words.extend(programs.base().map(|base| format!("--basedir={}", base.display())));
    words.extend(SETTINGS.iter().map(|word| (*word).to_owned()));
    for (key, name) in [
        ("datadir", "data"),
        ("tmpdir", "tmp"),
        ("secure-file-priv", "files"),
        ("plugin-dir", "plugins"),
        ("socket", "s"),
        ("pid-file", "pid"),
    ] {
        words.push(format!("--{key}={}", folder.join(name).display()));
    }
    words
}

/// A script that makes the tables of an empty server, in a file without a name.
fn tables(look: &mut Look<'_>, programs: &Programs) -> Result<File, Refusal> {
    let base = programs.base().unwrap_or_else(|| PathBuf::from("/usr"));
    let mut text = BEFORE.to_owned();
    for script in SCRIPTS {
        let names = ["share/mysql/mysql_", "share/mysql/mariadb_", "share/mariadb/mariadb_"];
        let paths = names.map(|name| base.join(format!("{name}{script}.sql")));
        let mut found = paths.iter().filter_map(|path| look.text(&path.to_string_lossy()).here());
        let found = found.next().ok_or_else(|| {
            Refusal::new(
                OutcomeKind::ToolMissing,
                format!("{} cannot be read, without which no empty server is made", paths[0].display()),
                "install the package mariadb-server-core, or name the folder of mariadbd as programs in the test",
            )
        })?;
        // Accounts of this machine's name are of no use, and the name of another machine may not be known.
        let lines = found.lines().filter(|line| !line.contains("@current_hostname"));
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
    }
    file(&text)
}

/// A script without a name.
pub(super) fn file(script: &str) -> Result<File, Refusal> {
    let made = tempfile::tempfile().and_then(|mut file| {
        file.write_all(script.as_bytes())?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    });
    made.map_err(|error| {
        Refusal::new(
            OutcomeKind::Failed,
            format!("no temporary file can be made: {error}"),
            "let the plugin write to its temporary directory",
        )
    })
}

/// A message up to its first quote: what follows may be data, and quotes stand within quotes.
pub(super) fn unsaid(message: &str) -> String {
    match message.find(['\'', '"', '`']) {
        Some(at) => format!("{}…", message.get(..at).unwrap_or_default()),
        None => message.to_owned(),
    }
}
