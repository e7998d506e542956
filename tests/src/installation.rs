//! One collector and one agent in a folder: made once, started as often as wanted, always the same log.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::programs::{Programs, run, run_json, text};

/// A folder with a collector's data, an agent's state and the configuration of both.
#[derive(Debug)]
pub struct Installation {
    pub programs: Programs,
    /// By how many days the clocks of its programs are late; none: they are right.
    pub days_ago: Option<u32>,
    pub folder: PathBuf,
    pub first: FirstStart,
}

/// What `init` says once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FirstStart {
    pub origin: String,
    pub log_vkey: String,
    pub ca_fingerprint: String,
    pub user: String,
    pub password: String,
    pub policy: String,
}

/// What one `run --once` of the agent says.
#[derive(Clone, Debug, Deserialize)]
pub struct RunSummary {
    pub statements: u64,
    pub documents: u64,
    pub unchanged: u64,
    pub outcomes: Vec<Outcome>,
    pub receipts: u64,
    pub checkpoint_size: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Outcome {
    pub kind: String,
    pub outcome: String,
    pub detail: String,
    pub remedy: String,
}

/// A collector that is serving; killed when dropped, stopped in order by [`Serving::stop`].
#[derive(Debug)]
pub struct Serving {
    child: Child,
    pub evidence: String,
    pub web: String,
}

impl Installation {
    /// Opens the installation in `folder`, initialising the collector the first time.
    pub fn open(programs: &Programs, folder: &Path) -> Result<Self> {
        Self::open_ago(programs, folder, None)
    }

    /// The same in the past: its programs take that day for today until `days_ago` says otherwise.
    pub fn open_ago(programs: &Programs, folder: &Path, days_ago: Option<u32>) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let folder = folder.canonicalize().context("resolving the data folder")?;
        let remembered = folder.join("first-start.json");
        let programs = programs.clone();
        if remembered.is_file() {
            let first = serde_json::from_slice(&fs::read(&remembered)?)
                .with_context(|| format!("reading {}", remembered.display()))?;
            return Ok(Self { programs, days_ago, folder, first });
        }
        write_configuration(&programs, &folder)?;
        let mut init = late(programs.command("exhibit-collector"), days_ago)?;
        init.arg("--config").arg(folder.join("collector.toml")).args(["init", "--json"]);
        let first: FirstStart = serde_json::from_value(run_json(&mut init)?)
            .context("what init says lacks something")?;
        write_private(&remembered, &serde_json::to_vec_pretty(&first)?)?;
        // The policy is what an auditor gets by another way than the bundle.
        fs::write(folder.join("policy"), &first.policy)?;
        Ok(Self { programs, days_ago, folder, first })
    }

    /// A program of this installation, by its clock.
    fn command(&self, name: &str) -> Command {
        let command = self.programs.command(name);
        late(command, self.days_ago).expect("it was there when the installation was opened")
    }

    pub fn collector(&self) -> Command {
        let mut command = self.command("exhibit-collector");
        command.arg("--config").arg(self.folder.join("collector.toml"));
        command
    }

    pub fn agent(&self) -> Command {
        let mut command = self.command("exhibit-agent");
        command.arg("--config").arg(self.folder.join("agent.toml"));
        command
    }

    pub fn policy(&self) -> PathBuf {
        self.folder.join("policy")
    }

    /// Starts the collector and waits until both ports listen.
    pub fn serve(&self) -> Result<Serving> {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("collector.log"))?;
        let mut command = self.collector();
        command.arg("serve").stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().context("starting exhibit-collector serve")?;
        let out = child.stdout.take().context("collector without standard output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line).with_context(|| {
            let said = fs::read_to_string(self.folder.join("collector.log")).unwrap_or_default();
            format!("collector did not become ready; its log says:\n{said}")
        })?;
        let field = |name: &str| {
            ready.get(name).and_then(Value::as_str).map(str::to_owned).context("bad ready line")
        };
        Ok(Serving { evidence: field("evidence")?, web: field("web")?, child })
    }

    pub fn enrolled(&self) -> bool {
        self.folder.join("agent").join("identity.json").is_file()
    }

    /// Makes a one-time token.
    pub fn token(&self) -> Result<String> {
        let mut command = self.collector();
        command.args(["token", "create", "--by", "installation", "--json"]);
        let answer = run_json(&mut command)?;
        let token = answer.get("token").and_then(Value::as_str);
        Ok(token.context("token create printed no token")?.to_owned())
    }

    /// Enrols the agent with the CA pinned by fingerprint.
    pub fn enrol(&self, serving: &Serving) -> Result<()> {
        let token = self.token()?;
        let output = run(&mut self.enrol_command(serving, &self.first.ca_fingerprint, &token)?)?;
        if output.status.success() {
            Ok(())
        } else {
            bail!("enrolment failed: {}", text(&output.stderr))
        }
    }

    /// The enrolment command; the token goes by file, never by argument.
    pub fn enrol_command(&self, serving: &Serving, ca: &str, token: &str) -> Result<Command> {
        let file = self.folder.join("token");
        write_private(&file, token.as_bytes())?;
        let mut command = self.agent();
        command.args(["enrol", "--collector", &serving.web, "--ca", ca, "--token-file"]).arg(file);
        Ok(command)
    }

    /// Lets the agent observe everything once and waits for verified receipts.
    pub fn observe(&self) -> Result<RunSummary> {
        let mut command = self.agent();
        command.args(["run", "--once", "--timeout", "300s"]);
        serde_json::from_value(run_json(&mut command)?).context("what the agent says of its run")
    }

    /// Writes an audit bundle.
    pub fn export(&self, out: &Path) -> Result<Value> {
        run_json(self.collector().arg("export").arg("--out").arg(out).arg("--json"))
    }

    pub fn verify_command(&self, bundle: &Path) -> Command {
        let mut command = self.programs.command("exhibit");
        command.arg("verify").arg(bundle).arg("--policy").arg(self.policy());
        command
    }
}

impl Serving {
    /// Asks the collector to drain, and waits for its end.
    pub fn stop(mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { bail!("collector ended with {status}") }
    }

    /// Ends the collector as a power cut would.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).context("signalling the collector")
    }

    pub fn wait(&mut self) -> Result<std::process::ExitStatus> {
        Ok(self.child.wait()?)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Already ended: nothing to kill, nothing to report.
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// A command whose wall clock is late by so many days (libfaketime, Debian's package faketime); time goes on as ever.
fn late(mut command: Command, days_ago: Option<u32>) -> Result<Command> {
    let Some(days) = days_ago else { return Ok(command) };
    let folders = fs::read_dir("/usr/lib").context("reading /usr/lib")?;
    let libraries = folders.flatten().map(|one| one.path().join("faketime/libfaketimeMT.so.1"));
    let library = libraries.into_iter().find(|path| path.is_file());
    let library = library.context("libfaketime is not there: install the package faketime")?;
    command.env("LD_PRELOAD", library).env("FAKETIME", format!("-{days}d"));
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
    Ok(command)
}

fn write_configuration(programs: &Programs, folder: &Path) -> Result<()> {
    let (evidence, web) = (free_port()?, free_port()?);
    let collector = format!(
        r#"origin = "localhost/exhibit/this-machine"
data = "collector"
names = ["localhost", "127.0.0.1"]

[evidence]
listen = "127.0.0.1:{evidence}"

[web]
listen = "127.0.0.1:{web}"
"#
    );
    let mut agent = "state_dir = \"agent\"\n".to_owned();
    for plugin in ["exhibit-plugin-linux", "exhibit-plugin-backup"] {
        let path = programs.path(plugin);
        let path = Value::from(path.to_string_lossy().as_ref());
        agent.push_str(&format!("\n[[plugin]]\npath = {path}\n"));
        if plugin == "exhibit-plugin-linux" {
            // A walk over the whole of this machine, and hashing its programs, would be most of every scenario.
            agent.push_str("[plugin.settings]\npermissions = { paths = [\"/etc\"] }\n");
            agent.push_str("integrity = { megabytes = 16, seconds = 2 }\n");
        }
    }
    fs::write(folder.join("collector.toml"), collector)?;
    fs::write(folder.join("agent.toml"), agent)?;
    Ok(())
}

/// A port that nobody listens on now; kept in the configuration, so that a second start finds the same one.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("finding a free port")?;
    Ok(listener.local_addr()?.port())
}

/// Writes a file that only its owner may read.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::File::options();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    Ok(())
}
