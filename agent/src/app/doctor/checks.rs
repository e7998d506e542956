//! What the agent stands on: configuration, state directory, identity, certificate, pinned log key, spool, clock, collector.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use exhibit_proto::rpc::ConfigurationRequest;
use exhibit_proto::rpc::evidence_client::EvidenceClient;
use jiff::Timestamp;
use serde::Serialize;

use crate::app::{told, validate};
use crate::config::Config;
use crate::identity::{Identity, Store, Validity, tls};
use crate::spool::View;
use crate::upload::CLOCK_TOLERANCE_MS;

/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Part of the spool's bound, in percent, above which documents may soon have to go.
const SPOOL_FULL: u64 = 80;

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Health {
    Fine,
    /// Works, and a person should look.
    Warns,
    Fails,
}

#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) check: &'static str,
    pub(super) health: Health,
    pub(super) detail: String,
    /// Empty when there is nothing to do.
    pub(super) remedy: String,
}

impl Check {
    fn new(check: &'static str, health: Health, detail: impl Into<String>, remedy: &str) -> Self {
        Self { check, health, detail: detail.into(), remedy: remedy.to_owned() }
    }

    pub(super) fn fails(check: &'static str, detail: impl Into<String>, remedy: &str) -> Self {
        Self::new(check, Health::Fails, detail, remedy)
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let word = match self.health {
            Health::Fine => "fine",
            Health::Warns => "WARNS",
            Health::Fails => "FAILS",
        };
        let mut lines = vec![format!("{:14} {word:6} {}", self.check, self.detail)];
        if !self.remedy.is_empty() {
            lines.push(format!("{:14}        to change it: {}", "", self.remedy));
        }
        lines
    }
}

/// Every check that needs no network.
pub(super) async fn standing(config: &Config, now: Timestamp) -> Vec<Check> {
    let store = Store::look(&config.state_dir);
    let mut checks = vec![configuration(config).await, modes(&config.state_dir)];
    match store.identity() {
        Err(error) => checks.push(Check::fails("identity", error.to_string(), "")),
        Ok(None) => {
            let remedy = "run `exhibit-agent enrol` with a token of the collector";
            checks.push(Check::new("identity", Health::Warns, "not enrolled", remedy));
        }
        Ok(Some(identity)) => {
            let agent = format!("agent {}", identity.agent);
            checks.push(Check::new("identity", Health::Fine, agent, ""));
            checks.push(log_key(&identity));
            checks.push(certificate(&store, now));
            checks.push(clock(&store, &identity, now));
        }
    }
    checks.push(spool(config, &store));
    checks
}

async fn configuration(config: &Config) -> Check {
    let mut problems = validate::problems(config).await;
    // The certificate has a check of its own.
    problems.retain(|problem| problem.place != "state_dir");
    if problems.is_empty() {
        let text = format!("{} plugins say what they observe", config.plugins.len());
        return Check::new("configuration", Health::Fine, text, "");
    }
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Check::new("configuration", Health::Fails, text.join("; "), "run `exhibit-agent validate`")
}

/// The state directory holds keys: it and every file in it are their owner's alone.
fn modes(dir: &Path) -> Check {
    let open = match open_to_others(dir) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!("{} is not there yet", dir.display());
            return Check::new(
                "state_dir",
                Health::Warns,
                text,
                "it is made by `exhibit-agent enrol`",
            );
        }
        Err(error) => {
            let text = format!("{} cannot be looked at: {error}", dir.display());
            return Check::new("state_dir", Health::Fails, text, "run this as the agent's user");
        }
    };
    if open.is_empty() {
        let text = format!("{} and its files are closed to others", dir.display());
        return Check::new("state_dir", Health::Fine, text, "");
    }
    let text = format!("others may use {}", open.join(", "));
    let remedy = format!("chmod -R go= {}", dir.display());
    Check::new("state_dir", Health::Fails, text, &remedy)
}

/// What group or others have any right to, each with its mode. The folder's mode guards what lies in it, and keys are
/// also to be closed by themselves: a copy of the folder keeps the modes of its files.
fn open_to_others(dir: &Path) -> io::Result<Vec<String>> {
    let mut paths: Vec<PathBuf> = vec![dir.to_owned()];
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        // The spool's files and the lock hold no key; what they hold has left this host or will.
        let name = entry.file_name();
        if [".pem", ".key", ".json"].iter().any(|end| name.to_string_lossy().ends_with(end)) {
            paths.push(entry.path());
        }
    }
    let mut open = Vec::new();
    for path in paths {
        let mode = std::fs::metadata(&path)?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            open.push(format!("{} ({mode:04o})", path.display()));
        }
    }
    Ok(open)
}

fn log_key(identity: &Identity) -> Check {
    match identity.log() {
        Ok(_) => Check::new("log key", Health::Fine, format!("pinned: {}", identity.log_key), ""),
        Err(error) => Check::new("log key", Health::Fails, error.to_string(), "enrol again"),
    }
}

fn certificate(store: &Store, now: Timestamp) -> Check {
    const AGAIN: &str = "ask for a new token and enrol again";
    let validity = match store.client() {
        Ok(client) => Validity::of(&client.certificate),
        Err(error) => return Check::new("certificate", Health::Fails, error.to_string(), AGAIN),
    };
    let Some(validity) = validity else {
        return Check::new("certificate", Health::Fails, "it cannot be read", AGAIN);
    };
    let days = now.duration_until(validity.until).as_hours() / 24;
    if validity.until <= now {
        return Check::new(
            "certificate",
            Health::Fails,
            format!("ended {}", validity.until),
            AGAIN,
        );
    }
    let text = format!("valid until {}, {days} days", validity.until);
    if validity.renewal_due(now) {
        let remedy = "the next session with the collector renews it: see that one takes place";
        return Check::new("certificate", Health::Warns, text, remedy);
    }
    Check::new("certificate", Health::Fine, text, "")
}

fn clock(store: &Store, identity: &Identity, now: Timestamp) -> Check {
    const SET: &str = "set the clock, and keep it with NTP";
    if now < identity.enrolled_at {
        let text = format!("it says {now}, before this agent enrolled ({})", identity.enrolled_at);
        return Check::new("clock", Health::Fails, text, SET);
    }
    match View::read(&store.path("spool.db")).ok().and_then(|view| view.clock_offset_ms) {
        None => Check::new("clock", Health::Fine, "not compared with the collector's yet", ""),
        Some(offset) if offset.unsigned_abs() > CLOCK_TOLERANCE_MS => {
            let text = format!("{offset} ms from the collector's");
            Check::new("clock", Health::Warns, text, SET)
        }
        Some(offset) => {
            Check::new("clock", Health::Fine, format!("{offset} ms from the collector's"), "")
        }
    }
}

fn spool(config: &Config, store: &Store) -> Check {
    let view = match View::read(&store.path("spool.db")) {
        Ok(view) => view,
        Err(error) => return Check::new("spool", Health::Fails, error.to_string(), ""),
    };
    let text = format!(
        "{} statements wait, {} of {} bytes; {} documents were given up",
        view.items, view.bytes, config.spool_max_bytes, view.dropped
    );
    if let Some(fork) = view.forks.first() {
        let remedy = "both heads are kept in the spool: tell your auditor";
        return Check::new("spool", Health::Fails, format!("the log forked: {fork}"), remedy);
    }
    if let Some(set_aside) = view.quarantined.first() {
        let text =
            format!("statement {} was refused for good: {}", set_aside.seq, set_aside.reason);
        return Check::new("spool", Health::Fails, text, "look into `exhibit-agent status`");
    }
    if view.bytes > config.spool_max_bytes / 100 * SPOOL_FULL {
        let remedy = "restore the connection to the collector, or raise spool.max_bytes";
        return Check::new("spool", Health::Warns, text, remedy);
    }
    Check::new("spool", Health::Fine, text, "")
}

/// Asks the collector for its wishes, over the same mutual TLS as evidence takes.
pub(super) async fn collector(config: &Config) -> Check {
    match tokio::time::timeout(PATIENCE, asked(config)).await {
        Ok(Ok(address)) => Check::new("collector", Health::Fine, format!("{address} answers"), ""),
        Ok(Err(error)) => {
            let remedy = "look at address, firewall and the collector's own log";
            Check::new("collector", Health::Fails, told(&error), remedy)
        }
        Err(_elapsed) => {
            let text = format!("no answer within {} s", PATIENCE.as_secs());
            Check::new("collector", Health::Fails, text, "look at firewall and collector")
        }
    }
}

async fn asked(config: &Config) -> anyhow::Result<String> {
    let store = Store::look(&config.state_dir);
    let identity = store.identity()?.context("not enrolled, so no collector is known")?;
    let address = config.collector.as_ref().unwrap_or(&identity.evidence_address);
    let tls = tls::mutual(identity.ca_der()?, &store.client()?)?;
    let connection = tls::connect(address, tls).await?;
    let request = ConfigurationRequest { digest: config.digest.as_bytes().to_vec().into() };
    let answer = EvidenceClient::new(connection.channel.clone()).configuration(request).await;
    if let Err(status) = answer {
        // The RPC layer hides what TLS said.
        let why = connection.trouble.text().unwrap_or_else(|| status.message().to_owned());
        anyhow::bail!("{address}: {why}");
    }
    Ok(address.to_string())
}
