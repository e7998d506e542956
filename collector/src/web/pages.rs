//! One function a page: asks the views and the log, fills a template. Plain and blocking; never changes anything.

mod absent;
pub(super) mod agents;
pub(super) mod api;
pub(super) mod audits;
mod changed;
pub(super) mod control;
pub(super) mod controls;
mod decided;
pub(super) mod decisions;
pub(super) mod entry;
pub(super) mod evidence;
pub(super) mod findings;
pub(super) mod frameworks;
pub(super) mod gap;
pub(super) mod grouped;
pub(super) mod help;
pub(super) mod history;
pub(super) mod kinds;
pub(super) mod log;
pub(super) mod noticed;
pub(super) mod only_now;
pub(super) mod packs;
mod picture;
pub(super) mod proven;
pub(super) mod reports;
pub(super) mod retention;
pub(super) mod rollup;
pub(super) mod rules;
pub(super) mod scope;
mod scrubbed;
pub(super) mod search;
pub(super) mod soa;
pub(super) mod targets;
mod timestamped;
pub(super) mod today;
pub(super) mod trends;
mod witnessed;

use std::collections::BTreeMap;

use super::table::{Cell, encode, text};
use super::{Ask, WebError, words};

/// Address of an evidence item.
fn evidence_href(index: u64, kind: &str, target: &str) -> String {
    format!("/evidence/{index}/{}/{}", encode(kind), encode(target))
}

fn target_href(target: &str) -> String {
    format!("/targets/{}", encode(target))
}

/// A target by its name for people, with its id below.
fn target_cell(name: &str, target: &str) -> Cell {
    let cell = if name == target {
        text(words::shortened(target))
    } else {
        text(name).note(words::shortened(target))
    };
    cell.link(target_href(target)).export(target)
}

impl Ask {
    /// Names of targets for people.
    pub(in crate::web) fn target_names(&self) -> Result<BTreeMap<String, String>, WebError> {
        Ok(self.views.target_ids()?.into_iter().collect())
    }

    /// Names of agents for people.
    pub(in crate::web) fn agent_names(&self) -> Result<BTreeMap<String, String>, WebError> {
        Ok(self.views.agent_ids()?.into_iter().collect())
    }
}
