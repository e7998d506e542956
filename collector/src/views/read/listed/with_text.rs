//! How many findings of each segment hold a text. Asked of all segments at once: there are hundreds.

use std::collections::BTreeMap;

use exhibit_assessment::Verdict;

use super::findings::{Hits, Narrow, Segment};
use crate::views::{Views, ViewsError, unsigned};

impl Views {
    pub(super) fn hits(&self, narrow: &Narrow) -> Result<Hits, ViewsError> {
        let Some(text) = &narrow.text else { return Ok(Hits("[]".to_owned())) };
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT json_group_array(id) FROM targets WHERE instr(lower(id), ?1) > 0 OR instr(lower(name), ?1) > 0",
            )?;
            Ok(Hits(ask.query_row([text.to_ascii_lowercase()], |row| row.get(0))?))
        })
    }

    /// The segments with as many findings as hold a text; those whose rule or verdict does are left as they are. All segments are
    /// counted by the same questions: what passes by its targets, what is bad by its messages, too.
    pub(super) fn with_text(
        &self,
        mut segments: Vec<Segment>,
        text: &str,
        hits: &Hits,
    ) -> Result<Vec<Segment>, ViewsError> {
        // What bad findings say is kept, each message once. The verdict as a word, so that SQLite sees that the index serves.
        let bad = |verdict: Verdict| {
            let verdict = verdict.as_str();
            format!(
                "SELECT rule, '{verdict}', sum(n) FROM (
                   SELECT w.rule, w.findings AS n FROM bad_words w WHERE w.verdict = '{verdict}' AND instr(lower(w.message), ?1) > 0
                   UNION ALL
                   SELECT f.rule, 1 FROM json_each(?2) j CROSS JOIN findings f ON f.target = j.value
                   WHERE f.to_index IS NULL AND +f.verdict = '{verdict}' AND instr(lower(f.message), ?1) = 0) GROUP BY rule"
            )
        };
        let mut found = BTreeMap::new();
        self.at_once(|connection| {
            let mut take = |rows: &mut rusqlite::Rows<'_>| -> Result<(), ViewsError> {
                while let Some(row) = rows.next()? {
                    let key: (String, String) = (row.get(0)?, row.get(1)?);
                    found.insert(key, unsigned(row.get(2)?));
                }
                Ok(())
            };
            let untold = |of: fn(&Segment) -> bool| segments.iter().any(|one| !one.told && of(one));
            if untold(|segment| !segment.is_bad()) {
                let mut ask = connection.prepare_cached(
                    "SELECT f.rule, f.verdict, count(*) FROM json_each(?1) j CROSS JOIN findings f ON f.target = j.value
                     WHERE f.to_index IS NULL GROUP BY f.rule, f.verdict",
                )?;
                take(&mut ask.query([&hits.0])?)?;
            }
            for verdict in [Verdict::Fail, Verdict::Error] {
                if segments.iter().any(|one| !one.told && one.verdict == verdict) {
                    let mut ask = connection.prepare_cached(&bad(verdict))?;
                    take(&mut ask.query((text.to_ascii_lowercase(), &hits.0))?)?;
                }
            }
            Ok(())
        })?;
        for segment in segments.iter_mut().filter(|segment| !segment.told) {
            let key = (segment.rule.clone(), segment.verdict.as_str().to_owned());
            segment.findings = found.get(&key).copied().unwrap_or(0);
        }
        segments.retain(|segment| segment.findings > 0);
        Ok(segments)
    }
}
