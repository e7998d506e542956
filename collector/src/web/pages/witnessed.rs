//! What witnesses have said of this log, as facts for pages.

use jiff::Timestamp;

use super::{Ask, WebError};
use crate::web::words::Moment;

/// The log's standing with its witnesses.
pub(super) struct WitnessedView {
    pub(super) configured: bool,
    pub(super) newest: Option<NewestView>,
    pub(super) witnesses: Vec<StandingView>,
}

/// The newest head that the quorum has cosigned.
pub(super) struct NewestView {
    pub(super) size: u64,
    pub(super) names: String,
    /// When the first of them cosigned.
    pub(super) at: Moment,
}

pub(super) struct StandingView {
    pub(super) name: String,
    pub(super) cosigned: Option<(u64, Moment)>,
    pub(super) problem: Option<String>,
}

impl WitnessedView {
    pub(super) fn of(ask: &Ask) -> Result<Self, WebError> {
        let witnesses = &ask.site.witnesses;
        let moment = |seconds: u64| {
            let at = i64::try_from(seconds).ok().and_then(|at| Timestamp::from_second(at).ok());
            ask.moment(at.unwrap_or(Timestamp::MAX))
        };
        let newest = witnesses.newest()?.map(|newest| {
            let names: Vec<_> = newest.by.keys().cloned().collect();
            NewestView {
                size: newest.head.checkpoint.size,
                names: names.join(", "),
                at: moment(newest.by.values().min().copied().unwrap_or(0)),
            }
        });
        let standings = witnesses.standings()?.into_iter().map(|standing| StandingView {
            name: standing.name,
            cosigned: standing.cosigned.map(|(size, at)| (size, moment(at))),
            problem: standing.problem,
        });
        let witnesses: Vec<_> = standings.collect();
        Ok(Self { configured: !witnesses.is_empty(), newest, witnesses })
    }

    /// One sentence.
    pub(super) fn sentence(&self) -> String {
        match (&self.newest, self.configured) {
            (Some(newest), _) => {
                format!(
                    "Witnessed up to {} entries by {}, {}.",
                    newest.size, newest.names, newest.at.ago
                )
            }
            (None, true) => "Not yet witnessed: its witnesses have not cosigned enough.".to_owned(),
            (None, false) => {
                "Not witnessed: no outside party signs the heads of this log.".to_owned()
            }
        }
    }
}
