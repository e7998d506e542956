//! The list of findings that turned between two moments: of a large fleet's there are too many to be had whole.

use axum::response::Response;
use exhibit_assessment::Verdict;

use super::super::super::{Ask, WebError, target_cell};
use super::{moments, verdict};
use crate::views::{Asked, Part, Turn};
use crate::web::listed::{Each, Listed};
use crate::web::table::{Cell, Table, TableView, choice, column, encode, moment, text, wide, word};
use crate::web::words;

const VERDICTS: [Verdict; 4] =
    [Verdict::Fail, Verdict::Error, Verdict::Pass, Verdict::NotApplicable];

pub(super) fn view(ask: &Ask) -> Result<TableView, WebError> {
    let words = || VERDICTS.iter().map(|one| words::verdict(*one).label.to_owned()).collect();
    listed().page(ask, vec![("was", words()), ("is", words())])
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    // What is wrong with the question is told before the first line.
    moments(ask)?;
    listed().csv(ask, "turned", each)
}

fn listed() -> Listed<Turn> {
    let table = Table {
        id: "main",
        caption: "Findings that turned".into(),
        columns: vec![
            column("at", "At"),
            choice("was", "Was"),
            choice("is", "Is"),
            wide("rule", "Rule"),
            column("target", "Target"),
            column("controls", "Controls"),
        ],
        rows: Vec::new(),
        empty: "No finding turned between the two moments.",
        csv: Some("/history/compare/turned.csv".into()),
    };
    Listed {
        table,
        names: &[("target", "name")],
        few: &["was", "is", "rule", "target", "controls"],
        part,
        cells,
    }
}

/// Findings that turned, of those that are asked for.
pub(in crate::web) fn part(ask: &Ask, asked: &Asked) -> Result<Part<Turn>, WebError> {
    let (from, to) = moments(ask)?;
    Ok(ask.views.turned((&from, &to), &by_wire(asked))?)
}

fn each(ask: &Ask, asked: &Asked, to: Each<'_, Turn>) -> Result<(), WebError> {
    let (from, until) = moments(ask)?;
    ask.views.each_turned((&from, &until), &by_wire(asked), to)
}

/// The page's words for verdicts as programs say them.
fn by_wire(asked: &Asked) -> Asked {
    let mut asked = asked.clone();
    for (_, value) in asked.fits.iter_mut().filter(|(field, _)| field == "was" || field == "is") {
        let of = VERDICTS.iter().find(|one| words::verdict(**one).label == value.as_str());
        *value = of.map_or_else(|| value.clone(), |one| one.as_str().to_owned());
    }
    asked
}

fn cells(ask: &Ask, turn: Turn) -> Vec<Cell> {
    let controls = turn.controls.iter().map(|(control, how)| format!("{control} ({how})"));
    let controls = controls.collect::<Vec<_>>().join(", ");
    let shown = |wire: &str| verdict(wire).map_or_else(|| text(wire), word);
    vec![
        moment(Some(ask.moment(turn.at))).link(format!("/entries/{}", turn.index)),
        turn.was.as_deref().map_or_else(|| text("first"), shown),
        shown(&turn.is),
        text(turn.title).note(turn.message).link(format!("/rules/{}", encode(&turn.rule))),
        target_cell(&turn.name, &turn.target),
        text(controls),
    ]
}
