//! Everything that goes wrong below `/api/`, as RFC 9457 says it. What broke inside goes to the program's log only.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::WebError;
use super::decisions::DecisionRow;
use crate::views::ViewsError;

const MEDIA_TYPE: &str = "application/problem+json";
/// Longest text of another room that becomes a detail.
const MAX_DETAIL: usize = 2_000;

/// A problem (RFC 9457).
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Problem {
    /// `about:blank` where the status says it all, otherwise `urn:exhibit:problem:` and a word: `invalid`, `stale`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The same for every problem of the type.
    pub(super) title: String,
    /// The status of the answer.
    pub(super) status: u16,
    /// This problem in words, and the way out.
    pub(super) detail: String,
    /// Parameters or fields that are wrong, each with why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<Wrong>,
    /// Where somebody was overtaken: the newest revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) newest: Option<Box<DecisionRow>>,
}

/// Something in a request that cannot be taken.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Wrong {
    /// Name of the parameter, or place in the body.
    pub(super) name: String,
    pub(super) why: String,
}

impl Wrong {
    pub(super) fn new(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), why: why.into() }
    }
}

/// Why an operation has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error(transparent)]
    Web(#[from] WebError),
    #[error("the request cannot be taken as it is")]
    Invalid(Vec<Wrong>),
    #[error("the work on an answer ended early")]
    Ended,
    #[error("an answer could not be written: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<ViewsError> for ApiError {
    fn from(error: ViewsError) -> Self {
        Self::Web(error.into())
    }
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Problem").to_owned();
        let (kind, status, detail) = ("about:blank".to_owned(), status.as_u16(), detail.into());
        Self { kind, title, status, detail, errors: Vec::new(), newest: None }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = match self {
            Self::Web(WebError::NotFound(what)) => {
                Problem::new(StatusCode::NOT_FOUND, format!("there is no {what}"))
            }
            Self::Web(WebError::NoMoment(name, why) | WebError::Wrong(name, why)) => {
                return Self::Invalid(vec![Wrong::new(name, why)]).into_response();
            }
            Self::Web(error @ WebError::TooMany(..)) => {
                return Self::Invalid(vec![Wrong::new("sort", error.to_string())]).into_response();
            }
            Self::Invalid(errors) => {
                let told: Vec<String> =
                    errors.iter().map(|wrong| format!("{} {}", wrong.name, wrong.why)).collect();
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, told.join("; "));
                let (kind, title) = ("urn:exhibit:problem:invalid", "Cannot be taken as it is");
                Problem { kind: kind.to_owned(), title: title.to_owned(), errors, ..problem }
            }
            Self::Web(error) => broken(&error),
            Self::Json(error) => broken(&error),
            Self::Ended => broken(&self),
        };
        problem.into_response()
    }
}

fn broken(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "an answer could not be built");
    let detail = "this answer could not be built; the collector's own log says why";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
}

/// Below `/api/`, what any room answers that is no success becomes a problem: redirections to the sign-in page, refusals,
/// addresses and methods that do not exist.
pub(in crate::web) async fn shape(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // A form of the page `/api` is a page's.
    let ours = path.starts_with("/api/") && path != "/api/try";
    let response = next.run(request).await;
    let is_problem = |headers: &HeaderMap| {
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == MEDIA_TYPE)
    };
    let status = response.status();
    let fine = status.is_success() || status == StatusCode::NOT_MODIFIED;
    if !ours || fine || is_problem(response.headers()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    if status.is_redirection() {
        let place = parts.headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
        if place.is_some_and(|place| place.starts_with("/sign-in")) {
            return unknown_asker();
        }
        let detail = "this account must finish signing in on the pages before it may ask here";
        return Problem::new(StatusCode::FORBIDDEN, detail).into_response();
    }
    if status == StatusCode::UNAUTHORIZED {
        return unknown_asker();
    }
    let plain = parts.headers.get(header::CONTENT_TYPE);
    let plain = plain.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let text = match axum::body::to_bytes(body, MAX_DETAIL).await {
        Ok(bytes) if plain => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(_) | Err(_) => String::new(),
    };
    let detail = if text.is_empty() { usual(status).to_owned() } else { text };
    let mut problem = Problem::new(status, detail).into_response();
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = parts.headers.get(&name) {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

fn unknown_asker() -> Response {
    let detail = "nobody is signed in: sign in on the pages";
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
    let scheme = HeaderValue::from_static("Bearer realm=\"exhibit\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    response
}

fn usual(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => {
            "there is nothing at this address; /api/v1/openapi.json lists what there is"
        }
        StatusCode::METHOD_NOT_ALLOWED => "this address has no such method; `Allow` lists them",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than this operation takes",
        StatusCode::FORBIDDEN => "this account may not do that",
        _ => "this request failed; the collector's own log says why",
    }
}
