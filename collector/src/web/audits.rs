//! What is done in the audit room by forms of its own: lists of requests taken, populations frozen, samples drawn, the bundle made.
//! Everything else of it goes through `decide`. Logs nothing by its own hand.

mod bundle;

use std::sync::Arc;

use axum::Extension;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use exhibit_proto::sample::{POPULATION, SAMPLE, Size};
use exhibit_proto::statement::{Act, Decision};
use serde_json::Value;

use super::decide::fields::Typed;
use super::decide::sent::{MAX_BODY, Sent, sent};
use super::decide::{ask, status, with};
use super::guard::{SignedIn, from_own_page, same_token};
use super::pages::audits as pages;
use super::routes::Routes;
use super::{Ask, Site, page, sign_in, sorry};
use crate::audit;
use crate::decisions::{Attached, Deciding, Undecided, next_id};
use crate::population::{self, Rows, Wanted};

/// The room's addresses.
pub(super) fn routes() -> Routes<Arc<Site>> {
    let limit = usize::try_from(MAX_BODY).unwrap_or(usize::MAX);
    Routes::new()
        .route("/audits", page(pages::list))
        .route("/audits.csv", page(pages::csv))
        .route("/audits/{audit}", page(pages::show))
        .route("/audits/{audit}/requests", post(import).layer(DefaultBodyLimit::max(limit)))
        .route("/audits/{audit}/requests.csv", page(pages::requests_csv))
        .route("/audits/{audit}/requests/{id}", page(pages::item::request))
        .route("/audits/{audit}/findings.csv", page(pages::findings_csv))
        .route("/audits/{audit}/findings/{id}", page(pages::item::finding))
        .route("/audits/{audit}/files/{digest}", page(pages::item::file))
        .route("/audits/{audit}/populations", page(pages::population::form).post(freeze))
        .route("/audits/{audit}/populations/{id}", page(pages::population::show).post(draw))
        .route("/audits/{audit}/populations/{id}/{list}", page(pages::population::list))
        .route("/audits/{audit}/evidence", page(pages::evidence::list))
        .route("/audits/{audit}/evidence/{index}/{kind}/{target}", page(pages::evidence::show))
        .route(
            "/audits/{audit}/evidence/{index}/{kind}/{target}/document",
            page(pages::evidence::save),
        )
        .route("/audits/{audit}/bundle", post(bundle::make))
}

/// A form of ours, of somebody who is in this audit; or what is answered instead.
async fn of_ours(
    (site, who): (&Arc<Site>, &SignedIn),
    audit: &str,
    request: Request,
) -> Result<(Sent, Ask), Box<Response>> {
    if !from_own_page(request.headers(), request.uri()) {
        return Err(Box::new(sign_in::refused()));
    }
    let ask = ask(site, who, request.uri().path());
    let sent = sent(request).await.map_err(|refused| Box::new(refused.into_response()))?;
    if !same_token(&who.csrf, sent.typed.get("csrf").map_or("", String::as_str)) {
        return Err(Box::new(sign_in::refused()));
    }
    let audit = audit.to_owned();
    let seen = tokio::task::spawn_blocking(move || match pages::room(&ask, &audit) {
        Ok(_) => Ok(ask),
        Err(error) => Err(Box::new(sorry(&ask, &error))),
    });
    let ended = |_| Box::new(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    let ask = seen.await.map_err(ended)??;
    Ok((sent, ask))
}

fn text(typed: &Typed, name: &str) -> String {
    typed.get(name).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Takes a list of requests: all of it, or nothing where a row is bad.
async fn import(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (Sent { typed, file, refused }, ask) = match of_ours((&site, &who), &id, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let problem = match (file, refused) {
        (_, Some(why)) => vec![why.to_string()],
        (None, None) => vec!["choose a file".to_owned()],
        (Some((_, file)), None) => {
            let framework = site.views.assessor().framework();
            match audit::requests(framework, &id, file.bytes()) {
                Ok(rows) => {
                    let by = (who.user.as_str(), text(&typed, "reason"));
                    match take(&site, rows, by).await {
                        Ok(()) => return Redirect::to(&pages::href(&id, &[])).into_response(),
                        Err(problem) => vec![problem],
                    }
                }
                Err(wrong) => {
                    wrong.iter().map(|bad| format!("line {}: {}", bad.line, bad.why)).collect()
                }
            }
        }
    };
    let page = tokio::task::spawn_blocking(move || {
        pages::show_again(&ask, &id, problem).unwrap_or_else(|error| sorry(&ask, &error))
    });
    with(page.await, StatusCode::BAD_REQUEST)
}

async fn take(
    site: &Arc<Site>,
    rows: Vec<audit::Imported>,
    (by, reason): (&str, String),
) -> Result<(), String> {
    let all = rows.len();
    for (done, row) in rows.into_iter().enumerate() {
        let (views, now) = (site.views.clone(), (site.clock)());
        let id = tokio::task::spawn_blocking(move || next_id(&views, "request", now)).await;
        let id = id.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let line = row.line;
        let decision = row.decision(id, by, &reason);
        let decided = (site.decide)(Deciding { decision, file: None }).await;
        decided.map_err(|error| {
            format!("{done} of {all} requests were taken; the one of line {line}: {error}")
        })?;
    }
    Ok(())
}

/// Freezes a population.
async fn freeze(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Path(audit): Path<String>,
    request: Request,
) -> Response {
    let (Sent { typed, .. }, ask) = match of_ours((&site, &who), &audit, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let (views, now, asked, of) =
        (site.views.clone(), (site.clock)(), typed.clone(), audit.clone());
    let made = tokio::task::spawn_blocking(move || {
        let wanted = wanted(&of, &asked)?;
        let (population, list) =
            population::freeze(&views, &wanted).map_err(|error| error.to_string())?;
        let id = next_id(&views, POPULATION, now).map_err(|error| error.to_string())?;
        let file = Attached::new(list.into_bytes()).map_err(|error| error.to_string())?;
        Ok::<_, String>((id, population::value(&population), file))
    });
    let (id, value, file) = match made.await {
        Ok(Ok(made)) => made,
        Ok(Err(problem)) => return form(ask, audit, typed, problem, StatusCode::BAD_REQUEST).await,
        Err(_ended) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let reason = text(&typed, "reason");
    match put(&site, (POPULATION, &id), (value, file), (&who.user, reason)).await {
        Ok(()) => Redirect::to(&pages::href(&audit, &["populations", &id])).into_response(),
        Err(error) => form(ask, audit, typed, error.to_string(), status(&error).0).await,
    }
}

fn wanted(audit: &str, typed: &Typed) -> Result<Wanted, String> {
    let given = |name: &str| Some(text(typed, name)).filter(|text| !text.is_empty());
    let size = text(typed, "size");
    let number = |what: &str| format!("{size:?} is no {what}");
    let size = if text(typed, "unit") == "percent" {
        Size::Percent(size.parse().map_err(|_not| number("percentage from 1 to 100"))?)
    } else {
        Size::Items(size.parse().map_err(|_not| number("number of items"))?)
    };
    let kind = given("kind").map(|kind| kind.parse()).transpose();
    let sealed = given("sealed").map(|sealed| sealed.to_lowercase().parse()).transpose();
    let fields = text(typed, "fields");
    let fields = fields.split([',', ' ']).filter(|field| !field.is_empty());
    let targets = given("targets").unwrap_or_else(|| "all".to_owned());
    Ok(Wanted {
        title: given("title").ok_or("say what it is a list of")?,
        audit: Some(audit.to_owned()),
        kind: kind.map_err(|error| format!("the kind: {error}"))?,
        rows: given("rows").map_or(Rows::Only, Rows::At),
        fields: fields.map(str::to_owned).collect(),
        targets: targets.parse().map_err(|error| format!("{error}"))?,
        entries: None,
        size,
        each_target: text(typed, "each") == "target",
        sealed: sealed.map_err(|error| format!("{error}"))?,
    })
}

/// The form again, with what was typed and what is wrong with it.
async fn form(
    ask: Ask,
    audit: String,
    typed: Typed,
    problem: String,
    code: StatusCode,
) -> Response {
    let page = tokio::task::spawn_blocking(move || {
        pages::population::form_again(&ask, &audit, typed, problem)
            .unwrap_or_else(|error| sorry(&ask, &error))
    });
    with(page.await, code)
}

/// Draws a sample.
async fn draw(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Path((audit, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (Sent { typed, .. }, ask) = match of_ours((&site, &who), &audit, request).await {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let (number, reason) = (text(&typed, "number"), text(&typed, "reason"));
    let (views, of, given) = (site.views.clone(), id.clone(), number.clone());
    let made = tokio::task::spawn_blocking(move || {
        let (drawn, list) =
            population::draw(&views, &of, &given).map_err(|error| error.to_string())?;
        let file = Attached::new(list.into_bytes()).map_err(|error| error.to_string())?;
        Ok::<_, String>((population::value(&drawn), file))
    });
    let (problem, code) = match made.await {
        Ok(Ok(made)) => match put(&site, (SAMPLE, &id), made, (&who.user, reason)).await {
            Ok(()) => {
                return Redirect::to(&pages::href(&audit, &["populations", &id])).into_response();
            }
            Err(error) => (error.to_string(), status(&error).0),
        },
        Ok(Err(problem)) => (problem, StatusCode::BAD_REQUEST),
        Err(_ended) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let page = tokio::task::spawn_blocking(move || {
        pages::population::show_again(&ask, (&audit, &id), (number, problem))
            .unwrap_or_else(|error| sorry(&ask, &error))
    });
    with(page.await, code)
}

async fn put(
    site: &Arc<Site>,
    (register, id): (&str, &str),
    (value, file): (Value, Attached),
    (by, reason): (&str, String),
) -> Result<(), Undecided> {
    let (act, value) = (Act::Put, Some(value));
    let (register, id, by) = (register.to_owned(), id.to_owned(), by.to_owned());
    let decision = Decision { register, id, after: None, act, value, by, reason };
    (site.decide)(Deciding { decision, file: Some(file) }).await.map(drop)
}
