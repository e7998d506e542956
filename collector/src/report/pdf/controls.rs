//! The control report: statuses at a glance, then each control with its rules, passes included, and its reasons.

use exhibit_assessment::{Status, Theme};

use super::paper::{Cell, Ink, Paper, cell};
use super::{minute, status, theme};
use crate::report::rows::{ControlRow, RuleLine};

/// Room that a control's head and first lines take.
const ROOM: f32 = 70.0;
const MEANINGS: [&str; 6] = [
    "not met: the latest evidence breaks a direct or supporting rule on at least one target.",
    "no evidence: rules exist, but some expected target was not seen.",
    "stale: rules pass, but on evidence that is older than its freshness window.",
    "met: every expected target was seen lately and no direct or supporting rule is broken.",
    "manual: no rule can decide the control; a person looks at it.",
    "excluded: a person decided, with a justification, that the control does not apply.",
];

pub(super) fn body(paper: &mut Paper, rows: &[ControlRow]) {
    paper.heading(1, "At a glance", 90.0);
    glance(paper, rows);
    paper.list(&MEANINGS.map(str::to_owned));
    for group in Theme::ALL {
        let of: Vec<&ControlRow> = rows.iter().filter(|row| row.theme == group).collect();
        if !of.is_empty() {
            paper.heading(1, theme(group), ROOM);
        }
        for row in of {
            control(paper, row);
        }
    }
}

fn glance(paper: &mut Paper, rows: &[ControlRow]) {
    let order = [
        Status::NotMet,
        Status::NoEvidence,
        Status::Stale,
        Status::Met,
        Status::Manual,
        Status::Excluded,
    ];
    let mut heads = vec![("Theme", 3.0)];
    heads.extend(order.map(|one| (status(one).0, 1.2)));
    heads.push(("all", 1.0));
    let line = |name: &str, of: &[&ControlRow]| {
        let mut cells = vec![cell(name).bold()];
        for one in order {
            let number = of.iter().filter(|row| row.status == one).count();
            let ink = if number == 0 { Ink::Quiet } else { status(one).1 };
            cells.push(cell(number.to_string()).ink(ink));
        }
        cells.push(cell(of.len().to_string()));
        cells
    };
    let all: Vec<&ControlRow> = rows.iter().collect();
    let mut lines: Vec<Vec<Cell>> = Vec::new();
    for group in Theme::ALL {
        let of: Vec<&ControlRow> = rows.iter().filter(|row| row.theme == group).collect();
        if !of.is_empty() {
            lines.push(line(theme(group), &of));
        }
    }
    lines.push(line("All", &all));
    paper.table(&heads, &lines);
}

fn control(paper: &mut Paper, row: &ControlRow) {
    paper.heading(2, &format!("{} {}", row.id, row.title), ROOM);
    let (word, ink) = status(row.status);
    let counts = &row.counts;
    let mut says = word.to_owned();
    if counts.targets > 0 {
        says += &format!(
            ": {} of {} targets pass, {} fail, {} unseen, {} stale, {} waived",
            counts.targets_passing,
            counts.targets,
            counts.targets_failing,
            counts.targets_unseen,
            counts.targets_stale,
            counts.targets_waived
        );
    }
    if let (Some(oldest), Some(newest)) = (row.oldest, row.newest) {
        says += &format!("; evidence from {} to {} UTC", minute(oldest), minute(newest));
    }
    paper.paragraph(&says, ink);
    if !row.rules.is_empty() {
        let heads = [
            ("Rule", 5.0),
            ("Relation", 1.2),
            ("Evidence", 2.6),
            ("Pass", 0.7),
            ("Fail", 0.7),
            ("Other", 0.7),
            ("Newest evidence", 1.7),
        ];
        let lines: Vec<Vec<Cell>> = row.rules.iter().map(rule).collect();
        paper.table(&heads, &lines);
    }
    paper.list(&row.reasons);
    let told = u64::try_from(row.reasons.len()).unwrap_or(u64::MAX);
    if row.reason_count > told {
        let more = format!("and {} more reasons of the same kinds", row.reason_count - told);
        paper.paragraph(&more, Ink::Quiet);
    }
}

fn rule(line: &RuleLine) -> Vec<Cell> {
    let tally = &line.tally;
    let fail = if tally.fail > 0 { Ink::Bad } else { Ink::Text };
    vec![
        cell(&line.title).note(&line.id),
        cell(line.strength.as_str()),
        cell(&line.kind),
        cell(tally.pass.to_string()),
        cell(tally.fail.to_string()).ink(fail),
        cell((tally.not_applicable + tally.error).to_string()),
        cell(tally.newest.map_or_else(|| "none".to_owned(), minute)),
    ]
}
