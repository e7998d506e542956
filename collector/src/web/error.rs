//! Why a page cannot be shown, and the page that says so. What broke inside goes to the program's log only.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use exhibit_assessment::FrameworkError;

use super::guard::SignedIn;
use super::{Ask, Frame, Site};
use crate::log::LogError;
use crate::log::scrub::ScrubError;
use crate::packs::PacksError;
use crate::report::ReportError;
use crate::timestamp::StampError;
use crate::views::SORTED;
use crate::views::ViewsError;
use crate::witness::WitnessError;

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebError {
    #[error("there is no {0}")]
    NotFound(String),
    /// Of a parameter that asks for one; why.
    #[error("{1}")]
    NoMoment(&'static str, String),
    /// By a field, so many of which kind of row.
    #[error(
        "{1} {2} fit, and at most {SORTED} are sorted by {0}: ask for fewer of them, by a filter, or sort by another column"
    )]
    TooMany(String, u64, &'static str),
    /// Of any other parameter: its name, and what is wrong with its value.
    #[error("{0} {1}")]
    Wrong(&'static str, String),
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Witness(#[from] WitnessError),
    #[error(transparent)]
    Stamp(#[from] StampError),
    #[error(transparent)]
    Scrub(#[from] ScrubError),
    #[error(transparent)]
    Framework(#[from] FrameworkError),
    #[error(transparent)]
    People(#[from] crate::people::PeopleError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Packs(#[from] PacksError),
    #[error("the list was not taken to its end: {0}")]
    Cut(String),
    #[error("page could not be written: {0}")]
    Template(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorPage {
    pub(super) frame: Frame,
    pub(super) what: String,
    pub(super) advice: &'static str,
}

pub(super) async fn missing(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
) -> Response {
    let ask = Ask::new(site, who, "");
    sorry(&ask, &WebError::NotFound("page at this address".into()))
}

/// Tells a person what is not there; what broke goes to the program's log only.
pub(super) fn sorry(ask: &Ask, error: &WebError) -> Response {
    let (status, what, advice) = match error {
        WebError::NotFound(_) => (
            StatusCode::NOT_FOUND,
            error.to_string(),
            "It may have been mistyped, or it belongs to another log. The navigation leads to everything there is.",
        ),
        WebError::NoMoment(..) => (
            StatusCode::BAD_REQUEST,
            error.to_string(),
            "Ask for a day up to today, a time that has been, or an entry that the log has.",
        ),
        WebError::TooMany(..) => (
            StatusCode::BAD_REQUEST,
            error.to_string(),
            "Filters stand above the list. As CSV the whole list can be sorted elsewhere.",
        ),
        WebError::Wrong(..) => (
            StatusCode::BAD_REQUEST,
            error.to_string(),
            "The page before this one offers what can be asked for.",
        ),
        WebError::Views(_)
        | WebError::Log(_)
        | WebError::Witness(_)
        | WebError::Stamp(_)
        | WebError::Scrub(_)
        | WebError::Framework(_)
        | WebError::People(_)
        | WebError::Report(_)
        | WebError::Packs(_)
        | WebError::Cut(_)
        | WebError::Template(_) => {
            tracing::error!(%error, "a page could not be built");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "this page could not be built".to_owned(),
                "The collector's own log says why. Nothing in the evidence log was touched.",
            )
        }
    };
    let frame = ask.frame("Sorry", "");
    match (ErrorPage { frame, what, advice }).render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => status.into_response(),
    }
}
