//! A person's own account, and the people of this collector for admins. Each change is logged before it takes effect.

mod form;
pub(super) mod people;
mod second;
pub(super) mod sessions;
pub(super) mod tokens;

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::guard::SignedIn;
use super::routes::Routes;
use super::{Frame, Site};
use crate::people::{People, PeopleError};

pub(super) use form::OwnForm;

pub(super) fn routes() -> Routes<Arc<Site>> {
    Routes::new()
        .route("/settings", get(account))
        .route("/settings/sessions", get(sessions::own).post(sessions::end_own))
        .route("/settings/sessions/all", get(sessions::all).post(sessions::end_any))
        .route("/settings/sessions.csv", get(sessions::own_csv))
        .route("/settings/sessions/all.csv", get(sessions::all_csv))
        .route("/settings/tokens.csv", get(tokens::csv))
        .route("/settings/second-factor", get(second::show).post(second::change))
        .route("/settings/tokens", get(tokens::show).post(tokens::change))
        .route("/settings/people.csv", get(people::csv))
        .route("/settings/people", get(people::list).post(people::add))
        .route("/settings/people/{name}", get(people::show).post(people::change))
}

#[derive(Template)]
#[template(path = "settings/account.html")]
struct AccountPage {
    frame: Frame,
    user: String,
    role: &'static str,
    about: &'static str,
    audit: Option<String>,
}

async fn account(State(site): State<Arc<Site>>, Extension(who): Extension<SignedIn>) -> Response {
    let (role, about) = (who.role.as_str(), who.role.about());
    page(
        StatusCode::OK,
        &AccountPage {
            frame: Frame::new(&site, "Your account".into(), "settings", Some(&who)),
            user: who.user.clone(),
            role,
            about,
            audit: who.audit.clone(),
        },
    )
}

/// A page with its status.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Asks the people's database off the async threads.
pub(super) async fn asked<T: Send + 'static>(
    site: &Site,
    ask: impl FnOnce(&People) -> Result<T, PeopleError> + Send + 'static,
) -> Result<T, PeopleError> {
    let people = site.people.clone();
    let asked = tokio::task::spawn_blocking(move || ask(&people)).await;
    asked.map_err(|_join| PeopleError::Interrupted)?
}

/// Why nothing was done.
pub(super) enum Problem {
    /// To be said on the page.
    Told(String),
    /// Answered already.
    Answer(Response),
}

/// What a person is told who asked for something that cannot be done; anything else is ours to mend.
pub(super) fn problem(error: PeopleError) -> Problem {
    match error {
        PeopleError::Refused(why) => Problem::Told(format!("Nothing was changed: {why}.")),
        PeopleError::Policy(why) | PeopleError::Closed(why) => {
            Problem::Told(format!("Nothing was changed: {why}."))
        }
        PeopleError::Wrong => {
            Problem::Told("Nothing was changed: what was typed is wrong.".to_owned())
        }
        error @ (PeopleError::Secrets(_)
        | PeopleError::Hash(_)
        | PeopleError::Random(_)
        | PeopleError::Interrupted) => {
            tracing::error!(%error, "people cannot be served");
            Problem::Answer(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}
