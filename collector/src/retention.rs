//! What may be deleted, and when: rules by kind, legal holds, and the last statement that names a document decide. Pure: it
//! deletes nothing.

mod last;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use exhibit_proto::document::Kind;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::views::{Candidate, HoldRow};

pub use last::{LastPass, Pass};

/// What pages show of retention.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    pub rules: Retention,
    pub last: LastPass,
}

/// The rules; without any, everything is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Kinds that have a rule of their own, in days.
    pub days: BTreeMap<Kind, u32>,
    /// Days for every other kind; absent: they are kept.
    pub default_days: Option<u32>,
    /// Who answers for the rules; stands in each tombstone.
    pub approved_by: Option<String>,
    /// Bound of the pass beside `serve`.
    pub documents_per_second: NonZeroU32,
}

impl Default for Retention {
    fn default() -> Self {
        let documents_per_second = NonZeroU32::MIN.saturating_add(19);
        Self { days: BTreeMap::new(), default_days: None, approved_by: None, documents_per_second }
    }
}

/// What becomes of a document at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// No rule for its kind.
    Kept,
    /// Its time has not come.
    Until(Timestamp),
    /// Its time has come; this hold keeps it.
    Held(u64),
    /// It may go under this rule.
    Due(String),
}

impl Retention {
    /// Whether anything could ever go.
    pub fn is_empty(&self) -> bool {
        self.default_days.is_none() && self.days.is_empty()
    }

    /// Days that documents of a kind are kept after the last statement that names them.
    pub fn of(&self, kind: &str) -> Option<u32> {
        let own = self.days.iter().find(|(named, _)| named.as_str() == kind);
        own.map(|(_, days)| *days).or(self.default_days)
    }

    /// The moment before which a document must have been named last to be of interest at all.
    pub fn horizon(&self, now: Timestamp) -> Option<Timestamp> {
        let shortest = self.days.values().copied().chain(self.default_days).min()?;
        now.checked_sub(days(shortest)).ok()
    }

    /// What becomes of the document that all of `places` name; the strictest place decides.
    pub fn fate(&self, places: &[Candidate], holds: &[HoldRow], now: Timestamp) -> Fate {
        let mut rules = Vec::new();
        let mut until: Option<Timestamp> = None;
        for place in places {
            let Some(kept) = self.of(&place.kind) else { return Fate::Kept };
            let Ok(due) = place.last.checked_add(days(kept)) else { return Fate::Kept };
            if due > now {
                until = until.max(Some(due));
            }
            rules.push(format!("{} {kept} days", place.kind));
        }
        if let Some(until) = until {
            return Fate::Until(until);
        }
        if let Some(hold) = held(places, holds) {
            return Fate::Held(hold);
        }
        rules.dedup();
        if rules.is_empty() { Fate::Kept } else { Fate::Due(rules.join(", ")) }
    }
}

/// The hold that covers one of the places, if any is in force.
pub fn held(places: &[Candidate], holds: &[HoldRow]) -> Option<u64> {
    let in_force = holds.iter().filter(|hold| hold.lifted.is_none());
    in_force.filter(|hold| places.iter().any(|place| covers(hold, place))).map(|hold| hold.id).min()
}

fn covers(hold: &HoldRow, place: &Candidate) -> bool {
    hold.target.as_ref().is_none_or(|target| *target == place.target)
        && hold.kind.as_ref().is_none_or(|kind| *kind == place.kind)
        && hold.from.is_none_or(|from| place.last >= from)
        && hold.to.is_none_or(|to| place.first <= to)
}

fn days(number: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(number))
}

#[cfg(test)]
mod tests {
    use exhibit_proto::digest::Digest;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn place(kind: &str, last: &str) -> Candidate {
        Candidate {
            digest: Digest::of(b"d"),
            kind: kind.into(),
            target: "host:a".into(),
            size: 9,
            first: at("2026-01-01T00:00:00Z"),
            last: at(last),
            last_index: 7,
        }
    }

    fn hold(target: Option<&str>, from: Option<&str>, to: Option<&str>) -> HoldRow {
        HoldRow {
            id: 9,
            target: target.map(str::to_owned),
            kind: None,
            from: from.map(at),
            to: to.map(at),
            by: "ada".into(),
            reason: "lawsuit".into(),
            made: at("2026-01-02T00:00:00Z"),
            lifted: None,
        }
    }

    fn rules() -> Retention {
        let days = [("patch.status".parse().unwrap(), 30)].into();
        Retention { days, ..Retention::default() }
    }

    #[test]
    fn without_a_rule_everything_is_kept() {
        let (old, now) =
            (place("patch.status", "2026-01-02T00:00:00Z"), at("2036-01-01T00:00:00Z"));
        assert_eq!(Retention::default().fate(&[old], &[], now), Fate::Kept);
        assert_eq!(Retention::default().horizon(now), None);
        let other = place("time.sync", "2026-01-02T00:00:00Z");
        assert_eq!(rules().fate(&[other], &[], now), Fate::Kept);
    }

    #[test]
    fn the_last_statement_that_names_a_document_and_the_strictest_place_count() {
        let last = place("patch.status", "2026-02-01T00:00:00Z");
        let due = at("2026-03-03T00:00:00Z");
        let before = at("2026-03-02T23:59:59Z");
        assert_eq!(rules().fate(std::slice::from_ref(&last), &[], before), Fate::Until(due));
        let gone = Fate::Due("patch.status 30 days".into());
        assert_eq!(rules().fate(std::slice::from_ref(&last), &[], due), gone);
        let later = place("patch.status", "2026-02-20T00:00:00Z");
        assert!(matches!(rules().fate(&[last.clone(), later], &[], due), Fate::Until(_)));
        let other = place("time.sync", "2026-01-02T00:00:00Z");
        assert_eq!(rules().fate(&[last, other], &[], due), Fate::Kept);
    }

    #[test]
    fn a_hold_keeps_what_fits_target_and_period_until_it_is_lifted() {
        let old = place("patch.status", "2026-02-01T00:00:00Z");
        let fate = |hold: HoldRow| {
            rules().fate(std::slice::from_ref(&old), &[hold], at("2027-01-01T00:00:00Z"))
        };
        for (fits, hold) in [
            (true, hold(None, None, None)),
            (true, hold(Some("host:a"), None, None)),
            (false, hold(Some("host:b"), None, None)),
            (true, hold(None, Some("2026-01-15T00:00:00Z"), None)),
            (false, hold(None, Some("2026-02-02T00:00:00Z"), None)),
            (true, hold(None, None, Some("2026-01-01T00:00:00Z"))),
            (false, hold(None, None, Some("2025-12-31T00:00:00Z"))),
        ] {
            assert_eq!(fate(hold.clone()) == Fate::Held(9), fits, "{hold:?}");
        }
        let lifted = Some((11, at("2026-05-01T00:00:00Z"), "ada".into(), "over".into()));
        let lifted = HoldRow { lifted, ..hold(None, None, None) };
        assert!(matches!(fate(lifted), Fate::Due(_)));
    }
}
