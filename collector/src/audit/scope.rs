//! What an audit sees: kinds and targets of its scope in its period, what is attached to it, what was drawn for it. The one rule of
//! the room's pages and of the audit's bundle.

use std::collections::BTreeSet;

use exhibit_assessment::decisions::{Audits, Shown};
use exhibit_proto::digest::Digest;
use jiff::Timestamp;
use serde::Deserialize;

use super::AuditError;
use crate::export;
use crate::population;
use crate::views::{Views, ViewsError};

/// What one audit sees.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// All if absent.
    kinds: Option<BTreeSet<String>>,
    targets: Option<BTreeSet<String>>,
    controls: Vec<String>,
    /// Both ends; the second is outside.
    period: Option<(Timestamp, Timestamp)>,
    /// Attached, or drawn: entry, kind, target.
    named: BTreeSet<(u64, String, String)>,
    /// Lists, drawn lines and files that belong to it.
    files: BTreeSet<Digest>,
    id: String,
}

impl Scope {
    /// Of the audit of that name.
    pub fn of(views: &Views, id: &str, held: &Audits) -> Result<Self, AuditError> {
        let audit = held.audits.get(id).ok_or_else(|| AuditError::Unknown(id.to_owned()))?;
        let rules = views.assessor().pack().rules();
        let about = |rule: &&exhibit_assessment::Rule| {
            audit.controls.iter().any(|control| rule.strength(*control).is_some())
        };
        let kinds = rules.iter().filter(about).map(|rule| rule.kind.clone());
        let targets = if audit.targets.is_all() {
            None
        } else {
            let mut known = views.targets_at(u64::MAX)?;
            known.retain(|known| audit.targets.selects(&known.target, &known.labels));
            Some(known.into_iter().map(|known| known.target).collect())
        };
        let mut scope = Self {
            kinds: (!audit.controls.is_empty()).then(|| kinds.collect()),
            targets,
            controls: audit.controls.iter().map(ToString::to_string).collect(),
            period: Some((audit.from, audit.until)),
            named: BTreeSet::new(),
            files: BTreeSet::new(),
            id: id.to_owned(),
        };
        scope.attached(held);
        scope.drawn(views)?;
        Ok(scope)
    }

    /// What both see.
    pub fn within(mut self, other: &Self) -> Self {
        let both = |own: Option<BTreeSet<String>>, other: &Option<BTreeSet<String>>| match other {
            Some(other) => Some(own.map_or_else(|| other.clone(), |own| &own & other)),
            None => own,
        };
        self.kinds = both(self.kinds, &other.kinds);
        self.targets = both(self.targets, &other.targets);
        self.period = match (self.period, other.period) {
            (Some((from, to)), Some((others, end))) => Some((from.max(others), to.min(end))),
            (own, others) => own.or(others),
        };
        self.named = &self.named & &other.named;
        self.files = &self.files & &other.files;
        self
    }

    fn attached(&mut self, held: &Audits) {
        let requests = held.requests.values().filter(|one| one.audit == self.id);
        let raised = held.raised.values().filter(|one| one.audit == self.id);
        let shown = requests.clone().flat_map(|one| &one.evidence);
        let shown = shown.chain(raised.flat_map(|one| &one.evidence));
        let named =
            shown.map(|Shown { entry, kind, target }| (*entry, kind.clone(), target.clone()));
        self.named.extend(named);
        let files = requests.flat_map(|one| &one.files);
        self.files.extend(files.filter_map(|file| file.digest.parse::<Digest>().ok()));
    }

    /// The documents behind drawn lines, where each came first.
    fn drawn(&mut self, views: &Views) -> Result<(), AuditError> {
        #[derive(Deserialize)]
        struct Line {
            document: Option<Digest>,
            target: String,
        }
        for shown in population::shown(views)? {
            if shown.population.audit.as_deref() != Some(&self.id) {
                continue;
            }
            self.files.insert(shown.population.digest);
            let Some(sample) = shown.sample else { continue };
            self.files.insert(sample.drawn.digest);
            let Some(kind) = shown.population.source.kind.map(|kind| kind.to_string()) else {
                continue;
            };
            let list = views.log().document(&sample.drawn.digest)?.unwrap_or_default();
            for line in list.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let Ok(Line { document: Some(document), target }) = serde_json::from_slice(line)
                else {
                    continue;
                };
                if let Some(entry) = views.brought_by(&kind, &target, &document)? {
                    self.named.insert((entry, kind.clone(), target));
                }
            }
        }
        Ok(())
    }

    /// Whether scope and period cover a document that held from `first` to `last`.
    pub fn covers(&self, kind: &str, target: &str, first: Timestamp, last: Timestamp) -> bool {
        let kinds = self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind));
        let targets = self.targets.as_ref().is_none_or(|targets| targets.contains(target));
        kinds && targets && self.period.is_none_or(|(from, until)| first < until && last >= from)
    }

    /// Whether a document is attached to the audit, or was drawn for it.
    pub fn names(&self, entry: u64, kind: &str, target: &str) -> bool {
        self.named.contains(&(entry, kind.to_owned(), target.to_owned()))
    }

    /// Whether a list, drawn lines or a file belong to the audit.
    pub fn holds(&self, file: &Digest) -> bool {
        self.files.contains(file)
    }

    /// The audit's bundle.
    pub fn selection(&self) -> export::Selection {
        let parsed = |all: &Option<BTreeSet<String>>| all.clone().unwrap_or_default();
        let (from, to) = self.period.unzip();
        // Both ends of a bundle's period are inside.
        let to = to.map(|to| to.checked_sub(jiff::SignedDuration::from_millis(1)).unwrap_or(to));
        export::Selection {
            targets: parsed(&self.targets).iter().filter_map(|it| it.parse().ok()).collect(),
            kinds: parsed(&self.kinds).iter().filter_map(|it| it.parse().ok()).collect(),
            controls: self.controls.clone(),
            from,
            to,
            audit: Some(export::Audited {
                id: self.id.clone(),
                named: self.named.clone(),
                files: self.files.clone(),
            }),
        }
    }
}

impl From<crate::log::LogError> for AuditError {
    fn from(error: crate::log::LogError) -> Self {
        Self::Views(ViewsError::from(error))
    }
}
