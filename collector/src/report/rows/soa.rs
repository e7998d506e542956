//! The statement of applicability: each control with what people decided about it and what rules and evidence say today.

use std::collections::BTreeSet;

use exhibit_assessment::{ControlId, Counts, Rule, Status, Strength, Theme};
use jiff::Timestamp;

use super::Source;
use crate::report::cells::{Cell, Column, column};

pub(in crate::report) const COLUMNS: &[Column] = &[
    column("control", "Control", 9),
    column("title", "Title", 36),
    column("theme", "Theme", 15),
    column("applicable", "Applicable", 11),
    column("justification", "Justification", 50),
    column("implementation", "Implementation", 40),
    column("owner", "Owner", 20),
    column("status", "Live state", 13),
    column("targets", "Targets", 9),
    column("passing", "Passing", 9),
    column("failing", "Failing", 9),
    column("rules_direct", "Direct rules", 30),
    column("rules_supporting", "Supporting rules", 30),
    column("kinds", "Evidence", 30),
    column("oldest", "Oldest evidence", 20),
    column("newest", "Newest evidence", 20),
];

/// A control with its decision and its live state.
pub(in crate::report) struct SoaRow {
    pub(in crate::report) id: ControlId,
    pub(in crate::report) title: String,
    pub(in crate::report) theme: Theme,
    /// `yes`, `no`, or `undecided` until a person decides.
    pub(in crate::report) applicable: &'static str,
    pub(in crate::report) justification: String,
    pub(in crate::report) implementation: String,
    pub(in crate::report) owner: String,
    pub(in crate::report) status: Status,
    pub(in crate::report) counts: Counts,
    pub(in crate::report) direct: Vec<String>,
    pub(in crate::report) supporting: Vec<String>,
    pub(in crate::report) kinds: Vec<String>,
    pub(in crate::report) oldest: Option<Timestamp>,
    pub(in crate::report) newest: Option<Timestamp>,
}

pub(super) fn rows(source: &Source) -> Vec<SoaRow> {
    let controls = source.framework().controls().iter();
    let asked = controls.filter(|control| source.head.selection.control(control.id));
    let rows = asked.filter_map(|control| {
        let status = source.assessment.of(control.id)?;
        let rules = source.rules_of(control.id);
        let of = |wanted: Strength| {
            let rules = rules.iter().filter(|(_, strength)| *strength == wanted);
            rules.map(|(rule, _)| rule.id.to_string()).collect()
        };
        let decides =
            |(rule, strength): &(&Rule, Strength)| strength.decides().then(|| rule.kind.clone());
        let kinds: BTreeSet<String> = rules.iter().filter_map(decides).collect();
        let applicable = if status.status == Status::Excluded { "no" } else { "undecided" };
        Some(SoaRow {
            id: control.id,
            title: control.title.clone(),
            theme: control.theme,
            applicable,
            justification: String::new(),
            implementation: String::new(),
            owner: String::new(),
            status: status.status,
            counts: status.counts,
            direct: of(Strength::Direct),
            supporting: of(Strength::Supporting),
            kinds: kinds.into_iter().collect(),
            oldest: status.oldest,
            newest: status.freshest,
        })
    });
    rows.collect()
}

impl SoaRow {
    pub(super) fn cells(&self) -> Vec<Cell> {
        vec![
            self.id.to_string().as_str().into(),
            (&self.title).into(),
            self.theme.as_str().into(),
            self.applicable.into(),
            (&self.justification).into(),
            (&self.implementation).into(),
            (&self.owner).into(),
            self.status.as_str().into(),
            self.counts.targets.into(),
            self.counts.targets_passing.into(),
            self.counts.targets_failing.into(),
            (&self.direct).into(),
            (&self.supporting).into(),
            (&self.kinds).into(),
            self.oldest.into(),
            self.newest.into(),
        ]
    }
}
