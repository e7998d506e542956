//! How old things are on the targets: days since packages were changed, days since a backup succeeded. Read out of the newest
//! documents; a document is opened once, its digest says whether it is another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use exhibit_proto::document::Document;
use jiff::Timestamp;
use serde_json::Value;

use super::super::{Ask, WebError};
use crate::web::charts::{Bar, Part, RANGES, columns, range};

/// Documents whose times are remembered.
const REMEMBERED: usize = 50_000;

/// What documents say, by kind and digest: is there something that waits, and when was it last well?
#[derive(Default)]
pub(in crate::web) struct Ages(Mutex<HashMap<String, Said>>);

/// What one document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    /// When it was last well; `None`: the document does not know of any time.
    at: Option<Timestamp>,
    /// Something is amiss beside the age.
    amiss: bool,
}

/// One distribution.
#[derive(Clone)]
pub(in crate::web) struct AgesView {
    pub(in crate::web) title: &'static str,
    pub(in crate::web) why: &'static str,
    pub(in crate::web) kind: &'static str,
    pub(in crate::web) picture: String,
    pub(in crate::web) ranges: Vec<&'static str>,
    /// What the two parts of a bar are.
    pub(in crate::web) fine: &'static str,
    pub(in crate::web) amiss: &'static str,
    /// Range, targets that are fine, targets where something is amiss.
    pub(in crate::web) rows: Vec<(&'static str, u64, u64)>,
    /// Targets whose document knows no time.
    pub(in crate::web) unknown: u64,
    pub(in crate::web) targets: u64,
}

struct Question {
    title: &'static str,
    why: &'static str,
    kind: &'static str,
    fine: &'static str,
    amiss: &'static str,
    read: fn(&Value) -> Said,
}

const QUESTIONS: [Question; 2] = [
    Question {
        title: "Days since updates were installed",
        why: "When packages were last changed on each target, by its package manager.",
        kind: "patch.status",
        fine: "no security update waits",
        amiss: "security updates wait",
        read: patched,
    },
    Question {
        title: "Days since a backup succeeded",
        why: "The newest success in any repository that each target shows.",
        kind: "backup.jobs",
        fine: "every repository answers",
        amiss: "a repository does not answer",
        read: backed_up,
    },
];

fn patched(body: &Value) -> Said {
    let waits = body.pointer("/counts/security").and_then(Value::as_u64).unwrap_or(0);
    Said { at: time(body.get("last_update")), amiss: waits > 0 }
}

fn backed_up(body: &Value) -> Said {
    let repositories = body.get("repositories").and_then(Value::as_array);
    let repositories = || repositories.into_iter().flatten();
    let at = repositories().filter_map(|one| time(one.get("last_success"))).max();
    let amiss =
        repositories().any(|one| one.get("reachable").and_then(Value::as_bool) == Some(false));
    Said { at, amiss }
}

fn time(value: Option<&Value>) -> Option<Timestamp> {
    value?.as_str()?.parse().ok()
}

/// Every distribution, counted once.
pub(in crate::web) fn views(ask: &Ask) -> Result<Arc<Vec<AgesView>>, WebError> {
    ask.once("ages", |ask| QUESTIONS.iter().map(|question| view(ask, question)).collect())
}

fn view(ask: &Ask, question: &Question) -> Result<AgesView, WebError> {
    let mut rows = RANGES.map(|(label, _)| (label, 0, 0));
    let (mut unknown, mut targets) = (0, 0);
    for document in ask.views.documents_of_kind(question.kind)? {
        let Some(said) = said(ask, question, &document.digest)? else { continue };
        targets += 1;
        let Some(at) = said.at else {
            unknown += 1;
            continue;
        };
        let days = ask.now.duration_since(at).as_hours() / 24;
        if let Some(row) = rows.get_mut(range(days)) {
            *if said.amiss { &mut row.2 } else { &mut row.1 } += 1;
        }
    }
    let bars = rows.iter().map(|(label, fine, amiss)| Bar {
        label: (*label).to_owned(),
        parts: vec![
            Part { class: "f-met", label: question.fine, number: *fine },
            Part { class: "f-not_met", label: question.amiss, number: *amiss },
        ],
    });
    let bars: Vec<Bar> = if targets > unknown { bars.collect() } else { Vec::new() };
    Ok(AgesView {
        title: question.title,
        why: question.why,
        kind: question.kind,
        picture: columns(&bars, &format!("{}; the numbers stand below", question.title)),
        ranges: RANGES.iter().map(|(label, _)| *label).collect(),
        fine: question.fine,
        amiss: question.amiss,
        rows: rows.to_vec(),
        unknown,
        targets,
    })
}

/// What the document of that digest says; `None`: its bytes are not here, or are no document.
fn said(ask: &Ask, question: &Question, digest: &str) -> Result<Option<Said>, WebError> {
    let known = &ask.site.ages.0;
    if let Some(said) = known.lock().unwrap_or_else(PoisonError::into_inner).get(digest) {
        return Ok(Some(*said));
    }
    let Ok(named) = digest.parse() else { return Ok(None) };
    let Some(bytes) = ask.site.log().document(&named)? else { return Ok(None) };
    let Ok(document) = Document::parse(&bytes) else { return Ok(None) };
    let said = (question.read)(&document.body);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(digest.to_owned(), said);
    Ok(Some(said))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_success_counts_and_a_silent_repository_shows() {
        let repository = |at: Value, reachable| json!({"last_success": at, "reachable": reachable});
        let body = json!({"repositories": [repository(json!("2026-11-01T00:00:00Z"), true),
            repository(json!("2026-11-03T00:00:00Z"), false), repository(Value::Null, true)]});
        let at = Some("2026-11-03T00:00:00Z".parse().unwrap());
        assert_eq!(backed_up(&body), Said { at, amiss: true });
        assert_eq!(backed_up(&json!({})), Said { at: None, amiss: false });
    }

    #[test]
    fn waiting_security_updates_show() {
        let body = json!({"last_update": "2026-11-01T00:00:00Z", "counts": {"security": 2}});
        let at = Some("2026-11-01T00:00:00Z".parse().unwrap());
        assert_eq!(patched(&body), Said { at, amiss: true });
        assert_eq!(patched(&json!({"last_update": null})), Said { at: None, amiss: false });
    }
}
