//! Lapses: how long each control lacked evidence, then each interval by target.

use std::collections::BTreeMap;

use exhibit_assessment::ControlId;

use super::minute;
use super::paper::{Cell, Ink, Paper, cell};
use crate::report::rows::LapseRow;

pub(super) fn body(paper: &mut Paper, rows: &[LapseRow]) {
    let targets: std::collections::BTreeSet<&str> =
        rows.iter().map(|LapseRow(lapse)| lapse.target.as_str()).collect();
    let says = format!(
        "{} intervals without valid evidence, on {} targets. A kind is expected of a target where a rule decides by it about a control that is not excluded, and where it was scheduled, observed, or is collected on another target of the same sort; evidence is valid for the window of those rules.",
        rows.len(),
        targets.len(),
    );
    paper.paragraph(&says, Ink::Text);
    if rows.is_empty() {
        return;
    }
    paper.heading(1, "Controls that lacked evidence", 60.0);
    let heads =
        [("Control", 1.0), ("Intervals", 1.0), ("Longest, hours", 1.0), ("Still open", 1.0)];
    paper.table(&heads, &controls(rows));
    paper.heading(1, "Intervals", 60.0);
    let heads = [
        ("Target", 2.4),
        ("Evidence", 2.2),
        ("From", 1.5),
        ("To", 1.5),
        ("Hours", 0.8),
        ("Cause", 3.6),
        ("Controls", 2.0),
    ];
    let lines: Vec<Vec<Cell>> = rows.iter().map(line).collect();
    paper.table(&heads, &lines);
}

/// Each control with how often and how long it lacked evidence.
fn controls(rows: &[LapseRow]) -> Vec<Vec<Cell>> {
    let mut all: BTreeMap<ControlId, (u64, i64, u64)> = BTreeMap::new();
    for LapseRow(lapse) in rows {
        for (control, since) in &lapse.controls {
            let hours = lapse.to.as_second().saturating_sub(since.as_second()) / 3600;
            let (count, longest, open) = all.entry(*control).or_default();
            (*count, *longest) = (*count + 1, (*longest).max(hours));
            *open += u64::from(lapse.open);
        }
    }
    let lines = all.into_iter().map(|(control, (count, longest, open))| {
        let open = cell(open.to_string()).ink(if open > 0 { Ink::Bad } else { Ink::Text });
        let (count, longest) = (cell(count.to_string()), cell(longest.to_string()));
        vec![cell(control.to_string()).bold(), count, longest, open]
    });
    lines.collect()
}

fn line(row: &LapseRow) -> Vec<Cell> {
    let LapseRow(lapse) = row;
    let to = cell(minute(lapse.to)).note(if lapse.open { "still open" } else { "" });
    let controls: Vec<String> =
        lapse.controls.iter().map(|(control, _)| control.to_string()).collect();
    let last = lapse.last_seen.map_or_else(
        || "not observed before".to_owned(),
        |at| format!("last observed {}", minute(at)),
    );
    vec![
        cell(&lapse.name).note(&lapse.target),
        cell(&lapse.kind).note(format!("valid for {} h", lapse.window_hours)),
        cell(minute(lapse.from)).note(last),
        to.ink(if lapse.open { Ink::Bad } else { Ink::Text }),
        cell(row.hours().to_string()),
        cell(lapse.cause.as_str().replace('_', " ")).note(&lapse.detail),
        cell(controls.join(", ")),
    ]
}
