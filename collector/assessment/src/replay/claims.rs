//! What somebody says to have found: the form of `findings.json` and `statuses.json`, and one rule's claims on one target in order.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PeopleClaimed;
use crate::{
    finding::{Finding, Item, Verdict},
    framework::Framework,
    ids::RuleId,
    pack::RulePack,
    status::{AssessmentInput, ControlStatus, Expectation, Gap, Observed, assess},
};

pub const FINDINGS_SCHEMA: &str = "urn:exhibit:findings:v1";
pub const STATUSES_SCHEMA: &str = "urn:exhibit:statuses:v1";

/// One finding, for as long as it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingClaim {
    pub rule: RuleId,
    pub target: String,
    pub kind: String,
    pub verdict: Verdict,
    pub message: String,
    pub items: Vec<Item>,
    pub item_count: u64,
    /// SHA-256 of the document that gave it first.
    pub document: String,
    /// The entry that it holds from, and the one that it does not hold at any more.
    pub from: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// First observation that gave this verdict without a change since.
    pub since: Timestamp,
    /// Last observation of the document behind it, while it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Timestamp>,
    /// The tombstone that took message and items with the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<u64>,
}

/// `findings.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingsClaimed {
    /// [`FINDINGS_SCHEMA`]
    pub schema: String,
    /// Entries of the log that they rest on.
    pub size: u64,
    /// By kind, target, rule and first entry.
    pub findings: Vec<FindingClaim>,
}

/// `statuses.json`: the statuses, with all that they rest on besides the findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusesClaimed {
    /// [`STATUSES_SCHEMA`]
    pub schema: String,
    /// Entries of the log that they rest on.
    pub size: u64,
    /// Digest of the rule pack in force, and the version that it names.
    pub pack: String,
    pub version: String,
    /// When they were assessed: a status changes by waiting alone.
    pub now: Timestamp,
    pub gaps: Vec<Gap>,
    pub expected: Vec<Expectation>,
    #[serde(default)]
    pub people: PeopleClaimed,
    pub statuses: Vec<ControlStatus>,
}

impl StatusesClaimed {
    /// The statuses that follow from these findings and from what is claimed besides; of a pack the rules about these kinds
    /// (all, if none is named) have a say.
    #[must_use]
    pub fn follow(
        &self,
        framework: &Framework,
        (pack, kinds): (&RulePack, &BTreeSet<String>),
        findings: &[Observed],
    ) -> Vec<ControlStatus> {
        let rules = pack.rules().iter();
        let asked = rules.filter(|rule| kinds.is_empty() || kinds.contains(&rule.kind));
        let gone = |found: &&Observed| !self.people.retired.contains(&found.target);
        let findings: Vec<Observed> = findings.iter().filter(gone).cloned().collect();
        let input = AssessmentInput {
            framework,
            rules: &asked.cloned().collect::<Vec<_>>(),
            findings: &findings,
            gaps: &self.gaps,
            expected: &self.expected,
            targets: &self.people.targets,
            scope: &self.people.scope,
            exclusions: &self.people.exclusions,
            waivers: &self.people.waivers,
            manual: &self.people.manual,
            attestations: &self.people.attestations,
        };
        assess(&input, self.now)
    }
}

/// The claims of one rule on one target, in the order of the log, and how far the replay is in them.
#[derive(Default)]
pub(super) struct Track {
    claims: Vec<FindingClaim>,
    /// The claim that the last entry met is in, or would be after.
    place: usize,
    /// Claims that some judgement met.
    met: Vec<bool>,
}

impl Track {
    pub(super) fn push(&mut self, claim: FindingClaim) {
        self.claims.push(claim);
        self.met.push(false);
    }

    pub(super) fn sort(&mut self) {
        self.claims.sort_by_key(|claim| (claim.from, claim.to));
    }

    fn go_to(&mut self, index: u64) -> Option<usize> {
        while self.claims.get(self.place + 1).is_some_and(|next| next.from <= index) {
            self.place += 1;
        }
        let claim = self.claims.get(self.place)?;
        let holds = claim.from <= index && claim.to.is_none_or(|to| index < to);
        holds.then_some(self.place)
    }

    /// The claim that holds at an entry.
    pub(super) fn at(&mut self, index: u64) -> Option<&FindingClaim> {
        let place = self.go_to(index)?;
        *self.met.get_mut(place)? = true;
        self.claims.get(place)
    }

    /// What is claimed otherwise than was found.
    pub(super) fn say(&mut self, finding: &Finding, index: u64) -> Option<String> {
        let found = finding.verdict.as_str();
        let Some(claim) = self.at(index) else {
            return Some(format!("{found} was found, and nothing is claimed"));
        };
        if claim.verdict != finding.verdict {
            let claimed = claim.verdict.as_str();
            return Some(format!("{claimed} is claimed, {found} was found: {}", finding.message));
        }
        if claim.item_count != finding.item_count {
            let (claimed, found) = (claim.item_count, finding.item_count);
            return Some(format!("{claimed} offending items are claimed, {found} were found"));
        }
        // Words that went with their document are not claimed.
        let words = claim.erased.is_some()
            || (claim.message == finding.message && claim.items == finding.items);
        (!words).then(|| format!("other words are claimed than were found: {}", finding.message))
    }

    /// Whether a claim begins after one entry and before another.
    pub(super) fn began_between(&self, after: u64, before: u64) -> bool {
        let first = self.claims.partition_point(|claim| claim.from <= after);
        self.claims.get(first).is_some_and(|claim| claim.from < before)
    }

    /// Where claims begin after an entry.
    pub(super) fn begins_after(&self, index: u64) -> impl Iterator<Item = u64> {
        self.claims.iter().map(|claim| claim.from).filter(move |from| *from > index)
    }

    /// How many claims no judgement met.
    pub(super) fn not_shown(&self) -> u64 {
        self.met.iter().filter(|met| !**met).count() as u64
    }

    /// Since when the last claim says that its verdict holds.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.claims.last().map(|claim| claim.since)
    }
}
