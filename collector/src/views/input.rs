//! Everything that the judgement rests on, as rows say it: for whoever judges it again elsewhere.

use std::collections::BTreeMap;

use exhibit_assessment::decisions::People;
use exhibit_assessment::{AssessmentInput, Expectation, Gap, Observed, Outcome, RulePack};
use jiff::Timestamp;

use super::{AgentRow, Views, ViewsError, labels};

impl Views {
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
        let (targets, mut gaps) = (people.targets(self.read(labels::told)?), self.gaps()?);
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
