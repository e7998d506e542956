//! Plan of action and milestones: an item with its risk and observation for everything that is to be mended.

use std::collections::BTreeMap;
use std::io::Write;

use exhibit_assessment::Severity;
use serde_json::{Value, json};

use super::super::rows::{PlanRow, Row, Source};
use super::super::{ReportError, Writer, put_json, utc};
use super::{Common, line, props};

pub(super) struct Plan<'a, W: Write> {
    common: Common<'a>,
    /// Targets that observations name.
    targets: BTreeMap<String, String>,
    observations: Vec<Value>,
    risks: Vec<Value>,
    items: Vec<Value>,
    out: W,
}

impl<'a, W: Write> Plan<'a, W> {
    pub(super) fn begin(source: &'a Source, out: W) -> Self {
        let (observations, risks, items) = (Vec::new(), Vec::new(), Vec::new());
        let (common, targets) = (Common::of(source), BTreeMap::new());
        Self { common, targets, observations, risks, items, out }
    }

    fn item(&mut self, row: &PlanRow) {
        let document = self.common.document().to_string();
        let uuid = |what: &str| self.common.uuids.named(&[what, &row.id, &document]);
        let (observation, risk) = (uuid("plan-observation"), uuid("risk"));
        let controls: Vec<String> =
            row.controls.iter().map(|(id, strength)| format!("{id} {strength}")).collect();
        let targets = row.targets.map(|targets| targets.to_string()).unwrap_or_default();
        let waived = if row.waived > 0 { row.waived.to_string() } else { String::new() };
        // A waiver that covers some targets leaves the others open.
        let status = if row.is_waived() { "deviation-approved" } else { "open" };
        let described = match row.targets {
            Some(targets) => format!("{} (targets: {targets})", row.weakness),
            None => row.weakness.clone(),
        };
        let all = props(&[
            ("cause", row.cause),
            ("severity", row.severity.map_or("", Severity::as_str)),
            ("controls", &controls.join(", ")),
            ("targets", &targets),
            ("waived-targets", &waived),
            ("waivers", &row.waivers.join("; ")),
        ]);
        let (origins, title) = (self.common.origins(), line(&row.weakness));
        let mut observed = json!({
            "uuid": observation, "title": title, "description": line(&described), "props": all,
            "methods": ["TEST-AUTOMATED"], "types": ["finding"], "origins": origins,
            "collected": utc(row.observed.unwrap_or(self.common.head.at)),
        });
        if !row.named.is_empty() {
            let subjects = row.named.iter().map(|(id, name)| self.common.subject(id, name));
            observed["subjects"] = subjects.collect();
            self.targets.extend(row.named.iter().cloned());
        }
        self.observations.push(observed);
        self.risks.push(json!({
            "uuid": risk, "title": title, "description": line(&described),
            "statement": format!("What {} ask for may not hold.", controls.join(", ")),
            "status": status, "origins": origins,
            "related-observations": [{ "observation-uuid": observation }],
            "remediations": [{
                "uuid": uuid("remediation"), "lifecycle": "recommendation", "title": "What would mend it",
                "description": line(&row.mend), "origins": origins,
            }],
        }));
        self.items.push(json!({
            "uuid": uuid("item"), "title": title, "description": line(&described), "props": all,
            "origins": origins,
            "related-observations": [{ "observation-uuid": observation }],
            "related-risks": [{ "risk-uuid": risk }],
        }));
    }
}

impl<W: Write> Writer for Plan<'_, W> {
    fn row(&mut self, row: Row) -> Result<(), ReportError> {
        if let Row::Plan(row) = row {
            self.item(&row);
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ReportError> {
        let common = self.common;
        let inventory: Vec<Value> =
            self.targets.iter().map(|(id, name)| common.inventory(id, name)).collect();
        let mut definitions = json!({ "assessment-assets": common.assets() });
        if !inventory.is_empty() {
            definitions["inventory-items"] = inventory.into();
        }
        if self.items.is_empty() {
            // OSCAL knows no empty plan.
            self.items.push(json!({
                "uuid": common.uuids.named(&["nothing", &common.document().to_string()]),
                "title": "Nothing to mend", "description": "No rule fails and no evidence is missing.",
            }));
        }
        let mut plan = json!({
            "uuid": common.document(),
            "metadata": common.metadata("Plan of action and milestones"),
            "system-id": { "identifier-type": "http://ietf.org/rfc/rfc4122", "id": common.uuids.log() },
            "local-definitions": definitions, "poam-items": self.items,
        });
        for (name, list) in [("observations", self.observations), ("risks", self.risks)] {
            if !list.is_empty() {
                plan[name] = list.into();
            }
        }
        put_json(&mut self.out, &json!({ "plan-of-action-and-milestones": plan }))?;
        self.out.write_all(b"\n")?;
        Ok(self.out.flush()?)
    }
}
