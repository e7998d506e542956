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
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Holding,
    /// `restic`, `borg`, `ebs_snapshot`, `rds`, `aws_backup`….
    pub tool: String,
    /// Version of the program that read it. Null: none was run, or it does not say.
    pub tool_version: Option<String>,
    /// Where it lies, without user name, password or key.
    pub location: String,
    /// How far that is from the data. Null: not determinable.
    pub place: Option<Place>,
    /// Whether it lies on another machine or account than the data. Null: not determinable.
    pub off_site: Option<bool>,
    /// Whether it could be opened and listed.
    pub reachable: bool,
    /// Why not, in one sentence without secrets. Null exactly when it is reachable.
    pub error: Option<String>,
    /// Whether its content is encrypted. Null: not determinable.
    pub encrypted: Option<bool>,
    /// Mode of encryption in the tool's own words, such as `repokey-blake2`, `aes-256-cbc`, `none`. Null: not told.
    pub encryption: Option<String>,
    /// Whether it takes new backups and refuses to give up old ones. Null: the tool cannot say.
    pub append_only: Option<bool>,
    /// Bytes that it takes up where it lies. Null: not determinable at a bearable cost.
    pub bytes: Option<u64>,
    /// It exists since then or longer. Null: not determinable.
    pub since: Option<Timestamp>,
    /// Newest check of the repository by its tool. Null: nothing records one.
    pub last_check: Option<Check>,
    /// How long backups are to be kept, as configured. Null: no configuration of it is known.
    pub promised: Option<Promise>,
    /// How far the backups that are there reach. Null: not reachable.
    pub held: Option<Held>,
    /// Newest successful backup over all sources. Null: none, or not reachable.
    pub last_success: Option<Timestamp>,
    /// How many backups it holds. Null: not reachable.
    pub snapshots: Option<u64>,
    /// Oldest backup still held, which is the real retention. Null: none, or not reachable.
    pub oldest: Option<Timestamp>,
    /// Backups that are there and count for nothing: failed, cut short, empty. Null: not reachable.
    pub unusable: Option<u64>,
    /// The first [`MAX_UNUSABLE`] of them, sorted by name.
    pub unusable_named: Vec<Unusable>,
    /// What is backed up, sorted by host and paths. Null: not reachable.
    pub sources: Option<Vec<Source>>,
}

/// Most backups that are named in [`Repository::unusable_named`]; the count holds all of them.
pub const MAX_UNUSABLE: usize = 50;

/// What a repository holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holding {
    /// Copies of the data.
    Backups,
    /// Earlier states of a volume that lie within it and are lost with it (LVM, btrfs, ZFS): no backups.
    Snapshots,
}

/// How far a repository is from the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The class.
    pub class: PlaceClass,
    /// How that was concluded, such as `nfs4 from nas:/backup` or `settings`.
    pub concluded: String,
}

/// Classes of places, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceClass {
    /// In the very file system or pool that holds the data.
    SameVolume,
    /// On the same host.
    SameHost,
    /// On another host of the same site; only people know that.
    SameSite,
    /// On another host; whether the site is another one is not known.
    OtherHost,
    /// In an object storage, which may stand anywhere.
    ObjectStorage,
    /// At another site; only people know that.
    OtherSite,
}

/// A check of a repository by its tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// When it ended, or began where only that is recorded.
    pub time: Timestamp,
    /// How it ended.
    pub result: JobResult,
    /// What records it: a file, a unit.
    pub source: String,
}

/// Backups to keep, as a configuration says it. Null: it says nothing about this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// The newest so many.
    pub last: Option<u64>,
    /// One for each of so many days.
    pub daily: Option<u64>,
    /// One for each of so many weeks.
    pub weekly: Option<u64>,
    /// One for each of so many months.
    pub monthly: Option<u64>,
    /// One for each of so many years.
    pub yearly: Option<u64>,
    /// All of so many days.
    pub within_days: Option<u64>,
    /// File, or `settings`.
    pub source: String,
}

/// How many days, weeks, months and years (UTC) have at least one backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Days.
    pub days: u64,
    /// Weeks that begin on Monday.
    pub weeks: u64,
    /// Months.
    pub months: u64,
    /// Years.
    pub years: u64,
}

/// A backup that counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unusable {
    /// As its tool or its folder names it.
    pub id: String,
    /// What is wrong with it.
    pub why: String,
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
    /// Of the seven whole days (UTC) before the observation, how many have no backup of it.
    pub days_missed: u64,
    /// Size of the newest as the tool tells it: of the data, or of the dump. Null: not told.
    pub last_bytes: Option<u64>,
    /// Median of up to ten before it. Null: not told, or none before.
    pub usual_bytes: Option<u64>,
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
    /// What it does with the tool: `backup`, `snapshot`, `copy`, `check`, `prune`. Null: not to be told from the command.
    pub action: Option<String>,
    /// Whether it is switched on. Null: not determinable.
    pub enabled: Option<bool>,
    /// Since when it waits for its times without a break. Null: not recorded.
    pub armed_since: Option<Timestamp>,
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
            repository.unusable_named.sort();
            repository.unusable_named.truncate(MAX_UNUSABLE);
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
        "repositories": [{"name": "nightly", "type": "backups", "tool": "restic", "tool_version": "0.18.0",
            "location": "sftp:backup.example.net:/srv/restic",
            "place": {"class": "other_host", "concluded": "the location names another host"},
            "off_site": true, "reachable": true, "error": null, "encrypted": true, "encryption": "aes-256-ctr",
            "append_only": null, "bytes": null, "since": null,
            "last_check": {"time": "2026-11-21T05:00:00Z", "result": "success", "source": "restic-check.timer"},
            "promised": {"last": null, "daily": 7, "weekly": 4, "monthly": 12, "yearly": null, "within_days": null,
                "source": "settings"},
            "held": {"days": 18, "weeks": 12, "months": 4, "years": 1},
            "last_success": "2026-11-22T03:00:12Z", "snapshots": 42, "oldest": "2026-08-01T03:00:09Z",
            "unusable": 0, "unusable_named": [],
            "sources": [{"host": "web1", "paths": ["/etc", "/srv"], "snapshots": 42,
                "last_success": "2026-11-22T03:00:12Z", "days_missed": 0, "last_bytes": 123_456_789,
                "usual_bytes": 120_000_000}]}],
        "schedules": [{"name": "restic.timer", "type": "timer", "tool": "restic", "expression": "*-*-* 03:00:00",
            "action": "backup", "enabled": true, "armed_since": "2026-06-01T08:00:00Z",
            "last_run": "2026-11-22T03:00:01Z", "last_result": "success",
            "source": "/etc/systemd/system/restic.timer"}]
    })
}
