//! `sdlc.change_records`: changes that were made to a target, summarised: when, what, by whom. Never the content of
//! a change.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kind;

/// The kind.
pub const KIND: &str = "sdlc.change_records";
/// Its schema.
pub const SCHEMA: &str = "urn:exhibit:kind:sdlc.change_records:v1";

/// Changes within a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecords {
    /// Days that are looked back.
    pub window_days: u32,
    /// Changes, newest first.
    pub changes: Vec<Change>,
    /// Where they come from, sorted by name.
    pub sources: Vec<ChangeSource>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// When it was made, or merged.
    pub at: jiff::Timestamp,
    /// Stable id within its source: time, transaction number, commit, pull request.
    pub id: String,
    /// Source, as in `sources`.
    pub source: String,
    /// `packages`, `configuration`, `code`, `deployment`….
    pub kind: String,
    /// Who asked for it. Null: not recorded (or a service).
    pub actor: Option<String>,
    /// Whether a service did it by itself. Null: not recorded.
    pub automatic: Option<bool>,
    /// What was done in a few words, such as `install 2, upgrade 14`.
    pub summary: String,
    /// First 20 names of what was changed, sorted.
    pub items: Vec<String>,
    /// How many were changed.
    pub item_count: u64,
    /// Request that it belongs to. Null: none is recorded.
    pub ticket: Option<String>,
    /// Who approved it, sorted; empty where none is recorded.
    pub approved_by: Vec<String>,
    /// How it ended.
    pub result: ChangeResult,
}

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeResult {
    /// Done.
    Success,
    /// Broken off or rolled back.
    Failure,
    /// Not recorded.
    Unknown,
}

/// One source of changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeSource {
    /// `apt`, `dpkg`, `dnf`, `zypper`, `pacman`, `apk`, `etckeeper`, `github`….
    pub name: String,
    /// Day of its oldest record that was seen. Null: it has none.
    pub oldest: Option<jiff::civil::Date>,
    /// Whether the whole window is covered by what it keeps and could be read.
    pub complete: bool,
}

impl Kind for ChangeRecords {
    const KIND: &'static str = KIND;
    const SCHEMA: &'static str = SCHEMA;

    fn normalise(&mut self) {
        for change in &mut self.changes {
            change.items.sort();
            change.items.dedup();
            change.items.truncate(20);
            change.approved_by.sort();
        }
        self.changes.sort_by(|left, right| right.cmp(left));
        self.changes.dedup();
        self.sources.sort();
    }
}

/// A small valid body.
#[must_use]
pub fn example() -> Value {
    json!({
        "window_days": 90,
        "changes": [{
            "at": "2026-11-20T06:12:31Z", "id": "2026-11-20T06:12:00Z", "source": "apt", "kind": "packages",
            "actor": "alice", "automatic": false, "summary": "install 1, upgrade 2", "items": ["a", "b", "c"],
            "item_count": 3, "ticket": null, "approved_by": [], "result": "success"
        }],
        "sources": [{"name": "apt", "oldest": "2026-08-02", "complete": true}]
    })
}
