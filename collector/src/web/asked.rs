//! Forms by which people ask for what is no record: that a proposed rule pack comes into force, that the statement of
//! applicability is frozen. The desk of the command line does it; never this room.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request as Http, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::MethodRouter;

use super::decide::sent::sent;
use super::guard::{SignedIn, from_own_page, same_token};
use super::{Ask, Site, WebError, pages, sign_in, sorry};
use crate::report::{ReportError, frozen_soa};
use crate::requests::{Freeze, PackApproved, Request};

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
    let reason = match reason(&who, request).await {
        Ok(reason) => reason,
        Err(refused) => return *refused,
    };
    let asked = PackApproved { proposed: entry, by: who.user.clone(), reason };
    done(ask, Request::ApprovePack(asked), ("/rules/packs", pages::packs::again)).await
}

async fn freeze(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    request: Http,
) -> Response {
    let ask = ask(&site, &who, Vec::new(), request.uri().path());
    let reason = match reason(&who, request).await {
        Ok(reason) => reason,
        Err(refused) => return *refused,
    };
    let (by, now) = (who.user.clone(), ask.now);
    let of = Arc::clone(&site);
    let made = tokio::task::spawn_blocking(move || {
        let document = frozen_soa(&of.views, &by, now)?;
        Ok::<_, ReportError>(Freeze { document, by, reason })
    });
    match made.await {
        Ok(Ok(asked)) => done(ask, Request::FreezeSoa(asked), ("/soa", pages::soa::again)).await,
        Ok(Err(error)) => sorry(&ask, &error.into()),
        Err(_ended) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Has it done; whoever is refused sees the page again, with the reason.
async fn done(ask: Ask, request: Request, (then, again): (&str, Again)) -> Response {
    let answer = match problem(&request) {
        Some(problem) => Err(problem.to_owned()),
        None => (ask.site.desk)(request).await,
    };
    let Err(refused) = answer else { return Redirect::to(then).into_response() };
    let page = tokio::task::spawn_blocking(move || {
        let mut page = again(&ask, &refused).unwrap_or_else(|error| sorry(&ask, &error));
        *page.status_mut() = StatusCode::BAD_REQUEST;
        page
    });
    page.await.unwrap_or_else(|_ended| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// What stands in the log for good says why.
fn problem(request: &Request) -> Option<&'static str> {
    let (Request::ApprovePack(PackApproved { reason, .. })
    | Request::FreezeSoa(Freeze { reason, .. })) = request
    else {
        return None;
    };
    match reason.len() {
        0 => Some("give a reason: it stands in the log for good"),
        1..=MAX_REASON => None,
        _ => Some("the reason has more than 1000 bytes"),
    }
}

/// The reason that somebody gave in a form of ours.
async fn reason(who: &SignedIn, request: Http) -> Result<String, Box<Response>> {
    if !from_own_page(request.headers(), request.uri()) {
        return Err(Box::new(sign_in::refused()));
    }
    let sent = sent(request).await.map_err(|answer| Box::new(answer.into_response()))?;
    let text = |name: &str| sent.typed.get(name).map_or("", String::as_str);
    if same_token(&who.csrf, text("csrf")) {
        Ok(text("reason").trim().to_owned())
    } else {
        Err(Box::new(sign_in::refused()))
    }
}

fn ask(site: &Arc<Site>, who: &SignedIn, params: Vec<String>, path: &str) -> Ask {
    Ask { params, ..Ask::new(Arc::clone(site), who.clone(), path) }
}
