//! People, their sessions and their tokens. No token of the API reaches any of it: whoever asks here has signed in.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, Sent, ends, list, one, write};
use super::problem::{ApiError, Problem, Wrong};
use super::words::{RoleWord, ScopeWord};
use super::{Ask, WebError};
use crate::people::{ApiToken, OpenSession, Person, Scope};
use crate::web::settings::{self, people, sessions, tokens};

/// A person, as admins see them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Person")]
struct PersonRow {
    person: String,
    full_name: String,
    email: String,
    #[schemars(with = "RoleWord")]
    role: String,
    /// Whether they may sign in: `active`, `disabled`, `ended`, `first password not used yet`, `first password too old`.
    standing: String,
    /// The only audit that they may see.
    audit: Option<String>,
    /// When the account ends; null: it does not.
    until: Option<Timestamp>,
    /// Null: at the beginning.
    created: Option<Timestamp>,
    /// Open sessions.
    sessions: u64,
    /// They have an app that shows codes.
    second_factor: bool,
    /// They sign in at a provider, whose groups give them their role.
    elsewhere: bool,
}

/// A session that has not ended.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session")]
struct SessionRow {
    /// Names it; opens nothing.
    session: String,
    person: String,
    address: String,
    /// What the browser calls itself.
    browser: String,
    signed_in: Timestamp,
    used: Timestamp,
    /// It is the one that asks.
    this: bool,
}

/// A token of the API; its secret was shown once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Token")]
struct TokenRow {
    /// Names it; opens nothing.
    token: String,
    /// What it is for.
    name: String,
    person: String,
    #[schemars(with = "Vec<ScopeWord>")]
    scopes: Vec<String>,
    made: Timestamp,
    used: Option<Timestamp>,
    ends: Timestamp,
    standing: TokenStanding,
}

/// Whether a token still opens something.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TokenStanding {
    Open,
    Ended,
    Revoked,
}

/// Which session ends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct End {
    session: String,
}

/// Which of one's own sessions end: one, or all but the one that asks.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum EndOwn {
    Session(String),
    /// `true`.
    Others(bool),
}

/// What came of it.
#[derive(Serialize, JsonSchema)]
struct Ended {
    /// How many sessions ended.
    ended: u64,
}

/// A token that is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// What it is for, in 1 to 100 letters.
    name: String,
    #[schemars(with = "Vec<ScopeWord>")]
    scopes: Vec<String>,
    /// Days until it ends: 90 where nobody says, at most 366; 30 of somebody who signs in at a provider.
    days: Option<i64>,
}

/// A token that was made.
#[derive(Serialize, JsonSchema)]
struct MadeToken {
    /// Names it; opens nothing.
    token: String,
    /// What a program sends as `Authorization: Bearer`; nobody can show it again.
    secret: String,
}

/// Which token ends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Revoke {
    token: String,
}

/// The token that ended.
#[derive(Serialize, JsonSchema)]
struct Revoked {
    token: String,
}

pub(super) fn operations() -> Vec<Operation> {
    let tag = "People";
    vec![
        list("/settings/people", tag, "People, and whether they may sign in", all).only_now(),
        one("/settings/people/{person}", tag, "One person", person).only_now(),
        list("/settings/sessions", tag, "Your open sessions", own_sessions).only_now(),
        ends::<EndOwn, Ended, _>(
            "/settings/sessions/end",
            tag,
            "End one of your sessions, or all but this one",
            end_own,
        ),
        list("/settings/sessions/all", tag, "Everybody's open sessions", all_sessions).only_now(),
        ends::<End, Ended, _>("/settings/sessions/all/end", tag, "End anybody's session", end_any),
        list("/settings/tokens", tag, "Your tokens; everybody's, for admins", all_tokens)
            .only_now(),
        write::<NewToken, MadeToken, _>("/settings/tokens", tag, "Make a token of your own", make),
        ends::<Revoke, Revoked, _>("/settings/tokens/revoke", tag, "End a token", revoke),
    ]
}

fn all(ask: &Ask) -> Result<Vec<PersonRow>, WebError> {
    let people = ask.site.people.all(ask.now)?;
    Ok(people.into_iter().map(|person| row(person, ask.now)).collect())
}

fn person(ask: &Ask) -> Result<PersonRow, WebError> {
    let missing = || WebError::NotFound(format!("person {:?}", ask.param(0)));
    let person = ask.site.people.person(ask.param(0), ask.now)?.ok_or_else(missing)?;
    Ok(row(person, ask.now))
}

fn row(person: Person, now: Timestamp) -> PersonRow {
    PersonRow {
        standing: people::standing(&person, now).to_owned(),
        person: person.name,
        full_name: person.full_name,
        email: person.email,
        role: person.access.role.to_string(),
        audit: person.access.audit,
        until: person.access.valid_until,
        created: person.created,
        sessions: person.sessions,
        second_factor: person.second_factor,
        elsewhere: person.elsewhere,
    }
}

fn own_sessions(ask: &Ask) -> Result<Vec<SessionRow>, WebError> {
    open(ask, Some(&ask.who.user))
}

fn all_sessions(ask: &Ask) -> Result<Vec<SessionRow>, WebError> {
    open(ask, None)
}

fn open(ask: &Ask, of: Option<&str>) -> Result<Vec<SessionRow>, WebError> {
    let this = ask.who.id.as_ref().map(crate::people::SessionId::handle);
    let rows = ask.site.people.sessions(of, ask.now)?.into_iter().map(|open| {
        let OpenSession { handle, user, created, last_used, from } = open;
        SessionRow {
            this: this.as_ref() == Some(&handle),
            session: handle,
            person: user,
            address: from.address,
            browser: from.browser,
            signed_in: created,
            used: last_used,
        }
    });
    Ok(rows.collect())
}

fn all_tokens(ask: &Ask) -> Result<Vec<TokenRow>, WebError> {
    let of = tokens::owner(&ask.who);
    let rows = ask.site.people.api_tokens(of.as_deref())?.into_iter().map(|token| {
        let standing = match tokens::standing(&token, ask.now) {
            "open" => TokenStanding::Open,
            "ended" => TokenStanding::Ended,
            _ => TokenStanding::Revoked,
        };
        let ApiToken { id, user, name, scopes, created, expires, last_used, .. } = token;
        TokenRow {
            token: id,
            name,
            person: user,
            scopes: scopes.split(' ').map(str::to_owned).collect(),
            made: created,
            used: last_used,
            ends: expires,
            standing,
        }
    });
    Ok(rows.collect())
}

async fn end_own(sent: Sent<EndOwn>) -> Result<Response, ApiError> {
    let Sent { site, who, body } = sent;
    let ended = match body {
        EndOwn::Session(session) => {
            sessions::end_one(&site, &who, false, &session).await.map(|_this| 1)
        }
        EndOwn::Others(true) => sessions::end_others(&site, &who).await.map(|ended| ended as u64),
        EndOwn::Others(false) => {
            let why = "is true, or is not there".to_owned();
            return Err(ApiError::Invalid(vec![Wrong::new("others", why)]));
        }
    };
    Ok(told(ended.map(|ended| (StatusCode::OK, Ended { ended })), StatusCode::CONFLICT))
}

async fn end_any(sent: Sent<End>) -> Result<Response, ApiError> {
    let Sent { site, who, body } = sent;
    let ended = sessions::end_one(&site, &who, true, &body.session).await;
    Ok(told(ended.map(|_this| (StatusCode::OK, Ended { ended: 1 })), StatusCode::CONFLICT))
}

async fn make(sent: Sent<NewToken>) -> Result<Response, ApiError> {
    let Sent { site, who, body } = sent;
    let scopes: Result<Vec<Scope>, String> = body.scopes.iter().map(|one| one.parse()).collect();
    let scopes = scopes.map_err(|why| ApiError::Invalid(vec![Wrong::new("scopes", why)]))?;
    let made = tokens::made(&site, &who, (body.name.trim().to_owned(), scopes, body.days)).await;
    let made = made.map(|(token, secret)| (StatusCode::CREATED, MadeToken { token, secret }));
    Ok(told(made, StatusCode::UNPROCESSABLE_ENTITY))
}

async fn revoke(sent: Sent<Revoke>) -> Result<Response, ApiError> {
    let Sent { site, who, body } = sent;
    let ended = tokens::revoked(&site, &who, &body.token).await;
    let ended = ended.map(|()| (StatusCode::OK, Revoked { token: body.token }));
    Ok(told(ended, StatusCode::CONFLICT))
}

/// What was done, or why nothing was.
fn told<T: Serialize>(
    done: Result<(StatusCode, T), settings::Problem>,
    refused: StatusCode,
) -> Response {
    match done {
        Ok((status, what)) => (status, Json(what)).into_response(),
        Err(settings::Problem::Told(why)) => Problem::new(refused, why).into_response(),
        Err(settings::Problem::Answer(response)) => response,
    }
}
