//! Reports: which there are, and making one. A report is made whole and becomes an entry of the log before its first byte leaves.

use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, Sent, bytes_of, list};
use super::problem::{ApiError, Wrong};
use super::{Ask, WebError};
use crate::report::{self, Format, Kind, Selection};
use crate::web::download;
use crate::web::moment::AS_OF;
use crate::web::table::Query;

/// A kind of report.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReportKind")]
struct ReportRow {
    report: String,
    title: String,
    /// What it is, and for whom.
    about: String,
    /// Forms that it has.
    forms: Vec<String>,
}

/// A report that somebody asks for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// `controls`, `soa`, `findings`, `gap`, `poam`, `evidence`, `lapses` or `catalog`.
    report: String,
    /// `csv`, `json`, `xlsx`; of some also `pdf`, `oscal`, `ocsf`.
    form: String,
    /// Only these controls; all where there are none.
    #[serde(default)]
    controls: Vec<String>,
    /// Only these targets; all where there are none.
    #[serde(default)]
    targets: Vec<String>,
    /// Of the statement of applicability: a frozen version by its entry, instead of how it is now.
    frozen: Option<u64>,
    /// What stood then: a day (its end), a time, or the number of an entry.
    as_of: Option<String>,
    /// Of lapses: where the period begins, in the same words; it ends at `as_of`, or now.
    from: Option<String>,
}

/// Media types of the forms; a test holds them to what reports say.
const FORMS: [&str; 5] = [
    "text/csv",
    "application/json",
    "application/x-ndjson",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
];

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list("/reports", "Reports", "Kinds of reports, and the forms of each", rows).only_now(),
        bytes_of(
            "/reports",
            "Reports",
            "Make a report; `X-Exhibit-SHA256` names its digest, which the log holds too",
            &FORMS,
            make,
        ),
    ]
}

#[expect(clippy::unnecessary_wraps, reason = "every list has this shape")]
fn rows(_: &Ask) -> Result<Vec<ReportRow>, WebError> {
    let rows = Kind::ALL.map(|kind| ReportRow {
        report: kind.as_str().to_owned(),
        title: kind.title().to_owned(),
        about: kind.about().to_owned(),
        forms: kind.formats().iter().map(|form| form.as_str().to_owned()).collect(),
    });
    Ok(rows.into())
}

async fn make(sent: Sent<Wanted>) -> Result<Response, ApiError> {
    let Sent { site, who, body: Wanted { report, form, controls, targets, frozen, as_of, from } } =
        sent;
    let mut wrong = Vec::new();
    let kind: Option<Kind> = read(&mut wrong, "report", &report);
    let format: Option<Format> = read(&mut wrong, "form", &form);
    let controls = controls.iter().filter_map(|one| read(&mut wrong, "controls", one)).collect();
    let targets = targets.iter().filter_map(|one| read(&mut wrong, "targets", one)).collect();
    let (Some(kind), Some(format), true) = (kind, format, wrong.is_empty()) else {
        return Err(ApiError::Invalid(wrong));
    };
    let (selection, by) = (Selection { controls, targets }, who.user);
    let query = Query::from([(AS_OF.to_owned(), as_of.unwrap_or_default())]);
    let ask = report::Ask { kind, format, selection, by, frozen, from: None };
    Ok(download::made(site, (ask, from.unwrap_or_default()), query).await)
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(
    wrong: &mut Vec<Wrong>,
    name: &str,
    text: &str,
) -> Option<T> {
    text.parse().map_err(|error: T::Err| wrong.push(Wrong::new(name, error.to_string()))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_of_every_form_is_described() {
        for format in Format::ALL {
            let media_type = format.media_type().split(';').next().unwrap();
            assert!(FORMS.contains(&media_type), "{media_type}");
        }
    }
}
