//! What people decide, on its way to the log. Says what may stand there and what a file may be; writes nothing itself.

mod file;
pub(crate) mod moment;

use std::pin::Pin;
use std::sync::Arc;

use exhibit_assessment::decisions::SOA;
use exhibit_proto::statement::Decision;

use crate::views::{Views, ViewsError};

pub use file::{Attached, FileError, MAX_FILE, file_name, media_type};

/// A decision with the file that it brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Deciding {
    pub decision: Decision,
    /// The file that its value names; one that the log holds already need not come again.
    pub file: Option<Attached>,
}

/// What came of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Index of the entry.
    pub entry: u64,
    /// It waits for a second person.
    pub proposed: bool,
}

/// Why nothing was decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// Somebody else decided meanwhile.
    #[error("{0}")]
    Stale(String),
    #[error("{0}")]
    Refused(String),
    /// The log or the views cannot be had at present; the same may be tried again.
    #[error("the log cannot take an entry at present: {0}")]
    Unable(String),
}

/// Has something decided; answers when it is on disk and the pages show it.
pub type Decide = Arc<
    dyn Fn(Deciding) -> Pin<Box<dyn Future<Output = Result<Decided, Undecided>> + Send>>
        + Send
        + Sync,
>;

/// A name for a new record of a register: its letter, the year, the next number.
pub fn next_id(views: &Views, register: &str, now: jiff::Timestamp) -> Result<String, ViewsError> {
    let letter = match register {
        "waiver" => "W",
        "manual_evidence" => "E",
        "population" => "P",
        SOA => "S",
        "audit" => "A",
        "audit_finding" => "F",
        "audit_comment" => "C",
        _ => "R",
    };
    let start = format!("{letter}-{}-", now.strftime("%Y"));
    let taken = views.record_ids(register)?;
    let numbers = taken.iter().filter_map(|id| id.strip_prefix(&start)?.parse::<u32>().ok());
    Ok(format!("{start}{:03}", numbers.max().unwrap_or(0) + 1))
}
