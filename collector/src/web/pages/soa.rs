//! The statement of applicability as it is now, its frozen versions, and two of them compared.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::decisions::SOA;
use exhibit_assessment::{Counts, Status};

use super::decisions::href;
use super::{super::html, Ask, WebError};
use crate::report::{Difference, ReportError, diff, document, present_soa, soa, versions};
use crate::views::Views;
use crate::web::table::{Table, TableView, choice, column, moment, text, wide, word};
use crate::web::words::{self, Moment};
use crate::web::{Frame, download};

/// Kinds that a row names; its download and the control's page have all.
const FEW: usize = 3;

#[derive(Template)]
#[template(path = "soa.html")]
struct SoaPage {
    frame: Frame,
    versions: Vec<VersionView>,
    decided: usize,
    problem: String,
    /// What is frozen waits for another person.
    second_person: bool,
    table: TableView,
}

struct VersionView {
    entry: u64,
    at: Moment,
    by: String,
    reason: String,
    sha256: String,
    /// Who approved it, when and why, by which entry.
    approved: Option<(String, Moment, String, u64)>,
    /// It waits for another person, who decides on this page.
    waits: Option<String>,
    withdrawn: Option<u64>,
}

#[derive(Template)]
#[template(path = "soa_compare.html")]
struct ComparePage {
    frame: Frame,
    older: String,
    newer: String,
    differences: usize,
    table: TableView,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    again(ask, "")
}

/// The page, with why nothing was frozen.
pub(in crate::web) fn again(ask: &Ask, problem: &str) -> Result<Response, WebError> {
    let versions = versions(&ask.views)?.into_iter().map(|one| VersionView {
        entry: one.entry,
        at: ask.moment(one.at),
        by: one.by,
        reason: one.reason,
        sha256: one.sha256.to_string(),
        approved: one.approved.map(|said| (said.by, ask.moment(said.at), said.reason, said.entry)),
        waits: one.record.filter(|_| one.proposed).map(|id| href(SOA, &id)),
        withdrawn: one.withdrawn,
    });
    let (table, decided) = table(ask)?;
    html(&SoaPage {
        frame: ask.frame("Statement of applicability", "soa"),
        versions: versions.collect(),
        decided,
        problem: problem.to_owned(),
        second_person: ask.views.people()?.second_person.contains(SOA),
        table: table.view(&ask.path, &ask.query),
    })
}

/// The entry that froze the newest version, or proposed it.
pub(in crate::web) fn newest(views: &Views) -> Result<Option<u64>, WebError> {
    Ok(versions(views)?.first().map(|one| one.entry))
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("soa", &table(ask)?.0))
}

/// The document of a version, exactly as stored.
pub(in crate::web) fn version(ask: &Ask) -> Result<Response, WebError> {
    let entry = ask.index(0)?;
    Ok(download("application/json", &format!("exhibit-soa-{entry}.json"), frozen(ask, entry)?))
}

/// The document of the version that an entry froze, as stored.
pub(in crate::web) fn frozen(ask: &Ask, entry: u64) -> Result<Vec<u8>, WebError> {
    match document(&ask.views, entry) {
        Ok((_, bytes)) => Ok(bytes),
        Err(error @ (ReportError::NotFrozen(_) | ReportError::NotHeld(_))) => {
            Err(WebError::NotFound(format!("such version: {error}")))
        }
        Err(error) => Err(error.into()),
    }
}

pub(in crate::web) fn compare(ask: &Ask) -> Result<Response, WebError> {
    let (older, newer) = compared(ask);
    let found = between(ask, &older, &newer)?;
    html(&ComparePage {
        frame: ask.frame("Versions compared", "soa"),
        older,
        newer,
        differences: found.len(),
        table: of_differences(found).view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn differences_table(ask: &Ask) -> Result<Table, WebError> {
    Ok(of_differences(differences(ask)?))
}

/// The two versions that the address names.
fn compared(ask: &Ask) -> (String, String) {
    let name = |key: &str| ask.query.get(key).cloned().unwrap_or_else(|| "now".to_owned());
    (name("older"), name("newer"))
}

/// What the two versions that the address names say differently, in the words of the versions.
pub(in crate::web) fn differences(ask: &Ask) -> Result<Vec<Difference>, WebError> {
    let (older, newer) = compared(ask);
    between(ask, &older, &newer)
}

fn between(ask: &Ask, older: &str, newer: &str) -> Result<Vec<Difference>, WebError> {
    let bytes = |name: &str| -> Result<Vec<u8>, WebError> {
        if name == "now" {
            return Ok(present_soa(&ask.views, ask.now)?);
        }
        let missing = |_not_a_number| WebError::NotFound(format!("version {name:?}"));
        frozen(ask, name.parse().map_err(missing)?)
    };
    Ok(diff(&bytes(older)?, &bytes(newer)?)?)
}

fn of_differences(found: Vec<Difference>) -> Table {
    let rows = found.into_iter().enumerate().map(|(place, one)| {
        let or = |value: &str| match worded(one.field, value) {
            value if value.is_empty() => "nothing".to_owned(),
            value => value,
        };
        let (was, is) = (or(&one.was), or(&one.is));
        let control = text(one.control.clone()).link(format!("/controls/{}", one.control));
        vec![
            control.note(one.title).sort(format!("{place:05}")),
            text(one.label),
            text(was),
            text(is),
        ]
    });
    Table {
        id: "main",
        caption: "Differences".into(),
        columns: vec![
            column("control", "Control"),
            choice("what", "What"),
            column("was", "Was"),
            column("is", "Is"),
        ],
        rows: rows.collect(),
        empty: "Both say the same.",
        csv: Some("/soa/compare.csv".into()),
    }
}

/// A value of a version in the words of the pages.
fn worded(field: &str, value: &str) -> String {
    let status = value.parse::<Status>().ok().filter(|_| field == "status");
    match (status, field) {
        (Some(status), _) => words::status(status).label.to_owned(),
        (None, "implementation_status") => value.replace('_', " "),
        (None, _) => value.to_owned(),
    }
}

fn table(ask: &Ask) -> Result<(Table, usize), WebError> {
    let rows = soa(&ask.views, ask.now)?;
    let decided = rows.iter().filter(|row| row.applicable != "undecided").count();
    let rows = rows.into_iter().enumerate().map(|(place, row)| {
        let id = row.id.to_string();
        let status = match row.implementation_status.as_str() {
            "" => row.implementation.clone(),
            status => format!("{}: {}", status.replace('_', " "), row.implementation),
        };
        let rules = format!("{} direct, {} supporting", row.direct.len(), row.supporting.len());
        let kinds = row.kinds.join(", ");
        let (few, more) = row.kinds.split_at(row.kinds.len().min(FEW));
        let shown = match more.len() {
            0 => few.join(", "),
            more => format!("{} and {more} kinds more", few.join(", ")),
        };
        vec![
            text(id.clone())
                .note(row.title)
                .link(format!("/controls/{id}"))
                .sort(format!("{place:03}")),
            text(row.applicable),
            text(row.justification),
            text(status),
            text(row.owner),
            word(words::status(row.status)).note(passing(&row.counts)),
            text(rules.clone()).note(shown).export(format!("{rules}: {kinds}")),
            row.newest.map_or_else(|| text("none"), |at| moment(Some(ask.moment(at)))),
        ]
    });
    let table = Table {
        id: "main",
        caption: "Statement of applicability".into(),
        columns: vec![
            wide("control", "Control"),
            choice("applicable", "Applicable"),
            wide("justification", "Justification"),
            column("implementation", "Implementation"),
            choice("owner", "Owner"),
            choice("status", "Live state"),
            column("rules", "Rules and evidence"),
            column("newest", "Newest evidence"),
        ],
        rows: rows.collect(),
        empty: "There are no controls: the framework tables are missing from this program.",
        csv: Some("/soa.csv".into()),
    };
    Ok((table, decided))
}

/// How many targets pass; nothing where none is judged.
fn passing(counts: &Counts) -> String {
    match counts.targets {
        0 => String::new(),
        targets => format!("{} of {targets} targets pass", counts.targets_passing),
    }
}

#[cfg(test)]
mod tests {
    use super::worded;

    #[test]
    fn versions_are_compared_in_the_words_of_the_pages() {
        assert_eq!(worded("status", "no_evidence"), "no evidence");
        assert_eq!(worded("implementation_status", "not_implemented"), "not implemented");
        assert_eq!(worded("justification", "as_it is"), "as_it is");
    }
}
