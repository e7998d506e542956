//! Gap analysis: for each control what is there, what is missing, what would close it, and from which source. It repeats no
//! judgement: it reads the statuses and says what they lack.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ControlId, RuleId},
    kinds::EvidenceKind,
    rule::{Rule, Strength},
    status::{
        Around, AssessmentInput, Board, Cause, ControlStatus, DOCUMENTS_ONLY, Heard, Status, Unseen,
    },
};

/// What a control rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Have {
    /// A rule with a verdict on this many targets.
    Rule { rule: RuleId, kind: String, strength: Strength, targets: u64 },
    /// Manual evidence or an attestation, in words.
    Manual { text: String },
}

/// What a control lacks, with what would close it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Targets fail a rule: its fix would close it.
    Fix { rule: RuleId, targets: u64, fix: String },
    /// Targets are unseen for one reason.
    Targets { why: Unseen, targets: u64, close: String },
    /// Rules are there, and nothing collects their kind: one of these plugins would (none known: an own plugin).
    Collection { kind: String, rules: u64, plugins: Vec<String>, close: String },
    /// Evidence of this kind speaks to the control, and no rule judges it for the control: a rule, or its plugin first.
    Rule { kind: String, holds: String, plugins: Vec<String>, close: String },
    /// Evidence that only a person can bring, or that came too long ago.
    Manual { close: String },
    /// Passes are past their window; newer evidence would close it.
    Fresh { targets: u64, close: String },
}

/// One control with what is there and what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlGap {
    pub control: ControlId,
    pub status: Status,
    pub have: Vec<Have>,
    /// Sorted: what fails first. Empty where the control is excluded, or met with nothing left to add.
    pub missing: Vec<Missing>,
}

/// The gaps of every control, in the order of `statuses`, which [`crate::assess`] gave for the same input.
///
/// `kinds` are the known kinds of evidence; `plugins` names, for a kind, the plugins that emit it.
#[must_use]
pub fn gap_analysis(
    input: &AssessmentInput<'_>,
    statuses: &[ControlStatus],
    kinds: &[EvidenceKind],
    plugins: &BTreeMap<String, Vec<String>>,
) -> Vec<ControlGap> {
    let board = Board::of(input);
    board.gap_analysis(&input.around(), statuses, (kinds, plugins))
}

impl Board {
    /// [`gap_analysis`], of what stands on the board.
    #[must_use]
    pub fn gap_analysis(
        &self,
        around: &Around<'_>,
        statuses: &[ControlStatus],
        (kinds, plugins): (&[EvidenceKind], &BTreeMap<String, Vec<String>>),
    ) -> Vec<ControlGap> {
        self.heard(around).gap_analysis(self.rules(), statuses, (kinds, plugins))
    }
}

impl Heard {
    /// [`gap_analysis`], of what is heard of these rules.
    #[must_use]
    pub fn gap_analysis(
        &self,
        rules: &[Rule],
        statuses: &[ControlStatus],
        (kinds, plugins): (&[EvidenceKind], &BTreeMap<String, Vec<String>>),
    ) -> Vec<ControlGap> {
        let mut rules: Vec<&Rule> = rules.iter().collect();
        rules.sort_by(|one, other| one.id.cmp(&other.id));
        let looked = Looked { rules, seen: self, plugins };
        statuses
            .iter()
            .map(|status| ControlGap {
                control: status.control,
                status: status.status,
                have: looked.have(status),
                missing: if status.status == Status::Excluded {
                    Vec::new()
                } else {
                    looked.missing(status, kinds)
                },
            })
            .collect()
    }
}

/// What this question is about.
struct Looked<'a> {
    rules: Vec<&'a Rule>,
    seen: &'a Heard,
    plugins: &'a BTreeMap<String, Vec<String>>,
}

impl<'a> Looked<'a> {
    fn of(&self, control: ControlId) -> impl Iterator<Item = (&'a Rule, Strength)> {
        self.rules.iter().filter_map(move |rule| Some((*rule, rule.strength(control)?)))
    }

    fn plugins(&self, kind: &str) -> Vec<String> {
        self.plugins.get(kind).cloned().unwrap_or_default()
    }

    fn have(&self, status: &ControlStatus) -> Vec<Have> {
        let rules = self.of(status.control).filter_map(|(rule, strength)| {
            let targets = *self.seen.verdicts.get(&rule.id)?;
            Some(Have::Rule { rule: rule.id.clone(), kind: rule.kind.clone(), strength, targets })
        });
        let brought = status.reasons.iter().filter(|reason| reason.cause == Cause::Manual);
        rules.chain(brought.map(|reason| Have::Manual { text: reason.text.clone() })).collect()
    }

    fn missing(&self, status: &ControlStatus, kinds: &[EvidenceKind]) -> Vec<Missing> {
        let mut missing = self.fixes(status);
        missing.extend(status.unseen.iter().map(|row| Missing::Targets {
            why: row.why,
            targets: row.targets,
            close: close_unseen(row.why).to_owned(),
        }));
        missing.extend(self.collection(status.control));
        missing.extend(self.unjudged(status.control, kinds));
        missing.extend(self.people(status));
        if status.counts.targets_stale > 0 {
            missing.push(Missing::Fresh {
                targets: status.counts.targets_stale,
                close: "collect again, or more often; see when the agent ran last".to_owned(),
            });
        }
        missing.sort();
        missing
    }

    /// Failing rules with their fixes. The reasons are capped, so the targets are at least this many.
    fn fixes(&self, status: &ControlStatus) -> Vec<Missing> {
        let mut failing: BTreeMap<&RuleId, u64> = BTreeMap::new();
        for reason in status.reasons.iter().filter(|reason| reason.cause == Cause::Fail) {
            if let Some(rule) = &reason.rule {
                *failing.entry(rule).or_default() += 1;
            }
        }
        let fix = |(id, targets): (&RuleId, u64)| {
            let rule = self.rules.iter().find(|rule| rule.id == *id)?;
            Some(Missing::Fix { rule: id.clone(), targets, fix: rule.fix.clone() })
        };
        failing.into_iter().filter_map(fix).collect()
    }

    fn collection(&self, control: ControlId) -> Vec<Missing> {
        let mut silent: BTreeMap<&str, u64> = BTreeMap::new();
        for (rule, strength) in self.of(control) {
            if strength.decides() && !self.seen.collected.contains(rule.kind.as_str()) {
                *silent.entry(&rule.kind).or_default() += 1;
            }
        }
        let told = silent.into_iter().map(|(kind, rules)| {
            let plugins = self.plugins(kind);
            let close = if plugins.is_empty() {
                format!("no known plugin emits {kind}; write one, or bring manual evidence")
            } else {
                format!("schedule {kind} on an agent with the plugin {}", plugins.join(" or "))
            };
            Missing::Collection { kind: kind.to_owned(), rules, plugins, close }
        });
        told.collect()
    }

    fn unjudged(&self, control: ControlId, kinds: &[EvidenceKind]) -> Vec<Missing> {
        let judged: BTreeSet<&str> = self
            .of(control)
            .filter(|(_, strength)| strength.decides())
            .map(|(rule, _)| rule.kind.as_str())
            .collect();
        let speaks = kinds.iter().filter(|kind| {
            kind.controls.contains(&control) && !judged.contains(kind.kind.as_str())
        });
        let told = speaks.map(|kind| {
            let plugins = self.plugins(&kind.kind);
            let first = if plugins.is_empty() { "a plugin that emits it, then " } else { "" };
            Missing::Rule {
                kind: kind.kind.clone(),
                holds: kind.holds.clone(),
                plugins,
                close: format!(
                    "{first}a rule of relation direct or supporting about {}",
                    kind.kind
                ),
            }
        });
        told.collect()
    }

    fn people(&self, status: &ControlStatus) -> Vec<Missing> {
        let late = status.reasons.iter().filter(|reason| reason.cause == Cause::ManualStale);
        let mut missing: Vec<Missing> = late
            .map(|reason| Missing::Manual { close: format!("renew: {}", reason.text) })
            .collect();
        let brought = status
            .reasons
            .iter()
            .any(|reason| reason.cause == Cause::Manual || reason.cause == Cause::ManualStale);
        let machine = self.of(status.control).any(|(_, strength)| strength.decides());
        if !brought && !machine {
            let id = status.control.to_string();
            let close = if DOCUMENTS_ONLY.contains(&id.as_str()) {
                "only documents and people show this control: bring the document, and set an attestation with a due date"
            } else {
                "no rule decides this control: bring a document or an attestation, or write a rule"
            };
            missing.push(Missing::Manual { close: close.to_owned() });
        }
        missing
    }
}

fn close_unseen(why: Unseen) -> &'static str {
    use crate::status::Outcome;
    match why {
        Unseen::SilentAgent => "see why the agent is silent: `exhibit-agent doctor` on the host",
        Unseen::NothingArrived => "wait for the first run, or start one on the host",
        Unseen::NotScheduled => {
            "add the kind to the agent's schedule, or select the targets that the rule is about"
        }
        Unseen::RuleError => {
            "read the message of the rule: the document lacks what it needs, or the rule is broken"
        }
        Unseen::NotCollected(outcome) => match outcome {
            Outcome::Denied => "grant the right that the remedy names",
            Outcome::ToolMissing => "install the tool that the remedy names",
            Outcome::NotApplicable => "nothing: the kind cannot exist there",
            Outcome::TimedOut => "give the plugin more time, or see what hangs on the host",
            Outcome::LimitExceeded => "raise the plugin's limit, or narrow what it reads",
            Outcome::Failed => "read the detail: the plugin broke off",
            Outcome::NotConfigured => "configure the plugin as the remedy says",
            Outcome::Dropped => "give the agent's spool more room: it gave the document up",
        },
    }
}
