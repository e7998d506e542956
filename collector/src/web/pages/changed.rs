//! What is another in a document than in the one before it, for its page.

use exhibit_proto::document::Document;
use serde_json::Value;

use super::{Ask, WebError, evidence_href};
use crate::web::diff::differences;
use crate::web::facts;
use crate::web::words::{self, Moment, Word};

/// Differences that the page shows.
const SHOWN: usize = 200;

pub(super) struct ChangedView {
    /// When the document before was seen last, and where it is.
    pub(super) until: Moment,
    pub(super) href: String,
    pub(super) lines: Vec<LineView>,
    pub(super) more: usize,
}

pub(super) struct LineView {
    pub(super) word: Word,
    pub(super) place: String,
    /// HTML of ours.
    pub(super) was: String,
    pub(super) is: String,
}

/// `None`: it is the first of its kind on this target, or the bytes of the one before are not here.
pub(super) fn view(
    ask: &Ask,
    (kind, target, index): (&str, &str, u64),
    body: &Value,
) -> Result<Option<ChangedView>, WebError> {
    let history = ask.views.document_history(target, kind)?;
    let mut older = history.iter().skip_while(|row| row.from_index > index).skip(1);
    let Some(before) = older.next() else { return Ok(None) };
    let Ok(digest) = before.digest.parse() else { return Ok(None) };
    let Some(bytes) = ask.site.log().document(&digest)? else { return Ok(None) };
    let Ok(document) = Document::parse(&bytes) else { return Ok(None) };
    let found = differences(&document.body, body);
    let more = found.len().saturating_sub(SHOWN);
    let side = |value: &Option<Value>| {
        value
            .as_ref()
            .map_or_else(|| "<span class=\"muted\">nothing</span>".to_owned(), facts::html)
    };
    let lines = found.iter().take(SHOWN).map(|one| LineView {
        word: word(one.was.is_some(), one.is.is_some()),
        place: one.place.join(" \u{203a} "),
        was: side(&one.was),
        is: side(&one.is),
    });
    Ok(Some(ChangedView {
        until: ask.moment(before.last_seen),
        href: evidence_href(before.last_index, kind, target),
        lines: lines.collect(),
        more,
    }))
}

fn word(was: bool, is: bool) -> Word {
    let (class, label, icon, meaning) = match (was, is) {
        (false, _) => ("met", "new", words::GOOD, "It was not in the document before."),
        (true, false) => ("excluded", "gone", words::ENDED, "It was in the document before."),
        (true, true) => ("stale", "changed", words::WAITS, "It had another value before."),
    };
    Word { class, label, icon, meaning, order: 0 }
}
