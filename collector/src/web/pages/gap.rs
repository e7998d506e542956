//! The gap analysis: for each control what is there, what is missing, what would close it, and from which source.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::Status;

use super::{super::html, Ask, WebError};
use crate::report::GapRow;
use crate::web::Frame;
use crate::web::table::encode;
use crate::web::words::{self, Word};

#[derive(Template)]
#[template(path = "gap.html")]
struct GapPage {
    frame: Frame,
    controls: Vec<ControlView>,
    /// Status words with how many controls have each, and whether the page is narrowed to it.
    words: Vec<(Word, usize, bool)>,
    narrowed: bool,
    missing: usize,
}

struct ControlView {
    id: String,
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
    let rows = ask.gaps()?.as_ref().clone();
    let wanted = ask.query.get("status").cloned().unwrap_or_default();
    let mut words: Vec<(Word, usize, bool)> =
        Status::ALL.map(|status| (words::status(status), 0, false)).to_vec();
    words.sort_by_key(|(word, _, _)| word.order);
    let mut controls: Vec<ControlView> = Vec::new();
    for row in rows {
        let word = words::status(row.status);
        let id = row.control.to_string();
        if controls.last().is_none_or(|last| last.id != id) {
            if let Some(known) = words.iter_mut().find(|known| known.0.class == word.class) {
                known.1 += 1;
                known.2 = known.0.label == wanted;
            }
            let (there, missing) = (Vec::new(), Vec::new());
            controls.push(ControlView { id, title: row.title.clone(), word, there, missing });
        }
        if let Some(control) = controls.last_mut().filter(|_| row.about != "nothing") {
            let side = if row.missing { &mut control.missing } else { &mut control.there };
            side.push(view(row));
        }
    }
    let narrowed = words.iter().any(|(_, _, chosen)| *chosen);
    if narrowed {
        controls.retain(|control| control.word.label == wanted);
    }
    html(&GapPage {
        frame: ask.frame("Gap analysis", "gap"),
        missing: controls.iter().map(|control| control.missing.len()).sum(),
        controls,
        words,
        narrowed,
    })
}

fn view(row: GapRow) -> GapView {
    let href = (!row.rule.is_empty()).then(|| format!("/rules/{}", encode(&row.rule)));
    let sources = row.sources.join(", ");
    GapView { text: row.text, href, targets: row.targets, close: row.close, sources }
}
