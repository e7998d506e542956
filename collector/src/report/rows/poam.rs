//! The plan of action: one row for each rule that fails on some target and for each control whose evidence is missing or old.
//! It plans nothing itself: who does it until when, people say.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::{
    ControlId, Labels, Missing, Rule, RuleId, Severity, Standing, Status, Strength, Verdict,
    Waiver, emitters, evidence_kinds,
};
use jiff::Timestamp;

use super::{Source, Tally};
use crate::report::cells::{Cell, Column, column};
use crate::report::{ReportError, utc};
use crate::views::ViewsError;

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
    column("waived", "Waived targets", 9),
    column("waivers", "Waivers", 40),
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
    /// Of the targets: those whose failure waivers in effect cover for all controls that it breaks.
    pub(in crate::report) waived: u64,
    /// Waivers in effect that cover some of it, each with its end and approver.
    pub(in crate::report) waivers: Vec<String>,
}

/// What waivers in effect do to the failures of one rule.
#[derive(Default)]
struct Lived {
    waived: u64,
    waivers: BTreeSet<String>,
}

pub(super) fn rows(source: &Source) -> Result<Vec<PlanRow>, ReportError> {
    let tallies = source.tallies()?;
    let (selection, lived) = (&source.head.selection, lived(source)?);
    let failing = source.pack().rules().iter().filter_map(|rule| {
        let tally = tallies.get(rule.id.as_str()).filter(|tally| tally.fail > 0)?;
        let asked = selection.controls.is_empty()
            || rule.controls.iter().any(|(control, _)| selection.control(*control));
        asked.then(|| of_rule(source, rule, tally, lived.get(&rule.id)))
    });
    let mut rows: Vec<PlanRow> = failing.collect();
    rows.sort_by(|a, b| (b.severity, b.targets, &a.id).cmp(&(a.severity, a.targets, &b.id)));
    rows.extend(unseen(source)?);
    Ok(rows)
}

/// Of each rule with failures that are waived: which, by what.
fn lived(source: &Source) -> Result<BTreeMap<RuleId, Lived>, ReportError> {
    let (assessment, at) = (&source.assessment, source.head.at);
    let waivers = assessment.people.waivers.iter();
    let waivers: Vec<&Waiver> =
        waivers.filter(|waiver| waiver.standing(at) == Standing::InEffect).collect();
    let mut all: BTreeMap<RuleId, Lived> = BTreeMap::new();
    if waivers.is_empty() {
        return Ok(all);
    }
    let targets = assessment.targets.iter();
    let labels: BTreeMap<&str, &Labels> =
        targets.map(|known| (known.target.as_str(), &known.labels)).collect();
    let none = Labels::default();
    source.views.each_finding::<ViewsError>(|found| {
        let asked = source.head.selection.target(&found.target);
        let rule = source.views.assessor().rule(&found.rule);
        let Some(rule) = rule.filter(|_| asked && found.verdict == Verdict::Fail) else {
            return Ok(());
        };
        let labels = labels.get(found.target.as_str()).copied().unwrap_or(&none);
        let mut open: BTreeSet<ControlId> = rule.controls.iter().map(|(id, _)| *id).collect();
        for waiver in &waivers {
            let covered = waiver.covers(rule, &found.target, labels);
            if !covered.is_empty() {
                let Waiver { id, until, approver, .. } = waiver;
                let text = format!("{id} until {}, approved by {approver}", utc(*until));
                all.entry(rule.id.clone()).or_default().waivers.insert(text);
            }
            open.retain(|control| !covered.contains(control));
        }
        if open.is_empty() {
            all.entry(rule.id.clone()).or_default().waived += 1;
        }
        Ok(())
    })?;
    Ok(all)
}

fn of_rule(source: &Source, rule: &Rule, tally: &Tally, lived: Option<&Lived>) -> PlanRow {
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
        waived: lived.map_or(0, |lived| lived.waived),
        waivers: lived.into_iter().flat_map(|lived| lived.waivers.iter().cloned()).collect(),
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
                // Only failures can be waived.
                waived: 0,
                waivers: Vec::new(),
            });
        }
    }
    Ok(rows)
}

impl PlanRow {
    /// Whether people live with all of it, for as long as the waivers last.
    pub(in crate::report) fn is_waived(&self) -> bool {
        self.waived > 0 && self.targets == Some(self.waived)
    }

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
            self.waived.into(),
            (&self.waivers).into(),
        ]
    }
}
