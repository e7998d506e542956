//! Control statuses at a moment: hands the rows to the pure judgement. Never keeps a status in the tables, because a
//! status changes by waiting alone.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use exhibit_assessment::decisions::People;
use exhibit_assessment::{
    AssessmentInput, ControlGap, ControlId, ControlStatus, EvidenceKind, Expectation, Gap,
    KnownTarget, Labels, Observed, Outcome, OutsideTarget, RulePack, Status, WaiverState, assess,
    gap_analysis, outside, waiver_states,
};
use jiff::Timestamp;

use super::{AgentRow, Views, ViewsError};

/// Every control's status at one moment.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Entries that it rests on.
    pub applied: u64,
    pub now: Timestamp,
    /// Digest of the rule pack whose findings these are, and the version that it names.
    pub pack: String,
    pub pack_version: String,
    /// In the framework's order.
    pub statuses: Vec<ControlStatus>,
    /// Agents that should have spoken and have not.
    pub silent: Vec<AgentRow>,
    /// What people decided, as it was taken into account.
    pub people: People,
    /// The population, with labels.
    pub targets: Vec<KnownTarget>,
    /// What each waiver does.
    pub waivers: Vec<WaiverState>,
    /// Targets that the scope of the ISMS leaves out.
    pub outside: Vec<OutsideTarget>,
}

impl Assessment {
    pub fn of(&self, control: ControlId) -> Option<&ControlStatus> {
        self.statuses.iter().find(|status| status.control == control)
    }

    /// How many controls have each status, in the order of [`Status::ALL`].
    pub fn counts(&self) -> Vec<(Status, usize)> {
        let count =
            |status| self.statuses.iter().filter(|control| control.status == status).count();
        Status::ALL.into_iter().map(|status| (status, count(status))).collect()
    }
}

impl Views {
    /// Assesses at `now`. Asked again within the same minute with nothing new, it answers what it answered before.
    pub fn assess(&self, now: Timestamp) -> Result<Arc<Assessment>, ViewsError> {
        let applied = self.applied()?;
        let minute = |time: Timestamp| time.as_second().div_euclid(60);
        let held = self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(held) =
            held.filter(|held| held.applied == applied && minute(held.now) == minute(now))
        {
            return Ok(held);
        }
        let fresh = Arc::new(self.assess_anew(applied, now)?);
        *self.0.assessed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    fn assess_anew(&self, applied: u64, now: Timestamp) -> Result<Assessment, ViewsError> {
        self.with_input(now, |input, (agents, pack, people)| {
            let silent = agents.iter().filter(|agent| agent.silent_since(now).is_some());
            Assessment {
                applied,
                now,
                pack: pack.digest().to_owned(),
                pack_version: pack.version().to_owned(),
                statuses: assess(input, now),
                silent: silent.cloned().collect(),
                people: people.clone(),
                targets: input.targets.to_vec(),
                waivers: waiver_states(input, now),
                outside: outside(input),
            }
        })
    }

    /// What each control has and lacks, by the statuses of `assessment`.
    pub fn gap_analysis(
        &self,
        assessment: &Assessment,
        kinds: &[EvidenceKind],
        plugins: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<ControlGap>, ViewsError> {
        self.with_input(assessment.now, |input, _| {
            gap_analysis(input, &assessment.statuses, kinds, plugins)
        })
    }

    /// Lends everything that the judgement rests on.
    pub(super) fn with_input<T>(
        &self,
        now: Timestamp,
        judge: impl FnOnce(&AssessmentInput<'_>, (&[AgentRow], &RulePack, &People)) -> T,
    ) -> Result<T, ViewsError> {
        let (agents, assessor) = (self.agents()?, self.assessor());
        let people = self.people_at(self.applied()?)?;
        // What is gone for good decides nothing, whatever was found there.
        let gone = |target: &str| people.retired.contains_key(target);
        let mut findings = Vec::new();
        self.each_finding::<ViewsError>(|finding| {
            // A rule of another pack has no say.
            let Some(rule) = assessor.rule(&finding.rule) else { return Ok(()) };
            if gone(&finding.target) {
                return Ok(());
            }
            findings.push(Observed {
                rule: rule.id.clone(),
                target: finding.target,
                verdict: finding.verdict,
                message: finding.message,
                item_count: finding.item_count,
                since: finding.verdict_since,
                observed_at: finding.observed_at,
            });
            Ok(())
        })?;
        let (targets, mut gaps) = (people.targets(self.of_themselves()?), self.gaps()?);
        gaps.retain(|gap| !gone(&gap.target));
        let mut expected = self.expected(&agents, now)?;
        expected.retain(|pair| !gone(&pair.target));
        let input = AssessmentInput {
            framework: assessor.framework(),
            rules: assessor.pack().rules(),
            findings: &findings,
            gaps: &gaps,
            expected: &expected,
            targets: &targets,
            scope: &people.scope,
            exclusions: &people.exclusions,
            waivers: &people.waivers,
            manual: &people.manual,
            attestations: &people.attestations(),
        };
        Ok(judge(&input, (&agents, assessor.pack(), &people)))
    }

    /// Every target that was ever enrolled, with the labels that it has of itself: its `name`, and the `sort` that it is of.
    /// One whose agent was revoked is among them: nobody observes it, which is to be seen, until a person retires it.
    fn of_themselves(&self) -> Result<Vec<(String, Labels)>, ViewsError> {
        let labelled = |(target, name): (String, String)| {
            let sort = target.split(':').next().unwrap_or_default().to_owned();
            let labels = BTreeMap::from([("name".to_owned(), name), ("sort".to_owned(), sort)]);
            // A name that cannot be a label is none.
            (target, Labels::try_from(labels).unwrap_or_default())
        };
        Ok(self.target_ids()?.into_iter().map(labelled).collect())
    }

    fn gaps(&self) -> Result<Vec<Gap>, ViewsError> {
        let mut gaps = Vec::new();
        for row in self.outcomes(None)? {
            for gap in row.gaps {
                // A word that the judgement does not know must not read as anything better than a failed run.
                let (outcome, detail) = match gap.outcome.parse::<Outcome>() {
                    Ok(outcome) => (outcome, gap.detail),
                    Err(_unknown) => (Outcome::Failed, format!("{}: {}", gap.outcome, gap.detail)),
                };
                gaps.push(Gap {
                    target: row.target.clone(),
                    kind: row.kind.clone(),
                    outcome,
                    detail,
                    remedy: gap.remedy,
                    since: row.first_seen,
                    observed_at: row.last_seen,
                });
            }
        }
        Ok(gaps)
    }

    fn expected(
        &self,
        agents: &[AgentRow],
        now: Timestamp,
    ) -> Result<Vec<Expectation>, ViewsError> {
        let by_id: BTreeMap<&str, &AgentRow> =
            agents.iter().map(|agent| (agent.id.as_str(), agent)).collect();
        let expected = self.schedules()?.into_iter().map(|item| {
            let agent = by_id.get(item.agent.as_str());
            Expectation {
                target: item.target,
                kind: item.kind,
                agent: agent.map_or(item.agent, |agent| agent.host_name.clone()),
                silent_since: agent.and_then(|agent| agent.silent_since(now)),
            }
        });
        Ok(expected.collect())
    }
}
