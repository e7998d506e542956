//! A request, or something that was found: what it says, its evidence, what was said on it.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::decisions::{AUDIT_FINDING, REQUEST, Shown, ShownFile};

use super::super::decisions;
use super::super::{super::html, Ask, WebError};
use super::room::{Room, last_day, room, scope};
use super::{grade_word, href, raised_word, request_word};
use crate::people::Right;
use crate::web::decide::form_href;
use crate::web::words::{self, Moment, Word};
use crate::web::{Frame, download};

#[derive(Template)]
#[template(path = "audit_item.html")]
struct ItemPage {
    frame: Frame,
    audit: String,
    audit_href: String,
    what: &'static str,
    id: String,
    word: Word,
    grade: Option<Word>,
    text: String,
    facts: Vec<(&'static str, String)>,
    answer_label: &'static str,
    answer: String,
    /// Address, and what it is.
    evidence: Vec<(String, String)>,
    /// Address, name, size and digest.
    files: Vec<(String, String, String, String)>,
    said: Vec<SaidView>,
    change: String,
    comment: String,
    history: String,
    may_change: bool,
}

struct SaidView {
    by: String,
    at: Moment,
    index: u64,
    text: String,
}

pub(in crate::web) fn request(ask: &Ask) -> Result<Response, WebError> {
    let room = room(ask, ask.param(0))?;
    let id = ask.param(1);
    let one = room.held.requests.get(id).filter(|one| one.audit == room.id);
    let one = one.ok_or_else(|| WebError::NotFound(format!("request {id:?} of this audit")))?;
    let controls: Vec<String> = one.controls.iter().map(ToString::to_string).collect();
    let facts = vec![
        ("Number in the auditors' list", one.number.clone().unwrap_or_default()),
        ("Controls", controls.join(", ")),
        ("Due", one.due.map(last_day).unwrap_or_default()),
        ("Who answers", one.owner.clone()),
    ];
    html(&ItemPage {
        what: "Request",
        word: request_word(one.status),
        grade: None,
        text: one.text.clone(),
        facts,
        answer_label: "Answer",
        answer: one.answer.clone(),
        evidence: shown(&room, &one.evidence),
        files: files(&room, &one.files),
        ..page(ask, &room, (REQUEST, id))
    })
}

pub(in crate::web) fn finding(ask: &Ask) -> Result<Response, WebError> {
    let room = room(ask, ask.param(0))?;
    let id = ask.param(1);
    let one = room.held.raised.get(id).filter(|one| one.audit == room.id);
    let one = one.ok_or_else(|| WebError::NotFound(format!("finding {id:?} of this audit")))?;
    html(&ItemPage {
        what: "Finding",
        word: raised_word(one.status),
        grade: Some(grade_word(one.grade)),
        text: one.text.clone(),
        facts: vec![("Control", one.control.map(|id| id.to_string()).unwrap_or_default())],
        answer_label: "Response of the organisation",
        answer: one.response.clone(),
        evidence: shown(&room, &one.evidence),
        ..page(ask, &room, (AUDIT_FINDING, id))
    })
}

/// What both have.
fn page(ask: &Ask, room: &Room, (register, id): (&str, &str)) -> ItemPage {
    let said = room.held.on(id).map(|said| SaidView {
        by: said.by.clone(),
        at: ask.moment(said.at),
        index: said.index,
        text: said.comment.text.clone(),
    });
    let word = audit_word_of(room);
    ItemPage {
        frame: ask.frame(format!("{id} · {}", room.audit.title), "audits"),
        audit: format!("{} {}", room.id, room.audit.title),
        audit_href: href(&room.id, &[]),
        what: "",
        id: id.to_owned(),
        word,
        grade: None,
        text: String::new(),
        facts: Vec::new(),
        answer_label: "",
        answer: String::new(),
        evidence: Vec::new(),
        files: Vec::new(),
        said: said.collect(),
        change: form_href(register, &[("id", id)]),
        comment: form_href("audit_comment", &[("audit", &room.id), ("on", id)]),
        history: decisions::href(register, id),
        may_change: ask.who.may(Right::Bring),
    }
}

fn audit_word_of(room: &Room) -> Word {
    super::audit_word(room.audit.status)
}

/// Evidence as links into the room.
pub(super) fn shown(room: &Room, evidence: &[Shown]) -> Vec<(String, String)> {
    let link = |one: &Shown| {
        let entry = one.entry.to_string();
        let href = href(&room.id, &["evidence", &entry, &one.kind, &one.target]);
        (href, format!("{} of {}, entry {entry}", one.kind, one.target))
    };
    evidence.iter().map(link).collect()
}

fn files(room: &Room, files: &[ShownFile]) -> Vec<(String, String, String, String)> {
    let link = |one: &ShownFile| {
        let href = href(&room.id, &["files", &one.digest]);
        (href, one.file.clone(), words::bytes(one.size), one.digest.clone())
    };
    files.iter().map(link).collect()
}

/// A file of a request, to be saved: a browser runs nothing of it.
pub(in crate::web) fn file(ask: &Ask) -> Result<Response, WebError> {
    let (media_type, name, bytes) = attached(ask)?;
    Ok(download(media_type, &name, bytes))
}

/// The file of a request that the address names: its media type, name and bytes.
pub(in crate::web) fn attached(ask: &Ask) -> Result<(&'static str, String, Vec<u8>), WebError> {
    let room = room(ask, ask.param(0))?;
    let digest = ask.param(1);
    let missing = || WebError::NotFound(format!("file {digest:?} in this audit"));
    let own = room.held.requests.values().filter(|one| one.audit == room.id);
    let file = own.flat_map(|one| &one.files).find(|file| file.digest == digest);
    let file = file.ok_or_else(missing)?;
    let held = digest.parse().map_err(|_not_a_digest| missing())?;
    if !scope(ask, &room)?.holds(&held) {
        return Err(missing());
    }
    let bytes = ask.site.log().document(&held)?.ok_or_else(missing)?;
    Ok((crate::decisions::media_type(&file.file), file.file.clone(), bytes))
}
