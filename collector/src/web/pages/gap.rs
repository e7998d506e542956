//! The gap analysis: for each control what is there, what is missing, what would close it, and from which source. A control is one
//! line until somebody opens it, so that all of them can be looked over.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{ControlId, Status};

use super::picture::theme_title;
use super::{super::html, Ask, WebError};
use crate::report::GapRow;
use crate::web::Frame;
use crate::web::table::{Cell, Table, choice, code, column, count, encode, text, wide, word};
use crate::web::words::{self, Word};

/// So many controls are shown open: whoever asks for few wants to read them.
const OPEN: usize = 3;

#[derive(Template)]
#[template(path = "gap.html")]
struct GapPage {
    frame: Frame,
    controls: Vec<ControlView>,
    /// Status words with how many controls have each, and whether the page is narrowed to it.
    words: Vec<(Word, usize, bool)>,
    /// Themes, and whether the page is narrowed to it.
    themes: Vec<(&'static str, bool)>,
    q: String,
    narrowed: bool,
    open: bool,
    missing: usize,
    /// The question of this page, for its CSV.
    query: String,
}

struct ControlView {
    id: ControlId,
    title: String,
    word: Word,
    there: Vec<GapView>,
    missing: Vec<GapView>,
}

struct GapView {
    text: String,
    href: Option<String>,
    targets: Option<u64>,
    close: String,
    sources: String,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let rows = ask.gaps()?;
    let asked = |name: &str| ask.query.get(name).cloned().unwrap_or_default();
    let (status, theme, q) = (asked("status"), asked("theme"), asked("q"));
    let mut words: Vec<(Word, usize, bool)> =
        Status::ALL.map(words::status).map(|word| (word, 0, word.label == status)).to_vec();
    words.sort_by_key(|(word, _, _)| word.order);
    let mut last = None;
    for row in rows.iter().filter(|row| last.replace(row.control) != Some(row.control)) {
        let class = words::status(row.status).class;
        words.iter_mut().filter(|known| known.0.class == class).for_each(|known| known.1 += 1);
    }
    let fitting = table(ask)?.fitting(&ask.query).into_iter();
    let controls = controls(fitting.filter_map(|place| rows.get(place)));
    let themes = exhibit_assessment::Theme::ALL.map(theme_title);
    let narrowed = [&status, &theme, &q].iter().any(|asked| !asked.trim().is_empty());
    let query = [("q", &q), ("status", &status), ("theme", &theme)];
    let query = query.iter().filter(|(_, value)| !value.is_empty());
    html(&GapPage {
        frame: ask.frame("Gap analysis", "gap"),
        missing: controls.iter().map(|control| control.missing.len()).sum(),
        open: controls.len() <= OPEN || asked("open") == "all",
        controls,
        words,
        themes: themes.map(|title| (title, title == theme)).to_vec(),
        query: query.map(|(name, value)| format!("{name}={}&", encode(value))).collect(),
        q,
        narrowed,
    })
}

fn controls<'a>(rows: impl Iterator<Item = &'a GapRow>) -> Vec<ControlView> {
    let mut controls: Vec<ControlView> = Vec::new();
    for row in rows {
        if controls.last().is_none_or(|last| last.id != row.control) {
            controls.push(ControlView {
                id: row.control,
                title: row.title.clone(),
                word: words::status(row.status),
                there: Vec::new(),
                missing: Vec::new(),
            });
        }
        if let Some(control) = controls.last_mut().filter(|_| row.about != "nothing") {
            let side = if row.missing { &mut control.missing } else { &mut control.there };
            side.push(view(row));
        }
    }
    controls
}

fn view(row: &GapRow) -> GapView {
    let href = (!row.rule.is_empty()).then(|| format!("/rules/{}", encode(&row.rule)));
    GapView {
        text: row.text.clone(),
        href,
        targets: row.targets,
        close: row.close.clone(),
        sources: row.sources.join(", "),
    }
}

fn theme_of(ask: &Ask, control: ControlId) -> &'static str {
    let known = ask.views.assessor().framework().control(control);
    known.map_or("", |known| theme_title(known.theme))
}

fn cells(ask: &Ask, row: &GapRow) -> Vec<Cell> {
    vec![
        text(row.control.to_string()),
        text(row.title.clone()),
        text(theme_of(ask, row.control)),
        word(words::status(row.status)),
        text(if row.missing { "missing" } else { "there" }),
        text(row.text.clone()),
        row.targets.map_or_else(|| text(""), count),
        text(row.close.clone()),
        code(row.rule.clone()),
        code(row.kind.clone()),
        text(row.sources.join(", ")),
    ]
}

/// A row for each thing that is there or missing.
pub(in crate::web) fn table(ask: &Ask) -> Result<Table, WebError> {
    let rows = ask.gaps()?;
    Ok(Table {
        id: "main",
        caption: "Gap analysis".into(),
        columns: vec![
            column("control", "Control"),
            wide("title", "Title"),
            choice("theme", "Theme"),
            choice("status", "Status"),
            choice("side", "There or missing"),
            wide("what", "What"),
            column("targets", "Targets"),
            wide("close", "What closes it"),
            column("rule", "Rule"),
            column("kind", "Kind"),
            column("sources", "Plugins"),
        ],
        rows: rows.iter().map(|row| cells(ask, row)).collect(),
        empty: "No control is judged yet.",
        csv: None,
    })
}
