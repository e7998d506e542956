//! Why a document that a statement names is not here: deleted, given up by its agent, or lost.

use exhibit_proto::statement::Observed;

use super::{Ask, WebError};
use crate::log::Absence;
use crate::views::TombstoneRow;
use crate::web::words::Moment;

pub(super) enum Absent {
    /// The entry that says so, and when.
    Deleted(TombstoneRow, Moment),
    /// It never came.
    GivenUp,
    /// It came, and no entry says that it was deleted.
    Lost,
}

/// The document that entry `index` names is not stored.
pub(super) fn of(ask: &Ask, observed: &Observed, index: u64) -> Result<Absent, WebError> {
    let views = &ask.views;
    if let Some(stone) = views.tombstone_of(&observed.digest, index)? {
        let at = ask.moment(stone.at);
        return Ok(Absent::Deleted(stone, at));
    }
    match ask.site.log().absence(&observed.digest, index)? {
        Some(Absence::NeverCame) => return Ok(Absent::GivenUp),
        Some(Absence::Lost) => return Ok(Absent::Lost),
        // It came meanwhile, or the log cannot tell: what was held when the views followed the log decides.
        None | Some(Absence::Deleted | Absence::Unrecorded) => {}
    }
    let history = views.document_history(observed.target.as_str(), observed.kind.as_str())?;
    let digest = observed.digest.to_string();
    let came = history.iter().any(|row| {
        row.digest == digest && row.held && row.from_index <= index && index <= row.last_index
    });
    Ok(if came { Absent::Lost } else { Absent::GivenUp })
}
