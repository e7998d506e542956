//! A head at which the tables stand, too: what a bundle says of findings is of the same moment as its log.

use crate::log::{Head, LogReader};
use crate::views::{Views, ViewsError};

/// Looks for a head at which the tables stand.
const TRIES: u32 = 20;

/// A head at which the tables stand, too; the newest where the log grows all the time.
pub(crate) fn settled(reader: &LogReader, views: &Views) -> Result<Head, ViewsError> {
    for _ in 0..TRIES {
        let applied = views.catch_up()?;
        let head = reader.head()?;
        if head.checkpoint.size == applied {
            return Ok(head);
        }
    }
    Ok(reader.head()?)
}
