//! Open sessions: one's own, and everybody's for admins; each can be ended.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::{Frame, OwnForm, Problem, Site, asked, page, problem};
use crate::people::OpenSession;
use crate::web::guard::{SignedIn, cookie};
use crate::web::sign_in::record;
use crate::web::words::{self, Moment};

#[derive(Template)]
#[template(path = "settings/sessions.html")]
struct SessionsPage {
    frame: Frame,
    /// Everybody's.
    all: bool,
    sessions: Vec<Shown>,
    problem: String,
}

struct Shown {
    handle: String,
    user: String,
    created: Moment,
    last_used: Moment,
    address: String,
    /// In words; as it calls itself.
    browser: String,
    agent: String,
    /// The one that looks at the page.
    this: bool,
}

pub(super) async fn own(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
) -> Response {
    show(&site, &who, false, String::new()).await
}

pub(super) async fn all(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
) -> Response {
    show(&site, &who, true, String::new()).await
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
    let own = (!any).then(|| who.user.clone());
    if !any && form.text("act") == "others" {
        let logged = record(site, &who.user, "sessions_ended", json!({"of": who.user})).await;
        if let Err(response) = logged {
            return response;
        }
        let (user, but) = (who.user.clone(), who.id.clone());
        return match asked(site, move |people| people.end_sessions(&user, but.as_ref())).await {
            Ok(_) => Redirect::to(back).into_response(),
            Err(error) => told(site, who, any, error).await,
        };
    }
    let handle = form.text("session").to_owned();
    let (wanted, now) = (handle.clone(), (site.clock)());
    let found = asked(site, move |people| {
        let open = people.sessions(own.as_deref(), now)?;
        Ok(open.into_iter().find(|open| open.handle == wanted))
    });
    let open = match found.await {
        Ok(Some(open)) => open,
        Ok(None) => {
            let problem = "That session has ended already.".to_owned();
            return show(site, who, any, problem).await;
        }
        Err(error) => return told(site, who, any, error).await,
    };
    let detail = json!({"of": open.user, "session": handle});
    if let Err(response) = record(site, &who.user, "session_ended", detail).await {
        return response;
    }
    let this = who.id.as_ref().is_some_and(|id| id.handle() == handle);
    match asked(site, move |people| people.end_session(&handle, Some(&open.user))).await {
        Ok(_) if this => {
            ([(header::SET_COOKIE, cookie(None))], Redirect::to("/sign-in")).into_response()
        }
        Ok(_) => Redirect::to(back).into_response(),
        Err(error) => told(site, who, any, error).await,
    }
}

async fn told(
    site: &Arc<Site>,
    who: &SignedIn,
    all: bool,
    error: crate::people::PeopleError,
) -> Response {
    match problem(error) {
        Problem::Told(problem) => show(site, who, all, problem).await,
        Problem::Answer(response) => response,
    }
}

async fn show(site: &Arc<Site>, who: &SignedIn, all: bool, problem: String) -> Response {
    let now = (site.clock)();
    let user = (!all).then(|| who.user.clone());
    let sessions = match asked(site, move |people| people.sessions(user.as_deref(), now)).await {
        Ok(sessions) => sessions,
        Err(error) => {
            tracing::error!(%error, "sessions cannot be read");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let this = who.id.as_ref().map(crate::people::SessionId::handle);
    let sessions = sessions.into_iter().map(|open| {
        let OpenSession { handle, user, created, last_used, from } = open;
        Shown {
            this: this.as_ref() == Some(&handle),
            handle,
            user,
            created: words::moment(created, now),
            last_used: words::moment(last_used, now),
            address: from.address,
            browser: named(&from.browser),
            agent: from.browser,
        }
    });
    let title = if all { "Everybody's sessions" } else { "Your sessions" };
    let frame = Frame::new(site, title.into(), "settings", Some(who));
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    page(status, &SessionsPage { frame, all, sessions: sessions.collect(), problem })
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
