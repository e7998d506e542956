//! Findings: what each rule says about each target, with the document behind it.

use exhibit_assessment::{ControlId, Item, Severity, Strength, Verdict};
use jiff::Timestamp;

use super::Source;
use crate::report::ReportError;
use crate::report::cells::{Cell, Column, column};
use crate::views::FindingRow;

pub(in crate::report) const COLUMNS: &[Column] = &[
    column("verdict", "Verdict", 14),
    column("rule", "Rule", 34),
    column("title", "Title", 44),
    column("severity", "Severity", 10),
    column("target", "Target", 38),
    column("target_name", "Name", 24),
    column("kind", "Kind", 24),
    column("controls", "Controls", 30),
    column("message", "Message", 60),
    column("items", "Items", 60),
    column("item_count", "Number of items", 9),
    column("fix", "Fix", 50),
    column("since", "So since", 20),
    column("observed", "Observed", 20),
    column("log_index", "Log index", 10),
    column("document_sha256", "Document (SHA-256)", 60),
];

/// What a rule says about a target.
pub(in crate::report) struct Finding {
    pub(in crate::report) verdict: Verdict,
    pub(in crate::report) rule: String,
    pub(in crate::report) title: String,
    pub(in crate::report) fix: String,
    pub(in crate::report) severity: Option<Severity>,
    pub(in crate::report) target: String,
    pub(in crate::report) target_name: String,
    pub(in crate::report) kind: String,
    pub(in crate::report) controls: Vec<(ControlId, Strength)>,
    pub(in crate::report) message: String,
    pub(in crate::report) items: Vec<Item>,
    pub(in crate::report) item_count: u64,
    pub(in crate::report) since: Timestamp,
    pub(in crate::report) observed: Timestamp,
    pub(in crate::report) log_index: u64,
    pub(in crate::report) digest: String,
}

pub(super) fn each(
    source: &Source,
    put: &mut dyn FnMut(Finding) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let selection = &source.head.selection;
    source.views.each_finding(|found| {
        let rule = source.views.assessor().rule(&found.rule);
        let controls = rule.map_or(&[][..], |rule| &rule.controls);
        let asked = selection.controls.is_empty()
            || controls.iter().any(|(control, _)| selection.control(*control));
        if asked && selection.target(&found.target) { put(finding(source, found)) } else { Ok(()) }
    })
}

fn finding(source: &Source, found: FindingRow) -> Finding {
    let rule = source.views.assessor().rule(&found.rule);
    Finding {
        verdict: found.verdict,
        title: rule.map(|rule| rule.title.clone()).unwrap_or_default(),
        fix: rule.map(|rule| rule.fix.clone()).unwrap_or_default(),
        severity: rule.map(|rule| rule.severity),
        controls: rule.map(|rule| rule.controls.clone()).unwrap_or_default(),
        rule: found.rule,
        target_name: source.name(&found.target).to_owned(),
        target: found.target,
        kind: found.kind,
        message: found.message,
        items: found.items,
        item_count: found.item_count,
        since: found.verdict_since,
        observed: found.observed_at,
        log_index: found.observed_index,
        digest: found.digest,
    }
}

impl Finding {
    pub(super) fn cells(&self) -> Vec<Cell> {
        let controls = self.controls.iter().map(|(id, strength)| format!("{id} {strength}"));
        let items = self.items.iter().map(|item| format!("{}: {}", item.id, item.why));
        vec![
            self.verdict.as_str().into(),
            (&self.rule).into(),
            (&self.title).into(),
            self.severity.map_or("", Severity::as_str).into(),
            (&self.target).into(),
            (&self.target_name).into(),
            (&self.kind).into(),
            Cell::List(controls.collect()),
            (&self.message).into(),
            Cell::List(items.collect()),
            self.item_count.into(),
            (&self.fix).into(),
            self.since.into(),
            self.observed.into(),
            self.log_index.into(),
            (&self.digest).into(),
        ]
    }
}
