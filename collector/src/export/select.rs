//! What a bundle is asked to hold.

use std::collections::BTreeSet;

use exhibit_proto::bundle;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::{Kind, Target};
use jiff::Timestamp;

/// Which evidence; enrolments, rotations, revocations and rule packs always come along, what people decided until the end of
/// the period, and of what was in force as it began the run that said it last. Empty sets and absent times mean all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub targets: BTreeSet<Target>,
    pub kinds: BTreeSet<Kind>,
    /// The controls that led to `kinds`, for the manifest to say.
    pub controls: Vec<String>,
    /// First and last time of logging, both inclusive.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// What belongs to one audit comes along, whatever the rest says; of other audits nothing does.
    pub audit: Option<Audited>,
}

/// What belongs to an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audited {
    pub id: String,
    /// Documents by entry, kind and target.
    pub named: BTreeSet<(u64, String, String)>,
    /// Files that its decisions bring.
    pub files: BTreeSet<Digest>,
}

impl Selection {
    /// Whether nothing is left out.
    pub(super) fn is_all(&self) -> bool {
        self.targets.is_empty() && self.kinds.is_empty()
    }

    /// Whether the audit names a document of this entry.
    pub(super) fn names_entry(&self, index: u64) -> bool {
        let mut of = self.audit.iter().flat_map(|audit| &audit.named);
        of.any(|(entry, _, _)| *entry == index)
    }

    /// Whether the audit names this document.
    pub(super) fn names(&self, index: u64, kind: &Kind, target: &Target) -> bool {
        let mut of = self.audit.iter().flat_map(|audit| &audit.named);
        of.any(|(entry, named, on)| {
            (*entry, named.as_str(), on.as_str()) == (index, kind.as_str(), target.as_str())
        })
    }

    pub(super) fn covers(&self, kind: &Kind, target: &Target) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(kind);
        kind && (self.targets.is_empty() || self.targets.contains(target))
    }

    /// Whether any of these targets is asked for.
    pub(super) fn is_about(&self, targets: &BTreeSet<Target>) -> bool {
        self.targets.is_empty() || !self.targets.is_disjoint(targets)
    }

    /// Whether an entry logged at `rx` is asked for; a time that cannot be read is not left out. To the millisecond, as the manifest
    /// says the period and the log its times.
    pub(super) fn covers_time(&self, rx: &str) -> bool {
        let Ok(logged) = rx.parse::<Timestamp>() else { return true };
        let logged = logged.as_millisecond();
        self.from.is_none_or(|from| from.as_millisecond() <= logged)
            && self.to.is_none_or(|to| logged <= to.as_millisecond())
    }

    /// Whether an entry logged at `rx` came before what is asked for.
    pub(super) fn is_before(&self, rx: &str) -> bool {
        let logged = rx.parse::<Timestamp>().ok();
        let before = |(from, logged): (Timestamp, Timestamp)| {
            logged.as_millisecond() < from.as_millisecond()
        };
        self.from.zip(logged).is_some_and(before)
    }

    /// As the manifest says it.
    pub(crate) fn claims(&self) -> bundle::Selection {
        bundle::Selection {
            targets: self.targets.iter().cloned().collect(),
            kinds: self.kinds.iter().cloned().collect(),
            controls: self.controls.clone(),
            audit: self.audit.as_ref().map(|audit| audit.id.clone()),
            from: self.from.map(super::rfc3339),
            to: self.to.map(super::rfc3339),
        }
    }
}
