//! What a search found; an id, or a whole digest, that one thing alone has leads there at once.

use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{super::html, Ask, WebError};
use crate::web::Frame;
use crate::web::api::search::{self, Search};
use crate::web::table::{Table, TableView, choice, code, column, text};

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    q: String,
    found: usize,
    table: TableView,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let found = search::found(ask)?;
    let mut exact = found.items.iter().filter(|hit| hit.exact);
    if let (Some(only), None) = (exact.next(), exact.next()) {
        return Ok(Redirect::to(&only.page).into_response());
    }
    html(&SearchPage {
        frame: ask.frame("Search", ""),
        q: found.q.clone(),
        found: found.items.len(),
        table: of(found).view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn table(ask: &Ask) -> Result<Table, WebError> {
    Ok(of(search::found(ask)?))
}

fn of(found: Search) -> Table {
    let more = if found.more { "; there is more than is listed: write more of it" } else { "" };
    let rows = found
        .items
        .into_iter()
        .map(|hit| vec![text(hit.what.as_str()), code(hit.id).link(hit.page), text(hit.name)]);
    Table {
        // Its filter is another text than the one that was searched for.
        id: "hits",
        caption: format!("What was found, what has this very id or name first{more}"),
        columns: vec![choice("what", "What"), column("id", "Id"), column("name", "Name")],
        rows: rows.collect(),
        empty: "Nothing has this text in its id, name or digest.",
        csv: Some("/search.csv".into()),
    }
}
