//! What differs between two packs, read from what they declare and from their text. It never runs a rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LIBRARY, RulePack};
use crate::{
    ids::{ControlId, RuleId},
    rule::{Rule, Strength},
};

/// One thing that changed about a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A declared word: `title`, `description`, `severity`, `freshness`, `why`, `fix`, `clock`, `capture`, `labels`.
    Declared { key: String, before: String, after: String },
    /// A parameter in force; none on one side where it was added or removed.
    Parameter { name: String, before: Option<Value>, after: Option<Value> },
    /// A control; none on one side where the rule did not speak about it.
    Control { control: ControlId, before: Option<Strength>, after: Option<Strength> },
    /// What the rule computes: its text without comments.
    Logic,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn side<T: fmt::Display>(value: Option<&T>) -> String {
            value.map_or("none".to_owned(), ToString::to_string)
        }
        match self {
            Self::Declared { key, before, after } => write!(f, "{key}: {before} → {after}"),
            Self::Parameter { name, before, after } => {
                write!(f, "parameter {name}: {} → {}", side(before.as_ref()), side(after.as_ref()))
            }
            Self::Control { control, before, after } => {
                write!(f, "control {control}: {} → {}", side(before.as_ref()), side(after.as_ref()))
            }
            Self::Logic => f.write_str("what it computes"),
        }
    }
}

/// A rule that both packs have and that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    pub rule: RuleId,
    pub changes: Vec<Change>,
}

/// What differs between two packs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackDiff {
    pub added: Vec<RuleId>,
    pub removed: Vec<RuleId>,
    pub changed: Vec<RuleChange>,
    /// Library files that were added, removed or changed; any rule may call them.
    pub library: Vec<String>,
}

impl PackDiff {
    /// Whether the packs judge alike: nothing that rules compute or declare differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl RulePack {
    /// What another, newer pack changes; everything sorted by id or path.
    #[must_use]
    pub fn diff(&self, newer: &Self) -> PackDiff {
        let by_id = |pack: &'_ Self| -> BTreeSet<RuleId> {
            pack.rules().iter().map(|rule| rule.id.clone()).collect()
        };
        let (before, after) = (by_id(self), by_id(newer));
        let changed = before.intersection(&after).filter_map(|id| {
            let changes = changes((self, self.rule(id)?), (newer, newer.rule(id)?));
            (!changes.is_empty()).then(|| RuleChange { rule: id.clone(), changes })
        });
        let library = |pack: &'_ Self| -> BTreeMap<String, String> {
            let files = pack.sources().iter().filter(|(path, _)| path.starts_with(LIBRARY));
            files.map(|(path, text)| (path.clone(), code(text))).collect()
        };
        let (old, new) = (library(self), library(newer));
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        PackDiff {
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
            changed: changed.collect(),
            library: paths
                .into_iter()
                .filter(|path| old.get(*path) != new.get(*path))
                .cloned()
                .collect(),
        }
    }

    fn text(&self, path: &str) -> &str {
        let found = self.sources().iter().find(|(known, _)| known == path);
        found.map_or("", |(_, text)| text.as_str())
    }
}

fn changes((old, before): (&RulePack, &Rule), (new, after): (&RulePack, &Rule)) -> Vec<Change> {
    let mut changes = Vec::new();
    let declared: [(&str, String, String); 9] = [
        ("title", before.title.clone(), after.title.clone()),
        ("description", before.description.clone(), after.description.clone()),
        ("severity", before.severity.to_string(), after.severity.to_string()),
        ("freshness", before.freshness.to_string(), after.freshness.to_string()),
        ("why", before.why.clone(), after.why.clone()),
        ("fix", before.fix.clone(), after.fix.clone()),
        ("clock", before.clock.to_string(), after.clock.to_string()),
        ("capture", before.capture.to_string(), after.capture.to_string()),
        ("labels", before.labels.to_string(), after.labels.to_string()),
    ];
    for (key, before, after) in declared {
        if before != after {
            changes.push(Change::Declared { key: key.to_owned(), before, after });
        }
    }
    let names: BTreeSet<&String> =
        before.parameters.keys().chain(after.parameters.keys()).collect();
    for name in names {
        let (before, after) = (before.parameters.get(name), after.parameters.get(name));
        if before != after {
            let (before, after) = (before.cloned(), after.cloned());
            changes.push(Change::Parameter { name: name.clone(), before, after });
        }
    }
    let controls: BTreeSet<ControlId> =
        before.controls.iter().chain(&after.controls).map(|(control, _)| *control).collect();
    for control in controls {
        let (before, after) = (before.strength(control), after.strength(control));
        if before != after {
            changes.push(Change::Control { control, before, after });
        }
    }
    if code(old.text(&before.path)) != code(new.text(&after.path)) {
        changes.push(Change::Logic);
    }
    changes
}

/// A source without its comment lines and empty lines.
fn code(text: &str) -> String {
    let lines = text.lines().map(str::trim_end);
    let kept = lines.filter(|line| !line.is_empty() && !line.trim_start().starts_with('#'));
    kept.collect::<Vec<_>>().join("\n")
}
