//! What the log says happened between two of its entries. Reads the tables as they are now: what lies between does not change.

use exhibit_assessment::ControlId;
use serde_json::Value;

use super::{Event, Happened};
use crate::views::read::time;
use crate::views::{Assessor, Views, ViewsError, signed, unsigned};

/// What a withdrawal ends says what it was about.
const DECIDED: &str = "SELECT idx, approved_index, register, id, coalesce(value, (SELECT value FROM records p
      WHERE p.register = r.register AND p.id = r.id AND p.idx < r.idx AND p.value IS NOT NULL ORDER BY p.idx DESC LIMIT 1))
    FROM records r WHERE (idx >= ?1 AND idx < ?2) OR (approved_index >= ?1 AND approved_index < ?2)";
const ENTRY: &str = "SELECT rx, by_whom, summary FROM entries WHERE idx = ?1";
const LOGGED: &str =
    "SELECT e.idx, e.rx, e.by_whom, e.summary, e.type, e.agent, a.host_name FROM entries e
    LEFT JOIN agents a ON a.id = e.agent
    WHERE e.type = ?3 AND e.idx >= ?1 AND e.idx < ?2 AND e.problem IS NULL ORDER BY e.idx";

impl Views {
    /// What people decided in this range, with the controls that it is about.
    pub(super) fn decided(
        &self,
        (from, to): (u64, u64),
        assessor: &Assessor,
    ) -> Result<Vec<Event>, ViewsError> {
        self.at_once(|connection| {
            let mut ask = connection.prepare_cached(DECIDED)?;
            let mut said = connection.prepare_cached(ENTRY)?;
            let mut rows = ask.query((signed(from), signed(to)))?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                let (register, id): (String, String) = (row.get(2)?, row.get(3)?);
                let value: Option<String> = row.get(4)?;
                let value = value.and_then(|text| serde_json::from_str::<Value>(&text).ok());
                let value = value.unwrap_or_default();
                let what =
                    if register == "retired" { Happened::Retired } else { Happened::Decided };
                let target = matches!(register.as_str(), "retired" | "label").then(|| id.clone());
                let controls = about(&register, &id, &value, assessor);
                for index in [row.get::<_, Option<i64>>(0)?, row.get(1)?].into_iter().flatten() {
                    if !(from..to).contains(&unsigned(index)) {
                        continue;
                    }
                    let (at, by, text): (i64, Option<String>, String) =
                        said.query_row([index], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                    events.push(Event {
                        what,
                        index: Some(unsigned(index)),
                        at: time(at),
                        by,
                        target: target.clone(),
                        text,
                        controls: controls.clone(),
                    });
                }
            }
            Ok(events)
        })
    }

    /// Rule packs, enrolments and revocations in this range.
    pub(super) fn logged(&self, (from, to): (u64, u64)) -> Result<Vec<Event>, ViewsError> {
        let sorts = [
            ("rule_pack", Happened::Pack),
            ("enrol", Happened::Enrolled),
            ("revoke", Happened::Revoked),
        ];
        self.read(|connection| {
            let mut events = Vec::new();
            let mut ask = connection.prepare_cached(LOGGED)?;
            for (entry_type, what) in sorts {
                let mut rows = ask.query((signed(from), signed(to), entry_type))?;
                while let Some(row) = rows.next()? {
                    let (summary, name): (String, Option<String>) = (row.get(3)?, row.get(6)?);
                    let text = match name.filter(|_| what == Happened::Revoked) {
                        Some(name) => format!("{name}: {summary}"),
                        None => summary,
                    };
                    events.push(Event {
                        what,
                        index: Some(unsigned(row.get(0)?)),
                        at: time(row.get(1)?),
                        by: row.get(2)?,
                        target: row.get(5)?,
                        text,
                        controls: Vec::new(),
                    });
                }
            }
            Ok(events)
        })
    }
}

/// The controls that a record names: its id, the `control` of its value, or those of the `rule`.
fn about(register: &str, id: &str, value: &Value, assessor: &Assessor) -> Vec<ControlId> {
    let about = value.get("about").unwrap_or(value);
    let text = |name: &str| about.get(name).and_then(Value::as_str);
    let named = [Some(id).filter(|_| register != "waiver"), text("control")];
    let mut controls: Vec<ControlId> =
        named.into_iter().flatten().filter_map(|id| id.parse().ok()).collect();
    if let Some(rule) = text("rule").and_then(|rule| assessor.rule(rule)) {
        controls.extend(rule.controls.iter().map(|(control, _)| *control));
    }
    controls.sort_unstable();
    controls.dedup();
    controls
}
