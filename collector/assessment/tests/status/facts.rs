//! Small facts to build cases of.

use exhibit_assessment::{
    AssessmentInput, Attestation, ControlId, ControlStatus, Exclusion, Expectation, Framework, Gap,
    KnownTarget, ManualEvidence, Observed, Outcome, Rule, Scope, Severity, Strength, Verdict,
    Waiver, assess,
};
use jiff::{SignedDuration, Timestamp};

const KIND: &str = "patch.status";

pub(crate) fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

pub(crate) fn hours_ago(hours: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_hours(hours)).unwrap()
}

pub(crate) fn control() -> ControlId {
    "A.8.8".parse().unwrap()
}

/// A rule about A.8.8 that is fresh for 24 hours.
pub(crate) fn rule(name: &str, strength: Strength) -> Rule {
    Rule {
        id: format!("{KIND}.{name}").parse().unwrap(),
        title: name.to_owned(),
        description: "d".to_owned(),
        kind: KIND.to_owned(),
        controls: vec![(control(), strength)],
        severity: Severity::Medium,
        freshness: 24,
        why: "w".to_owned(),
        fix: "f".to_owned(),
        clock: false,
        capture: false,
        labels: false,
        parameters: std::collections::BTreeMap::new(),
        limits: std::collections::BTreeMap::new(),
        path: format!("{KIND}/{name}.rego"),
        package: format!("exhibit.{KIND}.{name}"),
    }
}

pub(crate) fn found(name: &str, target: &str, verdict: Verdict, age: i64) -> Observed {
    Observed {
        rule: format!("{KIND}.{name}").parse().unwrap(),
        target: target.to_owned(),
        verdict,
        message: "m".to_owned(),
        item_count: u64::from(verdict == Verdict::Fail),
        since: hours_ago(age + 1),
        observed_at: hours_ago(age),
    }
}

pub(crate) fn expected(target: &str) -> Expectation {
    Expectation {
        target: target.to_owned(),
        kind: KIND.to_owned(),
        agent: "web1".to_owned(),
        silent_since: None,
    }
}

pub(crate) fn gap(target: &str, outcome: Outcome) -> Gap {
    Gap {
        target: target.to_owned(),
        kind: KIND.to_owned(),
        outcome,
        detail: "/etc/shadow is not readable".to_owned(),
        remedy: "grant CAP_DAC_READ_SEARCH".to_owned(),
        since: hours_ago(5),
        observed_at: hours_ago(1),
    }
}

#[derive(Default, Debug, Clone)]
pub(crate) struct Case {
    pub(crate) rules: Vec<Rule>,
    pub(crate) findings: Vec<Observed>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) expected: Vec<Expectation>,
    pub(crate) targets: Vec<KnownTarget>,
    pub(crate) scope: Scope,
    pub(crate) exclusions: Vec<Exclusion>,
    pub(crate) waivers: Vec<Waiver>,
    pub(crate) manual: Vec<ManualEvidence>,
    pub(crate) attestations: Vec<Attestation>,
}

impl Case {
    pub(crate) fn all(&self) -> Vec<ControlStatus> {
        self.with(|input| assess(input, now()))
    }

    pub(crate) fn with<T>(&self, ask: impl FnOnce(&AssessmentInput<'_>) -> T) -> T {
        let framework = Framework::builtin().unwrap();
        ask(&AssessmentInput {
            framework: &framework,
            rules: &self.rules,
            findings: &self.findings,
            gaps: &self.gaps,
            expected: &self.expected,
            targets: &self.targets,
            scope: &self.scope,
            exclusions: &self.exclusions,
            waivers: &self.waivers,
            manual: &self.manual,
            attestations: &self.attestations,
        })
    }

    pub(crate) fn status(&self) -> ControlStatus {
        self.of("A.8.8")
    }

    pub(crate) fn of(&self, id: &str) -> ControlStatus {
        let id: ControlId = id.parse().unwrap();
        self.all().into_iter().find(|status| status.control == id).unwrap()
    }
}
