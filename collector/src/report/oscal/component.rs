//! Component definition: the management system as one component, with what is decided and what is seen of each control.

use std::io::Write;

use serde_json::{Value, json};

use super::super::rows::{Row, SoaRow, Source};
use super::super::{ReportError, Writer, put_json};
use super::{Common, NS, line, props};

pub(super) struct Component<'a, W: Write> {
    common: Common<'a>,
    requirements: Vec<Value>,
    out: W,
}

impl<'a, W: Write> Component<'a, W> {
    pub(super) fn begin(source: &'a Source, out: W) -> Self {
        Self { common: Common::of(source), requirements: Vec::new(), out }
    }

    fn requirement(&self, row: &SoaRow) -> Value {
        let id = row.id.to_string();
        let described = if row.implementation.trim().is_empty() {
            "nobody has described the implementation yet".to_owned()
        } else {
            row.implementation.clone()
        };
        let counts = &row.counts;
        let mut all = props(&[
            ("applicable", row.applicable),
            ("justification", &row.justification),
            ("implementation-status", &row.implementation_status),
            ("owner", &row.owner),
            ("live-state", row.status.as_str()),
            ("targets", &counts.targets.to_string()),
            ("targets-passing", &counts.targets_passing.to_string()),
            ("evidence-kinds", &row.kinds.join(", ")),
        ]);
        if let Some(all) = all.as_array_mut() {
            for (strength, rules) in [("direct", &row.direct), ("supporting", &row.supporting)] {
                all.extend(rules.iter().map(
                    |rule| json!({ "name": "rule", "ns": NS, "class": strength, "value": rule }),
                ));
            }
        }
        json!({
            "uuid": self.common.uuids.named(&["requirement", &id]), "control-id": id,
            "description": line(&described), "props": all,
        })
    }
}

impl<W: Write> Writer for Component<'_, W> {
    fn row(&mut self, row: Row) -> Result<(), ReportError> {
        if let Row::Soa(row) = row {
            self.requirements.push(self.requirement(&row));
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ReportError> {
        let common = self.common;
        let mut component = json!({
            "uuid": common.uuids.named(&["management-system"]), "type": "process-procedure",
            "title": "Information security management system",
            "description": format!("The management system whose evidence stands in the log {}.", common.head.origin),
        });
        if !self.requirements.is_empty() {
            component["control-implementations"] = json!([{
                "uuid": common.uuids.named(&["statement-of-applicability"]), "source": common.standard_href(),
                "description": "Statement of applicability: decisions of people, and what rules and evidence say today.",
                "implemented-requirements": self.requirements,
            }]);
        }
        let definition = json!({ "component-definition": {
            "uuid": common.document(), "metadata": common.metadata("Component definition"),
            "components": [component], "back-matter": common.back_matter(),
        }});
        put_json(&mut self.out, &definition)?;
        self.out.write_all(b"\n")?;
        Ok(self.out.flush()?)
    }
}
