//! Rules of the pack in force, and packs as the log put them in force or proposed them.

use std::collections::BTreeMap;

use exhibit_assessment::{ControlId, Rule, Severity, Strength, Verdict};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::findings::{self, FindingRow};
use super::operation::{Operation, list, long, one};
use super::words::{ControlText, SeverityWord, StrengthWord};
use super::{Ask, WebError};
use crate::views::{Asked, PackRow, Part, Segment};
use crate::web::pages::packs as page;

/// A rule with what it finds now.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
pub(in crate::web) struct RuleRow {
    pub(in crate::web) rule: String,
    pub(in crate::web) title: String,
    pub(in crate::web) kind: String,
    #[schemars(with = "SeverityWord")]
    pub(in crate::web) severity: Severity,
    /// What it says how much about.
    pub(in crate::web) controls: Vec<Relation>,
    /// Targets that pass, and that fail.
    pub(in crate::web) pass: u64,
    pub(in crate::web) fail: u64,
    /// Hours after which a finding is stale.
    pub(in crate::web) freshness: u32,
}

/// A control that a rule speaks about.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Relation")]
pub(in crate::web) struct Relation {
    #[schemars(with = "ControlText")]
    pub(in crate::web) control: ControlId,
    #[schemars(with = "StrengthWord")]
    pub(in crate::web) strength: Strength,
}

/// One rule in full.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RuleInFull")]
struct RuleInFull {
    rule: RuleRow,
    /// What exactly is checked.
    description: String,
    why: String,
    fix: String,
    /// Values in force.
    parameters: BTreeMap<String, Value>,
    /// File inside the pack, and its Rego source.
    path: String,
    source: String,
    /// Version and digest of the pack in force.
    pack: String,
    pack_digest: String,
}

/// A rule pack, as one entry of the log put it in force or proposed it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Pack")]
struct PackLine {
    index: u64,
    at: Timestamp,
    /// It waits for a second person, and nothing is judged by it.
    proposed: bool,
    /// The proposal that it puts in force.
    approves: Option<u64>,
    name: Option<String>,
    version: String,
    digest: String,
    /// How many rules it has.
    rules: u64,
    /// Digest of what people gave; null: shipped with the program.
    given: Option<String>,
    /// Digest of the shipped pack that it extends.
    base: Option<String>,
    /// Names of the keys that signed it.
    signed_by: Vec<String>,
    by: String,
    reason: Option<String>,
    approved_by: Option<String>,
}

/// A rule pack, and what it changes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PackInFull")]
struct PackInFull {
    pack: PackLine,
    /// `in_force`, `past`, `proposed`, `approved`, or `lapsed`.
    standing: String,
    /// Entry of the pack that was in force before; null: it is the first.
    before: Option<u64>,
    /// Rules that were added and removed, and library files that differ.
    added: Vec<String>,
    removed: Vec<String>,
    library: Vec<String>,
    changed: Vec<ChangedRule>,
    /// Why it cannot be compared with the one before.
    unread: Option<String>,
}

/// A rule that both packs have and that differs.
#[derive(Serialize, JsonSchema)]
struct ChangedRule {
    rule: String,
    /// In words.
    changes: Vec<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list("/rules", "Rules", "Rules of the pack in force", rows),
        one("/rules/{rule}", "Rules", "One rule with its source", show),
        long(
            "/rules/{rule}/findings",
            "Rules",
            "What one rule says about each target, failures first",
            found,
        ),
        list("/packs", "Rules", "Rule packs and proposals, newest first", packs),
        one("/packs/{index}", "Rules", "One rule pack, and what it changes", pack),
    ]
}

/// Every rule of the pack in force.
pub(in crate::web) fn rows(ask: &Ask) -> Result<Vec<RuleRow>, WebError> {
    let views = &ask.views;
    let mut counted: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for segment in views.finding_segments()? {
        let (pass, fail) = counted.entry(segment.rule).or_default();
        match segment.verdict {
            Verdict::Pass => *pass += segment.findings,
            Verdict::Fail => *fail += segment.findings,
            Verdict::Error | Verdict::NotApplicable => {}
        }
    }
    let rules = views.assessor().pack().rules().iter();
    Ok(rules
        .map(|rule| row(rule, counted.get(rule.id.as_str()).copied().unwrap_or_default()))
        .collect())
}

fn row(rule: &Rule, (pass, fail): (u64, u64)) -> RuleRow {
    let relation = |&(control, strength): &(ControlId, Strength)| Relation { control, strength };
    RuleRow {
        rule: rule.id.to_string(),
        title: rule.title.clone(),
        kind: rule.kind.clone(),
        severity: rule.severity,
        controls: rule.controls.iter().map(relation).collect(),
        pass,
        fail,
        freshness: rule.freshness,
    }
}

fn rule(ask: &Ask) -> Result<&Rule, WebError> {
    let missing = || WebError::NotFound(format!("rule {:?} in the pack in force", ask.param(0)));
    ask.views.assessor().rule(ask.param(0)).ok_or_else(missing)
}

fn show(ask: &Ask) -> Result<RuleInFull, WebError> {
    let (rule, pack) = (rule(ask)?, ask.views.assessor().pack());
    let found = ask.views.finding_segments()?;
    let with = |verdict| Segment::count(&found, rule.id.as_str(), verdict);
    let source = pack.sources().iter().find(|(path, _)| *path == rule.path);
    Ok(RuleInFull {
        rule: row(rule, (with(Verdict::Pass), with(Verdict::Fail))),
        description: rule.description.clone(),
        why: rule.why.clone(),
        fix: rule.fix.clone(),
        parameters: rule.parameters.clone(),
        path: rule.path.clone(),
        source: source.map(|(_, text)| text.clone()).unwrap_or_default(),
        pack: pack.version().to_owned(),
        pack_digest: pack.digest().to_owned(),
    })
}

fn found(ask: &Ask, asked: &Asked) -> Result<Part<FindingRow>, WebError> {
    findings::part(ask, &asked.clone().also("rule", rule(ask)?.id.as_str()))
}

fn packs(ask: &Ask) -> Result<Vec<PackLine>, WebError> {
    Ok(ask.views.packs()?.into_iter().map(line).collect())
}

fn pack(ask: &Ask) -> Result<PackInFull, WebError> {
    let told = page::told(ask)?;
    let missing = || WebError::NotFound(format!("rule pack of entry {}", told.pack.index));
    let mut packs = ask.views.packs()?.into_iter();
    let pack = packs.find(|pack| pack.index == told.pack.index).ok_or_else(missing)?;
    let (changes, unread) = match told.changes {
        Ok(changes) => (changes, None),
        Err(why) => (None, Some(why)),
    };
    let (added, removed, changed, library) = match changes {
        Some(changes) => (changes.added, changes.removed, changes.changed, changes.library),
        None => Default::default(),
    };
    Ok(PackInFull {
        pack: line(pack),
        standing: told.standing.as_str().to_owned(),
        before: told.before.map(|before| before.index),
        added,
        removed,
        library,
        changed: changed.into_iter().map(|(rule, changes)| ChangedRule { rule, changes }).collect(),
        unread,
    })
}

fn line(pack: PackRow) -> PackLine {
    PackLine {
        index: pack.index,
        at: pack.at,
        proposed: pack.proposed,
        approves: pack.approves,
        name: pack.name,
        version: pack.version,
        digest: pack.digest,
        rules: pack.rules,
        given: pack.given,
        base: pack.base,
        signed_by: pack.signed_by,
        by: pack.by,
        reason: pack.reason,
        approved_by: pack.approved_by,
    }
}
