//! A temporary host: state directory, configuration, plugins as shell scripts, and the agent as a process.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use crate::collector::Collector;

pub(crate) struct World {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) collector: Collector,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        assert!(self.out.starts_with('{'), "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }
}

/// A plugin that observes one kind; `body` is shell that answers, with `$target` set.
pub(crate) fn plugin(kind: &str, body: &str) -> String {
    format!(
        r#"#!/bin/sh
if [ "$1" = --describe ]; then
  echo '{{"name":"test","version":"1.2.3","protocol":1,"kinds":[{{"kind":"{kind}","schema":"urn:exhibit:kind:{kind}:v1","reads":[],"needs":[]}}]}}'
  exit
fi
read -r request
target=${{request#*\"target\":\"}}
target=${{target%%\"*}}
{body}
"#
    )
}

/// Shell that answers one document and `done`.
pub(crate) fn document(kind: &str, body: &str) -> String {
    format!(
        r#"printf '%s\n' '{{"t":"document","kind":"{kind}","target":"'"$target"'","body":{body},"capture":{{"method":["cat /etc/hosts"],"privileges":"uid=0","rows":1,"truncated":false,"expected":null,"started":"2026-11-22T10:00:00Z","duration_ms":1}}}}'
echo '{{"t":"done"}}'"#
    )
}

impl World {
    pub(crate) async fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), collector: Collector::start().await }
    }

    /// Writes plugins and a configuration that names them, with `extra` before the plugins.
    pub(crate) fn configure(&self, extra: &str, plugins: &[(&str, String)]) {
        let mut config = format!("state_dir = \"state\"\ntarget = \"host:test\"\n{extra}\n");
        for (name, script) in plugins {
            let path = self.dir.path().join(name);
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            config.push_str(&format!("[[plugin]]\npath = \"{name}\"\n"));
        }
        std::fs::write(self.dir.path().join("agent.toml"), config).unwrap();
    }

    /// A world with one plugin that always sees the same.
    pub(crate) async fn simple() -> Self {
        let world = Self::new().await;
        let script = plugin("patch.status", &document("patch.status", r#"{"pending":[]}"#));
        world.configure("", &[("fine", script)]);
        world
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exhibit-agent"));
        command
            // As a person would: paths in the file are relative to it, not to where anybody stands.
            .current_dir(self.dir.path())
            .args(["--config", "agent.toml"])
            .args(arguments)
            .env_remove("EXHIBIT_TOKEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub(crate) async fn agent(&self, arguments: &[&str]) -> Ended {
        self.agent_with(arguments, "").await
    }

    async fn agent_with(&self, arguments: &[&str], stdin: &str) -> Ended {
        let mut child = self.spawn(arguments);
        let mut input = child.stdin.take().unwrap();
        // The agent may end before it reads.
        drop(input.write_all(stdin.as_bytes()).await);
        drop(input);
        let output = child.wait_with_output().await.unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) async fn enrol_with(&self, ca: &str, token: &str) -> Ended {
        let arguments = ["enrol", "--json", "--collector", &self.collector.web, "--ca", ca];
        self.agent_with(&arguments, token).await
    }

    pub(crate) async fn enrol(&self) {
        let ended = self.enrol_with(&self.collector.ca, "one-time-token\n").await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }

    pub(crate) async fn once(&self) -> Ended {
        self.agent(&["run", "--once", "--timeout", "60s"]).await
    }

    pub(crate) async fn status(&self) -> Value {
        self.agent(&["status", "--json"]).await.json()
    }

    /// Every byte in the state directory.
    pub(crate) fn everything_on_disk(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.state()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

pub(crate) fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}
