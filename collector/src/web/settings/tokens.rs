//! Tokens for programs: one's own, and everybody's for admins. Each is shown once.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::{Frame, OwnForm, Problem, Site, asked, page, problem};
use crate::people::{ApiToken, DEFAULT_DAYS, MAX_DAYS, NewApiToken, Right, Scope};
use crate::web::guard::SignedIn;
use crate::web::sign_in::record;
use crate::web::words::{self, Moment};

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct TokensPage {
    frame: Frame,
    tokens: Vec<Shown>,
    scopes: Vec<(Scope, bool)>,
    typed: BTreeMap<String, String>,
    days: i64,
    most: i64,
    /// A new token, shown this once.
    made: Option<String>,
    problem: String,
    /// Everybody's are shown.
    all: bool,
}

struct Shown {
    id: String,
    user: String,
    name: String,
    scopes: String,
    created: Moment,
    expires: Moment,
    last_used: Option<Moment>,
    standing: &'static str,
    open: bool,
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
) -> Response {
    shown(&site, &who, BTreeMap::new(), None, String::new()).await
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
        "" => Ok(DEFAULT_DAYS),
        days => days.parse(),
    };
    let Ok(days) = days else {
        let problem = "Nothing was changed: the number of days cannot be read.".to_owned();
        return shown(site, who, form.fields().clone(), None, problem).await;
    };
    let (user, name) = (who.user.clone(), form.text("name").to_owned());
    let new = NewApiToken { user, name, scopes: scopes.collect(), days };
    let (wanted, now) = (new.clone(), (site.clock)());
    let id = asked(site, move |people| {
        people.check_api_token(&wanted, now)?;
        people.next_api_token()
    });
    let id = match id.await.map_err(problem) {
        Ok(id) => id,
        Err(Problem::Told(problem)) => {
            return shown(site, who, form.fields().clone(), None, problem).await;
        }
        Err(Problem::Answer(response)) => return response,
    };
    let told = new.activity(&id, &who.user, now);
    if let Err(response) = record(site, &told.by, &told.action, told.detail).await {
        return response;
    }
    match asked(site, move |people| people.create_api_token(&id, &new, now)).await.map_err(problem)
    {
        Ok(token) => shown(site, who, BTreeMap::new(), Some(token), String::new()).await,
        Err(Problem::Told(problem)) => shown(site, who, form.fields().clone(), None, problem).await,
        Err(Problem::Answer(response)) => response,
    }
}

async fn revoke(site: &Arc<Site>, form: &OwnForm) -> Response {
    let who = &form.who;
    let (id, now) = (form.text("token").to_owned(), (site.clock)());
    let own = (!who.may(Right::Administer)).then(|| who.user.clone());
    let (wanted, of) = (id.clone(), own.clone());
    let found = asked(site, move |people| {
        let tokens = people.api_tokens(of.as_deref())?;
        Ok(tokens.into_iter().find(|token| token.id == wanted && token.revoked.is_none()))
    });
    let token = match found.await.map_err(problem) {
        Ok(Some(token)) => token,
        Ok(None) => {
            let problem = "That token has ended already.".to_owned();
            return shown(site, who, BTreeMap::new(), None, problem).await;
        }
        Err(Problem::Told(problem)) => {
            return shown(site, who, BTreeMap::new(), None, problem).await;
        }
        Err(Problem::Answer(response)) => return response,
    };
    let detail = json!({"token": id, "of": token.user});
    if let Err(response) = record(site, &who.user, "api_token_revoked", detail).await {
        return response;
    }
    let done = asked(site, move |people| people.revoke_api_token(&id, own.as_deref(), now)).await;
    match done.map_err(problem) {
        Ok(_) => Redirect::to("/settings/tokens").into_response(),
        Err(Problem::Told(problem)) => shown(site, who, BTreeMap::new(), None, problem).await,
        Err(Problem::Answer(response)) => response,
    }
}

async fn shown(
    site: &Arc<Site>,
    who: &SignedIn,
    typed: BTreeMap<String, String>,
    made: Option<String>,
    problem: String,
) -> Response {
    let now = (site.clock)();
    let all = who.may(Right::Administer);
    let user = (!all).then(|| who.user.clone());
    let tokens = match asked(site, move |people| people.api_tokens(user.as_deref())).await {
        Ok(tokens) => tokens,
        Err(error) => {
            tracing::error!(%error, "tokens cannot be read");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let tokens = tokens.into_iter().map(|token| {
        let ApiToken { id, user, name, scopes, created, expires, last_used, revoked } = token;
        let over = expires <= now;
        Shown {
            id,
            user,
            name,
            scopes,
            created: words::moment(created, now),
            expires: words::moment(expires, now),
            last_used: last_used.map(|used| words::moment(used, now)),
            standing: match (revoked, over) {
                (Some(_), _) => "revoked",
                (None, true) => "ended",
                (None, false) => "open",
            },
            open: revoked.is_none() && !over,
        }
    });
    let first = typed.is_empty();
    let scopes = Scope::ALL.into_iter().map(|scope| {
        let chosen = typed.contains_key(scope.as_str()) || (first && scope == Scope::Read);
        (scope, chosen)
    });
    let frame = Frame::new(site, "Tokens".into(), "settings", Some(who));
    let (tokens, scopes) = (tokens.collect(), scopes.collect());
    let (days, most) = (DEFAULT_DAYS, MAX_DAYS);
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    page(status, &TokensPage { frame, tokens, scopes, typed, days, most, made, problem, all })
}
