//! The audit room: the list of audits, and one audit with what was asked for, drawn and found. Changes nothing.

pub(in crate::web) mod evidence;
pub(in crate::web) mod item;
pub(in crate::web) mod population;
mod room;

use askama::Template;
use axum::response::Response;
use exhibit_assessment::decisions::{
    AUDIT, AUDIT_COMMENT, AUDIT_FINDING, Audit, AuditStatus, Grade, REQUEST, RaisedStatus,
    RequestStatus,
};
use serde_json::Value;

use super::{super::html, Ask, WebError};
use crate::audit;
use crate::people::Right;
use crate::population as populations;
use crate::views::Done;
use crate::web::decide::form_href;
use crate::web::table::{
    Table, TableView, choice, code, column, count, encode, moment, number, text, word,
};
use crate::web::words::{self, Word};
use crate::web::{Frame, download};

pub(in crate::web) use room::{Room, broken, room, seen};

/// Acts of auditors that are listed.
const DID: usize = 500;

/// Addresses of the audit room.
pub(in crate::web) fn href(audit: &str, rest: &[&str]) -> String {
    let rest = rest.iter().map(|part| format!("/{}", encode(part)));
    format!("/audits/{}{}", encode(audit), rest.collect::<String>())
}

/// Where a record of the room is shown, once it is decided.
pub(in crate::web) fn home(register: &str, id: &str, value: &Value) -> Option<String> {
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    match register {
        AUDIT => Some(href(id, &[])),
        REQUEST => Some(href(part("audit")?, &["requests", id])),
        AUDIT_FINDING => Some(href(part("audit")?, &["findings", id])),
        AUDIT_COMMENT => Some(href(part("audit")?, &[])),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "audits.html")]
struct AuditsPage {
    frame: Frame,
    new: String,
    table: TableView,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    id: String,
    audit: Audit,
    word: Word,
    from: String,
    until: String,
    controls: String,
    /// Requests that are neither accepted nor answered, and all.
    open: (usize, usize),
    requests: TableView,
    populations: TableView,
    raised: TableView,
    /// Addresses of forms and lists.
    change: String,
    history: String,
    ask: String,
    raise: String,
    freeze: String,
    evidence: String,
    import: String,
    bundle: String,
    problem: Vec<String>,
    may_change: bool,
    may_bundle: bool,
    /// Who is bound to it: name, until when, and whether they cannot sign in any more.
    auditors: Vec<(String, String, bool)>,
    did: TableView,
}

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    html(&AuditsPage {
        frame: ask.frame("Audits", "audits"),
        new: form_href("audit", &[]),
        table: table(ask)?.view(&ask.path, &ask.query),
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    Ok(ask.csv("audits", &table(ask)?))
}

fn table(ask: &Ask) -> Result<Table, WebError> {
    let people = ask.views.people()?;
    let held = people.audits;
    let seen = held.audits.iter().filter(|(id, _)| room::may_see(ask, id));
    let rows = seen.map(|(id, audit)| {
        let requests = held.requests.values().filter(|one| one.audit == *id);
        let waiting = requests.filter(|one| waits(one.status)).count();
        let raised = held.raised.values().filter(|one| one.audit == *id);
        let open = raised.filter(|one| one.status != RaisedStatus::Closed).count();
        vec![
            text(id.clone()).link(href(id, &[])),
            text(audit.title.clone()).note(format!("led by {}", audit.lead)),
            text(audit.sort.label()),
            word(audit_word(audit.status)),
            text(words::day(audit.from)),
            text(room::last_day(audit.until)),
            count(waiting as u64),
            count(open as u64),
        ]
    });
    Ok(Table {
        id: "main",
        caption: "Audits".into(),
        columns: vec![
            column("audit", "Audit"),
            column("title", "Title"),
            choice("type", "Type"),
            choice("status", "Status"),
            column("from", "From"),
            column("until", "Until"),
            number("requests", "Open requests"),
            number("findings", "Open findings"),
        ],
        rows: rows.collect(),
        empty: "There is no audit yet. Make one here, or with `exhibit-collector audit new`.",
        csv: Some("/audits.csv".into()),
    })
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    show_again(ask, ask.param(0), Vec::new())
}

/// The audit's page, with what was wrong with what was just sent.
pub(in crate::web) fn show_again(
    ask: &Ask,
    id: &str,
    problem: Vec<String>,
) -> Result<Response, WebError> {
    let room = room(ask, id)?;
    let Room { id, audit, held } = &room;
    let id = id.as_str();
    let all = held.requests.values().filter(|one| one.audit == id);
    let open = all.clone().filter(|one| waits(one.status)).count();
    let controls: Vec<String> = audit.controls.iter().map(ToString::to_string).collect();
    let bound = room::bound(ask, id)?;
    html(&AuditPage {
        frame: ask.frame(format!("{id} · {}", audit.title), "audits"),
        word: audit_word(audit.status),
        from: words::day(audit.from),
        until: room::last_day(audit.until),
        controls: controls.join(", "),
        open: (open, all.count()),
        requests: requests(ask, &room).view(&ask.path, &ask.query),
        populations: frozen_table(ask, id)?.view(&ask.path, &ask.query),
        raised: raised(&room).view(&ask.path, &ask.query),
        change: form_href("audit", &[("id", id)]),
        history: super::decisions::href("audit", id),
        ask: form_href("request", &[("audit", id)]),
        raise: form_href("audit_finding", &[("audit", id)]),
        freeze: href(id, &["populations"]),
        evidence: href(id, &["evidence"]),
        import: href(id, &["requests"]),
        bundle: href(id, &["bundle"]),
        audit: audit.clone(),
        id: id.to_owned(),
        problem,
        may_change: ask.who.may(Right::Audit),
        may_bundle: ask.who.may(Right::AuditRoom),
        auditors: bound,
        did: did(ask, id)?.view(&ask.path, &ask.query),
    })
}

fn requests(ask: &Ask, room: &Room) -> Table {
    let own = room.held.requests.iter().filter(|(_, one)| one.audit == room.id);
    let rows = own.map(|(id, one)| {
        let late = one.due.is_some_and(|due| due < ask.now) && waits(one.status);
        let controls: Vec<String> = one.controls.iter().map(ToString::to_string).collect();
        let what = one.text.lines().next().unwrap_or_default().to_owned();
        vec![
            text(id.clone())
                .link(href(&room.id, &["requests", id]))
                .note(one.number.clone().unwrap_or_default()),
            text(what).export(one.text.clone()),
            text(controls.join(", ")),
            text(one.due.map(room::last_day).unwrap_or_default()).note(if late {
                "overdue"
            } else {
                ""
            }),
            text(one.owner.clone()),
            word(request_word(one.status)),
            count(one.evidence.len() as u64 + one.files.len() as u64),
            count(room.held.on(id).count() as u64),
        ]
    });
    Table {
        id: "requests",
        caption: "Requests".into(),
        columns: vec![
            column("request", "Request"),
            column("what", "What is asked for"),
            column("controls", "Controls"),
            column("due", "Due"),
            choice("owner", "Who answers"),
            choice("status", "Status"),
            number("evidence", "Evidence"),
            number("comments", "Comments"),
        ],
        rows: rows.collect(),
        empty: match ask.who.may(Right::Audit) {
            true => "Nothing was asked for yet. Take the auditors' list as CSV, or add a request.",
            false => "Nothing was asked for yet. Whoever is audited adds here what you ask for.",
        },
        csv: Some(href(&room.id, &["requests.csv"])),
    }
}

fn frozen_table(ask: &Ask, audit: &str) -> Result<Table, WebError> {
    let mut frozen = populations::shown(&ask.views).map_err(room::broken)?;
    frozen.retain(|one| one.population.audit.as_deref() == Some(audit));
    let rows = frozen.into_iter().map(|one| {
        let drawn = match &one.sample {
            Some(sample) => text(format!("{} drawn", sample.drawn.items))
                .note(format!("number {:?} by {}", sample.drawn.number, sample.by)),
            None => text("not drawn").note(one.population.draw.to_string()),
        };
        vec![
            text(one.id.clone()).link(href(audit, &["populations", &one.id])),
            text(one.population.title),
            count(one.population.items),
            drawn,
            moment(Some(ask.moment(one.at))).note(one.by),
            text(one.entry.to_string())
                .sort(format!("{:020}", one.entry))
                .link(format!("/entries/{}", one.entry)),
        ]
    });
    Ok(Table {
        id: "populations",
        caption: "Populations and samples".into(),
        columns: vec![
            column("population", "Population"),
            column("what", "Of what"),
            number("items", "Items"),
            column("sample", "Sample"),
            column("at", "Frozen"),
            number("entry", "Entry"),
        ],
        rows: rows.collect(),
        empty: match ask.who.may(Right::Audit) {
            true => {
                "No population is frozen yet. Freeze one: then whoever audits says a number, and the sample follows from both."
            }
            false => {
                "No population is frozen yet. Whoever is audited freezes one; then you say a number, and the sample follows from both."
            }
        },
        csv: Some(href(audit, &["populations.csv"])),
    })
}

fn raised(room: &Room) -> Table {
    let own = room.held.raised.iter().filter(|(_, one)| one.audit == room.id);
    let rows = own.map(|(id, one)| {
        let what = one.text.lines().next().unwrap_or_default().to_owned();
        let response = one.response.lines().next().unwrap_or_default().to_owned();
        vec![
            text(id.clone()).link(href(&room.id, &["findings", id])),
            word(grade_word(one.grade)),
            text(one.control.map(|id| id.to_string()).unwrap_or_default()),
            text(what).export(one.text.clone()),
            text(response).export(one.response.clone()),
            word(raised_word(one.status)),
        ]
    });
    Table {
        id: "findings",
        caption: "What the audit found".into(),
        columns: vec![
            column("finding", "Finding"),
            choice("grade", "Grade"),
            column("control", "Control"),
            column("what", "What was found"),
            column("response", "Response"),
            choice("status", "Status"),
        ],
        rows: rows.collect(),
        empty: "Nothing was found so far.",
        csv: Some(href(&room.id, &["findings.csv"])),
    }
}

/// What the auditors did who are bound to the audit, newest first.
pub(in crate::web) fn done(ask: &Ask, audit: &str) -> Result<Vec<Done>, WebError> {
    let names: Vec<String> = room::bound(ask, audit)?.into_iter().map(|(name, ..)| name).collect();
    Ok(ask.views.done_by(&names, DID)?)
}

fn did(ask: &Ask, audit: &str) -> Result<Table, WebError> {
    let rows = done(ask, audit)?.into_iter().map(|done| {
        vec![
            moment(Some(ask.moment(done.at))),
            text(done.by),
            text(done.what),
            entry_cell(done.index),
        ]
    });
    Ok(Table {
        id: "did",
        caption: "What they did, newest first".into(),
        columns: vec![
            column("at", "When"),
            choice("who", "Who"),
            column("what", "What"),
            number("entry", "Entry"),
        ],
        rows: rows.collect(),
        empty: "Nothing is logged of them so far. Each sign-in, each piece of evidence they open and each bundle will stand here.",
        csv: Some(href(audit, &["activity.csv"])),
    })
}

/// The list of requests with answers and comments.
pub(in crate::web) fn requests_csv(ask: &Ask) -> Result<Response, WebError> {
    let room = room(ask, ask.param(0))?;
    let name = format!("exhibit-requests-{}.csv", room.id);
    Ok(download("text/csv; charset=utf-8", &name, audit::written(&room.held, &room.id)))
}

pub(in crate::web) fn findings_csv(ask: &Ask) -> Result<Response, WebError> {
    let room = room(ask, ask.param(0))?;
    Ok(ask.csv("audit-findings", &raised(&room)))
}

pub(in crate::web) fn populations_table(ask: &Ask) -> Result<Table, WebError> {
    frozen_table(ask, &room(ask, ask.param(0))?.id)
}

pub(in crate::web) fn did_table(ask: &Ask) -> Result<Table, WebError> {
    did(ask, &room(ask, ask.param(0))?.id)
}

/// It still needs somebody of the organisation.
fn waits(status: RequestStatus) -> bool {
    matches!(status, RequestStatus::Open | RequestStatus::Returned)
}

pub(super) fn audit_word(status: AuditStatus) -> Word {
    let (order, class, icon, meaning) = match status {
        AuditStatus::Open => (0, "stale", words::WAITS, "It goes on."),
        AuditStatus::Planned => (1, "manual", words::UNKNOWN, "It has not begun."),
        AuditStatus::Closed => (2, "excluded", words::ENDED, "Nothing in it changes any more."),
    };
    Word { class, label: status.label(), icon, meaning, order }
}

pub(super) fn request_word(status: RequestStatus) -> Word {
    let (order, class, icon, meaning) = match status {
        RequestStatus::Returned => (0, "not_met", words::BAD, "The answer does not do."),
        RequestStatus::Open => (1, "stale", words::WAITS, "Nobody has answered it."),
        RequestStatus::Answered => {
            (2, "manual", words::UNKNOWN, "The auditors look at the answer.")
        }
        RequestStatus::Accepted => (3, "met", words::GOOD, "The answer does."),
    };
    Word { class, label: status.label(), icon, meaning, order }
}

pub(super) fn grade_word(grade: Grade) -> Word {
    let (order, class, icon, meaning) = match grade {
        Grade::Major => (
            0,
            "not_met",
            words::BAD,
            "A requirement is not met at all, or its purpose is at stake.",
        ),
        Grade::Minor => (1, "stale", words::WAITS, "A requirement is not met in a single respect."),
        Grade::Observation => (2, "manual", words::UNKNOWN, "It may become a nonconformity."),
        Grade::Opportunity => (3, "met", words::GOOD, "It could be better, and it is good enough."),
    };
    Word { class, label: grade.label(), icon, meaning, order }
}

pub(super) fn raised_word(status: RaisedStatus) -> Word {
    let (order, class, icon, meaning) = match status {
        RaisedStatus::Open => (0, "stale", words::WAITS, "The organisation has not responded."),
        RaisedStatus::Answered => (1, "manual", words::UNKNOWN, "The organisation has responded."),
        RaisedStatus::Closed => (2, "excluded", words::ENDED, "It is dealt with."),
    };
    Word { class, label: status.label(), icon, meaning, order }
}

fn entry_cell(index: u64) -> crate::web::table::Cell {
    code(index.to_string()).sort(format!("{index:020}"))
}
