//! `continuity.tests`: what a restore, a failover or an exercise showed. A backup is not a restore test, and a restore of
//! a sample speaks of the sample. Never restores anything itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "continuity.tests";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:continuity.tests:v1";

/// Most files that are named in [`Test::faults`]; the counts hold all of them.
pub const MAX_FAULTS: usize = 50;

/// Tests of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContinuityTests {
    /// Tests, sorted by time and name.
    pub tests: Vec<Test>,
}

/// One test that took place. One that could not take place is an outcome, not a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Name given in the configuration.
    pub name: String,
    /// `restore`, `failover`, `exercise`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What was tested: a repository of `backup.jobs`, a service, a plan.
    pub subject: String,
    /// Program or service that did it, such as `restic`.
    pub tool: String,
    /// Who: a person, or `schedule` when it ran by itself. Null: not told.
    pub operator: Option<String>,
    /// Start of the test.
    pub time: Timestamp,
    /// How it ended.
    pub result: TestResult,
    /// Why it failed, in one sentence without secrets. Null exactly when it succeeded.
    pub error: Option<String>,
    /// The backup that was restored. Null: not a restore.
    pub backup: Option<Backup>,
    /// What was restored of it. Null: no restore of files.
    pub sample: Option<Sample>,
    /// What the comparison showed. Null: no restore of files.
    pub files: Option<FileCounts>,
    /// What the restored databases hold. Null: no restore of a database, or it never answered.
    pub database: Option<Restored>,
    /// Bytes that were restored. Null: not a restore.
    pub bytes: Option<u64>,
    /// Files and tables that were not as they should be, sorted by path, at most [`MAX_FAULTS`].
    pub faults: Vec<Fault>,
    /// Time to restore, target against achieved.
    pub recovery_time: Objective,
    /// Age of the newest backup at the start of the test, target against achieved.
    pub recovery_point: Objective,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestResult {
    /// Everything that was asked for came back as it should.
    Success,
    /// Something did not.
    Failure,
}

/// A backup as its tool names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Identifier of the tool.
    pub id: String,
    /// When it was made.
    pub time: Timestamp,
    /// Host it was made on, as the tool names it. Null: not told.
    pub host: Option<String>,
}

/// Which part was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// `all` files there are, or `random`: those with the smallest SHA-256 of seed and path.
    pub drawn: String,
    /// From which the sample can be drawn again. Null: not random.
    pub seed: Option<String>,
    /// Only files below these, sorted. Empty: all of the backup.
    pub paths: Vec<String>,
    /// Regular files to draw from.
    pub population: u64,
    /// Files that were drawn.
    pub files: u64,
    /// Files that were drawn and left out because the sample would have grown too large.
    pub left_out: u64,
}

/// Files of a sample by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileCounts {
    /// Same SHA-256 as the source, which has not changed since the backup.
    pub same_as_source: u64,
    /// Source gone or changed since; whole by the size and by what the repository itself holds: its checksums, or an
    /// older copy that is a file of its own.
    pub whole_by_repository: u64,
    /// Came back, and nothing says that it is whole: the restore as a whole failed, or the repository keeps no checksums
    /// and the source is gone or changed.
    pub unproven: u64,
    /// Differs although the source has not changed, or has another size than the backup says.
    pub different: u64,
    /// Did not come back.
    pub missing: u64,
}

/// Databases that were restored to a server of their own, which is gone again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    /// `postgresql` or `mariadb`.
    pub engine: String,
    /// Version of the server.
    pub version: String,
    /// Databases, without templates.
    pub databases: u64,
    /// Tables of all of them.
    pub tables: u64,
    /// Rows of all tables, each of them read.
    pub rows: u64,
    /// Statements of the backup that the server refused, without those that only name roles of the old server.
    pub refused: u64,
    /// The tables that the test names, sorted by name.
    pub compared: Vec<Table>,
}

/// One named table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Database, schema (of PostgreSQL) and table; as the test names it when it is missing.
    pub name: String,
    /// Rows that came back. Null: it is missing.
    pub rows: Option<u64>,
    /// Rows of the living database at the time of the test. Null: it was not asked, or has no such table.
    pub source_rows: Option<u64>,
    /// What the comparison showed.
    pub verdict: TableVerdict,
}

/// What a comparison of a table showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableVerdict {
    /// Same rows as in the living database, by count and checksum.
    SameAsSource,
    /// The living database has gone on; as many rows within the bound that the test allows.
    NearSource,
    /// There, with rows; nothing to compare with was named.
    Restored,
    /// Rows differ by more than the test allows.
    Different,
    /// There, without a row.
    Empty,
    /// Not there.
    Missing,
}

/// One file or table that was not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Path in the backup, or name of the table.
    pub path: String,
    /// What was wrong.
    pub why: String,
}

/// A target and what was reached, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// As configured. Null: none is set.
    pub target_seconds: Option<u64>,
    /// As measured, rounded up. Null: the test ended before.
    pub achieved_seconds: Option<u64>,
}

impl Kind for ContinuityTests {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for test in &mut self.tests {
            test.faults.sort();
            if let Some(sample) = &mut test.sample {
                sample.paths.sort();
            }
            if let Some(database) = &mut test.database {
                database.compared.sort();
            }
        }
        self.tests.sort_by(|a, b| (a.time, &a.name).cmp(&(b.time, &b.name)));
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "tests": [{"name": "nightly-sample", "type": "restore", "subject": "nightly", "tool": "restic",
            "operator": "schedule", "time": "2026-11-22T04:30:00Z", "result": "failure",
            "error": "1 of 20 files did not come back as they should",
            "backup": {"id": "250f89f5", "time": "2026-11-22T03:00:12Z", "host": "web1"},
            "sample": {"drawn": "random", "seed": "8d1f", "paths": [], "population": 81_233, "files": 20, "left_out": 0},
            "files": {"same_as_source": 18, "whole_by_repository": 1, "unproven": 0, "different": 1, "missing": 0},
            "database": null, "bytes": 1_234_567,
            "faults": [{"path": "/srv/data/a", "why": "differs from the source, which has not changed since"}],
            "recovery_time": {"target_seconds": 600, "achieved_seconds": 12},
            "recovery_point": {"target_seconds": 93_600, "achieved_seconds": 5_388}},
            {"name": "shop", "type": "restore", "subject": "postgresql", "tool": "pgbackrest",
            "operator": "schedule", "time": "2026-11-22T04:31:00Z", "result": "success", "error": null,
            "backup": {"id": "20261122-030000F", "time": "2026-11-22T03:02:12Z", "host": "main"},
            "sample": null, "files": null,
            "database": {"engine": "postgresql", "version": "15.18", "databases": 2, "tables": 41, "rows": 90_210,
                "refused": 0, "compared": [{"name": "shop.public.orders", "rows": 31_002, "source_rows": 31_340,
                "verdict": "near_source"}]},
            "bytes": 23_074_471, "faults": [],
            "recovery_time": {"target_seconds": 600, "achieved_seconds": 21},
            "recovery_point": {"target_seconds": 93_600, "achieved_seconds": 5_328}}]
    })
}
