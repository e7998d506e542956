//! Open sessions: one's own, and everybody's for admins; each can be ended.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query as UrlQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde_json::json;

use super::{Frame, OwnForm, Problem, Site, asked, page, problem};
use crate::people::{OpenSession, PeopleError};
use crate::web::guard::{SignedIn, cookie};
use crate::web::sign_in::record;
use crate::web::table::{self, Act, Query, Table, TableView, choice, code, column, encode, text};
use crate::web::{download, words};

#[derive(Template)]
#[template(path = "settings/sessions.html")]
struct SessionsPage {
    frame: Frame,
    /// Everybody's.
    all: bool,
    table: TableView,
    /// How many there are.
    open: usize,
    problem: String,
}

pub(super) async fn own(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    show(&site, &who, (false, query), String::new()).await
}

pub(super) async fn all(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    show(&site, &who, (true, query), String::new()).await
}

pub(super) async fn own_csv(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    csv(&site, &who, (false, query)).await
}

pub(super) async fn all_csv(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    csv(&site, &who, (true, query)).await
}

async fn csv(site: &Arc<Site>, who: &SignedIn, (all, query): (bool, Query)) -> Response {
    match open(site, who, all).await {
        Ok(open) => {
            let bytes = table(open, who, all, (site.clock)()).csv(&query);
            download("text/csv; charset=utf-8", "exhibit-sessions.csv", bytes)
        }
        Err(error) => broken(&error),
    }
}

/// One's own, or everybody's.
async fn open(
    site: &Arc<Site>,
    who: &SignedIn,
    all: bool,
) -> Result<Vec<OpenSession>, PeopleError> {
    let (now, user) = ((site.clock)(), (!all).then(|| who.user.clone()));
    asked(site, move |people| people.sessions(user.as_deref(), now)).await
}

fn broken(error: &PeopleError) -> Response {
    tracing::error!(%error, "sessions cannot be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

pub(super) async fn end_own(State(site): State<Arc<Site>>, form: OwnForm) -> Response {
    end(&site, &form, false).await
}

pub(super) async fn end_any(State(site): State<Arc<Site>>, form: OwnForm) -> Response {
    end(&site, &form, true).await
}

async fn end(site: &Arc<Site>, form: &OwnForm, any: bool) -> Response {
    let who = &form.who;
    let back = if any { "/settings/sessions/all" } else { "/settings/sessions" };
    let ended = if !any && form.text("act") == "others" {
        end_others(site, who).await.map(|_number| false)
    } else {
        end_one(site, who, any, form.text("session")).await
    };
    match ended {
        // They ended the session in which they asked.
        Ok(true) => {
            ([(header::SET_COOKIE, cookie(None))], Redirect::to("/sign-in")).into_response()
        }
        Ok(false) => Redirect::to(back).into_response(),
        Err(Problem::Told(problem)) => show(site, who, (any, Query::new()), problem).await,
        Err(Problem::Answer(response)) => response,
    }
}

/// Ends the session of a handle, of the asker or of anybody, once it is logged; answers whether it was the one that asks.
pub(in crate::web) async fn end_one(
    site: &Arc<Site>,
    who: &SignedIn,
    any: bool,
    handle: &str,
) -> Result<bool, Problem> {
    let (own, now) = ((!any).then(|| who.user.clone()), (site.clock)());
    let wanted = handle.to_owned();
    let found = asked(site, move |people| {
        let open = people.sessions(own.as_deref(), now)?;
        Ok(open.into_iter().find(|open| open.handle == wanted))
    });
    let gone = || Problem::Told("That session has ended already.".to_owned());
    let open = found.await.map_err(problem)?.ok_or_else(gone)?;
    let detail = json!({"of": open.user, "session": handle});
    record(site, &who.user, "session_ended", detail).await.map_err(Problem::Answer)?;
    let this = who.id.as_ref().is_some_and(|id| id.handle() == handle);
    let handle = handle.to_owned();
    asked(site, move |people| people.end_session(&handle, Some(&open.user)))
        .await
        .map_err(problem)?;
    Ok(this)
}

/// Ends all sessions of the asker but the one that asks, once it is logged; answers how many.
pub(in crate::web) async fn end_others(site: &Arc<Site>, who: &SignedIn) -> Result<usize, Problem> {
    let detail = json!({"of": who.user});
    record(site, &who.user, "sessions_ended", detail).await.map_err(Problem::Answer)?;
    let (user, but) = (who.user.clone(), who.id.clone());
    asked(site, move |people| people.end_sessions(&user, but.as_ref())).await.map_err(problem)
}

async fn show(
    site: &Arc<Site>,
    who: &SignedIn,
    (all, query): (bool, Query),
    problem: String,
) -> Response {
    let sessions = match open(site, who, all).await {
        Ok(sessions) => sessions,
        Err(error) => return broken(&error),
    };
    let open = sessions.len();
    let frame = Frame::new(site, title(all).into(), "settings", Some(who));
    let table = table(sessions, who, all, (site.clock)()).view(address(all), &query);
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    page(status, &SessionsPage { frame, all, table, open, problem })
}

fn title(all: bool) -> &'static str {
    if all { "Everybody's sessions" } else { "Your sessions" }
}

fn address(all: bool) -> &'static str {
    if all { "/settings/sessions/all" } else { "/settings/sessions" }
}

/// Sessions as a list, each with the button that ends it.
fn table(sessions: Vec<OpenSession>, who: &SignedIn, all: bool, now: Timestamp) -> Table {
    let own = who.id.as_ref().map(crate::people::SessionId::handle);
    let rows = sessions.into_iter().map(|open| {
        let OpenSession { handle, user, created, last_used, from } = open;
        let this = own.as_ref() == Some(&handle);
        let fields = vec![("csrf", who.csrf.clone()), ("session", handle)];
        let label = if this { "Sign out" } else { "End" };
        let of = format!("the session of {user} from {}", from.address);
        let act = Act { action: address(all), fields, label, of };
        let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
        let mut cells = Vec::new();
        let person = format!("/settings/people/{}", encode(&user));
        cells.extend(all.then(|| text(user).link(person)));
        cells.extend([
            text(or(named(&from.browser), "not told")).export(from.browser),
            code(or(from.address, "not known")),
            table::moment(Some(words::moment(created, now))),
            table::moment(Some(words::moment(last_used, now))),
            text(if this { "this one" } else { "open" }).act(Some(act)),
        ]);
        cells
    });
    let mut columns = Vec::new();
    columns.extend(all.then(|| choice("person", "Person")));
    columns.extend([
        column("browser", "Browser"),
        column("address", "Address"),
        column("signed_in", "Signed in"),
        column("used", "Last used"),
        column("standing", "End it"),
    ]);
    Table {
        id: "main",
        caption: title(all).into(),
        columns,
        rows: rows.collect(),
        empty: "No session is open.",
        csv: Some(format!("{}.csv", address(all))),
    }
}

/// A browser and its system in words, out of what it calls itself (RFC 9110 §10.1.5); what is not known is shown as it is.
fn named(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chrome without a window"),
        ("Chrome/", "Chrome"),
        ("Version/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("Linux", "Linux"),
    ];
    let browser = BROWSERS.iter().find_map(|(sign, name)| {
        let (_, version) = agent.split_once(sign)?;
        let major: String = version.chars().take_while(char::is_ascii_digit).collect();
        Some(format!("{name} {major}"))
    });
    let system = SYSTEMS.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser,
        (None, _) => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn browsers_are_named_and_strangers_stay_as_they_are() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.1";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1";
        assert_eq!(named(chrome), "Chrome 142 on Linux");
        assert_eq!(named(edge), "Edge 142 on Windows");
        assert_eq!(named(safari), "Safari 19 on iPhone");
        assert_eq!(named("curl/8.1 <x>"), "curl/8.1 <x>");
    }
}
