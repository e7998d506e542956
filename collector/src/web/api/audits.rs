//! Audits: what they are about, what was asked and answered, what was frozen and drawn, and what they found. Whoever is bound to one
//! sees that one alone, as on the pages.

use exhibit_assessment::decisions::{Raised, Request, Shown};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, list, one};
use super::words::DigestText;
use super::{Ask, WebError};
use crate::population;
use crate::web::pages::audits::{broken, room, seen};

/// An audit.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Audit")]
struct AuditRow {
    audit: String,
    title: String,
    /// `internal`, `stage_1`, `stage_2`, `surveillance`, `customer`.
    #[serde(rename = "type")]
    sort: String,
    status: String,
    lead: String,
    team: Vec<String>,
    /// Controls that it is about; none: all.
    controls: Vec<String>,
    /// The period whose evidence it looks at.
    from: Timestamp,
    until: Timestamp,
    requests: u64,
    findings: u64,
}

/// Something that auditors want to see.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditRequest")]
struct RequestRow {
    request: String,
    /// The number that it has in the auditors' own list.
    number: Option<String>,
    text: String,
    controls: Vec<String>,
    due: Option<Timestamp>,
    /// Who answers.
    owner: String,
    status: String,
    answer: String,
    evidence: Vec<AttachedRow>,
    files: Vec<FileRow>,
    comments: Vec<CommentRow>,
}

/// What an audit found.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditFinding")]
struct RaisedRow {
    finding: String,
    grade: String,
    control: Option<String>,
    text: String,
    /// What the organisation says to it.
    response: String,
    status: String,
    evidence: Vec<AttachedRow>,
    comments: Vec<CommentRow>,
}

/// A document that is attached to something.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AttachedDocument")]
struct AttachedRow {
    index: u64,
    kind: String,
    target: String,
}

/// A file that is attached to something.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AttachedFile")]
struct FileRow {
    #[schemars(with = "DigestText")]
    digest: String,
    /// The name that it had where it came from.
    file: String,
    media_type: String,
    /// Bytes.
    size: u64,
}

/// What somebody said.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditComment")]
struct CommentRow {
    index: u64,
    at: Timestamp,
    by: String,
    text: String,
}

/// A list that is frozen, and what was drawn from it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Population")]
struct PopulationRow {
    population: String,
    title: String,
    items: u64,
    /// How many are to be drawn, in words.
    draw: String,
    /// SHA-256 of the list.
    #[schemars(with = "DigestText")]
    digest: String,
    /// The entry that froze it.
    index: u64,
    at: Timestamp,
    by: String,
    /// Null: nothing was drawn yet.
    sample: Option<SampleRow>,
}

/// What was drawn.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DrawnSample")]
struct SampleRow {
    /// The entry that drew it.
    index: u64,
    at: Timestamp,
    by: String,
    /// What whoever audits said after the list was frozen.
    number: String,
    items: u64,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list("/audits", "Audits", "Audits that are there for whoever asks", rows),
        one("/audits/{audit}", "Audits", "One audit", show),
        list("/audits/{audit}/requests", "Audits", "What auditors want to see", requests),
        list("/audits/{audit}/findings", "Audits", "What an audit found", findings),
        list(
            "/audits/{audit}/populations",
            "Audits",
            "Lists that are frozen, each with the sample that was drawn from it",
            populations,
        ),
    ]
}

fn rows(ask: &Ask) -> Result<Vec<AuditRow>, WebError> {
    Ok(seen(ask)?.into_iter().map(|room| row(&room)).collect())
}

fn show(ask: &Ask) -> Result<AuditRow, WebError> {
    Ok(row(&room(ask, ask.param(0))?))
}

fn row(room: &crate::web::pages::audits::Room) -> AuditRow {
    let (audit, held) = (&room.audit, &room.held);
    AuditRow {
        audit: room.id.clone(),
        title: audit.title.clone(),
        sort: wire(&audit.sort),
        status: wire(&audit.status),
        lead: audit.lead.clone(),
        team: audit.team.clone(),
        controls: audit.controls.iter().map(ToString::to_string).collect(),
        from: audit.from,
        until: audit.until,
        requests: held.requests.values().filter(|one| one.audit == room.id).count() as u64,
        findings: held.raised.values().filter(|one| one.audit == room.id).count() as u64,
    }
}

fn requests(ask: &Ask) -> Result<Vec<RequestRow>, WebError> {
    let room = room(ask, ask.param(0))?;
    let own = room.held.requests.iter().filter(|(_, one)| one.audit == room.id);
    let rows = own.map(|(id, one): (&String, &Request)| RequestRow {
        request: id.clone(),
        number: one.number.clone(),
        text: one.text.clone(),
        controls: one.controls.iter().map(ToString::to_string).collect(),
        due: one.due,
        owner: one.owner.clone(),
        status: wire(&one.status),
        answer: one.answer.clone(),
        evidence: attached(&one.evidence),
        files: one
            .files
            .iter()
            .map(|file| FileRow {
                digest: file.digest.clone(),
                file: file.file.clone(),
                media_type: file.media_type.clone(),
                size: file.size,
            })
            .collect(),
        comments: comments(&room, id),
    });
    Ok(rows.collect())
}

fn findings(ask: &Ask) -> Result<Vec<RaisedRow>, WebError> {
    let room = room(ask, ask.param(0))?;
    let own = room.held.raised.iter().filter(|(_, one)| one.audit == room.id);
    let rows = own.map(|(id, one): (&String, &Raised)| RaisedRow {
        finding: id.clone(),
        grade: wire(&one.grade),
        control: one.control.map(|control| control.to_string()),
        text: one.text.clone(),
        response: one.response.clone(),
        status: wire(&one.status),
        evidence: attached(&one.evidence),
        comments: comments(&room, id),
    });
    Ok(rows.collect())
}

fn populations(ask: &Ask) -> Result<Vec<PopulationRow>, WebError> {
    let room = room(ask, ask.param(0))?;
    let frozen = population::shown(&ask.views).map_err(broken)?.into_iter();
    let own = frozen.filter(|one| one.population.audit.as_deref() == Some(room.id.as_str()));
    let rows = own.map(|one| PopulationRow {
        population: one.id,
        title: one.population.title.clone(),
        items: one.population.items,
        draw: one.population.draw.to_string(),
        digest: one.population.digest.to_string(),
        index: one.entry,
        at: one.at,
        by: one.by,
        sample: one.sample.map(|sample| SampleRow {
            index: sample.entry,
            at: sample.at,
            by: sample.by,
            number: sample.drawn.number,
            items: sample.drawn.items,
        }),
    });
    Ok(rows.collect())
}

fn attached(all: &[Shown]) -> Vec<AttachedRow> {
    let rows = all.iter().map(|one| AttachedRow {
        index: one.entry,
        kind: one.kind.clone(),
        target: one.target.clone(),
    });
    rows.collect()
}

fn comments(room: &crate::web::pages::audits::Room, on: &str) -> Vec<CommentRow> {
    let rows = room.held.on(on).map(|said| CommentRow {
        index: said.index,
        at: said.at,
        by: said.by.clone(),
        text: said.comment.text.clone(),
    });
    rows.collect()
}

/// A word as the log has it.
fn wire(word: &impl Serialize) -> String {
    let value = serde_json::to_value(word).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
