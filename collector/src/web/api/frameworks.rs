//! Clauses, other frameworks with what they say of our controls, and what became of the 2013 edition.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::{Basis, ControlId, Crosswalk, Reference, Status, Transition};
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, list};
use super::words::{BasisWord, ControlText, StatusWord};
use super::{Ask, WebError};

/// A clause or heading of the management system part.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Clause")]
pub(in crate::web) struct ClauseRow {
    pub(in crate::web) clause: String,
    pub(in crate::web) title: String,
    /// What it asks for, in our own words.
    pub(in crate::web) summary: String,
    /// Documented information that it makes mandatory.
    pub(in crate::web) documents: Vec<String>,
    /// Touched by the amendment of 2024.
    pub(in crate::web) amended: bool,
    /// A heading holds no requirement itself.
    pub(in crate::web) heading: bool,
}

/// Another framework, and how far it reaches.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Framework")]
pub(in crate::web) struct FrameworkRow {
    pub(in crate::web) framework: String,
    pub(in crate::web) title: String,
    #[schemars(with = "BasisWord")]
    pub(in crate::web) basis: Basis,
    /// Its ids that are related to ours.
    pub(in crate::web) theirs: u64,
    /// Controls of Annex A that it reaches.
    pub(in crate::web) ours: u64,
    /// Who gives the relations.
    pub(in crate::web) sources: Vec<String>,
    /// How many of the reached controls have each status.
    pub(in crate::web) statuses: Vec<StatusCount>,
}

/// How many controls have a status.
#[derive(Serialize, JsonSchema)]
pub(in crate::web) struct StatusCount {
    #[schemars(with = "StatusWord")]
    pub(in crate::web) status: Status,
    pub(in crate::web) controls: u64,
}

/// One relation to another framework. It is no equality: who fulfils one need not fulfil the other.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CrosswalkRelation")]
pub(in crate::web) struct RelationRow {
    /// The id there, with its title where that may be shown.
    pub(in crate::web) theirs: String,
    pub(in crate::web) theirs_title: Option<String>,
    /// The control or clause here.
    pub(in crate::web) ours: String,
    pub(in crate::web) ours_title: Option<String>,
    /// The status of the control; null of a clause.
    #[schemars(with = "Option<StatusWord>")]
    pub(in crate::web) status: Option<Status>,
    pub(in crate::web) relationship: String,
    /// Who says so.
    pub(in crate::web) source: String,
    /// ISO/IEC 27017 only: `confirmed`, `unconfirmed` or `no`.
    pub(in crate::web) cloud_guidance: Option<String>,
}

/// What became of a control of ISO/IEC 27001:2013.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Transition")]
struct TransitionRow {
    /// The control of 2013; null: new in 2022.
    from: Option<String>,
    title: Option<String>,
    domain: Option<String>,
    /// `one_to_one`, `merged`, `split` or `new`.
    became: String,
    #[schemars(with = "ControlText")]
    to: ControlId,
    #[schemars(with = "Option<StatusWord>")]
    status: Option<Status>,
}

pub(super) fn operations() -> Vec<Operation> {
    let tag = "Frameworks";
    vec![
        list(
            "/clauses",
            tag,
            "Clauses 4 to 10: what the management system itself has to do",
            |ask| Ok(clauses(ask)),
        ),
        list("/frameworks", tag, "Other frameworks, and how far each reaches", rows),
        list(
            "/frameworks/2013/transition",
            tag,
            "What became of each control of the 2013 edition",
            transition,
        ),
        list(
            "/frameworks/{framework}/relations",
            tag,
            "What a framework says of our controls and clauses",
            relations,
        ),
    ]
}

/// Every clause and heading, in their order.
pub(in crate::web) fn clauses(ask: &Ask) -> Vec<ClauseRow> {
    let clauses = ask.views.assessor().framework().clauses().iter();
    let rows = clauses.map(|clause| ClauseRow {
        clause: clause.id.to_string(),
        title: clause.title.clone(),
        summary: clause.summary.clone(),
        documents: clause.documents.clone(),
        amended: clause.amended_2024,
        heading: clause.heading,
    });
    rows.collect()
}

/// Every framework that is known besides Annex A.
pub(in crate::web) fn rows(ask: &Ask) -> Result<Vec<FrameworkRow>, WebError> {
    let assessment = ask.views.shown(ask.now)?;
    let crosswalks = &ask.site.frameworks.crosswalks;
    let rows = crosswalks.frameworks().iter().map(|one| {
        let reached = reached(one);
        let theirs: BTreeSet<&str> = one.relations.iter().map(|row| row.theirs.as_str()).collect();
        // A relation may rest on several; each is named once.
        let sources = one.relations.iter().flat_map(|row| row.source.split(';')).map(str::trim);
        let sources: BTreeSet<&str> = sources.filter(|source| !source.is_empty()).collect();
        let mut counts: BTreeMap<Status, u64> = BTreeMap::new();
        for status in reached.iter().filter_map(|id| assessment.of(*id)) {
            *counts.entry(status.status).or_default() += 1;
        }
        let counts = counts.into_iter().map(|(status, controls)| StatusCount { status, controls });
        FrameworkRow {
            framework: one.id.clone(),
            title: one.title.clone(),
            basis: one.basis,
            theirs: theirs.len() as u64,
            ours: reached.len() as u64,
            sources: sources.into_iter().map(str::to_owned).collect(),
            statuses: counts.collect(),
        }
    });
    Ok(rows.collect())
}

/// Our controls that a framework speaks of.
pub(in crate::web) fn reached(framework: &Crosswalk) -> BTreeSet<ControlId> {
    let ours = framework.relations.iter().filter_map(|row| match &row.ours {
        Reference::Control(id) => Some(*id),
        Reference::Clause(_) => None,
    });
    ours.collect()
}

/// The relations of the framework that an address names.
pub(in crate::web) fn relations(ask: &Ask) -> Result<Vec<RelationRow>, WebError> {
    let crosswalks = &ask.site.frameworks.crosswalks;
    let missing = || WebError::NotFound(format!("framework {:?}", ask.param(0)));
    let one = crosswalks.framework(ask.param(0)).ok_or_else(missing)?;
    let assessment = ask.views.shown(ask.now)?;
    let framework = ask.views.assessor().framework();
    let rows = one.relations.iter().map(|row| {
        let control = match &row.ours {
            Reference::Control(id) => framework.control(*id),
            Reference::Clause(_) => None,
        };
        RelationRow {
            theirs: row.theirs.clone(),
            theirs_title: one.title_of(&row.theirs).map(str::to_owned),
            ours: row.ours.to_string(),
            ours_title: control.map(|control| control.title.clone()),
            status: control.and_then(|one| assessment.of(one.id)).map(|found| found.status),
            relationship: row.relationship.clone(),
            source: row.source.clone(),
            cloud_guidance: row.cloud_guidance.clone(),
        }
    });
    Ok(rows.collect())
}

fn transition(ask: &Ask) -> Result<Vec<TransitionRow>, WebError> {
    use exhibit_assessment::Became;
    let assessment = ask.views.shown(ask.now)?;
    let transition = Transition::builtin(ask.views.assessor().framework())?;
    let status = |id: ControlId| assessment.of(id).map(|found| found.status);
    let mut rows = Vec::new();
    for control in &transition.controls {
        for (to, became) in &control.became {
            let became = match became {
                Became::OneToOne => "one_to_one",
                Became::Merged => "merged",
                Became::Split => "split",
            };
            rows.push(TransitionRow {
                from: Some(control.id.clone()),
                title: Some(control.title.clone()),
                domain: Some(format!("{} {}", control.domain, control.domain_title)),
                became: became.to_owned(),
                to: *to,
                status: status(*to),
            });
        }
    }
    rows.extend(transition.new.iter().map(|to| {
        let (from, title, domain, became) = (None, None, None, "new".to_owned());
        TransitionRow { from, title, domain, became, to: *to, status: status(*to) }
    }));
    Ok(rows)
}
