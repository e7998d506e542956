//! An answer to a person that would be bare words, or nothing at all, becomes a page that says what happened and what to do.
//! Never changes a status, and leaves what is for programs as it is.

use std::sync::Arc;

use askama::Template as _;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::error::ErrorPage;
use super::{Frame, Site, guard};

/// Longest words of ours that become the title.
const MOST: usize = 1_000;

pub(super) async fn clear(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let for_programs = guard::for_programs(path) || path.starts_with("/assets/");
    let response = next.run(request).await;
    let status = response.status();
    let wrong = status.is_client_error() || status.is_server_error();
    if for_programs || !wrong || !is_bare(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let said = to_bytes(body, MOST).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    let (what, advice) = words(status, said);
    let frame = Frame::new(&site, "Sorry".to_owned(), "", None);
    let Ok(page) = (ErrorPage { frame, what, advice }).render() else {
        return Response::from_parts(parts, Body::empty());
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    parts.headers.insert(header::CONTENT_TYPE, html);
    Response::from_parts(parts, Body::from(page))
}

/// Whether an answer says nothing, or bare words.
fn is_bare(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

/// What happened, and what to do. Our own words begin with no capital; what comes from below does, and speaks of bytes.
fn words(status: StatusCode, said: String) -> (String, &'static str) {
    let (what, advice) = match status {
        StatusCode::FORBIDDEN => (
            "this form was refused",
            "Nothing was changed. Go back, load the page again, and send it once more.",
        ),
        StatusCode::UNAUTHORIZED => (
            "nobody is signed in",
            "The session has ended. Nothing was changed: sign in and send it once more.",
        ),
        StatusCode::NOT_FOUND => (
            "there is no page at this address",
            "It may have been mistyped. The navigation leads to everything there is.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "this address takes no such request",
            "Nothing was changed. Pages are asked for; only forms are sent.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "this is more than the form takes",
            "Nothing was saved. Shorten the text, or bring a smaller file.",
        ),
        StatusCode::TOO_MANY_REQUESTS => (
            "too many requests came from here",
            "Nothing was changed. Wait a minute and try again.",
        ),
        status if status.is_server_error() => (
            "the collector could not answer",
            "Its own log says why. Nothing in the evidence log was touched.",
        ),
        _ => (
            "this could not be read",
            "Nothing was changed. A field is missing, or it is of another form than its label says: go back and look at it again.",
        ),
    };
    let ours = said.starts_with(|first: char| !first.is_ascii_uppercase());
    (if ours { said } else { what.to_owned() }, advice)
}
