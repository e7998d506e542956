//! Frameworks: what is there besides Annex A, how far each reaches, and what a control says elsewhere. Every relation stands with
//! its source and how much it may be relied on.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{ControlId, Crosswalk, Crosswalks, Rule, Said, Transition};

use super::controls::ListPage;
use super::{super::html, Ask, WebError};
use crate::frameworks::Refused;
use crate::web::Frame;
use crate::web::api::{self, frameworks::rows};
use crate::web::table::{Table, choice, column, text, word};
use crate::web::words::{self, Word};

#[derive(Template)]
#[template(path = "frameworks.html")]
struct FrameworksPage {
    frame: Frame,
    frameworks: Vec<FrameworkView>,
    controls: usize,
    clauses: usize,
    refused: Arc<[Refused]>,
}

struct FrameworkView {
    href: String,
    title: String,
    basis: &'static str,
    explained: &'static str,
    /// Ids of the framework that are related, and how many of our controls they reach.
    theirs: u64,
    ours: u64,
    sources: Vec<String>,
    /// How the reached controls stand.
    counts: Vec<(Word, u64)>,
}

/// What a control says in another framework.
pub(super) struct SaidView {
    pub(super) href: String,
    pub(super) title: String,
    pub(super) basis: &'static str,
    pub(super) explained: &'static str,
    pub(super) ids: Vec<(String, String)>,
}

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    let framework = ask.views.assessor().framework();
    let frameworks = rows(ask)?.into_iter().map(|row| {
        let counts = row.statuses.iter();
        let counts = counts.map(|count| (words::status(count.status), count.controls));
        let mut counts: Vec<(Word, u64)> = counts.collect();
        counts.sort_by_key(|(word, _)| word.order);
        FrameworkView {
            href: format!("/frameworks/{}", row.framework),
            title: row.title,
            basis: row.basis.label(),
            explained: row.basis.explained(),
            theirs: row.theirs,
            ours: row.ours,
            sources: row.sources,
            counts,
        }
    });
    html(&FrameworksPage {
        frame: ask.frame("Frameworks", "frameworks"),
        frameworks: frameworks.collect(),
        controls: framework.controls().len(),
        clauses: framework.clauses().iter().filter(|clause| !clause.heading).count(),
        refused: Arc::clone(&ask.site.frameworks.refused),
    })
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let crosswalks = &ask.site.frameworks.crosswalks;
    let one = find(ask, crosswalks)?;
    let label = format!("{}: {}", one.basis.label(), one.basis.explained());
    html(&ListPage {
        frame: ask.frame(one.title.clone(), "frameworks"),
        title: "Relations",
        intro: "Each line leads from an id of the other framework to a control of Annex A, with its status here. A relation is no equality: who fulfils one need not fulfil the other.",
        table: relations(ask, one, &format!("{} ({label})", one.title))?
            .view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    let crosswalks = &ask.site.frameworks.crosswalks;
    let one = find(ask, crosswalks)?;
    Ok(ask.csv(&one.id, &relations(ask, one, &one.title)?))
}

fn find<'a>(ask: &Ask, crosswalks: &'a Crosswalks) -> Result<&'a Crosswalk, WebError> {
    let missing = || WebError::NotFound(format!("framework {:?}", ask.param(0)));
    crosswalks.framework(ask.param(0)).ok_or_else(missing)
}

fn relations(ask: &Ask, one: &Crosswalk, caption: &str) -> Result<Table, WebError> {
    let cloud = one.relations.iter().any(|row| row.cloud_guidance.is_some());
    let rows = api::frameworks::relations(ask)?.into_iter().enumerate().map(|(place, row)| {
        let theirs = text(row.theirs).note(row.theirs_title.unwrap_or_default());
        let ours = match row.ours_title {
            Some(title) => {
                let href = format!("/controls/{}", row.ours);
                text(row.ours).note(title).link(href)
            }
            None => text(row.ours).note("clause").link("/clauses"),
        };
        let mut cells = vec![
            theirs,
            ours.sort(format!("{place:05}")),
            row.status.map_or_else(|| text(""), |status| word(words::status(status))),
            text(row.relationship),
            text(one.basis.label()),
            text(row.source),
        ];
        if cloud {
            cells.push(text(row.cloud_guidance.unwrap_or_default()));
        }
        cells
    });
    let mut columns = vec![
        column("theirs", "Id"),
        column("ours", "ISO/IEC 27001"),
        choice("status", "Status"),
        choice("relationship", "Relation"),
        column("basis", "Label"),
        column("source", "Source"),
    ];
    if cloud {
        columns.push(choice("cloud_guidance", "Cloud guidance"));
    }
    Ok(Table {
        id: "main",
        caption: caption.to_owned(),
        columns,
        rows: rows.collect(),
        empty: "This framework has no relations.",
        csv: Some(format!("/frameworks/{}/relations.csv", one.id)),
    })
}

pub(in crate::web) fn transition(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Transition from 2013", "frameworks"),
        title: "Transition from 2013",
        intro: "What became of each control and clause of ISO/IEC 27001:2013, with the status of what it became. Controls that are new in 2022 come from nowhere.",
        table: transition_table(ask)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn transition_csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("transition-2013", &transition_table(ask)?))
}

fn transition_table(ask: &Ask) -> Result<Table, WebError> {
    use exhibit_assessment::Became;
    let framework = ask.views.assessor().framework();
    let assessment = ask.views.shown(ask.now)?;
    let transition = Transition::builtin(framework)?;
    let mut rows = Vec::new();
    let ours = |id: ControlId| {
        let title = framework.control(id).map_or("", |control| control.title.as_str());
        let status = assessment.of(id).map(|row| word(words::status(row.status)));
        let cell = text(id.to_string()).note(title).link(format!("/controls/{id}"));
        (cell, status.unwrap_or_else(|| text("")))
    };
    for control in &transition.controls {
        for (id, became) in &control.became {
            let how = match became {
                Became::OneToOne => "one became one",
                Became::Merged => "merged",
                Became::Split => "split",
            };
            let (cell, status) = ours(*id);
            let from = text(control.id.clone()).note(control.title.clone());
            let from = from.sort(format!("{:05}", rows.len()));
            let domain = text(format!("{} {}", control.domain, control.domain_title));
            rows.push(vec![from, domain, text(how), cell, status]);
        }
    }
    for id in &transition.new {
        let (cell, status) = ours(*id);
        let from = text("none").sort(format!("{:05}", rows.len()));
        rows.push(vec![from, text("new in 2022"), text("new"), cell, status]);
    }
    for clause in &transition.clauses {
        let from = text(clause.from.clone().unwrap_or_else(|| "none".to_owned()));
        let from = from.sort(format!("{:05}", rows.len()));
        let to = text(clause.to.to_string()).note("clause").link("/clauses");
        rows.push(vec![from, text("clauses"), text(clause.relationship.clone()), to, text("")]);
    }
    Ok(Table {
        id: "main",
        caption: "From 2013 to 2022".into(),
        columns: vec![
            column("from", "2013"),
            choice("domain", "Domain"),
            choice("became", "Became"),
            column("to", "2022"),
            choice("status", "Status"),
        ],
        rows,
        empty: "The tables of the 2013 edition are missing from this program.",
        csv: Some("/frameworks/2013.csv".into()),
    })
}

/// What a control says elsewhere, for its page.
pub(super) fn said(ask: &Ask, control: ControlId) -> Vec<SaidView> {
    let crosswalks = &ask.site.frameworks.crosswalks;
    views(crosswalks, crosswalks.of_control(control))
}

/// What a finding of a rule says in each framework: through which controls, and how strongly. The edition of 2013 first.
pub(super) fn said_of_rule(ask: &Ask, rule: &Rule) -> Result<Vec<SaidView>, WebError> {
    let transition = Transition::builtin(ask.views.assessor().framework())?;
    let mut before = Vec::new();
    for control in &transition.controls {
        let mut through = control
            .became
            .iter()
            .filter_map(|(id, _)| rule.controls.iter().find(|(control, _)| control == id));
        if let Some((id, strength)) = through.next() {
            before.push((
                control.id.clone(),
                format!("{}; through {id} ({strength})", control.title),
            ));
        }
    }
    let mut all = Vec::new();
    if !before.is_empty() {
        all.push(SaidView {
            href: "/frameworks/2013".to_owned(),
            title: "ISO/IEC 27001:2013".to_owned(),
            basis: "published",
            explained: "Annex B of ISO/IEC 27002:2022 names what became of each control.",
            ids: before,
        });
    }
    let crosswalks = &ask.site.frameworks.crosswalks;
    all.extend(views(crosswalks, crosswalks.of_rule(rule)));
    Ok(all)
}

fn views(crosswalks: &Crosswalks, all: Vec<Said<'_>>) -> Vec<SaidView> {
    let view = |said: Said<'_>| {
        let Said { framework, title, basis, ids } = said;
        let known = crosswalks.framework(framework);
        let ids = ids.into_iter().map(|id| {
            let title = known.and_then(|known| known.title_of(id.id)).unwrap_or_default();
            let mut note = format!("{}; {}", id.relationship, id.source);
            if let Some(cloud) = id.cloud_guidance {
                note = format!("{note}; cloud guidance {cloud}");
            }
            let note = if title.is_empty() { note } else { format!("{title}; {note}") };
            let through = id.through.iter().filter_map(|(control, strength)| {
                strength.map(|strength| format!("{control} ({strength})"))
            });
            let through = through.collect::<Vec<_>>().join(", ");
            let note = if through.is_empty() { note } else { format!("{note}; through {through}") };
            (id.id.to_owned(), note)
        });
        SaidView {
            href: format!("/frameworks/{framework}"),
            title: title.to_owned(),
            basis: basis.label(),
            explained: basis.explained(),
            ids: ids.collect(),
        }
    };
    all.into_iter().map(view).collect()
}
