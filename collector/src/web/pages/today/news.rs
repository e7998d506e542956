//! What changed lately: verdicts, agents, rule packs.

use std::collections::BTreeMap;

use exhibit_assessment::Verdict;

use super::super::{Ask, WebError};
use crate::views::ChangeKind;
use crate::web::table::encode;
use crate::web::words::{self, Moment, Word};

const LATEST: u32 = 12;

pub(in crate::web) struct News {
    pub(in crate::web) at: Moment,
    pub(in crate::web) href: String,
    pub(in crate::web) title: String,
    pub(in crate::web) note: String,
    pub(in crate::web) was: Option<&'static str>,
    pub(in crate::web) word: Option<Word>,
}

/// Newest first.
pub(in crate::web) fn latest(ask: &Ask) -> Result<Vec<News>, WebError> {
    let views = &ask.views;
    let changes = views.changes(LATEST)?;
    let named = changes.iter().filter_map(|change| match &change.what {
        ChangeKind::Verdict { target, .. } => Some(target.as_str()),
        ChangeKind::Entry { .. } => None,
    });
    let targets: BTreeMap<String, String> = views.names_of(named)?;
    let changes = changes.into_iter().map(|change| {
        let at = ask.moment(change.at);
        Ok(match change.what {
            ChangeKind::Verdict { rule, target, was, is, message } => {
                let title = views.assessor().rule(&rule).map_or(rule.clone(), |r| r.title.clone());
                let name = targets.get(&target).cloned().unwrap_or(target);
                News {
                    at,
                    href: format!("/rules/{}", encode(&rule)),
                    title,
                    note: format!("{name}: {message}"),
                    was: was.and_then(|was| verdict_word(&was)).map(|word| word.label),
                    word: verdict_word(&is),
                }
            }
            ChangeKind::Entry { entry_type, summary } => News {
                at,
                href: format!("/entries/{}", change.index),
                title: entry_type.replace('_', " "),
                note: match about(ask, &entry_type, change.index)? {
                    Some(agent) => format!("{agent}: {summary}"),
                    None => summary,
                },
                was: None,
                word: None,
            },
        })
    });
    changes.collect()
}

/// The host of the agent that an entry is about whose summary does not name it.
fn about(ask: &Ask, entry_type: &str, index: u64) -> Result<Option<String>, WebError> {
    if !["gap", "conflict", "fork"].contains(&entry_type) {
        return Ok(None);
    }
    Ok(ask.views.entry_row(index)?.and_then(|row| row.host.or(row.agent)))
}

fn verdict_word(word: &str) -> Option<Word> {
    [Verdict::Pass, Verdict::Fail, Verdict::NotApplicable, Verdict::Error]
        .into_iter()
        .find(|verdict| verdict.as_str() == word)
        .map(words::verdict)
}
