//! What this host lets the plugins see, kind by kind, and which right, tool or setting would change it; pure.
//! It never starts a plugin, never grants a right and never asks for more than an outcome named.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::levels::{Level, ROOT, rights as rights_of};
use exhibit_plugin::protocol::OutcomeKind;
use exhibit_proto::document::Kind;
use exhibit_proto::statement::Outcome;
use serde::Serialize;

use crate::collect::VETO;

/// What would come of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// All of it.
    Collected,
    /// A document, and something that it lacks.
    InPart,
    /// No document, and a right is the reason.
    Denied,
    /// No document, for another reason.
    Nothing,
    /// This host has no such thing.
    NotApplicable,
    /// The operator forbids it.
    Vetoed,
}

impl Sight {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collected => "collected",
            Self::InPart => "in part",
            Self::Denied => "denied",
            Self::Nothing => "nothing",
            Self::NotApplicable => "no such thing",
            Self::Vetoed => "vetoed",
        }
    }
}

/// One kind as it would be collected now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub kind: Kind,
    /// The unit of systemd that would have to grant a right.
    pub unit: String,
    pub sight: Sight,
    /// The same if the plugin had every capability that it declares, and if it were root.
    pub with_capabilities: Sight,
    pub as_root: Sight,
    /// Whether something that is configured here cannot be seen.
    pub lacking: bool,
    pub reasons: Vec<Reason>,
    /// Rights that would change it: capabilities, or `root`.
    pub rights: BTreeSet<String>,
}

/// One thing that is not seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub outcome: String,
    pub detail: String,
    pub remedy: String,
}

/// What one kind gave when it was tried.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tried {
    /// A document came.
    pub document: bool,
    /// The operator's file forbids the kind.
    pub vetoed: bool,
    /// The operator's file asks for this kind by name, so that a missing setting is a fault and not a choice.
    pub named: bool,
}

/// Judges what one kind gave; `outcomes` are those of this kind, `unit` is that of its plugin.
pub fn find(kind: &Kind, unit: &str, tried: Tried, outcomes: &[Outcome]) -> Finding {
    let told: Vec<&Outcome> =
        outcomes.iter().filter(|told| !is(told, OutcomeKind::Collected)).collect();
    let absent = |told: &&&Outcome| {
        is(told, OutcomeKind::NotApplicable)
            || (is(told, OutcomeKind::NotConfigured) && !tried.named)
            // A choice of this host's operator is no lack.
            || told.detail.starts_with(VETO)
    };
    let (quiet, loud): (Vec<&Outcome>, Vec<&Outcome>) = (
        told.iter().filter(absent).copied().collect(),
        told.iter().filter(|told| !absent(told)).copied().collect(),
    );
    let sight = if tried.vetoed {
        Sight::Vetoed
    } else if tried.document {
        if told.is_empty() { Sight::Collected } else { Sight::InPart }
    } else if loud.iter().any(|told| is(told, OutcomeKind::Denied)) {
        Sight::Denied
    } else if loud.is_empty()
        && !quiet.is_empty()
        && quiet.iter().all(|told| is(told, OutcomeKind::NotApplicable))
    {
        Sight::NotApplicable
    } else {
        Sight::Nothing
    };
    let rights: BTreeSet<String> = match sight {
        Sight::Vetoed => BTreeSet::new(),
        Sight::Collected
        | Sight::InPart
        | Sight::Denied
        | Sight::Nothing
        | Sight::NotApplicable => loud
            .iter()
            .filter(|told| is(told, OutcomeKind::Denied))
            .flat_map(|told| rights_of(&told.remedy))
            .collect(),
    };
    // What a right would not change.
    let other = told.iter().any(|told| !is(told, OutcomeKind::Denied) || absent(&told))
        || loud.iter().any(|told| rights_of(&told.remedy).is_empty());
    let at = |level: Level| {
        let helps = matches!(sight, Sight::InPart | Sight::Denied)
            && !rights.is_empty()
            && rights.iter().all(|right| level.has(right));
        match (helps, other) {
            (false, _) => sight,
            (true, true) => Sight::InPart,
            (true, false) => Sight::Collected,
        }
    };
    let (with_capabilities, as_root) = (at(Level::Capabilities), at(Level::Root));
    Finding {
        kind: kind.clone(),
        unit: unit.to_owned(),
        sight,
        with_capabilities,
        as_root,
        lacking: !tried.vetoed && (!loud.is_empty() || (told.is_empty() && !tried.document)),
        reasons: told.into_iter().map(reason).collect(),
        rights,
    }
}

fn is(told: &Outcome, word: OutcomeKind) -> bool {
    told.outcome == word.as_str()
}

fn reason(told: &Outcome) -> Reason {
    Reason {
        outcome: told.outcome.clone(),
        detail: told.detail.clone(),
        remedy: told.remedy.clone(),
    }
}

/// The lines that grant what is missing, and those that refuse it for good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// One drop-in for each unit whose plugin lacks a right.
    pub units: Vec<Unit>,
    /// For the agent's own file: kinds that then are reported as the operator's veto.
    pub deny: Vec<String>,
}

/// What a drop-in of one unit may say (`systemctl edit UNIT`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unit {
    pub unit: String,
    pub grant: Vec<String>,
    /// For the same drop-in, when it must stay so.
    pub refuse: Vec<String>,
    /// Kinds that lack something that no capability gives, and the lines that give it.
    pub root: Vec<Kind>,
    pub grant_root: Vec<String>,
}

/// Writes them for everything that lacks a right.
pub fn lines(findings: &[Finding]) -> Lines {
    let mut units = BTreeMap::<&str, Vec<&Finding>>::new();
    let mut denied = BTreeSet::new();
    for finding in findings.iter().filter(|finding| !finding.rights.is_empty()) {
        units.entry(&finding.unit).or_default().push(finding);
        denied.insert(format!("{:?}", finding.kind.as_str()));
    }
    let units = units.into_iter().map(|(name, findings)| unit(name, &findings)).collect();
    let denied = denied.into_iter().collect::<Vec<_>>().join(", ");
    let deny = match denied.as_str() {
        "" => Vec::new(),
        denied => vec!["[deny]".to_owned(), format!("kinds = [{denied}]")],
    };
    Lines { units, deny }
}

fn unit(name: &str, findings: &[&Finding]) -> Unit {
    let named: BTreeSet<&str> =
        findings.iter().flat_map(|finding| &finding.rights).map(String::as_str).collect();
    let all = named.into_iter().filter(|right| *right != ROOT).collect::<Vec<_>>().join(" ");
    let mut unit = Unit { unit: name.to_owned(), ..Unit::default() };
    if !all.is_empty() {
        unit.grant = vec![
            "[Service]".to_owned(),
            format!("CapabilityBoundingSet={all}"),
            format!("AmbientCapabilities={all}"),
        ];
        unit.refuse = vec!["[Service]".to_owned(), format!("CapabilityBoundingSet=~{all}")];
    }
    unit.root = findings
        .iter()
        .filter(|finding| finding.rights.contains(ROOT))
        .map(|finding| finding.kind.clone())
        .collect();
    if !unit.root.is_empty() {
        // Root without capabilities is not what those kinds ask for: all are given back first.
        unit.grant_root =
            ["[Service]", "User=root", "CapabilityBoundingSet=~"].map(str::to_owned).to_vec();
    }
    unit
}

#[cfg(test)]
mod tests;
