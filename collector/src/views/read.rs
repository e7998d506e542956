//! What pages and exports ask of the views. Never writes and never reads a clock.

mod agents;
mod entries;
mod evidence;
mod findings;
mod notices;
mod packs;
mod retention;

use jiff::Timestamp;

pub use agents::{AgentRow, ScheduleRow};
pub use entries::{Change, ChangeKind, EntryFilter, EntryRow};
pub use evidence::{DocumentRow, Gap, OutcomeRow, TargetRow};
pub use findings::FindingRow;
pub use notices::{NoticeRow, NoticeWhat};
pub use packs::PackRow;
pub use retention::{Candidate, HoldRow, KindHeld, TombstoneRow};

/// Stored milliseconds as a time.
pub(super) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}
