//! OCSF Compliance Finding (class 2003), one object a line: what each rule says about each target, for systems that collect
//! events. Passes are in it. "Pass" is the verdict of a rule, never of a control.

use std::io::Write;

use exhibit_assessment::{Severity, Verdict};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::rows::{Finding, Row, Source};
use super::uuids::Uuids;
use super::{ReportError, Writer, put_json};

/// The version of the schema whose words are used.
const VERSION: &str = "1.8.0";

pub(super) struct Ocsf<'a, W: Write> {
    source: &'a Source,
    uuids: Uuids,
    out: W,
}

impl<'a, W: Write> Ocsf<'a, W> {
    pub(super) fn begin(source: &'a Source, out: W) -> Self {
        Self { source, uuids: Uuids::of(&source.head.origin), out }
    }

    fn event(&self, found: &Finding) -> Value {
        let head = &self.source.head;
        let (compliance_id, compliance) = match found.verdict {
            Verdict::Pass => (1, "Pass"),
            Verdict::Fail => (3, "Fail"),
            Verdict::NotApplicable => (99, "not_applicable"),
            Verdict::Error => (99, "error"),
        };
        let (severity_id, severity) = severity(found);
        let items: Vec<String> =
            found.items.iter().map(|item| format!("{}: {}", item.id, item.why)).collect();
        let controls: Vec<String> = found.controls.iter().map(|(id, _)| id.to_string()).collect();
        let relations: Vec<String> =
            found.controls.iter().map(|(id, strength)| format!("{id} {strength}")).collect();
        let observation =
            self.uuids.observation(&found.rule, &found.target, found.log_index).to_string();
        let mut event = json!({
            "class_uid": 2003, "class_name": "Compliance Finding",
            "category_uid": 2, "category_name": "Findings",
            // Each report tells the state anew.
            "activity_id": 1, "activity_name": "Create", "type_uid": 200_301, "type_name": "Compliance Finding: Create",
            "time": millis(found.observed), "severity_id": severity_id, "severity": severity,
            "status_id": 1, "status": "New", "message": found.message,
            "metadata": {
                "version": VERSION, "uid": observation, "log_name": head.origin, "logged_time": millis(head.at),
                "product": {
                    "name": "Exhibit", "vendor_name": "Exhibit", "version": env!("CARGO_PKG_VERSION"),
                },
                "labels": [format!("rule_pack:{}", head.pack), format!("log_size:{}", head.size)],
            },
            "finding_info": {
                "uid": self.uuids.named(&["finding", &found.rule, &found.target]).to_string(),
                "title": found.title, "types": [found.kind],
                "first_seen_time": millis(found.since), "last_seen_time": millis(found.observed),
                "analytic": { "type_id": 1, "type": "Rule", "uid": found.rule, "name": found.title },
            },
            "compliance": {
                "standards": ["ISO/IEC 27001:2022 Annex A"], "requirements": controls,
                "status_id": compliance_id, "status": compliance,
                "status_details": items,
                "desc": "What a rule found in evidence; whether a control is fulfilled, a person decides.",
            },
            "resources": [{ "uid": found.target, "name": found.target_name, "type": sort(&found.target) }],
            "evidences": [{
                "uid": found.digest, "name": found.kind,
                "data": { "document_sha256": found.digest, "log": head.origin, "log_index": found.log_index },
            }],
            "unmapped": { "relations": relations, "item_count": found.item_count },
        });
        if found.verdict == Verdict::Fail && !found.fix.is_empty() {
            event["remediation"] = json!({ "desc": found.fix });
        }
        event
    }
}

impl<W: Write> Writer for Ocsf<'_, W> {
    fn row(&mut self, row: Row) -> Result<(), ReportError> {
        if let Row::Finding(found) = row {
            let event = self.event(&found);
            put_json(&mut self.out, &event)?;
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ReportError> {
        Ok(self.out.flush()?)
    }
}

/// What does not fail is for information, however severe its failure would be.
fn severity(found: &Finding) -> (u8, &'static str) {
    if found.verdict != Verdict::Fail {
        return (1, "Informational");
    }
    match found.severity {
        Some(Severity::Low) => (2, "Low"),
        Some(Severity::Medium) => (3, "Medium"),
        Some(Severity::High) => (4, "High"),
        Some(Severity::Critical) => (5, "Critical"),
        None => (0, "Unknown"),
    }
}

/// The sort of a target: `host`, `aws`, …
fn sort(target: &str) -> &str {
    target.split(':').next().unwrap_or(target)
}

fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}
