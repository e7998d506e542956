//! The reports that can be had: what each is, for whom, in which forms.

use askama::Template;
use axum::response::Response;
use exhibit_proto::statement::Activity;

use super::proven;
use super::{super::html, Ask, WebError};
use crate::report::{ACTION, Kind};
use crate::views::EntryFilter;
use crate::web::Frame;
use crate::web::words::Moment;

/// Reports made lately that are listed.
const LATELY: u32 = 10;

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    frame: Frame,
    reports: Vec<ReportView>,
    lately: Vec<Made>,
}

struct Made {
    at: Moment,
    index: u64,
    by: String,
    /// Title and form.
    what: String,
    rows: u64,
    sha256: String,
}

struct ReportView {
    kind: &'static str,
    title: &'static str,
    about: &'static str,
    forms: &'static [crate::report::Format],
    /// It asks from when on.
    has_period: bool,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let reports = Kind::ALL.map(|kind| ReportView {
        kind: kind.as_str(),
        title: kind.title(),
        about: kind.about(),
        forms: kind.formats(),
        has_period: kind == Kind::Lapses,
    });
    html(&ReportsPage {
        frame: ask.frame("Reports", "reports"),
        reports: reports.into(),
        lately: lately(ask)?,
    })
}

fn lately(ask: &Ask) -> Result<Vec<Made>, WebError> {
    let filter = EntryFilter {
        entry_type: Some("activity".to_owned()),
        begins: Some(ACTION.replace('_', " ")),
        ..EntryFilter::default()
    };
    let rows = ask.views.entries(&filter, LATELY)?;
    let mut made = Vec::new();
    for row in rows {
        let (_, proven) = proven::load(ask, row.index)?;
        let activity = proven.statement.and_then(|said| said.predicate_as::<Activity>().ok());
        let Some(Activity { by, detail, .. }) = activity else { continue };
        let text = |name: &str| detail.get(name).and_then(|value| value.as_str()).unwrap_or("");
        let title = text("report").parse::<Kind>().map_or("another report", Kind::title);
        made.push(Made {
            at: ask.moment(row.received),
            index: row.index,
            by,
            what: format!("{title} as {}", text("format")),
            rows: detail.get("rows").and_then(serde_json::Value::as_u64).unwrap_or(0),
            sha256: text("sha256").to_owned(),
        });
    }
    Ok(made)
}
