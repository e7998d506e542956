//! What pages and exports ask of the views. Never writes and never reads a clock.

mod agents;
mod coverage;
mod entries;
mod evidence;
mod findings;
mod listed;
mod notices;
mod packs;
mod population;
mod records;
mod retention;
mod search;
mod statuses;

use jiff::Timestamp;
use rusqlite::Row;

use super::{Views, ViewsError};

pub(super) use agents::silences;
pub use agents::{AgentRow, ScheduleRow};
pub use coverage::{CoverageRow, KindSeen};
pub use entries::{Change, ChangeKind, EntryFilter, EntryRow};
pub use evidence::{DocumentRow, Gap, OutcomeRow, TargetRow};
pub use findings::FindingRow;
pub use listed::{Asked, KindOnTarget, Narrow, Part, SORTED, Segment};
pub use notices::{NoticeRow, NoticeWhat};
pub use packs::PackRow;
pub use population::{Done, PlacedDocument};
pub use records::RecordRow;
pub(super) use records::{people_at, people_of};
pub use retention::{Candidate, HoldRow, KindHeld, TombstoneRow};
pub(super) use search::head;
pub use search::{DigestOf, Hashed, Named, NamedWhat};
pub use statuses::StatusRow;

impl Views {
    /// Streams the rows of a question. An error of `each` ends it and comes back as it is.
    fn each<T, E: From<ViewsError>>(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> Result<T, ViewsError>,
        each: &mut impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut ended = Ok(());
        self.read(|connection| {
            let mut ask = connection.prepare(sql)?;
            let mut rows = ask.query([])?;
            while let Some(row) = rows.next()? {
                ended = each(read(row)?);
                if ended.is_err() {
                    break;
                }
            }
            Ok(())
        })?;
        ended
    }
}

/// Stored milliseconds as a time.
pub(super) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}
