//! `config.scheduled_jobs`: what runs by schedule, as whom, and how it last ended. Never a command line with a
//! secret in it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "config.scheduled_jobs";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:config.scheduled_jobs:v1";

/// Scheduled jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduledJobs {
    /// Jobs, sorted by kind, name and source.
    pub jobs: Vec<Job>,
    /// Programs that start them, sorted by name.
    pub schedulers: Vec<Scheduler>,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// `timer`, `cron`, `anacron`, `at`, `function`, `pipeline`….
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of the timer, or file and number within it.
    pub name: String,
    /// Account it runs as. Null: not readable.
    pub owner: Option<String>,
    /// Schedule as written. Null: it has none of its own.
    pub schedule: Option<String>,
    /// Whether it will run. Null: not determinable.
    pub enabled: Option<bool>,
    /// Program and options without anything that may be a secret, shortened. Null: not readable.
    pub command: Option<String>,
    /// SHA-256 of that text before it was shortened. Null: not readable.
    pub command_sha256: Option<String>,
    /// When it last started. Null: never, or nobody records it.
    pub last_run: Option<jiff::Timestamp>,
    /// How that ended. Null: nobody records it.
    pub last_result: Option<JobResult>,
    /// Exit code of that run. Null: nobody records it.
    pub exit_code: Option<i32>,
    /// When it starts next. Null: not scheduled, or nobody says.
    pub next_run: Option<jiff::Timestamp>,
    /// Whether somebody beside owner and administrator may change the program it starts. Null: not determinable.
    pub program_writable_by_others: Option<bool>,
    /// File and line, or API object.
    pub source: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobResult {
    /// Well.
    Success,
    /// Not well.
    Failure,
    /// It still runs.
    Running,
}

/// A program that starts jobs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduler {
    /// `systemd`, `cron`, `anacron`, `atd`….
    pub name: String,
    /// Whether it runs. Null: not determinable.
    pub active: Option<bool>,
    /// Whether it starts with the system. Null: not determinable.
    pub enabled: Option<bool>,
    /// Accounts that may add jobs of their own, sorted. Null: everyone, or the program has no such list.
    pub allowed_users: Option<Vec<String>>,
}

impl Kind for ScheduledJobs {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        self.jobs.sort();
        for scheduler in &mut self.schedulers {
            if let Some(list) = &mut scheduler.allowed_users {
                list.sort();
            }
        }
        self.schedulers.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "jobs": [{
            "type": "cron", "name": "/etc/cron.d/report:2", "owner": "www-data", "schedule": "0 3 * * *",
            "enabled": true, "command": "/usr/local/bin/report --all",
            "command_sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            "last_run": null, "last_result": null, "exit_code": null, "next_run": null,
            "program_writable_by_others": false, "source": "/etc/cron.d/report:2"
        }],
        "schedulers": [{"name": "cron", "active": true, "enabled": true, "allowed_users": null}]
    })
}
