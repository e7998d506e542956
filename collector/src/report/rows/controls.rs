//! The control report: each control with its status, the numbers behind it, its rules with passes and failures, and reasons.

use exhibit_assessment::{ControlId, Counts, Rule, Status, Strength, Theme};
use jiff::Timestamp;

use super::{Source, Tally};
use crate::report::ReportError;
use crate::report::cells::{Cell, Column, column};

pub(in crate::report) const COLUMNS: &[Column] = &[
    column("control", "Control", 9),
    column("title", "Title", 36),
    column("theme", "Theme", 15),
    column("status", "Status", 13),
    column("targets", "Targets", 9),
    column("passing", "Passing", 9),
    column("failing", "Failing", 9),
    column("unseen", "Unseen", 9),
    column("waived", "Waived", 9),
    column("stale", "Stale", 9),
    column("findings_pass", "Findings: pass", 9),
    column("findings_fail", "Findings: fail", 9),
    column("findings_error", "Findings: error", 9),
    column("findings_missing", "Findings: missing", 9),
    column("oldest", "Oldest evidence", 20),
    column("newest", "Newest evidence", 20),
    column("fresh_until", "Fresh until", 20),
    column("rules", "Rules", 50),
    column("reasons", "Reasons", 60),
    column("reason_count", "Number of reasons", 9),
];
/// Reasons that a row tells; their number stands beside.
const REASONS: usize = 20;

/// A control as it stands.
pub(in crate::report) struct ControlRow {
    pub(in crate::report) id: ControlId,
    pub(in crate::report) title: String,
    pub(in crate::report) theme: Theme,
    pub(in crate::report) status: Status,
    pub(in crate::report) counts: Counts,
    pub(in crate::report) oldest: Option<Timestamp>,
    pub(in crate::report) newest: Option<Timestamp>,
    pub(in crate::report) fresh_until: Option<Timestamp>,
    pub(in crate::report) rules: Vec<RuleLine>,
    pub(in crate::report) reasons: Vec<String>,
    pub(in crate::report) reason_count: u64,
}

/// A rule that speaks about a control, with what it found.
pub(in crate::report) struct RuleLine {
    pub(in crate::report) id: String,
    pub(in crate::report) title: String,
    pub(in crate::report) kind: String,
    pub(in crate::report) strength: Strength,
    pub(in crate::report) tally: Tally,
}

pub(super) fn rows(source: &Source) -> Result<Vec<ControlRow>, ReportError> {
    let tallies = source.tallies()?;
    let line = |(rule, strength): (&Rule, Strength)| RuleLine {
        id: rule.id.to_string(),
        title: rule.title.clone(),
        kind: rule.kind.clone(),
        strength,
        tally: tallies.get(rule.id.as_str()).cloned().unwrap_or_default(),
    };
    let controls = source.framework().controls().iter();
    let rows = controls.filter(|control| source.head.selection.control(control.id)).filter_map(
        |control| {
            let status = source.assessment.of(control.id)?;
            let reasons = status.reasons.iter().take(REASONS);
            let reasons = reasons.map(|reason| match &reason.target {
                Some(target) => format!("{}: {}", source.name(target), reason.text),
                None => reason.text.clone(),
            });
            Some(ControlRow {
                id: control.id,
                title: control.title.clone(),
                theme: control.theme,
                status: status.status,
                counts: status.counts,
                oldest: status.oldest,
                newest: status.freshest,
                fresh_until: status.fresh_until,
                rules: source.rules_of(control.id).into_iter().map(line).collect(),
                reasons: reasons.collect(),
                reason_count: status.reason_count,
            })
        },
    );
    Ok(rows.collect())
}

impl ControlRow {
    pub(super) fn cells(&self) -> Vec<Cell> {
        let rule = |line: &RuleLine| {
            let Tally { pass, fail, .. } = line.tally;
            let RuleLine { id, title, kind, strength, .. } = line;
            format!("{id} ({strength}; {kind}; {title}): {pass} pass, {fail} fail")
        };
        let counts = &self.counts;
        vec![
            self.id.to_string().as_str().into(),
            (&self.title).into(),
            self.theme.as_str().into(),
            self.status.as_str().into(),
            counts.targets.into(),
            counts.targets_passing.into(),
            counts.targets_failing.into(),
            counts.targets_unseen.into(),
            counts.targets_waived.into(),
            counts.targets_stale.into(),
            counts.pass.into(),
            counts.fail.into(),
            counts.error.into(),
            counts.missing.into(),
            self.oldest.into(),
            self.newest.into(),
            self.fresh_until.into(),
            Cell::List(self.rules.iter().map(rule).collect()),
            (&self.reasons).into(),
            self.reason_count.into(),
        ]
    }
}
