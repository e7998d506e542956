//! People, for admins: who there is, adding, changing, disabling, new first passwords.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{Timestamp, ToSpan as _};

use super::{Frame, OwnForm, Problem, Site, asked, page, problem};
use crate::decisions::moment::until;
use crate::people::{Access, Change, ONE_TIME_HOURS, PeopleError, Person, Role};
use crate::web::download;
use crate::web::guard::SignedIn;
use crate::web::sign_in::record;
use crate::web::table::{self, Table, TableView, choice, column, count, encode, number, text};
use crate::web::words::{self, Moment};

#[derive(Template)]
#[template(path = "settings/people.html")]
struct PeoplePage {
    frame: Frame,
    table: TableView,
    roles: Vec<(Role, bool)>,
    typed: BTreeMap<String, String>,
    problem: String,
    hours: i64,
}

#[derive(Template)]
#[template(path = "settings/person.html")]
struct PersonPage {
    frame: Frame,
    person: Row,
    roles: Vec<(Role, bool)>,
    /// The day on which the account ends, as a form has it.
    day: String,
    /// A first password, shown this once.
    password: Option<String>,
    problem: String,
    hours: i64,
}

struct Row {
    href: String,
    name: String,
    full_name: String,
    email: String,
    role: Role,
    audit: String,
    standing: &'static str,
    until: Option<Moment>,
    created: Option<Moment>,
    sessions: u64,
    disabled: bool,
    second_factor: bool,
    elsewhere: bool,
}

/// Whether somebody may sign in, in words.
pub(in crate::web) fn standing(person: &Person, now: Timestamp) -> &'static str {
    let over = person.access.valid_until.is_some_and(|until| until <= now);
    let late = person.invited.is_some_and(|until| until.is_some_and(|until| until <= now));
    if person.disabled {
        "disabled"
    } else if over {
        "ended"
    } else if late {
        "first password too old"
    } else if person.invited.is_some() {
        "first password not used yet"
    } else {
        "active"
    }
}

fn row(person: Person, now: Timestamp) -> Row {
    Row {
        href: format!("/settings/people/{}", encode(&person.name)),
        standing: standing(&person, now),
        name: person.name,
        full_name: person.full_name,
        email: person.email,
        role: person.access.role,
        audit: person.access.audit.unwrap_or_default(),
        until: person.access.valid_until.map(|until| words::moment(until, now)),
        created: person.created.map(|created| words::moment(created, now)),
        sessions: person.sessions,
        disabled: person.disabled,
        second_factor: person.second_factor,
        elsewhere: person.elsewhere,
    }
}

fn roles(chosen: Role) -> Vec<(Role, bool)> {
    Role::ALL.into_iter().map(|role| (role, role == chosen)).collect()
}

pub(super) async fn list(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Query(query): Query<table::Query>,
) -> Response {
    listed(&site, &who, (BTreeMap::new(), query), String::new()).await
}

pub(super) async fn csv(
    State(site): State<Arc<Site>>,
    Query(query): Query<table::Query>,
) -> Response {
    let now = (site.clock)();
    match asked(&site, move |people| people.all(now)).await {
        Ok(people) => {
            let bytes = table(people, now).csv(&query);
            download("text/csv; charset=utf-8", "exhibit-people.csv", bytes)
        }
        Err(error) => broken(&error),
    }
}

/// Everybody, as a list.
fn table(people: Vec<Person>, now: Timestamp) -> Table {
    let rows = people.into_iter().map(|person| {
        let row = row(person, now);
        let audit = if row.audit.is_empty() { String::new() } else { format!("of {}", row.audit) };
        let or = |at: Option<Moment>, none: &str| {
            at.map_or_else(|| text(none), |at| table::moment(Some(at)))
        };
        vec![
            text(row.name).note(row.full_name).link(row.href),
            text(row.role.as_str()).note(audit),
            text(row.standing),
            or(row.until, "no end"),
            or(row.created, "at the beginning"),
            count(row.sessions),
        ]
    });
    Table {
        id: "main",
        caption: "People".into(),
        columns: vec![
            column("name", "Name"),
            choice("role", "Role"),
            choice("standing", "May sign in"),
            column("until", "Until"),
            column("created", "Since"),
            number("sessions", "Sessions"),
        ],
        rows: rows.collect(),
        empty: "There is nobody.",
        csv: Some("/settings/people.csv".into()),
    }
}

async fn listed(
    site: &Arc<Site>,
    who: &SignedIn,
    (typed, query): (BTreeMap<String, String>, table::Query),
    problem: String,
) -> Response {
    let now = (site.clock)();
    let people = match asked(site, move |people| people.all(now)).await {
        Ok(people) => people,
        Err(error) => return broken(&error),
    };
    let chosen = typed.get("role").and_then(|role| role.parse().ok()).unwrap_or(Role::Viewer);
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let frame = Frame::new(site, "People".into(), "settings", Some(who));
    let table = table(people, now).view("/settings/people", &query);
    let hours = ONE_TIME_HOURS;
    page(status, &PeoplePage { frame, table, roles: roles(chosen), typed, problem, hours })
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    Path(name): Path<String>,
) -> Response {
    shown(&site, &who, &name, None, String::new()).await
}

async fn shown(
    site: &Arc<Site>,
    who: &SignedIn,
    name: &str,
    password: Option<String>,
    problem: String,
) -> Response {
    let (wanted, now) = (name.to_owned(), (site.clock)());
    let person = match asked(site, move |people| people.person(&wanted, now)).await {
        Ok(Some(person)) => person,
        Ok(None) => {
            let problem = format!("There is nobody named {name:?}.");
            return listed(site, who, (BTreeMap::new(), table::Query::new()), problem).await;
        }
        Err(error) => return broken(&error),
    };
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let frame = Frame::new(site, person.name.clone(), "settings", Some(who));
    let roles = roles(person.access.role);
    let day = person.access.valid_until.map(last_day);
    let (person, day) = (row(person, now), day.unwrap_or_default());
    let hours = ONE_TIME_HOURS;
    page(status, &PersonPage { frame, person, roles, day, password, problem, hours })
}

/// The day that an end closes.
fn last_day(until: Timestamp) -> String {
    let last = until.checked_sub(1.second()).unwrap_or(until);
    last.strftime("%Y-%m-%d").to_string()
}

fn broken(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "people cannot be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

pub(super) async fn add(State(site): State<Arc<Site>>, form: OwnForm) -> Response {
    let name = form.text("name").to_owned();
    let access = match access(&form) {
        Ok(access) => access,
        Err(problem) => {
            return listed(&site, &form.who, (form.fields().clone(), table::Query::new()), problem)
                .await;
        }
    };
    let (full_name, email) = (form.text("full_name").to_owned(), form.text("email").to_owned());
    let add = Change::Add { name: name.clone(), full_name, email, access };
    match changed(&site, &form.who, add).await {
        Ok(password) => shown(&site, &form.who, &name, password, String::new()).await,
        Err(Problem::Told(problem)) => {
            listed(&site, &form.who, (form.fields().clone(), table::Query::new()), problem).await
        }
        Err(Problem::Answer(response)) => response,
    }
}

pub(super) async fn change(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    form: OwnForm,
) -> Response {
    let own = name.eq_ignore_ascii_case(&form.who.user);
    let named = name.clone();
    let change = match form.text("act") {
        "access" => match access(&form) {
            Ok(access) => Change::Access { name: named, access },
            Err(problem) => return shown(&site, &form.who, &name, None, problem).await,
        },
        "describe" => {
            let (full_name, email) = (form.text("full_name").into(), form.text("email").into());
            Change::Named { name: named, full_name, email }
        }
        "disable" => Change::Disable { name: named },
        "enable" => Change::Enable { name: named },
        "reset" => Change::Reset { name: named },
        "forget-second" => Change::ForgetSecond { name: named },
        _ => return super::super::sign_in::refused(),
    };
    // Their session ends with it: what follows is the page to sign in.
    let out = own && !matches!(change, Change::Named { .. } | Change::Enable { .. });
    match changed(&site, &form.who, change).await {
        Ok(None) if out => Redirect::to("/sign-in").into_response(),
        Ok(None) => Redirect::to(&format!("/settings/people/{}", encode(&name))).into_response(),
        Ok(password) => shown(&site, &form.who, &name, password, String::new()).await,
        Err(Problem::Told(problem)) => shown(&site, &form.who, &name, None, problem).await,
        Err(Problem::Answer(response)) => response,
    }
}

/// What a form says of role, end and audit. The end is that of the day, UTC.
fn access(form: &OwnForm) -> Result<Access, String> {
    let role = form.text("role").parse()?;
    let valid_until = match form.text("valid_until") {
        "" => None,
        day => Some(until(day).map_err(|error| format!("Nothing was changed: {error}."))?),
    };
    let audit = Some(form.text("audit")).filter(|audit| !audit.is_empty()).map(str::to_owned);
    Ok(Access { role, valid_until, audit })
}

/// Looks whether it can be done, logs it, does it; answers a first password where it brings one.
async fn changed(
    site: &Arc<Site>,
    who: &SignedIn,
    change: Change,
) -> Result<Option<String>, Problem> {
    let (asked_for, now, views) = (change.clone(), (site.clock)(), site.views.clone());
    let checked = asked(site, move |people| {
        people.check_change(&asked_for, now)?;
        if asked_for.audit().is_none() {
            return Ok(());
        }
        let held = views.people().map_err(|error| {
            tracing::error!(%error, "audits cannot be read");
            PeopleError::Interrupted
        })?;
        asked_for.bound_to_one_of(held.audits.audits.keys())
    });
    checked.await.map_err(problem)?;
    let told = change.activity(&who.user);
    record(site, &told.by, &told.action, told.detail).await.map_err(Problem::Answer)?;
    asked(site, move |people| people.change(&change, now)).await.map_err(problem)
}
