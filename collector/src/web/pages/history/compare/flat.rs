//! A comparison as one list, for whoever works with it elsewhere: of what turned, the newest under each control. All that turned
//! is a list of its own.

use std::collections::BTreeSet;

use super::told;
use crate::views::{Comparison, Event, Turn};
use crate::web::table::{Cell, Table, choice, column, number, text};

/// Everything in one list: what belongs to a control under it, the rest without one.
pub(super) fn table(found: &Comparison) -> Table {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut put = |control: [String; 2], what: &str, cells: [String; 7]| {
        let cells = control.into_iter().chain([what.to_owned()]).chain(cells);
        rows.push(cells.map(text).collect());
    };
    let of_turn = |turn: &Turn| {
        let Turn { at, index, rule, target, was, is, message, .. } = turn;
        let was = was.clone().unwrap_or_default();
        let (rule, target) = (rule.clone(), target.clone());
        [at.to_string(), index.to_string(), rule, target, was, is.clone(), message.clone()]
    };
    let of_event = |event: &Event| {
        let index = event.index.map(|index| index.to_string()).unwrap_or_default();
        let target = event.target.clone().unwrap_or_default();
        let none = String::new;
        [event.at.to_string(), index, none(), target, none(), none(), told(event)]
    };
    for change in &found.controls {
        let (was, is) = (change.was.as_str().to_owned(), change.is.as_str().to_owned());
        let name = || [change.control.to_string(), change.title.clone()];
        let none = String::new;
        put(name(), "status", [none(), none(), none(), none(), was, is, none()]);
        for (what, reasons) in [("reason came", &change.came), ("reason went", &change.went)] {
            for reason in reasons {
                let since = reason.since.map(|at| at.to_string()).unwrap_or_default();
                let rule = reason.rule.as_ref().map(ToString::to_string).unwrap_or_default();
                let target = reason.target.clone().unwrap_or_default();
                let cells = [since, none(), rule, target, none(), none(), reason.text.clone()];
                put(name(), what, cells);
            }
        }
        for turn in &change.turns {
            put(name(), "finding turned", of_turn(turn));
        }
        for event in change.events.iter().filter_map(|place| found.events.get(*place)) {
            put(name(), event.what.as_str(), of_event(event));
        }
    }
    let happened: BTreeSet<usize> =
        found.controls.iter().flat_map(|change| change.events.clone()).collect();
    let nobody = || [String::new(), String::new()];
    for (place, event) in found.events.iter().enumerate() {
        if !happened.contains(&place) {
            put(nobody(), event.what.as_str(), of_event(event));
        }
    }
    for (side, at) in super::judged(found) {
        let none = String::new;
        let text = super::judged_then(side);
        put(nobody(), "judged", [at.to_string(), none(), none(), none(), none(), none(), text]);
    }
    Table {
        id: "main",
        caption: "Two moments compared".into(),
        columns: vec![
            column("control", "Control"),
            column("title", "Title"),
            choice("what", "What"),
            column("at", "At"),
            number("entry", "Entry"),
            column("rule", "Rule"),
            column("target", "Target"),
            column("was", "Was"),
            column("is", "Is"),
            column("text", "In words"),
        ],
        rows,
        empty: "Nothing changed.",
        csv: None,
    }
}
