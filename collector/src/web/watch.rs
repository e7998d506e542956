//! What is logged because somebody looked: an auditor at evidence, anybody who took a list away. Judges nothing.

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use exhibit_proto::statement::Activity;
use serde_json::json;

use super::Site;
use super::guard::SignedIn;
use crate::people::{Right, Role};

/// Longest address that is logged whole.
const MAX_ADDRESS: usize = 1000;

/// The entry that a request is worth, if it is answered.
pub(super) fn of(
    who: &SignedIn,
    right: Right,
    matched: Option<&MatchedPath>,
    request: &Request,
) -> Option<Activity> {
    let path = matched?.as_str();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    // In the audit room, too: documents, files, lists that samples are drawn from.
    let shown = ["/evidence/", "/files/", "/populations/{id}/", "/populations/{population}/"]
        .iter()
        .any(|part| path.contains(part));
    let of_audit = path.trim_start_matches("/api/v1").starts_with("/audits/{audit}");
    let evidence = right == Right::SeeEvidence || of_audit && shown;
    let action = if who.role == Role::Auditor && evidence {
        "evidence_read"
    } else if path.ends_with(".csv") {
        "list_exported"
    } else {
        return None;
    };
    let asked = request.uri().path_and_query().map_or("/", |asked| asked.as_str());
    // What a token did is told apart from what its owner did.
    let token = who.token.as_deref();
    let what: String = asked.chars().take(MAX_ADDRESS).collect();
    Some(Activity {
        by: who.user.clone(),
        action: action.to_owned(),
        detail: match token {
            Some(token) => json!({"what": what, "token": token}),
            None => json!({"what": what}),
        },
    })
}

/// Logs it before the answer leaves; an answer that cannot be logged does not leave.
pub(super) async fn told(site: &Site, reading: Option<Activity>, answer: Response) -> Response {
    let Some(reading) = reading.filter(|_| answer.status().is_success()) else { return answer };
    match (site.record)(reading).await {
        Ok(()) => answer,
        Err(error) => {
            tracing::error!(%error, "a look at evidence could not be logged, so nobody gets it");
            let text = "the log cannot take an entry at present; try again in a moment";
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}
