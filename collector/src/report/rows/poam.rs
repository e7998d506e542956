//! The plan of action: one row for each rule that fails on some target and for each control whose evidence is missing or old.
//! It plans nothing itself: who does it until when, people say.

use exhibit_assessment::{
    ControlId, Missing, Rule, Severity, Status, Strength, emitters, evidence_kinds,
};
use jiff::Timestamp;

use super::{Source, Tally};
use crate::report::ReportError;
use crate::report::cells::{Cell, Column, column};

pub(in crate::report) const COLUMNS: &[Column] = &[
    column("id", "Id", 34),
    column("weakness", "Weakness", 50),
    column("cause", "Cause", 16),
    column("severity", "Severity", 10),
    column("controls", "Controls", 30),
    column("targets", "Targets", 9),
    column("target_names", "Target names", 40),
    column("since", "Since", 20),
    column("observed", "Observed", 20),
    column("mend", "What would mend it", 60),
];

/// Something to be mended.
pub(in crate::report) struct PlanRow {
    /// The rule's id, or the control's with what it lacks.
    pub(in crate::report) id: String,
    pub(in crate::report) weakness: String,
    /// `failing_rule` or `missing_evidence`.
    pub(in crate::report) cause: &'static str,
    pub(in crate::report) severity: Option<Severity>,
    pub(in crate::report) controls: Vec<(ControlId, Strength)>,
    pub(in crate::report) targets: Option<u64>,
    /// The first of them, by id and name.
    pub(in crate::report) named: Vec<(String, String)>,
    pub(in crate::report) since: Option<Timestamp>,
    pub(in crate::report) observed: Option<Timestamp>,
    pub(in crate::report) mend: String,
}

pub(super) fn rows(source: &Source) -> Result<Vec<PlanRow>, ReportError> {
    let tallies = source.tallies()?;
    let selection = &source.head.selection;
    let failing = source.pack().rules().iter().filter_map(|rule| {
        let tally = tallies.get(rule.id.as_str()).filter(|tally| tally.fail > 0)?;
        let asked = selection.controls.is_empty()
            || rule.controls.iter().any(|(control, _)| selection.control(*control));
        asked.then(|| of_rule(source, rule, tally))
    });
    let mut rows: Vec<PlanRow> = failing.collect();
    rows.sort_by(|a, b| (b.severity, b.targets, &a.id).cmp(&(a.severity, a.targets, &b.id)));
    rows.extend(unseen(source)?);
    Ok(rows)
}

fn of_rule(source: &Source, rule: &Rule, tally: &Tally) -> PlanRow {
    let named = tally.failing.iter().map(|id| (id.clone(), source.name(id).to_owned()));
    PlanRow {
        id: rule.id.to_string(),
        weakness: format!("fails: {}", rule.title),
        cause: "failing_rule",
        severity: Some(rule.severity),
        controls: rule.controls.clone(),
        targets: Some(tally.fail),
        named: named.collect(),
        since: tally.failing_since,
        observed: tally.newest,
        mend: rule.fix.clone(),
    }
}

/// What controls without evidence, or with old evidence, lack.
fn unseen(source: &Source) -> Result<Vec<PlanRow>, ReportError> {
    let (kinds, emitters) = (evidence_kinds()?, emitters()?);
    let gaps = source.views.gap_analysis(&source.assessment, &kinds, &emitters)?;
    let mut rows = Vec::new();
    for gap in gaps {
        let lacks = matches!(gap.status, Status::NoEvidence | Status::Stale);
        if !lacks || !source.head.selection.control(gap.control) {
            continue;
        }
        for missing in gap.missing {
            let (what, weakness, targets, mend) = match missing {
                // Failing rules have rows of their own, and rules that nobody wrote are no weakness of the targets.
                Missing::Fix { .. } | Missing::Rule { .. } => continue,
                Missing::Targets { why, targets, close } => {
                    let why = why.as_str();
                    let text = format!("targets are unseen: {}", why.replace('_', " "));
                    (format!("unseen.{why}"), text, Some(targets), close)
                }
                Missing::Collection { kind, close, .. } => {
                    (format!("collection.{kind}"), format!("nothing collects {kind}"), None, close)
                }
                Missing::Manual { close } => {
                    ("manual".to_owned(), "what a person brings is missing".to_owned(), None, close)
                }
                Missing::Fresh { targets, close } => {
                    let text = "evidence is past its window".to_owned();
                    ("stale".to_owned(), text, Some(targets), close)
                }
            };
            rows.push(PlanRow {
                id: format!("{}.{what}", gap.control),
                weakness: format!("{}: {weakness}", gap.control),
                cause: "missing_evidence",
                severity: None,
                controls: vec![(gap.control, Strength::Direct)],
                targets,
                named: Vec::new(),
                since: None,
                observed: None,
                mend,
            });
        }
    }
    Ok(rows)
}

impl PlanRow {
    pub(super) fn cells(&self) -> Vec<Cell> {
        let controls = self.controls.iter().map(|(id, strength)| format!("{id} {strength}"));
        let names = self.named.iter().map(|(_, name)| name.clone());
        vec![
            (&self.id).into(),
            (&self.weakness).into(),
            self.cause.into(),
            self.severity.map_or("", Severity::as_str).into(),
            Cell::List(controls.collect()),
            self.targets.map_or(Cell::Empty, Cell::Number),
            Cell::List(names.collect()),
            self.since.into(),
            self.observed.into(),
            (&self.mend).into(),
        ]
    }
}
