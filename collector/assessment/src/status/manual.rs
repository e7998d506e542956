//! What people bring: evidence with a validity and a review date, and attestations that come due. It counts as `manual`,
//! never as machine evidence.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::words::{end, plain};
use super::{Cause, Reason, Status};
use crate::ids::ControlId;

/// Controls that neither a host nor an API shows anything of: only documents and people can.
pub const DOCUMENTS_ONLY: [&str; 9] =
    ["A.5.4", "A.5.20", "A.5.35", "A.6.4", "A.7.1", "A.7.3", "A.7.5", "A.7.6", "A.7.12"];

/// Why manual evidence or an attestation was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error(
        "manual evidence {id:?} is valid until {until}, not after its begin at {from}; give a later end"
    )]
    Validity { id: String, from: Timestamp, until: Timestamp },
    #[error("an attestation every {days} days is out of range; use 1 to 1826")]
    Interval { days: u32 },
}

/// A file or form that a person brought for a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManualEvidence {
    /// A name of its own: the log index or digest of its entry.
    pub id: String,
    pub control: ControlId,
    pub title: String,
    /// Who brought it.
    pub by: String,
    /// SHA-256 of the bytes, hex.
    pub digest: String,
    /// Valid from here …
    pub from: Timestamp,
    /// … until before here.
    pub until: Timestamp,
    /// When somebody is to look at it again; not looked at by then, it is stale.
    pub review: Option<Timestamp>,
}

impl ManualEvidence {
    /// The evidence, if its validity is a period.
    pub fn checked(self) -> Result<Self, PeriodError> {
        if self.until <= self.from {
            let Self { id, from, until, .. } = self;
            return Err(PeriodError::Validity { id, from, until });
        }
        Ok(self)
    }

    /// When it becomes stale: at the end of its validity or at its review, whichever is first.
    #[must_use]
    pub fn stale_from(&self) -> Timestamp {
        self.review.map_or(self.until, |review| review.min(self.until))
    }
}

/// A duty to say, again and again, that a control is in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    pub control: ControlId,
    /// Who is to attest.
    pub owner: String,
    /// Days from one attestation to the next.
    pub every_days: u32,
    /// When the first one is due.
    pub first_due: Timestamp,
    /// When it was last given, and by whom.
    pub last: Option<(Timestamp, String)>,
}

impl Attestation {
    /// The duty, if its interval is between a day and five years.
    pub fn checked(self) -> Result<Self, PeriodError> {
        match self.every_days {
            1..=1826 => Ok(self),
            days => Err(PeriodError::Interval { days }),
        }
    }

    /// When the next one is due.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        let Some((last, _)) = &self.last else { return self.first_due };
        let interval = SignedDuration::from_hours(i64::from(self.every_days) * 24);
        last.saturating_add(interval).unwrap_or(Timestamp::MAX)
    }
}

/// What people brought for one control.
pub(super) struct Brought {
    /// The status it gives where no rule decides.
    pub(super) status: Status,
    pub(super) reasons: Vec<Reason>,
    /// Something is there that is valid.
    pub(super) valid: bool,
}

/// Weighs manual evidence and attestations of one control at `now`.
pub(super) fn weigh(
    evidence: &[&ManualEvidence],
    duties: &[&Attestation],
    now: Timestamp,
) -> Brought {
    let mut reasons = Vec::new();
    let (mut valid, mut ended, mut never, mut overdue) = (false, false, false, false);
    // What begins later is no evidence yet.
    for item in evidence.iter().filter(|item| item.from <= now) {
        let fresh = now < item.stale_from();
        valid |= fresh;
        ended |= !fresh;
        let (cause, what) = if fresh {
            (Cause::Manual, format!("counts until {}", end(item.stale_from())))
        } else if now < item.until {
            (Cause::ManualStale, format!("its review was due by {}", end(item.stale_from())))
        } else {
            (Cause::ManualStale, format!("its validity ended at {}", end(item.until)))
        };
        let text = format!("{} ({}, brought by {}); {what}", item.title, item.id, item.by);
        reasons.push(Reason {
            since: Some(item.from),
            observed_at: Some(item.from),
            ..plain(cause, text)
        });
    }
    for duty in duties {
        let due = duty.due();
        let late = now >= due;
        let (cause, text) = match (&duty.last, late) {
            (Some((at, by)), false) => {
                valid = true;
                (Cause::Manual, format!("{by} attested on {at}; due again on {due}"))
            }
            (Some((at, _)), true) => {
                overdue = true;
                (
                    Cause::ManualStale,
                    format!("last attested on {at}; was due again on {due} from {}", duty.owner),
                )
            }
            (None, false) => (Cause::Manual, format!("{} is to attest by {due}", duty.owner)),
            (None, true) => {
                never = true;
                (
                    Cause::ManualStale,
                    format!("never attested; was due on {due} from {}", duty.owner),
                )
            }
        };
        let at = duty.last.as_ref().map(|(at, _)| *at);
        reasons.push(Reason { since: at, observed_at: at, ..plain(cause, text) });
    }
    // A duty that is late is not made good by a paper; a paper that ended is, by one that is valid.
    let status = if never {
        Status::NoEvidence
    } else if overdue || (ended && !valid) {
        Status::Stale
    } else {
        Status::Manual
    };
    Brought { status, reasons, valid }
}
