//! The gap analysis: for each control what is there and what is missing, a row each.

use exhibit_assessment::{ControlGap, ControlId, Have, Missing, Status, emitters, evidence_kinds};

use super::Source;
use crate::report::ReportError;
use crate::report::cells::{Cell, Column, column};

pub(in crate::report) const COLUMNS: &[Column] = &[
    column("control", "Control", 9),
    column("title", "Title", 36),
    column("status", "Status", 13),
    column("side", "There or missing", 10),
    column("about", "About", 12),
    column("text", "What", 50),
    column("rule", "Rule", 34),
    column("kind", "Kind", 26),
    column("targets", "Targets", 9),
    column("close", "What would close it", 60),
    column("sources", "From", 16),
];

/// Something that a control has or lacks.
#[derive(Clone)]
pub(crate) struct GapRow {
    pub(crate) control: ControlId,
    pub(crate) title: String,
    pub(crate) status: Status,
    pub(crate) missing: bool,
    /// `rule`, `manual`, `fix`, `targets`, `collection`, `fresh` or `nothing`.
    pub(crate) about: &'static str,
    pub(crate) text: String,
    pub(crate) rule: String,
    pub(crate) kind: String,
    pub(crate) targets: Option<u64>,
    pub(crate) close: String,
    /// Plugins that emit the kind.
    pub(crate) sources: Vec<String>,
}

pub(in crate::report) fn rows(source: &Source) -> Result<Vec<GapRow>, ReportError> {
    let (kinds, emitters) = (evidence_kinds()?, emitters()?);
    let gaps = source.views.gap_analysis(&source.assessment, &kinds, &emitters)?;
    let asked = gaps.into_iter().filter(|gap| source.head.selection.control(gap.control));
    Ok(asked.flat_map(|gap| of_control(source, gap)).collect())
}

fn of_control(source: &Source, gap: ControlGap) -> Vec<GapRow> {
    let ControlGap { control, status, have, missing } = gap;
    let title = source.framework().control(control).map(|row| row.title.clone());
    let blank = GapRow {
        control,
        title: title.unwrap_or_default(),
        status,
        missing: false,
        about: "nothing",
        text: String::new(),
        rule: String::new(),
        kind: String::new(),
        targets: None,
        close: String::new(),
        sources: Vec::new(),
    };
    let new = || blank.clone();
    let mut rows: Vec<GapRow> = have.into_iter().map(|have| there(source, have, new())).collect();
    rows.extend(missing.into_iter().map(|lacks| lacking(source, lacks, new())));
    if rows.is_empty() {
        rows.push(GapRow { text: "nothing is there and nothing is missing".to_owned(), ..blank });
    }
    rows
}

fn there(source: &Source, have: Have, row: GapRow) -> GapRow {
    match have {
        Have::Rule { rule, kind, strength, targets } => {
            let title = title(source, rule.as_str());
            let text = format!("{title} ({strength})");
            let (rule, targets) = (rule.to_string(), Some(targets));
            GapRow { about: "rule", text, rule, kind, targets, ..row }
        }
        Have::Manual { text } => GapRow { about: "manual", text, ..row },
    }
}

fn lacking(source: &Source, lacks: Missing, row: GapRow) -> GapRow {
    let row = GapRow { missing: true, ..row };
    match lacks {
        Missing::Fix { rule, targets, fix } => {
            let kind = source.views.assessor().rule(rule.as_str()).map(|rule| rule.kind.clone());
            GapRow {
                about: "fix",
                text: format!("fails: {}", title(source, rule.as_str())),
                kind: kind.unwrap_or_default(),
                rule: rule.to_string(),
                targets: Some(targets),
                close: fix,
                ..row
            }
        }
        Missing::Targets { why, targets, close } => {
            let text = format!("targets are unseen: {}", why.as_str().replace('_', " "));
            GapRow { about: "targets", text, targets: Some(targets), close, ..row }
        }
        Missing::Collection { kind, rules, plugins, close } => {
            let text = format!("nothing collects {kind}, which {rules} rules read");
            GapRow { about: "collection", text, kind, close, sources: plugins, ..row }
        }
        Missing::Rule { kind, holds, plugins, close } => {
            let text = format!("no rule judges {kind} for this control; it holds {holds}");
            GapRow { about: "rule", text, kind, close, sources: plugins, ..row }
        }
        Missing::Manual { close } => {
            GapRow { about: "manual", text: "what a person brings".to_owned(), close, ..row }
        }
        Missing::Fresh { targets, close } => {
            let text = "evidence is past its window".to_owned();
            GapRow { about: "fresh", text, targets: Some(targets), close, ..row }
        }
    }
}

fn title(source: &Source, rule: &str) -> String {
    source.views.assessor().rule(rule).map_or_else(|| rule.to_owned(), |rule| rule.title.clone())
}

impl GapRow {
    pub(super) fn cells(&self) -> Vec<Cell> {
        vec![
            self.control.to_string().as_str().into(),
            (&self.title).into(),
            self.status.as_str().into(),
            if self.missing { "missing" } else { "there" }.into(),
            self.about.into(),
            (&self.text).into(),
            (&self.rule).into(),
            (&self.kind).into(),
            self.targets.map_or(Cell::Empty, Cell::Number),
            (&self.close).into(),
            (&self.sources).into(),
        ]
    }
}
