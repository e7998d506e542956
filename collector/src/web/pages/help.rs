//! Every word that the pages use, explained.

use askama::Template;
use axum::response::Response;
use exhibit_assessment::{Status, Strength, Verdict};
use exhibit_proto::leaf::EntryType;

use super::{super::html, Ask, WebError};
use crate::web::Frame;
use crate::web::words::{self, Word};

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    frame: Frame,
    statuses: Vec<Word>,
    verdicts: Vec<Word>,
    strengths: Vec<Word>,
    outcomes: Vec<Word>,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let mut statuses = Status::ALL.map(words::status).to_vec();
    statuses.sort_by_key(|word| word.order);
    let verdicts = [Verdict::Fail, Verdict::Error, Verdict::Pass, Verdict::NotApplicable];
    let strengths = [Strength::Direct, Strength::Supporting, Strength::Context];
    let outcomes = [
        "collected",
        "denied",
        "tool_missing",
        "not_configured",
        "not_applicable",
        "timed_out",
        "limit_exceeded",
        "failed",
        "dropped",
    ];
    html(&HelpPage {
        frame: ask.frame("Help", "help"),
        statuses,
        verdicts: verdicts.map(words::verdict).to_vec(),
        strengths: strengths.map(words::strength).to_vec(),
        outcomes: outcomes.map(words::outcome).to_vec(),
    })
}

/// Where the help page explains entries of a type.
pub(in crate::web) fn anchor(entry_type: &EntryType) -> &'static str {
    match entry_type {
        EntryType::Evidence => "statement",
        EntryType::Heartbeat => "heartbeat",
        EntryType::Enrol | EntryType::Revoke | EntryType::Rotate => "enrolment",
        EntryType::RulePack => "rule-pack",
        EntryType::Activity => "activity",
        EntryType::Gap => "gap",
        EntryType::Conflict => "conflict",
        EntryType::Fork => "fork",
        EntryType::Tombstone => "retention",
        EntryType::Hold => "hold",
        EntryType::LogKey => "log-key",
        EntryType::Time => "time",
        EntryType::Continues => "continues",
        EntryType::Decision => "decision",
        EntryType::Other(_) => "words",
    }
}
