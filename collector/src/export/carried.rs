//! What was in force as a period began: of each kind on each target the run that observed its document last before, and the run that
//! spoke of it last. Without them nobody could judge again what held then. Of a run only what it was the last word about.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_proto::document::{Kind, Target};

use super::{ExportError, Selection};
use crate::views::Views;

/// Kinds and targets by the entry that was the last word about them.
#[derive(Default)]
pub(super) struct Carried(BTreeMap<u64, BTreeSet<(String, String)>>);

/// What comes along. Nothing where the bundle begins with the log, brings no findings, or is an audit's, which holds what the audit
/// sees and not more.
pub(super) fn wanted(
    views: Option<&Views>,
    selection: &Selection,
    size: u64,
) -> Result<Carried, ExportError> {
    let (Some(views), Some(from), None) = (views, selection.from, &selection.audit) else {
        return Ok(Carried::default());
    };
    let mut carried = Carried::default();
    for word in views.last_words(from, size)? {
        let (Ok(kind), Ok(target)) = (word.kind.parse(), word.target.parse()) else { continue };
        if selection.covers(&kind, &target) {
            carried.0.entry(word.index).or_default().insert((word.kind, word.target));
        }
    }
    Ok(carried)
}

impl Carried {
    /// Whether the run of this entry comes along.
    pub(super) fn brings(&self, index: u64) -> bool {
        self.0.contains_key(&index)
    }

    /// Whether the run of this entry was the last word about this kind of this target.
    pub(super) fn names(&self, index: u64, kind: &Kind, target: &Target) -> bool {
        let place = (kind.as_str().to_owned(), target.as_str().to_owned());
        self.0.get(&index).is_some_and(|places| places.contains(&place))
    }
}
