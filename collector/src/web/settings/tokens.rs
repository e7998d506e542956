//! Tokens for programs: one's own, and everybody's for admins. Each is shown once.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query as UrlQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde_json::json;

use super::{Frame, OwnForm, Problem, Site, asked, page, problem};
use crate::people::{ApiToken, NewApiToken, PeopleError, Right, Scope};
use crate::web::guard::SignedIn;
use crate::web::sign_in::record;
use crate::web::table::{self, Act, Query, Table, TableView, choice, code, column, text};
use crate::web::{download, words};

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct TokensPage {
    frame: Frame,
    table: TableView,
    scopes: Vec<(Scope, bool)>,
    typed: BTreeMap<String, String>,
    days: i64,
    most: i64,
    /// A new token, shown this once.
    made: Option<String>,
    problem: String,
}

/// What a page of tokens is shown with, besides them.
#[derive(Default)]
struct Told {
    query: Query,
    typed: BTreeMap<String, String>,
    made: Option<String>,
    problem: String,
}

impl Told {
    fn problem(problem: String) -> Self {
        Self { problem, ..Self::default() }
    }

    fn typed(form: &OwnForm, problem: String) -> Self {
        Self { typed: form.fields().clone(), problem, ..Self::default() }
    }
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    shown(&site, &who, Told { query, ..Told::default() }).await
}

pub(super) async fn csv(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    let (now, of) = ((site.clock)(), owner(&who));
    match asked(&site, move |people| people.api_tokens(of.as_deref())).await {
        Ok(tokens) => {
            let bytes = table(tokens, &who, now).csv(&query);
            download("text/csv; charset=utf-8", "exhibit-tokens.csv", bytes)
        }
        Err(error) => broken(&error),
    }
}

/// Whose tokens somebody sees: everybody's (none) or their own.
pub(in crate::web) fn owner(who: &SignedIn) -> Option<String> {
    (!who.may(Right::Administer)).then(|| who.user.clone())
}

fn broken(error: &PeopleError) -> Response {
    tracing::error!(%error, "tokens cannot be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

pub(super) async fn change(State(site): State<Arc<Site>>, form: OwnForm) -> Response {
    match form.text("act") {
        "revoke" => revoke(&site, &form).await,
        _ => make(&site, &form).await,
    }
}

async fn make(site: &Arc<Site>, form: &OwnForm) -> Response {
    let who = &form.who;
    let scopes = Scope::ALL.into_iter().filter(|scope| !form.text(scope.as_str()).is_empty());
    let days = match form.text("days") {
        "" => Ok(None),
        days => days.parse().map(Some),
    };
    let Ok(days) = days else {
        let problem = "Nothing was changed: the number of days cannot be read.".to_owned();
        return shown(site, who, Told::typed(form, problem)).await;
    };
    match made(site, who, (form.text("name").to_owned(), scopes.collect(), days)).await {
        Ok((_, token)) => shown(site, who, Told { made: Some(token), ..Told::default() }).await,
        Err(Problem::Told(problem)) => shown(site, who, Told::typed(form, problem)).await,
        Err(Problem::Answer(response)) => response,
    }
}

/// Makes a token of the asker, once it is logged; answers its id and the token itself, which nobody can show again.
pub(in crate::web) async fn made(
    site: &Arc<Site>,
    who: &SignedIn,
    (name, scopes, days): (String, Vec<Scope>, Option<i64>),
) -> Result<(String, String), Problem> {
    let (user, now) = (who.user.clone(), (site.clock)());
    let prepared = asked(site, move |people| {
        let days = match days {
            Some(days) => days,
            None => people.api_token_days(&user, now)?.0,
        };
        let new = NewApiToken { user, name, scopes, days };
        people.check_api_token(&new, now)?;
        Ok((people.next_api_token()?, new))
    });
    let (id, new) = prepared.await.map_err(problem)?;
    let told = new.activity(&id, &who.user, now);
    record(site, &told.by, &told.action, told.detail).await.map_err(Problem::Answer)?;
    let named = id.clone();
    let made = asked(site, move |people| people.create_api_token(&named, &new, now));
    Ok((id, made.await.map_err(problem)?))
}

async fn revoke(site: &Arc<Site>, form: &OwnForm) -> Response {
    let who = &form.who;
    match revoked(site, who, form.text("token")).await {
        Ok(()) => Redirect::to("/settings/tokens").into_response(),
        Err(Problem::Told(problem)) => shown(site, who, Told::problem(problem)).await,
        Err(Problem::Answer(response)) => response,
    }
}

/// Ends a token, of the asker or, for admins, of anybody, once it is logged.
pub(in crate::web) async fn revoked(
    site: &Arc<Site>,
    who: &SignedIn,
    id: &str,
) -> Result<(), Problem> {
    let (own, now) = (owner(who), (site.clock)());
    let (wanted, of) = (id.to_owned(), own.clone());
    let found = asked(site, move |people| {
        let tokens = people.api_tokens(of.as_deref())?;
        Ok(tokens.into_iter().find(|token| token.id == wanted && token.revoked.is_none()))
    });
    let gone = || Problem::Told("That token has ended already.".to_owned());
    let token = found.await.map_err(problem)?.ok_or_else(gone)?;
    let detail = json!({"token": id, "of": token.user});
    record(site, &who.user, "api_token_revoked", detail).await.map_err(Problem::Answer)?;
    let id = id.to_owned();
    asked(site, move |people| people.revoke_api_token(&id, own.as_deref(), now))
        .await
        .map_err(problem)?;
    Ok(())
}

/// Whether a token still opens something, in a word.
pub(in crate::web) fn standing(token: &ApiToken, now: Timestamp) -> &'static str {
    match (token.revoked, token.expires <= now) {
        (Some(_), _) => "revoked",
        (None, true) => "ended",
        (None, false) => "open",
    }
}

async fn shown(site: &Arc<Site>, who: &SignedIn, told: Told) -> Response {
    let Told { query, typed, made, problem } = told;
    let (now, of, user) = ((site.clock)(), owner(who), who.user.clone());
    let found = asked(site, move |people| {
        Ok((people.api_tokens(of.as_deref())?, people.api_token_days(&user, now)?))
    });
    let (tokens, (days, most)) = match found.await {
        Ok(found) => found,
        Err(error) => return broken(&error),
    };
    let first = typed.is_empty();
    let scopes = Scope::ALL.into_iter().map(|scope| {
        let chosen = typed.contains_key(scope.as_str()) || (first && scope == Scope::Read);
        (scope, chosen)
    });
    let frame = Frame::new(site, "Tokens".into(), "settings", Some(who));
    let (table, scopes) =
        (table(tokens, who, now).view("/settings/tokens", &query), scopes.collect());
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    page(status, &TokensPage { frame, table, scopes, typed, days, most, made, problem })
}

/// Tokens as a list, each that has not ended with the button that ends it.
fn table(tokens: Vec<ApiToken>, who: &SignedIn, now: Timestamp) -> Table {
    let all = owner(who).is_none();
    let rows = tokens.into_iter().map(|token| {
        let standing = standing(&token, now);
        let ApiToken { id, user, name, scopes, created, expires, last_used, .. } = token;
        let fields =
            vec![("csrf", who.csrf.clone()), ("act", "revoke".to_owned()), ("token", id.clone())];
        let act = Act { action: "/settings/tokens", fields, label: "Revoke", of: name.clone() };
        let at = |at: Timestamp| table::moment(Some(words::moment(at, now)));
        let mut cells = vec![code(id), text(name)];
        cells.extend(all.then(|| text(user)));
        cells.extend([
            text(scopes),
            at(created),
            last_used.map_or_else(|| table::moment(None), at),
            at(expires),
            text(standing).act((standing == "open").then_some(act)),
        ]);
        cells
    });
    let mut columns = vec![column("token", "Token"), column("name", "What it is for")];
    columns.extend(all.then(|| choice("person", "Person")));
    columns.extend([
        column("scopes", "Scopes"),
        column("made", "Made"),
        column("used", "Last used"),
        column("ends", "Ends"),
        choice("standing", "Standing"),
    ]);
    Table {
        id: "main",
        caption: "Tokens".into(),
        columns,
        rows: rows.collect(),
        empty: "No token was made yet.",
        csv: Some("/settings/tokens.csv".into()),
    }
}
