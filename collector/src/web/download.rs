//! Reports as downloads. A report is made whole and becomes an entry of the log before its first byte leaves.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use exhibit_proto::digest::Digest;
use exhibit_proto::statement::Activity;
use serde::Deserialize;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::guard::{SignedIn, from_own_page, same_token};
use super::moment::{self, AS_OF};
use super::table::Query;
use super::{Site, WebError};
use crate::report::{self, Ask, Format, Kind, ReportError, Scratch, Selection};

/// Reports that are made at the same time: each holds the judgement of all findings.
const AT_ONCE: usize = 2;
/// Bytes handed over at a time, and how many such pieces wait.
const PIECE: usize = 64 << 10;
const PIECES: usize = 4;

/// Turns for making reports.
pub(super) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Turns {
    /// A turn, once one is free; `None`: nothing is made any more.
    pub(super) async fn take(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.0.acquire().await.ok()
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    csrf: String,
    /// One control, or nothing for all.
    #[serde(default)]
    control: String,
    /// A day, a time or an entry; nothing for now.
    #[serde(default)]
    as_of: String,
    /// Of lapses: where the period begins, in the same words.
    #[serde(default)]
    from: String,
}

pub(super) async fn report(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Path((kind, format)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    if !from_own_page(&headers, &uri) || !same_token(&who.csrf, &asked.csrf) {
        let text =
            "this form did not come from one of our pages, or its page is too old; load it again";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let (Ok(kind), Ok(format)) = (kind.parse::<Kind>(), format.parse::<Format>()) else {
        return (StatusCode::NOT_FOUND, "there is no such report; see /reports").into_response();
    };
    let mut selection = Selection::default();
    match asked.control.parse() {
        Ok(control) => {
            selection.controls.insert(control);
        }
        Err(_) if asked.control.is_empty() => {}
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}")).into_response(),
    }
    let query = Query::from([(AS_OF.to_owned(), asked.as_of)]);
    let ask = Ask { kind, format, selection, by: who.user, frozen: None, from: None };
    made(site, (ask, asked.from), query).await
}

/// Makes a report of the moment that the query asks for, of lapses from another moment on, logs that it was made, and hands it
/// over.
pub(super) async fn made(
    site: Arc<Site>,
    (mut ask, from): (Ask, String),
    query: Query,
) -> Response {
    let (kind, format, by) = (ask.kind, ask.format, ask.by.clone());
    let Some(_turn) = site.turns.take().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (state, now) = (Arc::clone(&site), (site.clock)());
    let made = tokio::task::spawn_blocking(move || {
        let then = moment::asked(&state, &query, now)?;
        let (views, at) = match &then {
            Some((then, views)) => (views, then.at),
            None => (&state.views, now),
        };
        if !from.trim().is_empty() {
            let begin = state.views.moment(from.trim(), now);
            ask.from =
                Some(begin.map_err(|error| WebError::NoMoment("from", error.to_string()))?.at);
        }
        let mut scratch = Scratch::new(&state.scratch)?;
        let written = report::write(views, &ask, at, scratch.file())?;
        let (file, sha256, bytes) = scratch.settle()?;
        let made = (file, sha256, bytes, written.claims(sha256, bytes));
        Ok::<_, WebError>((made, at.strftime("%Y-%m-%d").to_string()))
    });
    let ((file, sha256, bytes, detail), day) = match made.await {
        Ok(Ok(made)) => made,
        Ok(Err(
            error @ (WebError::NoMoment(..)
            | WebError::TooMany(..)
            | WebError::Report(
                ReportError::Form { .. }
                | ReportError::TooMany { .. }
                | ReportError::NotFrozen(_)
                | ReportError::Proposed(_)
                | ReportError::OnlySoa
                | ReportError::OnlyLapses
                | ReportError::NoPeriod
                | ReportError::Period { .. },
            )),
        )) => {
            return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
        }
        Ok(Err(error)) => return broken(&error),
        Err(error) => return broken(&error),
    };
    let action = report::ACTION.to_owned();
    if let Err(error) = (site.record)(Activity { by, action, detail }).await {
        tracing::error!(%error, "that a report was made could not be logged, so nobody gets it");
        let text = "the log cannot take an entry at present; try again in a moment";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    }
    let name = format!("exhibit-{kind}-{day}.{}", format.extension());
    stream(file, (sha256, bytes), (&name, format.media_type()))
}

pub(super) fn stream(
    mut file: File,
    (sha256, bytes): (Digest, u64),
    (name, media): (&str, &str),
) -> Response {
    let (sender, receiver) = mpsc::channel::<std::io::Result<Vec<u8>>>(PIECES);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let piece = match file.read(&mut piece) {
                Ok(0) => return,
                Ok(read) => {
                    piece.truncate(read);
                    Ok(piece)
                }
                Err(error) => Err(error),
            };
            let failed = piece.is_err();
            // Whoever reads has gone away.
            if sender.blocking_send(piece).is_err() || failed {
                return;
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE.as_str(), media.to_owned()),
        (header::CONTENT_DISPOSITION.as_str(), format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_LENGTH.as_str(), bytes.to_string()),
        ("x-exhibit-sha256", sha256.to_string()),
    ];
    (headers, Body::from_stream(ReceiverStream::new(receiver))).into_response()
}

fn broken(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a report could not be made");
    let text = "the report could not be made; the collector's own log says why";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}
