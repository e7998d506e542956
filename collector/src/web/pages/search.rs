//! What a search found; an id, or a whole digest, that one thing alone has leads there at once.

use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{super::html, Ask, WebError};
use crate::web::Frame;
use crate::web::api::search::{self, Search};

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    found: Search,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let found = search::found(ask)?;
    let mut exact = found.items.iter().filter(|hit| hit.exact);
    if let (Some(only), None) = (exact.next(), exact.next()) {
        return Ok(Redirect::to(&only.page).into_response());
    }
    html(&SearchPage { frame: ask.frame("Search", ""), found })
}
