//! Forms by which people decide. Each carries the newest revision that its page showed; whoever was overtaken is told, and
//! what they typed is kept. Never decides by itself: that is done under the writer of the log.

mod audits;
pub(super) mod chosen;
pub(super) mod fields;
pub(super) mod sent;
mod written;

use std::sync::Arc;

use axum::Extension;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::MethodRouter;
use exhibit_proto::statement::{Act, Decision};
use serde_json::Value;

use super::guard::{SignedIn, forbidden, from_own_page, same_token};
use super::table::encode;
use super::{Ask, Site, pages, sign_in, sorry};
use crate::decisions::{Deciding, Undecided, next_id};
use crate::people::Right;
use fields::Typed;
use sent::Sent;

/// The form of a register, and what it sends.
pub(super) fn form() -> MethodRouter<Arc<Site>> {
    let show = super::timeless(pages::decisions::form);
    let limit = usize::try_from(sent::MAX_BODY).unwrap_or(usize::MAX);
    show.post(put).layer(DefaultBodyLimit::max(limit))
}

/// A record, and what is done to it: approved, withdrawn.
pub(super) fn record() -> MethodRouter<Arc<Site>> {
    super::page(pages::decisions::record).post(act)
}

/// What a form says when it is shown again.
pub(super) struct Again {
    pub(super) register: String,
    pub(super) id: String,
    /// As it was sent; the page shows the newest beside it.
    pub(super) typed: Typed,
    pub(super) problem: String,
    /// Somebody else decided meanwhile.
    pub(super) stale: bool,
}

async fn put(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Path(register): Path<String>,
    request: Request,
) -> Response {
    let own = from_own_page(request.headers(), request.uri());
    if !own {
        return sign_in::refused();
    }
    let ask = ask(&site, &who, request.uri().path());
    let Sent { mut typed, file, refused } = match sent::sent(request).await {
        Ok(sent) => sent,
        Err((status, problem)) => {
            let typed = Typed::new();
            let again = Again { register, id: String::new(), typed, problem, stale: false };
            return shown(ask, again, status).await;
        }
    };
    if !same_token(&who.csrf, typed.get("csrf").map_or("", String::as_str)) {
        return sign_in::refused();
    }
    typed.remove("csrf");
    let id = typed.get("id").map(|id| id.trim().to_owned()).unwrap_or_default();
    let again = |typed: Typed, problem: String, stale: bool| Again {
        register: register.clone(),
        id: id.clone(),
        typed,
        problem,
        stale,
    };
    if let Some(why) = refused {
        let status = if why == crate::decisions::FileError::Large {
            StatusCode::PAYLOAD_TOO_LARGE
        } else {
            StatusCode::BAD_REQUEST
        };
        return shown(ask, again(typed, why.to_string(), false), status).await;
    }
    let file = match written::file(&register, file, &typed) {
        Ok(file) => file,
        Err(problem) => {
            return shown(ask, again(typed, problem, false), StatusCode::BAD_REQUEST).await;
        }
    };
    let (site_again, asked, from) =
        (Arc::clone(&site), (register.clone(), id.clone()), typed.clone());
    let prepared = tokio::task::spawn_blocking(move || {
        prepare(&site_again, asked, &from, file.as_ref().map(|(name, file)| (name.as_str(), file)))
            .map(|(id, after, value)| (id, after, value, file))
    });
    let (id, after, value, file) = match prepared.await {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(problem)) => {
            return shown(ask, again(typed, problem, false), StatusCode::BAD_REQUEST).await;
        }
        Err(_ended) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let reason = typed.get("reason").cloned().unwrap_or_default();
    let place = pages::audits::home(&register, &id, &value);
    let place = place.unwrap_or_else(|| pages::decisions::href(&register, &id));
    let (act, value, by) = (Act::Put, Some(value), who.user.clone());
    let decision =
        Decision { register: register.clone(), id: id.clone(), after, act, value, by, reason };
    let deciding = Deciding { decision, file: file.map(|(_, file)| file) };
    match (site.decide)(deciding).await {
        Ok(_) => Redirect::to(&place).into_response(),
        Err(error) => {
            let (status, stale) = status(&error);
            shown(ask, again(typed, error.to_string(), stale), status).await
        }
    }
}

pub(super) fn status(error: &Undecided) -> (StatusCode, bool) {
    match error {
        Undecided::Stale(_) => (StatusCode::CONFLICT, true),
        Undecided::Refused(_) => (StatusCode::BAD_REQUEST, false),
        Undecided::Unable(why) => {
            tracing::error!(%why, "a decision could not be logged");
            (StatusCode::SERVICE_UNAVAILABLE, false)
        }
    }
}

type Prepared = (String, Option<u64>, Value);

/// Id, revision and value out of what was typed.
fn prepare(
    site: &Site,
    (register, id): (String, String),
    typed: &Typed,
    file: Option<(&str, &crate::decisions::Attached)>,
) -> Result<Prepared, String> {
    let form = fields::form(&register)
        .ok_or_else(|| format!("people write nothing in a register {register:?}"))?;
    let after = typed.get("after").map(|after| after.trim()).filter(|after| !after.is_empty());
    let after: Option<u64> = after
        .map(str::parse)
        .transpose()
        .map_err(|_not_a_number| "the form is damaged; load it again")?;
    let views = &site.views;
    let broken = |error: crate::views::ViewsError| error.to_string();
    let history = views.record_history(&register, &id).map_err(broken)?;
    let held = history.iter().find(|row| Some(row.index) == after || row.in_force());
    let mut value = fields::value(&register, typed, held.and_then(|row| row.value.as_ref()))?;
    if let Some((name, file)) = file.filter(|_| register == "request") {
        let files =
            value.as_object_mut().map(|map| map.entry("files").or_insert(Value::Array(Vec::new())));
        if let Some(files) = files.and_then(Value::as_array_mut) {
            files.push(crate::audit::file_value(name, file));
        }
    } else if let Some((name, file)) = file {
        fields::name_file(&mut value, name, file);
    }
    if register == "manual_evidence" && value.get("digest").is_none() {
        return Err("choose a file, or write down what it would say".to_owned());
    }
    let id = if id.is_empty() && form.id.is_none() {
        next_id(views, &register, (site.clock)()).map_err(broken)?
    } else {
        id
    };
    Ok((id, after, value))
}

/// Approves or withdraws.
async fn act(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Path((register, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    if !from_own_page(request.headers(), request.uri()) {
        return sign_in::refused();
    }
    let ask = ask(&site, &who, request.uri().path());
    let typed = match sent::sent(request).await {
        Ok(sent) => sent.typed,
        Err((status, problem)) => return (status, problem).into_response(),
    };
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    if !same_token(&who.csrf, &text("csrf")) {
        return sign_in::refused();
    }
    let act = match text("act").as_str() {
        "approve" => Act::Approve,
        "withdraw" => Act::Withdraw,
        _ => return sign_in::refused(),
    };
    if act == Act::Approve && !who.may(Right::Approve) {
        return forbidden(&site, &who, Right::Approve);
    }
    let decision = Decision {
        register: register.clone(),
        id: id.clone(),
        after: text("after").parse().ok(),
        act,
        value: None,
        by: who.user.clone(),
        reason: text("reason"),
    };
    match (site.decide)(Deciding { decision, file: None }).await {
        Ok(_) => Redirect::to(&pages::decisions::href(&register, &id)).into_response(),
        Err(error) => {
            let (status, _) = status(&error);
            let page = tokio::task::spawn_blocking(move || {
                pages::decisions::record_again(&ask, &register, &id, &error.to_string())
                    .unwrap_or_else(|error| sorry(&ask, &error))
            });
            with(page.await, status)
        }
    }
}

pub(super) fn ask(site: &Arc<Site>, who: &SignedIn, path: &str) -> Ask {
    Ask::new(Arc::clone(site), who.clone(), path)
}

/// The form again, with what was typed and what is wrong with it.
async fn shown(ask: Ask, again: Again, status: StatusCode) -> Response {
    let page = tokio::task::spawn_blocking(move || {
        pages::decisions::form_again(&ask, again).unwrap_or_else(|error| sorry(&ask, &error))
    });
    with(page.await, status)
}

pub(super) fn with(page: Result<Response, tokio::task::JoinError>, status: StatusCode) -> Response {
    let Ok(mut page) = page else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if page.status() == StatusCode::OK {
        *page.status_mut() = status;
    }
    page
}

/// Address of the form of a register, with what is known of its answers.
pub(super) fn form_href(register: &str, known: &[(&str, &str)]) -> String {
    let known: Vec<String> =
        known.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let sign = if known.is_empty() { "" } else { "?" };
    format!("/decide/{register}{sign}{}", known.join("&"))
}
