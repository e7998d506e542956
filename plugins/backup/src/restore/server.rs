//! A server of its own in the scratch folder, of whichever make: started behind walls, waited for, and gone with this value
//! together with all that it started. It never outlives the test.

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

use super::confine::{self, Walls};
use super::leftovers;
use super::programs::Programs;
use crate::jobs::Refusal;

/// After five seconds a server of PostgreSQL kills its children by itself.
const PATIENCE: Duration = Duration::from_secs(8);
/// The kernel takes socket paths of 107 bytes, and the name of the socket follows.
const LONGEST_FOLDER: usize = 88;

/// How a server says on its standard error that it works, or why it does not.
pub(super) struct Signs {
    pub(super) ready: &'static str,
    pub(super) fault: &'static str,
    /// Takes what may be data out of a message.
    pub(super) told: fn(&str) -> String,
}

/// A server, running.
pub(super) struct Server {
    folder: PathBuf,
    child: Child,
}

impl Server {
    /// Starts it in its folder, as the account of the programs, and waits until it works.
    pub(super) fn start(
        mut command: Command,
        programs: &Programs,
        walls: &Walls,
        folder: &Path,
        (signs, left): (&Signs, Duration),
    ) -> Result<Self, Refusal> {
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TZ", "UTC");
        command.env("LC_ALL", "C").current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // It stays in the plugin's group, so that who kills the plugin kills it too.
        if let Some((uid, gid)) = programs.user {
            command.uid(uid).gid(gid);
        }
        let child = confine::behind(walls, || command.spawn())?;
        let mut child = child.map_err(|error| start_failed(&error.to_string()))?;
        let (sender, news) = mpsc::channel();
        if let Some(errors) = child.stderr.take() {
            thread::spawn(move || listen(errors, &sender));
        }
        // From here on it is stopped whatever happens.
        let server = Self { folder: folder.to_owned(), child };
        wait(&news, signs, left)?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing in it is needed any more. Children may be leaders of their own, and one that computes does not notice that
        // the server is gone: so the server ends them (SIGQUIT), and what is left is looked for.
        leftovers::end(&mut self.child, PATIENCE);
        leftovers::kill_below(&self.folder);
    }
}

/// The folder of a server below a scratch folder, with what is to lie in it: files with their text, and folders.
pub(super) fn folder(
    programs: &Programs,
    scratch: &Path,
    (files, folders): (&[(&str, &str)], &[&str]),
) -> Result<PathBuf, Refusal> {
    let folder = scratch.join("db");
    if folder.as_os_str().len() > LONGEST_FOLDER {
        return Err(Refusal::new(
            OutcomeKind::NotConfigured,
            format!("{} is too long for the path of a socket", folder.display()),
            "name a scratch folder with a shorter path in the test",
        ));
    }
    let private = |path: &Path| {
        fs::create_dir(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
    };
    let make = || {
        // The server's account must pass through; what else lies there stays closed.
        fs::set_permissions(scratch, fs::Permissions::from_mode(0o711))?;
        private(&folder)?;
        for name in folders {
            private(&folder.join(name))?;
        }
        for (name, text) in files {
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

fn wait(news: &mpsc::Receiver<String>, signs: &Signs, left: Duration) -> Result<(), Refusal> {
    let end = Instant::now() + left;
    let mut said = VecDeque::new();
    loop {
        match news.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) if line.contains(signs.ready) => return Ok(()),
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
                let tells =
                    |line: &&String| line.contains(signs.fault) && !line.ends_with("Aborting");
                let fault = said.iter().rev().find(tells);
                let line = fault.or_else(|| said.back()).map_or("nothing", String::as_str);
                let line = line.split_once(signs.fault).map_or(line, |(_, what)| what.trim());
                return Err(start_failed(&(signs.told)(line)));
            }
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

pub(super) fn start_failed(said: &str) -> Refusal {
    Refusal::new(
        OutcomeKind::Failed,
        format!("no server of its own could be started: {said}"),
        "look whether run_as may execute the programs of the server and enter the scratch folder",
    )
}
