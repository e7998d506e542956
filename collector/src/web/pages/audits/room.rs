//! Who may be in which audit: the one place where an auditor who is bound to an audit meets another one. It is not there for them.

use exhibit_assessment::decisions::{Audit, Audits};
use jiff::{Timestamp, ToSpan as _};

use super::super::{Ask, WebError};
use crate::audit::{AuditError, Scope};
use crate::population::PopulationError;
use crate::web::words;

/// An audit as somebody sees it who may.
pub(in crate::web) struct Room {
    pub(in crate::web) id: String,
    pub(in crate::web) audit: Audit,
    pub(in crate::web) held: Audits,
}

/// Whether an audit is there for whoever asks.
pub(super) fn may_see(ask: &Ask, id: &str) -> bool {
    ask.who.audit.as_deref().is_none_or(|only| only == id)
}

/// The audit of that name, if it is there for whoever asks.
pub(in crate::web) fn room(ask: &Ask, id: &str) -> Result<Room, WebError> {
    let missing = || WebError::NotFound(format!("audit {id:?}"));
    if !may_see(ask, id) {
        return Err(missing());
    }
    let held = ask.views.people()?.audits;
    let audit = held.audits.get(id).cloned().ok_or_else(missing)?;
    Ok(Room { id: id.to_owned(), audit, held })
}

/// What the audit covers for whoever asks. Of an earlier moment somebody who is bound to it sees no more than it covers now: one at
/// which it covered more would lead around that.
pub(super) fn scope(ask: &Ask, room: &Room) -> Result<Scope, WebError> {
    let then = Scope::of(&ask.views, &room.id, &room.held).map_err(blind)?;
    if ask.who.audit.is_none() || !ask.is_past() {
        return Ok(then);
    }
    let held = ask.site.views.people()?.audits;
    Ok(then.within(&Scope::of(&ask.site.views, &room.id, &held).map_err(blind)?))
}

/// Every audit that is there for whoever asks.
pub(in crate::web) fn seen(ask: &Ask) -> Result<Vec<Room>, WebError> {
    let held = ask.views.people()?.audits;
    let seen = held.audits.iter().filter(|(id, _)| may_see(ask, id));
    let rooms =
        seen.map(|(id, audit)| Room { id: id.clone(), audit: audit.clone(), held: held.clone() });
    Ok(rooms.collect())
}

/// Who is bound to the audit: name, until when, and whether they cannot sign in any more.
pub(super) fn bound(ask: &Ask, id: &str) -> Result<Vec<(String, String, bool)>, WebError> {
    let all = ask.site.people.all(ask.now)?;
    let own = all.into_iter().filter(|one| one.access.audit.as_deref() == Some(id));
    let told = own.map(|one| {
        let until = one.access.valid_until;
        let ended = one.disabled || until.is_some_and(|until| until <= ask.now);
        let words =
            until.map_or("without an end".to_owned(), |at| format!("until {}", last_day(at)));
        (one.name, words, ended)
    });
    Ok(told.collect())
}

/// What a page cannot do about a scope.
pub(super) fn blind(error: AuditError) -> WebError {
    match error {
        AuditError::Views(error) => error.into(),
        AuditError::Population(error) => broken(error),
        AuditError::Unknown(_) | AuditError::NoEvidence { .. } => {
            WebError::NotFound(error.to_string())
        }
    }
}

/// What a page cannot do about a population.
pub(in crate::web) fn broken(error: PopulationError) -> WebError {
    match error {
        PopulationError::Views(error) => error.into(),
        PopulationError::Log(error) => error.into(),
        PopulationError::Sample(_)
        | PopulationError::Future { .. }
        | PopulationError::NoTarget(_)
        | PopulationError::Several { .. }
        | PopulationError::Empty(_)
        | PopulationError::Large
        | PopulationError::Unknown(_)
        | PopulationError::Drawn(..)
        | PopulationError::Frozen(..)
        | PopulationError::Gone(_)
        | PopulationError::Value(..) => WebError::NotFound(format!("population here: {error}")),
    }
}

/// The last day of a period that ends with the begin of the next.
pub(super) fn last_day(until: Timestamp) -> String {
    let whole = until.as_millisecond() % 86_400_000 == 0;
    words::day(if whole { until.checked_sub(24.hours()).unwrap_or(until) } else { until })
}
