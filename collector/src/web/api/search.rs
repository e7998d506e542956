//! Search over everything by id, name and digest.

use exhibit_assessment::decisions::AUDIT;
use exhibit_assessment::{ControlId, evidence_kinds};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::operation::{Operation, Taken, one};
use super::{Ask, WebError};
use crate::views::{DigestOf, Hashed, Named, NamedWhat};
use crate::web::table::encode;

/// Most things of one sort that are told.
const MOST: u32 = 50;
/// Longest text that is looked for, in characters.
const LONGEST: usize = 300;

/// What was found.
#[derive(Serialize, JsonSchema)]
pub(in crate::web) struct Search {
    /// The text that was looked for.
    pub(in crate::web) q: String,
    /// Those first whose id or name it is.
    pub(in crate::web) items: Vec<Hit>,
    /// There is more of some sort than is told.
    pub(in crate::web) more: bool,
}

/// Something that was found.
#[derive(Clone, Serialize, JsonSchema)]
pub(in crate::web) struct Hit {
    pub(in crate::web) what: What,
    pub(in crate::web) id: String,
    /// Name for people.
    pub(in crate::web) name: String,
    /// Address of its page.
    pub(in crate::web) page: String,
    /// The text is its id, its whole name or its whole digest.
    pub(in crate::web) exact: bool,
}

/// What sort of thing was found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "WhatWasFound")]
pub(in crate::web) enum What {
    Entry,
    Control,
    Clause,
    Rule,
    Target,
    Agent,
    Kind,
    Document,
    Decision,
    Person,
    Framework,
}

impl What {
    pub(in crate::web) fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Control => "control",
            Self::Clause => "clause",
            Self::Rule => "rule",
            Self::Target => "target",
            Self::Agent => "agent",
            Self::Kind => "kind",
            Self::Document => "document",
            Self::Decision => "decision",
            Self::Person => "person",
            Self::Framework => "framework",
        }
    }
}

pub(super) fn operations() -> Vec<Operation> {
    let about = "An id, a part of a name, the number of an entry, or the first 8 or more digits of a digest.";
    let taken = Taken::new("q", about, json!({"type": "string", "maxLength": LONGEST}));
    vec![
        one("/search", "Search", "Everything that has the text in its id, name or digest", found)
            .taking(vec![taken]),
    ]
}

/// What the query string asks for.
pub(in crate::web) fn found(ask: &Ask) -> Result<Search, WebError> {
    let q: String = ask.query.get("q").map_or("", |q| q.trim()).chars().take(LONGEST).collect();
    if q.is_empty() {
        return Ok(Search { q, items: Vec::new(), more: false });
    }
    let views = &ask.views;
    let mut items = numbered(ask, &q)?;
    items.extend(told(ask, &q)?);
    let (named, hashed) = (views.named(&q, MOST)?, views.hashed(&q, MOST)?);
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let more = named.len() >= most || hashed.len() >= most;
    items.extend(named.into_iter().map(|one| of_name(one, &q)));
    items.extend(hashed.into_iter().map(|one| of_digest(one, &q)));
    items.sort_by_key(|hit| (!hit.exact, hit.what));
    Ok(Search { q, items, more })
}

fn hit(what: What, (id, name): (&str, &str), page: String, exact: bool) -> Hit {
    Hit { what, id: id.to_owned(), name: name.to_owned(), page, exact }
}

/// The entry of that number.
fn numbered(ask: &Ask, q: &str) -> Result<Vec<Hit>, WebError> {
    let Ok(index) = q.parse::<u64>() else { return Ok(Vec::new()) };
    let Some(entry) = ask.views.entry_row(index)? else { return Ok(Vec::new()) };
    Ok(vec![hit(What::Entry, (q, &entry.summary), format!("/entries/{index}"), true)])
}

/// What the frameworks, the rules and the catalogue of kinds tell.
fn told(ask: &Ask, q: &str) -> Result<Vec<Hit>, WebError> {
    let assessor = ask.views.assessor();
    let needle = q.to_lowercase();
    let is = |id: &str, name: &str| id.to_lowercase() == needle || name.to_lowercase() == needle;
    let has = |id: &str, name: &str| {
        id.to_lowercase().contains(&needle) || name.to_lowercase().contains(&needle)
    };
    // Whoever leaves the A. away means the control, too.
    let meant: Option<ControlId> = format!("A.{}", needle.trim_start_matches("a.")).parse().ok();
    let mut hits = Vec::new();
    for control in assessor.framework().controls() {
        let (id, exact) = (control.id.to_string(), meant == Some(control.id));
        let named = meant.is_none() && has(&id, &control.title);
        if exact || named {
            let exact = exact || is(&id, &control.title);
            hits.push(hit(What::Control, (&id, &control.title), format!("/controls/{id}"), exact));
        }
    }
    for clause in assessor.framework().clauses() {
        let id = clause.id.to_string();
        if has(&id, &clause.title) {
            let exact = is(&id, &clause.title) && id.contains('.') && meant.is_none();
            let page = format!("/clauses?q={}", encode(&clause.title));
            hits.push(hit(What::Clause, (&id, &clause.title), page, exact));
        }
    }
    for rule in assessor.pack().rules().iter().filter(|rule| has(rule.id.as_str(), &rule.title)) {
        let (id, exact) = (rule.id.as_str(), is(rule.id.as_str(), &rule.title));
        hits.push(hit(What::Rule, (id, &rule.title), format!("/rules/{id}"), exact));
    }
    for kind in evidence_kinds()?.iter().filter(|kind| has(&kind.kind, &kind.holds)) {
        let page = kind_page(ask, &kind.kind);
        hits.push(hit(What::Kind, (&kind.kind, &kind.holds), page, is(&kind.kind, "")));
    }
    let crosswalks = &ask.site.frameworks.crosswalks;
    for one in crosswalks.frameworks().iter().filter(|one| has(&one.id, &one.title)) {
        let page = format!("/frameworks/{}", one.id);
        hits.push(hit(What::Framework, (&one.id, &one.title), page, is(&one.id, &one.title)));
    }
    Ok(hits)
}

/// A kind that nothing reads has no page; the list of kinds says so.
fn kind_page(ask: &Ask, kind: &str) -> String {
    let is_read = ask.views.assessor().pack().rules().iter().any(|rule| rule.kind == kind);
    match is_read {
        true => format!("/kinds/{}", encode(kind)),
        false => format!("/kinds?q={}", encode(kind)),
    }
}

fn of_name(one: Named, q: &str) -> Hit {
    let Named { what, id, name, register } = one;
    let same = |text: &str| text.eq_ignore_ascii_case(q);
    let (what, page, exact) = match what {
        NamedWhat::Target => {
            (What::Target, format!("/targets/{}", encode(&id)), same(&id) || same(&name))
        }
        NamedWhat::Agent => (What::Agent, format!("/agents/{}", encode(&id)), same(&id)),
        NamedWhat::Decision => {
            let register = register.unwrap_or_default();
            let page = match register.as_str() {
                AUDIT => crate::web::pages::audits::href(&id, &[]),
                register => crate::web::pages::decisions::href(register, &id),
            };
            (What::Decision, page, same(&id))
        }
        NamedWhat::Person => (What::Person, format!("/activity?who={}", encode(&id)), same(&id)),
    };
    Hit { what, id, name, page, exact }
}

fn of_digest(one: Hashed, q: &str) -> Hit {
    let exact = q.len() == 64;
    match one {
        Hashed::Entry { index, of } => {
            let name = match of {
                DigestOf::Envelope => "its envelope has this digest",
                DigestOf::Leaf => "its leaf has this hash",
                DigestOf::Named => "its statement names this digest",
            };
            hit(What::Entry, (&index.to_string(), name), format!("/entries/{index}"), exact)
        }
        Hashed::Document { digest, target, kind, index } => {
            let page = format!("/evidence/{index}/{}/{}", encode(&kind), encode(&target));
            hit(What::Document, (&digest, &format!("{kind} of {target}")), page, exact)
        }
        Hashed::Key { agent } => {
            let page = format!("/agents/{}", encode(&agent));
            hit(What::Agent, (&agent, "its evidence key"), page, exact)
        }
    }
}
