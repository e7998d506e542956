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
    column("implementation_status", "Implemented", 14),
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
#[derive(Clone)]
pub(crate) struct SoaRow {
    pub(crate) id: ControlId,
    pub(crate) title: String,
    pub(crate) theme: Theme,
    /// `yes`, `no`, or `undecided` until a person decides.
    pub(crate) applicable: &'static str,
    pub(crate) justification: String,
    pub(crate) implementation: String,
    /// `implemented`, `partly`, `planned`, `not_implemented`, or nothing.
    pub(crate) implementation_status: String,
    pub(crate) owner: String,
    pub(crate) status: Status,
    pub(crate) counts: Counts,
    pub(crate) direct: Vec<String>,
    pub(crate) supporting: Vec<String>,
    pub(crate) kinds: Vec<String>,
    pub(crate) oldest: Option<Timestamp>,
    pub(crate) newest: Option<Timestamp>,
}

pub(in crate::report) fn rows(source: &Source) -> Vec<SoaRow> {
    if let Some(told) = &source.told {
        return told.clone();
    }
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
        let decided = source.assessment.people.controls.get(&control.id);
        let stated = decided.and_then(|one| one.applicability.as_ref());
        let applicable = match stated {
            Some(one) if one.applicable => "yes",
            Some(_) => "no",
            None => "undecided",
        };
        Some(SoaRow {
            id: control.id,
            title: control.title.clone(),
            theme: control.theme,
            applicable,
            justification: stated.map(|one| one.justification.clone()).unwrap_or_default(),
            implementation: stated.map(|one| one.implementation.clone()).unwrap_or_default(),
            implementation_status: stated
                .and_then(|one| one.status)
                .map_or_else(String::new, |status| status.as_str().to_owned()),
            owner: decided.and_then(|one| one.owner.clone()).unwrap_or_default(),
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
            (&self.implementation_status).into(),
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
