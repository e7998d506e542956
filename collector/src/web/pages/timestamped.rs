//! What time-stamping authorities have said of this log, as facts for pages.

use jiff::Timestamp;

use super::{Ask, WebError};
use crate::web::words::Moment;

pub(super) struct TimestampedView {
    pub(super) authorities: Vec<AuthorityView>,
}

pub(super) struct AuthorityView {
    pub(super) name: String,
    pub(super) newest: Option<TokenView>,
    pub(super) problem: Option<String>,
}

pub(super) struct TokenView {
    pub(super) size: u64,
    /// The authority's time.
    pub(super) at: Moment,
    /// Under `/log/timestamps/`.
    pub(super) file: String,
}

impl TimestampedView {
    pub(super) fn of(ask: &Ask) -> Result<Self, WebError> {
        let standings = ask.site.timestamps.standings()?.into_iter().map(|standing| {
            let newest = standing.newest.map(|kept| TokenView {
                size: kept.size,
                at: ask.moment(kept.time.parse().unwrap_or(Timestamp::MIN)),
                file: kept.file,
            });
            AuthorityView { name: standing.name, newest, problem: standing.problem }
        });
        Ok(Self { authorities: standings.collect() })
    }
}
