//! Control statuses at a moment: hands the rows to the pure judgement. Never keeps a status in the tables, because a
//! status changes by waiting alone.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use exhibit_assessment::{
    AssessmentInput, ControlGap, ControlId, ControlStatus, EvidenceKind, Expectation, Gap,
    Observed, Outcome, RulePack, Scope, Status, assess, gap_analysis,
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
        self.with_input(now, |input, agents, pack| {
            let statuses = assess(input, now);
            let silent = agents.iter().filter(|agent| agent.silent_since(now).is_some());
            let silent = silent.cloned().collect();
            let (pack, pack_version) = (pack.digest().to_owned(), pack.version().to_owned());
            Assessment { applied, now, pack, pack_version, statuses, silent }
        })
    }

    /// What each control has and lacks, by the statuses of `assessment`.
    pub fn gap_analysis(
        &self,
        assessment: &Assessment,
        kinds: &[EvidenceKind],
        plugins: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<ControlGap>, ViewsError> {
        self.with_input(assessment.now, |input, _agents, _pack| {
            gap_analysis(input, &assessment.statuses, kinds, plugins)
        })
    }

    /// Lends everything that the judgement rests on.
    fn with_input<T>(
        &self,
        now: Timestamp,
        judge: impl FnOnce(&AssessmentInput<'_>, &[AgentRow], &RulePack) -> T,
    ) -> Result<T, ViewsError> {
        let (agents, assessor) = (self.agents()?, self.assessor());
        let mut findings = Vec::new();
        self.each_finding::<ViewsError>(|finding| {
            // A rule of another pack has no say.
            let Some(rule) = assessor.rule(&finding.rule) else { return Ok(()) };
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
        let input = AssessmentInput {
            framework: assessor.framework(),
            rules: assessor.pack().rules(),
            findings: &findings,
            gaps: &self.gaps()?,
            expected: &self.expected(&agents, now)?,
            targets: &[],
            scope: &Scope::default(),
            exclusions: &[],
            waivers: &[],
            manual: &[],
            attestations: &[],
        };
        Ok(judge(&input, &agents, assessor.pack()))
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
