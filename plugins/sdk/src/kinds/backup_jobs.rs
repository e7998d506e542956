//! `backup.jobs`: which backups exist, when one last succeeded, and what is scheduled. These are separate facts: a
//! schedule is not a backup, and a backup is not a restore test (`continuity.tests`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "backup.jobs";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:backup.jobs:v1";

/// Backups of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupJobs {
    /// Repositories, vaults or snapshot sets that were looked at, sorted by name.
    pub repositories: Vec<Repository>,
    /// What starts backups by itself, sorted by name.
    pub schedules: Vec<Schedule>,
}

/// One repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// Name given in the configuration, unique in the document.
    pub name: String,
    /// `restic`, `borg`, `ebs_snapshot`, `rds`, `aws_backup`….
    pub tool: String,
    /// Where it lies, without user name, password or key.
    pub location: String,
    /// Whether it could be opened and listed.
    pub reachable: bool,
    /// Why not, in one sentence without secrets. Null exactly when it is reachable.
    pub error: Option<String>,
    /// Whether its content is encrypted. Null: not determinable.
    pub encrypted: Option<bool>,
    /// Whether it lies on another machine or account than the data. Null: not determinable.
    pub off_site: Option<bool>,
    /// Newest successful backup over all sources. Null: none, or not reachable.
    pub last_success: Option<Timestamp>,
    /// How many backups it holds. Null: not reachable.
    pub snapshots: Option<u64>,
    /// Oldest backup still held, which is the real retention. Null: none, or not reachable.
    pub oldest: Option<Timestamp>,
    /// What is backed up, sorted by host and paths. Null: not reachable.
    pub sources: Option<Vec<Source>>,
}

/// One thing that is backed up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Host or resource as the tool names it.
    pub host: String,
    /// Paths or parts, sorted.
    pub paths: Vec<String>,
    /// How many backups of it there are.
    pub snapshots: u64,
    /// Newest backup of it.
    pub last_success: Timestamp,
}

/// Something that starts backups by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Unit, cron line's file, plan.
    pub name: String,
    /// `timer`, `cron`, `plan`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which tool it calls, such as `restic`; recognised by the command.
    pub tool: String,
    /// When, as written, such as `*-*-* 03:00:00` or `0 3 * * *`. Null: not determinable.
    pub expression: Option<String>,
    /// Whether it is switched on. Null: not determinable.
    pub enabled: Option<bool>,
    /// Start of the last run. Null: never ran, or not recorded.
    pub last_run: Option<Timestamp>,
    /// How it ended. Null: not recorded.
    pub last_result: Option<JobResult>,
    /// File or API object.
    pub source: String,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobResult {
    /// Well.
    Success,
    /// Badly.
    Failure,
    /// It still runs.
    Running,
}

impl Kind for BackupJobs {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for repository in &mut self.repositories {
            for source in repository.sources.iter_mut().flatten() {
                source.paths.sort();
            }
            if let Some(list) = &mut repository.sources {
                list.sort();
            }
        }
        self.repositories.sort_by(|a, b| a.name.cmp(&b.name));
        self.schedules.sort_by(|a, b| (&a.name, &a.source).cmp(&(&b.name, &b.source)));
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "repositories": [{"name": "nightly", "tool": "restic", "location": "sftp:backup.example.net:/srv/restic",
            "reachable": true, "error": null, "encrypted": true, "off_site": true,
            "last_success": "2026-11-22T03:00:12Z", "snapshots": 42, "oldest": "2026-08-01T03:00:09Z",
            "sources": [{"host": "web1", "paths": ["/etc", "/srv"], "snapshots": 42,
                "last_success": "2026-11-22T03:00:12Z"}]}],
        "schedules": [{"name": "restic.timer", "type": "timer", "tool": "restic", "expression": "*-*-* 03:00:00",
            "enabled": true, "last_run": "2026-11-22T03:00:01Z", "last_result": "success",
            "source": "/etc/systemd/system/restic.timer"}]
    })
}
