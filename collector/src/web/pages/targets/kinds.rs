//! The kinds of one target as a list: what was seen of each, what was not, and when it is looked for.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_assessment::Verdict;

use super::super::{Ask, WebError, evidence_href, target_href};
use crate::views::{DocumentRow, FindingRow, OutcomeRow};
use crate::web::table::{
    Cell, Table, choice, code, column, count, encode, moment, number, text, word,
};
use crate::web::words;

/// The list of the target that the address names.
pub(in crate::web) fn table(ask: &Ask) -> Result<Table, WebError> {
    let id = ask.param(0);
    let views = &ask.views;
    views.target(id)?.ok_or_else(|| WebError::NotFound(format!("target {id:?}")))?;
    let known =
        (views.findings_of_target(id)?, views.outcomes(Some(id))?, views.documents(Some(id))?);
    of(ask, id, (&known.0, &known.1, &known.2))
}

/// The same from what its page has read already.
pub(super) fn of(
    ask: &Ask,
    id: &str,
    (findings, outcomes, documents): (&[FindingRow], &[OutcomeRow], &[DocumentRow]),
) -> Result<Table, WebError> {
    let mut crons: BTreeMap<String, String> = BTreeMap::new();
    for item in ask.views.schedules_of_target(id)? {
        crons.insert(item.kind, item.cron);
    }
    let counted = |kind: &str, verdict| {
        findings.iter().filter(|one| one.kind == kind && one.verdict == verdict).count() as u64
    };
    // Every kind that was seen, missed or is scheduled.
    let kinds = documents.iter().map(|row| &row.kind).chain(outcomes.iter().map(|row| &row.kind));
    let kinds: BTreeSet<&String> = kinds.chain(crons.keys()).collect();
    let rows = kinds.into_iter().map(|kind| {
        let newest = documents.iter().find(|row| row.kind == *kind);
        let gaps = outcomes.iter().filter(|row| row.kind == *kind).flat_map(|row| &row.gaps);
        vec![
            code(kind.clone()).link(format!("{}/{}", target_href(id), encode(kind))),
            newest.map_or_else(none, |row| {
                let href = evidence_href(row.last_index, kind, id);
                let note = if row.held { "" } else { "digest only" };
                moment(Some(ask.moment(row.last_seen))).link(href).note(note)
            }),
            newest.map_or_else(none, |row| {
                let often = row.seen.filter(|seen| *seen > 1);
                let seen = often.map(|seen| format!("seen {seen} times"));
                moment(Some(ask.moment(row.first_seen))).note(seen.unwrap_or_default())
            }),
            count(counted(kind, Verdict::Pass)),
            count(counted(kind, Verdict::Fail)),
            missed(gaps.map(|gap| gap.outcome.as_str())),
            crons.get(kind).map_or_else(none, code),
        ]
    });
    Ok(Table {
        id: "kinds",
        caption: "Kinds of this target".into(),
        columns: vec![
            column("kind", "Kind"),
            column("newest", "Newest evidence"),
            column("unchanged", "Unchanged since"),
            number("pass", "Pass"),
            number("fail", "Fail"),
            choice("unseen", "Not seen"),
            column("cron", "Schedule (cron, UTC)"),
        ],
        rows: rows.collect(),
        empty: "Nothing has arrived and nothing is on schedule. Start `exhibit-agent run` on the host.",
        csv: Some(format!("{}/kinds.csv", target_href(id))),
    })
}

fn none() -> Cell {
    text("none")
}

/// What could not be seen of a kind: the worst in its colour, the others beside it.
fn missed<'a>(outcomes: impl Iterator<Item = &'a str>) -> Cell {
    let mut words: Vec<words::Word> = outcomes.map(words::outcome).collect();
    words.sort_by_key(|word| (word.order, word.label));
    words.dedup_by_key(|word| word.label);
    let mut words = words.into_iter();
    let Some(worst) = words.next() else { return text("nothing").sort("99") };
    let also: Vec<&str> = words.map(|word| word.label).collect();
    let note = if also.is_empty() { String::new() } else { format!("and {}", also.join(", ")) };
    word(worst).note(note)
}
