//! Forms by which people ask for what is no record: that a proposed rule pack comes into force, that the statement of
//! applicability is frozen. The desk does it; never this room.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request as Http, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::MethodRouter;
use exhibit_assessment::decisions::SOA;
use exhibit_proto::statement::{Act, Decision};

use super::decide::sent::sent;
use super::decide::status;
use super::guard::{SignedIn, from_own_page, same_token};
use super::{Ask, Site, WebError, pages, sign_in, sorry};
use crate::decisions::{Attached, Deciding, Undecided, next_id};
use crate::report::{frozen_soa, version_value};
use crate::requests::{PackApproved, Request};

/// A pack of the log, and the second person's word about it.
pub(super) fn pack() -> MethodRouter<Arc<Site>> {
    super::page(pages::packs::show).post(approve)
}

/// The statement of applicability, and its next frozen version.
pub(super) fn soa() -> MethodRouter<Arc<Site>> {
    super::page(pages::soa::show).post(freeze)
}

/// Longest reason, in bytes.
const MAX_REASON: usize = 1000;

type Again = fn(&Ask, &str) -> Result<Response, WebError>;

async fn approve(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Path(entry): Path<u64>,
    request: Http,
) -> Response {
    let ask = ask(&site, &who, vec![entry.to_string()], request.uri().path());
    let Said { reason, .. } = match said(&who, request).await {
        Ok(said) => said,
        Err(refused) => return *refused,
    };
    if let Some(problem) = problem(&reason) {
        return again(ask, problem.to_owned(), StatusCode::BAD_REQUEST, pages::packs::again).await;
    }
    let asked = PackApproved { proposed: entry, by: who.user.clone(), reason };
    done(ask, Request::ApprovePack(asked), ("/rules/packs", pages::packs::again)).await
}

async fn freeze(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    request: Http,
) -> Response {
    let ask = ask(&site, &who, Vec::new(), request.uri().path());
    let Said { reason, after } = match said(&who, request).await {
        Ok(said) => said,
        Err(refused) => return *refused,
    };
    if let Some(problem) = problem(&reason) {
        return again(ask, problem.to_owned(), StatusCode::BAD_REQUEST, pages::soa::again).await;
    }
    let (by, now) = (who.user.clone(), ask.now);
    let of = Arc::clone(&site);
    let made = tokio::task::spawn_blocking(move || {
        // Named before it is looked for: one that comes in between has taken the name.
        let id = next_id(&of.views, SOA, now)?;
        let newest = pages::soa::newest(&of.views)?;
        if newest != after {
            return Ok(Err(frozen_meanwhile(newest)));
        }
        let document = frozen_soa(&of.views, &by, now)?.into_bytes();
        let value = version_value(&document);
        let (register, act, value) = (SOA.to_owned(), Act::Put, Some(value));
        let decision = Decision { register, id, after: None, act, value, by, reason };
        Ok::<_, WebError>(Ok((decision, document)))
    });
    let (decision, document) = match made.await {
        Ok(Ok(Ok(made))) => made,
        Ok(Ok(Err(stale))) => {
            return again(ask, stale, StatusCode::CONFLICT, pages::soa::again).await;
        }
        Ok(Err(error)) => return sorry(&ask, &error),
        Err(_ended) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let done = match Attached::new(document) {
        Ok(file) => (site.decide)(Deciding { decision, file: Some(file) }).await,
        Err(error) => Err(Undecided::Refused(error.to_string())),
    };
    match done {
        Ok(_) => Redirect::to("/soa").into_response(),
        Err(error) => again(ask, error.to_string(), status(&error).0, pages::soa::again).await,
    }
}

/// Has it done; whoever is refused sees the page again, with the reason.
async fn done(ask: Ask, request: Request, (then, page): (&str, Again)) -> Response {
    match (ask.site.desk)(request).await {
        Ok(_) => Redirect::to(then).into_response(),
        Err(refused) => again(ask, refused, StatusCode::BAD_REQUEST, page).await,
    }
}

async fn again(ask: Ask, refused: String, status: StatusCode, page: Again) -> Response {
    let page = tokio::task::spawn_blocking(move || {
        match page(&ask, &refused) {
            Ok(mut page) => {
                *page.status_mut() = status;
                page
            }
            // What it is about is not there: that says more than why it was refused.
            Err(error) => sorry(&ask, &error),
        }
    });
    page.await.unwrap_or_else(|_ended| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Two people froze at once, or one did twice: both are told what there is before another version is made.
fn frozen_meanwhile(newest: Option<u64>) -> String {
    match newest {
        Some(entry) => format!(
            "entry {entry} froze a version since this page was shown; look at it below, then freeze again if there shall be another"
        ),
        None => "the version that this page showed last is not there; look again".to_owned(),
    }
}

/// What stands in the log for good says why.
fn problem(reason: &str) -> Option<&'static str> {
    match reason.len() {
        0 => Some("give a reason: it stands in the log for good"),
        1..=MAX_REASON => None,
        _ => Some("the reason has more than 1000 bytes"),
    }
}

/// What somebody said in a form of ours.
struct Said {
    reason: String,
    /// The entry of the newest version that they saw.
    after: Option<u64>,
}

async fn said(who: &SignedIn, request: Http) -> Result<Said, Box<Response>> {
    if !from_own_page(request.headers(), request.uri()) {
        return Err(Box::new(sign_in::refused()));
    }
    let sent = sent(request).await.map_err(|answer| Box::new(answer.into_response()))?;
    let text = |name: &str| sent.typed.get(name).map_or("", String::as_str);
    if same_token(&who.csrf, text("csrf")) {
        Ok(Said { reason: text("reason").trim().to_owned(), after: text("after").parse().ok() })
    } else {
        Err(Box::new(sign_in::refused()))
    }
}

fn ask(site: &Arc<Site>, who: &SignedIn, params: Vec<String>, path: &str) -> Ask {
    Ask { params, ..Ask::new(Arc::clone(site), who.clone(), path) }
}
