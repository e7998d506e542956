//! What `status` shows: who this agent is, what waits, what went wrong, what comes next.

use std::path::Path;
use std::process::ExitCode;

use exhibit_plugin::protocol::Describe;
use exhibit_proto::document::{Kind, Target};
use jiff::Timestamp;
use serde::Serialize;

use super::{clock, say};
use crate::cli;
use crate::config::Config;
use crate::identity::{Store, Validity};
use crate::schedule::{Due, due, splay};
use crate::spool::{Epoch, View};

/// Everything that `status` shows.
#[derive(Debug, Serialize)]
pub struct Status {
    pub enrolled: bool,
    pub agent: Option<String>,
    pub targets: Vec<Target>,
    pub evidence_address: Option<String>,
    pub certificate_until: Option<Timestamp>,
    pub certificate_expired: bool,
    /// The key that signs now, and since when; absent before the first start after enrolment.
    pub evidence_key: Option<Epoch>,
    /// True if some head of the log did not continue the one before.
    pub fork: bool,
    pub spool: View,
    pub next_runs: Vec<NextRun>,
}

#[derive(Debug, Serialize)]
pub struct NextRun {
    pub kind: Kind,
    pub cron: String,
    pub last: Option<Timestamp>,
    /// Absent when the cron line never comes due again.
    pub next: Option<Timestamp>,
}

impl Status {
    /// Reads the state directory; changes nothing there.
    pub fn read(config: &Config, now: Timestamp) -> anyhow::Result<Self> {
        let store = Store::look(&config.state_dir);
        let identity = store.identity()?;
        let spool = View::read(&store.path("spool.db"))?;
        let validity = match &identity {
            Some(_) => Validity::of(&store.client()?.certificate),
            None => None,
        };
        let agent = identity.as_ref().map(|identity| identity.agent.clone());
        Ok(Self {
            enrolled: identity.is_some(),
            next_runs: next_runs(config, agent.as_deref().unwrap_or_default(), &spool, now),
            agent,
            targets: identity.as_ref().map(|known| known.targets.clone()).unwrap_or_default(),
            evidence_address: identity.map(|known| {
                config.collector.clone().unwrap_or(known.evidence_address).to_string()
            }),
            certificate_until: validity.map(|validity| validity.until),
            certificate_expired: validity.is_some_and(|validity| validity.until <= now),
            evidence_key: spool.epoch,
            fork: !spool.forks.is_empty(),
            spool,
        })
    }

    fn lines(&self, now: Timestamp) -> Vec<String> {
        let time =
            |time: Option<Timestamp>| time.map_or("never".to_owned(), |time| time.to_string());
        let mut lines = Vec::new();
        match &self.agent {
            None => lines.push("not enrolled: run `exhibit-agent enrol`".to_owned()),
            Some(agent) => {
                let targets: Vec<&str> = self.targets.iter().map(Target::as_str).collect();
                lines.push(format!("agent        {agent} for {}", targets.join(", ")));
                lines.push(format!(
                    "collector    {}",
                    self.evidence_address.as_deref().unwrap_or("-")
                ));
                let word = if self.certificate_expired { "EXPIRED" } else { "valid until" };
                lines.push(format!("certificate  {word} {}", time(self.certificate_until)));
                if let Some(Epoch { number, key, since }) = self.evidence_key {
                    let days = since.duration_until(now).as_hours() / 24;
                    lines.push(format!(
                        "evidence key {key}, epoch {number}, {days} days old (since {since})"
                    ));
                }
            }
        }
        let spool = &self.spool;
        lines.push(format!("spool        {} statements, {} bytes wait", spool.items, spool.bytes));
        if spool.dropped > 0 {
            lines.push(format!(
                "             {} documents were given up: the spool was full",
                spool.dropped
            ));
        }
        lines.push(format!("last receipt {}", time(spool.last_receipt)));
        if let Some(head) = &spool.head {
            lines.push(format!("log          {} entries, root {}", head.size, head.root));
        }
        if let Some(offset) = spool.clock_offset_ms {
            lines.push(format!("clock        {offset} ms from the collector's"));
        }
        if let Some(error) = &spool.last_error {
            lines.push(format!("last error   {} {error}", time(spool.last_error_at)));
        }
        for fork in &spool.forks {
            lines.push(format!(
                "FORK         {fork}; both heads are kept in the spool, tell your auditor"
            ));
        }
        for set_aside in &spool.quarantined {
            lines.push(format!("QUARANTINE   statement {}: {}", set_aside.seq, set_aside.reason));
        }
        for run in &self.next_runs {
            let next = run.next.map_or("never again".to_owned(), |next| next.to_string());
            lines.push(format!("next         {:28} {next} ({})", run.kind.as_str(), run.cron));
        }
        lines
    }
}

fn next_runs(config: &Config, agent: &str, spool: &View, now: Timestamp) -> Vec<NextRun> {
    let described =
        spool.described.iter().filter_map(|text| serde_json::from_str::<Describe>(text).ok());
    let offered =
        described.flat_map(|described| described.kinds).filter_map(|kind| kind.kind.parse().ok());
    let named = config.schedule.kinds.keys().cloned();
    let configured = config.plugins.iter().flat_map(|plugin| plugin.kinds.clone()).flatten();
    let mut kinds: Vec<Kind> = offered.chain(named).chain(configured).collect();
    kinds.sort();
    kinds.dedup();
    let next = |kind: Kind| {
        let cron = config.schedule.of(&kind);
        let last = spool.runs.iter().find(|(ran, _)| *ran == kind).map(|(_, at)| *at);
        let next = match due(cron, splay(agent, cron, config.schedule.splay), now, last) {
            Due::Now => Some(now),
            Due::At(at) => Some(at),
            Due::Never => None,
        };
        NextRun { cron: cron.text().to_owned(), kind, last, next }
    };
    kinds.into_iter().map(next).collect()
}

pub(super) fn show(config: &Path, arguments: &cli::Json) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    let now = clock();
    let status = Status::read(&config, now)?;
    if arguments.json {
        say(&serde_json::to_string(&status)?)?;
    } else {
        say(&status.lines(now).join("\n"))?;
    }
    let silent = status.spool.last_error.is_some();
    let fine = status.enrolled && !status.certificate_expired && !status.fork && !silent;
    Ok(if fine && status.spool.quarantined.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
