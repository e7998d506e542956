//! Assessment results: an observation for each rule on each target, passes included, and a finding for each control that rules
//! decide.

use std::io::Write;

use exhibit_assessment::{Cause, ControlStatus, Severity, Status};
use serde_json::{Value, json};

use super::super::rows::{Finding, Row, Source};
use super::super::{ReportError, Writer, utc};
use super::{Common, List, line, open, props};

pub(super) struct Results<'a, W: Write> {
    common: Common<'a>,
    source: &'a Source,
    observations: List,
    /// Where each target was observed last, by rule: what controls refer to.
    seen: Vec<(String, String, u64)>,
    out: W,
}

impl<'a, W: Write> Results<'a, W> {
    pub(super) fn begin(source: &'a Source, mut out: W) -> Result<Self, ReportError> {
        let common = Common::of(source);
        let head = &source.head;
        out.write_all(b"{\"assessment-results\":")?;
        open(
            &mut out,
            &json!({
                "uuid": common.document(), "metadata": common.metadata("Assessment results"),
                "import-ap": {
                    "href": common.standard_href(),
                    "remarks": "There is no plan document: what is collected when stands in the log, in the agents' schedules.",
                },
                "back-matter": common.back_matter(),
            }),
        )?;
        out.write_all(b",\n\"results\":[\n")?;
        let controls = source.framework().controls().iter();
        let controls = controls.filter(|control| head.selection.control(control.id));
        let controls: Vec<Value> =
            controls.map(|control| json!({ "control-id": control.id })).collect();
        open(
            &mut out,
            &json!({
                "uuid": common.uuids.named(&["result", &common.document().to_string()]),
                "title": "What rules found in evidence",
                "description": "Observations are verdicts of rules on targets. A finding is satisfied where every direct or supporting rule passes on every target that it expects, on fresh evidence. Controls that no rule decides and controls that are excluded have no finding.",
                "start": utc(head.at), "end": utc(head.at),
                "reviewed-controls": { "control-selections": [{ "include-controls": controls }] },
            }),
        )?;
        out.write_all(b",\n\"local-definitions\":")?;
        open(&mut out, &json!({ "assessment-assets": common.assets() }))?;
        let mut inventory = List::new("inventory-items");
        for (id, name) in source.names.iter().filter(|(id, _)| head.selection.target(id)) {
            inventory.put(&mut out, &common.inventory(id, name))?;
        }
        inventory.end(&mut out)?;
        out.write_all(b"}")?;
        let (observations, seen) = (List::new("observations"), Vec::new());
        Ok(Self { common, source, observations, seen, out })
    }

    fn observation(&self, found: &Finding) -> Value {
        let items = found.items.iter().map(|item| format!("{}: {}", item.id, item.why));
        let items: Vec<String> = items.collect();
        let controls: Vec<String> =
            found.controls.iter().map(|(id, strength)| format!("{id} {strength}")).collect();
        let mut observation = json!({
            "uuid": self.common.uuids.observation(&found.rule, &found.target, found.log_index),
            "title": line(&found.title), "description": line(&found.message),
            "props": props(&[
                ("verdict", found.verdict.as_str()), ("rule", &found.rule),
                ("severity", found.severity.map_or("", Severity::as_str)),
                ("kind", &found.kind), ("controls", &controls.join(", ")),
                ("item-count", &found.item_count.to_string()), ("since", &utc(found.since)),
                ("log-index", &found.log_index.to_string()), ("document-sha256", &found.digest),
            ]),
            "methods": ["TEST-AUTOMATED"], "types": ["control-objective"],
            "origins": self.common.origins(),
            "subjects": [self.common.subject(&found.target, &found.target_name)],
            "relevant-evidence": [{
                "href": format!("urn:sha256:{}", found.digest),
                "description": format!("document of {} in entry {} of the log", found.kind, found.log_index),
            }],
            "collected": utc(found.observed),
        });
        if !items.is_empty() {
            observation["remarks"] = items.join("\n").into();
        }
        observation
    }

    fn finding(&self, status: &ControlStatus) -> Option<Value> {
        let (state, reason) = match status.status {
            Status::Met => ("satisfied", "pass"),
            Status::NotMet => ("not-satisfied", "fail"),
            Status::Stale | Status::NoEvidence => ("not-satisfied", "other"),
            Status::Manual | Status::Excluded => return None,
        };
        let control = self.source.framework().control(status.control)?;
        let failing = status.reasons.iter().filter(|reason| reason.cause == Cause::Fail);
        let related: Vec<Value> = failing
            .filter_map(|reason| {
                let (rule, target) = (reason.rule.as_ref()?.as_str(), reason.target.as_ref()?);
                let key = |row: &(String, String, u64)| (row.0.clone(), row.1.clone());
                // Findings come by rule and target.
                let at =
                    self.seen.binary_search_by_key(&(rule.to_owned(), target.clone()), key).ok()?;
                let (_, _, index) = self.seen.get(at)?;
                let uuid = self.common.uuids.observation(rule, target, *index);
                Some(json!({ "observation-uuid": uuid }))
            })
            .collect();
        let reasons: Vec<&str> =
            status.reasons.iter().take(20).map(|reason| reason.text.as_str()).collect();
        let counts = &status.counts;
        let id = status.control.to_string();
        let mut finding = json!({
            "uuid": self.common.uuids.named(&["control", &id, &self.common.document().to_string()]),
            "title": line(&format!("{id} {}", control.title)),
            "description": line(&reasons.join("; ")),
            "props": props(&[
                ("status", status.status.as_str()), ("targets", &counts.targets.to_string()),
                ("targets-passing", &counts.targets_passing.to_string()),
                ("targets-failing", &counts.targets_failing.to_string()),
                ("targets-unseen", &counts.targets_unseen.to_string()),
            ]),
            "origins": self.common.origins(),
            "target": {
                "type": "statement-id", "target-id": format!("{id}_smt"),
                "status": { "state": state, "reason": reason },
            },
        });
        if !related.is_empty() {
            finding["related-observations"] = related.into();
        }
        Some(finding)
    }
}

impl<W: Write> Writer for Results<'_, W> {
    fn row(&mut self, row: Row) -> Result<(), ReportError> {
        if let Row::Finding(found) = row {
            let observation = self.observation(&found);
            self.observations.put(&mut self.out, &observation)?;
            if found.verdict == exhibit_assessment::Verdict::Fail {
                self.seen.push((found.rule, found.target, found.log_index));
            }
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ReportError> {
        self.observations.end(&mut self.out)?;
        let mut findings = List::new("findings");
        for status in &self.source.assessment.statuses {
            if !self.source.head.selection.control(status.control) {
                continue;
            }
            if let Some(finding) = self.finding(status) {
                findings.put(&mut self.out, &finding)?;
            }
        }
        findings.end(&mut self.out)?;
        self.out.write_all(b"}]}}\n")?;
        Ok(self.out.flush()?)
    }
}
