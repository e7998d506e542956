//! The statement of applicability: a row for each control, by theme.

use exhibit_assessment::Theme;

use super::paper::{Cell, Ink, Paper, cell};
use super::{minute, status, theme};
use crate::report::rows::SoaRow;

pub(super) fn body(paper: &mut Paper, rows: &[SoaRow]) {
    let with = |word: &str| rows.iter().filter(|row| row.applicable == word).count();
    let says = format!(
        "{} controls: {} applicable, {} not applicable, {} undecided. Live state, targets and evidence are what rules say at the time of this report; applicability, justification, implementation and owner are decisions of people.",
        rows.len(),
        with("yes"),
        with("no"),
        with("undecided"),
    );
    paper.paragraph(&says, Ink::Text);
    for group in Theme::ALL {
        let lines: Vec<Vec<Cell>> =
            rows.iter().filter(|row| row.theme == group).map(line).collect();
        if lines.is_empty() {
            continue;
        }
        paper.heading(1, theme(group), 60.0);
        let heads = [
            ("Control", 3.2),
            ("Applicable", 1.3),
            ("Justification", 3.4),
            ("Implementation", 3.4),
            ("Owner", 1.5),
            ("Live state", 1.7),
            ("Rules and evidence", 3.6),
        ];
        paper.table(&heads, &lines);
    }
}

fn line(row: &SoaRow) -> Vec<Cell> {
    let (word, ink) = status(row.status);
    let counts = &row.counts;
    let targets = match counts.targets {
        0 => String::new(),
        targets => format!("{} of {targets} targets pass", counts.targets_passing),
    };
    let number = |rules: &[String], what: &str| format!("{} {what}", rules.len());
    let evidence = match (&row.direct[..], &row.supporting[..]) {
        ([], []) => "no rule; documents and people".to_owned(),
        (direct, supporting) => {
            format!("{}, {}", number(direct, "direct"), number(supporting, "supporting"))
        }
    };
    let newest = row.newest.map(|at| format!("; newest {}", minute(at))).unwrap_or_default();
    let kinds = row.kinds.join(", ");
    vec![
        cell(row.id.to_string()).bold().note(&row.title),
        cell(row.applicable),
        cell(dash(&row.justification)),
        cell(dash(&row.implementation)).note(row.implementation_status.replace('_', " ")),
        cell(dash(&row.owner)),
        cell(word).ink(ink).note(targets),
        cell(evidence).note(format!("{kinds}{newest}")),
    ]
}

fn dash(text: &str) -> &str {
    if text.trim().is_empty() { "–" } else { text }
}
