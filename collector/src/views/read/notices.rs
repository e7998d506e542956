//! What the collector noticed about agents: gaps, conflicts, forks.

use exhibit_proto::statement::{Conflict, Fork, Gap};
use jiff::Timestamp;
use rusqlite::Row;
use serde::de::DeserializeOwned;

use super::time;
use crate::views::{Views, ViewsError, unsigned};

/// One entry of type gap, conflict or fork.
#[derive(Clone, Debug, PartialEq)]
pub struct NoticeRow {
    pub index: u64,
    pub agent: String,
    pub at: Timestamp,
    pub what: NoticeWhat,
    /// Other things noticed of this agent before it, and not logged because there were too many.
    pub suppressed: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NoticeWhat {
    /// `open`: numbers that have still not come.
    Gap {
        gap: Gap,
        open: u64,
    },
    Conflict(Conflict),
    Fork(Fork),
}

impl NoticeRow {
    /// Whether it is still so: a gap that was closed is history.
    pub fn stands(&self) -> bool {
        match &self.what {
            NoticeWhat::Gap { open, .. } => *open > 0,
            NoticeWhat::Conflict(_) | NoticeWhat::Fork(_) => true,
        }
    }
}

impl Views {
    /// Newest first; of one agent, or of all.
    pub fn notices(&self, agent: Option<&str>, limit: u32) -> Result<Vec<NoticeRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT idx, type, agent, at, open, detail, suppressed FROM notices
                 WHERE ?1 IS NULL OR agent = ?1 ORDER BY idx DESC LIMIT ?2",
            )?;
            let rows = ask.query_map((agent, limit), columns)?;
            rows.map(|row| notice(row?)).collect()
        })
    }
}

type Columns = (i64, String, String, i64, Option<i64>, String, i64);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
}

fn notice(row: Columns) -> Result<NoticeRow, ViewsError> {
    let (index, kind, agent, at, open, detail, suppressed) = row;
    let what = match kind.as_str() {
        "gap" => {
            let open = open.map_or(0, unsigned);
            NoticeWhat::Gap { gap: read(&detail)?, open }
        }
        "conflict" => NoticeWhat::Conflict(read(&detail)?),
        "fork" => NoticeWhat::Fork(read(&detail)?),
        _ => return Err(ViewsError::Row { expected: "a kind of notice", found: kind }),
    };
    let (index, at, suppressed) = (unsigned(index), time(at), unsigned(suppressed));
    Ok(NoticeRow { index, agent, at, what, suppressed })
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, ViewsError> {
    serde_json::from_str(text)
        .map_err(|_malformed| ViewsError::Row { expected: "a notice", found: text.to_owned() })
}
