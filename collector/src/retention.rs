//! What may be deleted, and when: rules by kind, legal holds, and the last statement that names a document decide. Pure: it
//! deletes nothing.

mod counted;
mod last;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use exhibit_proto::document::Kind;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::views::{Candidate, HoldRow};

pub use counted::{Counted, Counts};
pub use last::{LastPass, Pass};

/// What pages show of retention.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    pub rules: Retention,
    pub last: LastPass,
    pub counts: Counts,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// No rule lets it go.
    Kept,
    /// Its time has not come.
    Until { until: Timestamp, rule: String },
    /// Its time has come; this hold keeps it.
    Held { hold: u64, rule: String },
    /// It may go under this rule.
    Due { rule: String },
}

/// A fate, and which of the places that name the document gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    pub fate: Fate,
    pub place: &'a Candidate,
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

    /// What becomes of the document that all of `places` name; the strictest place decides. `None`: none names it.
    pub fn decide<'a>(
        &self,
        places: &'a [Candidate],
        holds: &[HoldRow],
        now: Timestamp,
    ) -> Option<Decision<'a>> {
        let mut rules = Vec::new();
        let mut latest: Option<(Timestamp, &Candidate)> = None;
        for place in places {
            let kept = self.of(&place.kind);
            let ends = kept.and_then(|kept| place.last.checked_add(days(kept)).ok());
            let (Some(kept), Some(ends)) = (kept, ends) else {
                return Some(Decision { fate: Fate::Kept, place });
            };
            if latest.is_none_or(|(latest, _)| ends > latest) {
                latest = Some((ends, place));
            }
            rules.push(format!("{} {kept} days", place.kind));
        }
        let (until, place) = latest?;
        rules.dedup();
        let rule = rules.join(", ");
        if until > now {
            return Some(Decision { fate: Fate::Until { until, rule }, place });
        }
        Some(match held(places, holds) {
            Some((hold, place)) => Decision { fate: Fate::Held { hold, rule }, place },
            None => Decision { fate: Fate::Due { rule }, place },
        })
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept => write!(f, "kept: no rule lets it go"),
            Self::Until { until, rule } => {
                write!(f, "kept: its period runs until {until} ({rule})")
            }
            Self::Held { hold, rule } => write!(f, "kept: held by hold {hold} ({rule})"),
            Self::Due { rule } => write!(f, "due ({rule})"),
        }
    }
}

/// The hold that covers one of the places, if any is in force, and that place.
pub fn held<'a>(places: &'a [Candidate], holds: &[HoldRow]) -> Option<(u64, &'a Candidate)> {
    let in_force = holds.iter().filter(|hold| hold.lifted.is_none());
    let covered = in_force.filter_map(|hold| {
        places.iter().find(|place| covers(hold, place)).map(|place| (hold.id, place))
    });
    covered.min_by_key(|(hold, _)| *hold)
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

    fn fate(rules: &Retention, places: &[Candidate], holds: &[HoldRow], now: Timestamp) -> Fate {
        rules.decide(places, holds, now).unwrap().fate
    }

    #[test]
    fn without_a_rule_everything_is_kept() {
        let (old, now) =
            (place("patch.status", "2026-01-02T00:00:00Z"), at("2036-01-01T00:00:00Z"));
        assert_eq!(fate(&Retention::default(), &[old], &[], now), Fate::Kept);
        let other = place("time.sync", "2026-01-02T00:00:00Z");
        assert_eq!(fate(&rules(), &[other], &[], now), Fate::Kept);
        assert_eq!(rules().decide(&[], &[], now), None);
    }

    #[test]
    fn the_last_statement_that_names_a_document_and_the_strictest_place_count() {
        let last = place("patch.status", "2026-02-01T00:00:00Z");
        let due = at("2026-03-03T00:00:00Z");
        let before = at("2026-03-02T23:59:59Z");
        let rule = || "patch.status 30 days".to_owned();
        let until = Fate::Until { until: due, rule: rule() };
        assert_eq!(fate(&rules(), std::slice::from_ref(&last), &[], before), until);
        let gone = Fate::Due { rule: rule() };
        assert_eq!(fate(&rules(), std::slice::from_ref(&last), &[], due), gone);
        let later = place("patch.status", "2026-02-20T00:00:00Z");
        let places = [last.clone(), later.clone(), last.clone()];
        let decided = rules().decide(&places, &[], due).unwrap();
        let until = Fate::Until { until: at("2026-03-22T00:00:00Z"), rule: rule() };
        assert_eq!(decided, Decision { fate: until, place: &later });
        let other = place("time.sync", "2026-01-02T00:00:00Z");
        let places = [last, other.clone()];
        let decided = rules().decide(&places, &[], due).unwrap();
        assert_eq!(decided, Decision { fate: Fate::Kept, place: &other });
    }

    #[test]
    fn a_hold_keeps_what_fits_target_and_period_until_it_is_lifted() {
        let old = place("patch.status", "2026-02-01T00:00:00Z");
        let fate = |hold: HoldRow| {
            fate(&rules(), std::slice::from_ref(&old), &[hold], at("2027-01-01T00:00:00Z"))
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
            let rule = "patch.status 30 days".to_owned();
            assert_eq!(fate(hold.clone()) == Fate::Held { hold: 9, rule }, fits, "{hold:?}");
        }
        let lifted = Some((11, at("2026-05-01T00:00:00Z"), "ada".into(), "over".into()));
        let lifted = HoldRow { lifted, ..hold(None, None, None) };
        assert!(matches!(fate(lifted), Fate::Due { .. }));
        let elsewhere = Candidate { target: "host:b".into(), ..old.clone() };
        let places = [old, elsewhere.clone()];
        let decided = rules().decide(
            &places,
            &[hold(Some("host:b"), None, None)],
            at("2027-01-01T00:00:00Z"),
        );
        assert_eq!(decided.unwrap().place, &elsewhere, "the place that the hold covers");
    }
}
