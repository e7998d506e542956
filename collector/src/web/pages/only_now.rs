//! What stands in the place of a page that cannot show the past, when that is asked for: never the present under an old date.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::{super::html, Ask, WebError};
use crate::web::Frame;

#[derive(Template)]
#[template(path = "only_now.html")]
struct OnlyNow {
    frame: Frame,
    href: String,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let frame = ask.frame("Only as it is now", "");
    let mut page = html(&OnlyNow { frame, href: ask.path.clone() })?;
    // Whoever saves a list must not take this for one.
    if ask.path.ends_with(".csv") {
        *page.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(page)
}
