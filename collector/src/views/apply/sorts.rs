//! Which kinds there ever were on targets of a sort: whoever asks what is expected of a new host does not read all of them.

use super::At;
use crate::views::ViewsError;

/// Notes that a kind was scheduled or observed on a target.
pub(super) fn note(at: &At<'_>, target: &str, kind: &str) -> Result<(), ViewsError> {
    let sort = target.split(':').next().unwrap_or_default();
    at.tx.prepare_cached("INSERT OR IGNORE INTO sort_kinds VALUES (?1, ?2, ?3)")?.execute((
        sort,
        kind,
        at.index(),
    ))?;
    Ok(())
}
