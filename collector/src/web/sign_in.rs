//! Sign-in, sign-out and the change of a password. Each becomes an entry of the log before it takes effect for the
//! person; a wrong password becomes a line of the program's log.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use exhibit_proto::statement::Activity;
use serde::Deserialize;
use serde_json::json;

use super::guard::{SignedIn, address_of, cookie, from_own_page, same_token};
use super::settings::{OwnForm, asked, page};
use super::table::{self, encode};
use super::{Frame, Site, failures};
use crate::net::Peer;
use crate::people::{From, PeopleError, Session, SessionId};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    next: String,
    name: String,
    problem: String,
    /// Where people may sign in instead.
    provider: Option<String>,
}

#[derive(Template)]
#[template(path = "second.html")]
struct SecondPage {
    frame: Frame,
    next: String,
    problem: String,
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    frame: Frame,
    problem: String,
}

#[derive(Deserialize)]
pub(super) struct SignInForm {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct PasswordForm {
    present: String,
    new: String,
    again: String,
    #[serde(default)]
    csrf: String,
}

#[derive(Deserialize)]
pub(super) struct SignOutForm {
    #[serde(default)]
    csrf: String,
}

pub(super) async fn form(
    State(site): State<Arc<Site>>,
    Query(query): Query<table::Query>,
) -> Response {
    let next = query.get("next").cloned().unwrap_or_default();
    show(&site, StatusCode::OK, next, String::new(), String::new())
}

pub(super) async fn sign_in(
    State(site): State<Arc<Site>>,
    peer: Option<Extension<Peer>>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Response {
    let SignInForm { name, password, next } = form;
    if !from_own_page(&headers, &uri) {
        return refused();
    }
    let address = address_of(peer.as_deref());
    if let Err(wait) = site.limiter.attempt(&name, address) {
        let seconds = wait.as_secs() + 1;
        failures::failed(&site, &name, address, "too many attempts").await;
        let problem = format!("Too many attempts. Please wait {seconds} seconds and try again.");
        let page = show(&site, StatusCode::TOO_MANY_REQUESTS, next, name, problem);
        return ([(header::RETRY_AFTER, seconds.to_string())], page).into_response();
    }
    match site
        .people
        .sign_in(name.clone(), password, from_of(address, &headers), (site.clock)())
        .await
    {
        // The second factor makes it a sign-in.
        Ok((id, session)) if session.pending => {
            let next = own_path(&next);
            enter(&id, &format!("/sign-in/second?next={}", encode(&next)))
        }
        Ok((id, session)) => {
            let from = address.map(|address| address.to_string());
            let done = record(&site, &session.user, "sign_in", json!({"from": from})).await;
            if let Err(response) = done {
                end(&site, &id);
                return response;
            }
            let next = if session.must_change { "/password".to_owned() } else { own_path(&next) };
            enter(&id, &next)
        }
        Err(PeopleError::Wrong) => {
            failures::failed(&site, &name, address, "name or password is wrong").await;
            let problem = "Name or password is wrong.".to_owned();
            show(&site, StatusCode::FORBIDDEN, next, name, problem)
        }
        Err(PeopleError::Closed(why)) => {
            failures::failed(&site, &name, address, why).await;
            show(&site, StatusCode::FORBIDDEN, next, name, format!("Not signed in: {why}."))
        }
        Err(error) => broken(&error),
    }
}

pub(super) async fn second_form(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Query(query): Query<table::Query>,
) -> Response {
    let next = query.get("next").cloned().unwrap_or_default();
    show_second(&site, &who, StatusCode::OK, next, "")
}

/// The code that turns a sign-in by password into a session.
pub(super) async fn second(State(site): State<Arc<Site>>, form: OwnForm) -> Response {
    let OwnForm { who, address, from, .. } = &form;
    let next = own_path(form.text("next"));
    let Some(half) = who.id.clone().filter(|_| who.pending()) else {
        return Redirect::to(&next).into_response();
    };
    if let Err(wait) = site.limiter.second(&who.user, *address) {
        let seconds = wait.as_secs() + 1;
        failures::failed(&site, &who.user, *address, "too many attempts at a second factor").await;
        let problem = format!("Too many attempts. Please wait {seconds} seconds and try again.");
        let page = show_second(&site, who, StatusCode::TOO_MANY_REQUESTS, next, &problem);
        return ([(header::RETRY_AFTER, seconds.to_string())], page).into_response();
    }
    let (user, code, from, now) =
        (who.user.clone(), form.text("code").to_owned(), from.clone(), (site.clock)());
    let passed = asked(&site, move |people| people.pass_second(&half, (&user, &code), &from, now));
    match passed.await {
        Ok((id, session, paper)) => {
            let from = address.map(|address| address.to_string());
            let second = if paper { "recovery code" } else { "app" };
            let detail = json!({"from": from, "second_factor": second});
            if let Err(response) = record(&site, &session.user, "sign_in", detail).await {
                end(&site, &id);
                return response;
            }
            enter(&id, if session.must_change { "/password" } else { &next })
        }
        Err(PeopleError::Wrong) => {
            failures::failed(&site, &who.user, *address, "second factor is wrong").await;
            let problem = "That code is not right, or was used already.";
            show_second(&site, who, StatusCode::FORBIDDEN, next, problem)
        }
        Err(error) => broken(&error),
    }
}

pub(super) async fn password_form(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
) -> Response {
    show_password(&site, &who, StatusCode::OK, "")
}

pub(super) async fn change_password(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    peer: Option<Extension<Peer>>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Response {
    if !from_own_page(&headers, &uri) || !same_token(&who.csrf, &form.csrf) {
        return refused();
    }
    if site.limiter.attempt(&who.user, address_of(peer.as_deref())).is_err() {
        let problem = "Too many attempts. Please wait a minute and try again.";
        return show_password(&site, &who, StatusCode::TOO_MANY_REQUESTS, problem);
    }
    if form.new != form.again {
        let problem = "The two new passwords differ.";
        return show_password(&site, &who, StatusCode::BAD_REQUEST, problem);
    }
    let (user, now) = (who.user.clone(), (site.clock)());
    let from = from_of(address_of(peer.as_deref()), &headers);
    let changed: Result<(SessionId, Session), _> =
        site.people.change_password(user, form.present, form.new, from, now).await;
    match changed {
        Ok((id, session)) => {
            match record(&site, &session.user, "password_changed", json!({})).await {
                Ok(()) => enter(&id, "/"),
                Err(response) => response,
            }
        }
        Err(PeopleError::Wrong) => {
            let address = address_of(peer.as_deref());
            failures::failed(&site, &who.user, address, "present password is wrong").await;
            let problem = "The present password is wrong.";
            show_password(&site, &who, StatusCode::FORBIDDEN, problem)
        }
        Err(PeopleError::Policy(what)) => {
            let problem = format!("Not changed: {what}.");
            show_password(&site, &who, StatusCode::BAD_REQUEST, &problem)
        }
        Err(error) => broken(&error),
    }
}

pub(super) async fn sign_out(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<SignOutForm>,
) -> Response {
    if !from_own_page(&headers, &uri) || !same_token(&who.csrf, &form.csrf) {
        return refused();
    }
    if let Some(id) = &who.id {
        end(&site, id);
    }
    if let Err(response) = record(&site, &who.user, "sign_out", json!({})).await {
        return response;
    }
    ([(header::SET_COOKIE, cookie(None))], Redirect::to("/sign-in")).into_response()
}

/// Where a session is opened from, as far as it can be told.
pub(super) fn from_of(address: Option<std::net::IpAddr>, headers: &HeaderMap) -> From {
    let browser = headers.get(header::USER_AGENT).and_then(|browser| browser.to_str().ok());
    From {
        address: address.map(|address| address.to_string()).unwrap_or_default(),
        browser: browser.unwrap_or_default().to_owned(),
    }
}

/// Appends to the log; a log that cannot take it stops the person, because what people do must be in it.
pub(super) async fn record(
    site: &Site,
    by: &str,
    action: &str,
    detail: serde_json::Value,
) -> Result<(), Response> {
    let activity = Activity { by: by.to_owned(), action: action.to_owned(), detail };
    (site.record)(activity).await.map_err(|error| {
        tracing::error!(%error, "what a person did could not be logged");
        let text = "the log cannot take an entry at present; try again in a moment";
        (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
    })
}

pub(super) fn end(site: &Site, id: &SessionId) {
    if let Err(error) = site.people.sign_out(id) {
        tracing::error!(%error, "a session could not be ended");
    }
}

fn enter(id: &SessionId, next: &str) -> Response {
    ([(header::SET_COOKIE, cookie(Some(id)))], Redirect::to(next)).into_response()
}

/// Only addresses of our own: no scheme, no host. Browsers leave tabs and line ends out of an address, and take `\` for `/`: with
/// them `/<tab>/example.com` would lead elsewhere.
pub(super) fn own_path(next: &str) -> String {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !next.starts_with("/sign-in");
    if own { next.to_owned() } else { "/".to_owned() }
}

pub(super) fn refused() -> Response {
    let text =
        "this form did not come from one of our pages, or its page is too old; load it again";
    (StatusCode::FORBIDDEN, text).into_response()
}

fn broken(error: &PeopleError) -> Response {
    tracing::error!(%error, "people cannot be served");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

pub(super) fn show(
    site: &Site,
    status: StatusCode,
    next: String,
    name: String,
    problem: String,
) -> Response {
    let frame = Frame::new(site, "Sign in".into(), "", None);
    let provider = site.oidc.as_ref().map(|provider| provider.label().to_owned());
    page(status, &SignInPage { frame, next, name, problem, provider })
}

fn show_second(
    site: &Site,
    who: &SignedIn,
    status: StatusCode,
    next: String,
    problem: &str,
) -> Response {
    let frame = Frame::new(site, "Second factor".into(), "", Some(who));
    page(status, &SecondPage { frame, next, problem: problem.to_owned() })
}

fn show_password(site: &Site, who: &SignedIn, status: StatusCode, problem: &str) -> Response {
    let frame = Frame::new(site, "Password".into(), "", Some(who));
    page(status, &PasswordPage { frame, problem: problem.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_leads_elsewhere_however_browsers_read_it() {
        for elsewhere in [
            "",
            "https://example.com/",
            "//example.com",
            "/\\example.com",
            "/\t/example.com",
            "/\n/example.com",
            "\t//example.com",
            "/\u{a0}/example.com",
            "/\0",
            "javascript:alert(1)",
            "example.com",
            "/sign-in?next=/",
        ] {
            assert_eq!(own_path(elsewhere), "/", "{elsewhere:?}");
        }
        for ours in ["/controls/A.8.8?as_of=2026-11-01", "/targets/host:1/patch.status", "/x?q=%09"]
        {
            assert_eq!(own_path(ours), ours);
        }
    }
}
