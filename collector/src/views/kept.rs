//! What stays of findings whose document is deleted: verdicts, counts and intervals, without a word of the document. They
//! stand in a document of the tombstone, so that views made anew say the same. Never judges.

use exhibit_proto::digest::Digest;
use exhibit_proto::statement::{Statement, Tombstone};
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::judge::{self, Assessor, Observation};
use super::{Views, ViewsError, signed, unsigned};
use crate::log::LogReader;

pub const KEPT_MEDIA_TYPE: &str = "application/vnd.exhibit.kept-findings+json";

/// Which findings a document `?1` may have given: those of its targets, by any rule that ever found something. Deletions are few; an
/// index of digests would be written with each finding.
pub(super) const OF_DIGEST: &str = "(rule, target) IN (WITH RECURSIVE r(rule) AS (SELECT min(rule) FROM findings
     UNION ALL SELECT (SELECT min(rule) FROM findings f WHERE f.rule > r.rule) FROM r WHERE r.rule IS NOT NULL)
   SELECT r.rule, d.target FROM r, (SELECT DISTINCT target FROM document_rows WHERE digest = ?1) d WHERE r.rule IS NOT NULL)";

/// The document.
#[derive(Serialize, Deserialize)]
struct Kept {
    v: u8,
    findings: Vec<Finding>,
}

/// One interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Finding {
    digest: String,
    rule: String,
    target: String,
    kind: String,
    from: u64,
    /// Absent: it held until the tombstone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<u64>,
    verdict: String,
    items: u64,
    /// Milliseconds since 1970.
    at: i64,
}

/// What a finding says whose words are gone.
pub(super) fn words(tombstone: i64) -> String {
    format!("details were deleted with the document, see entry {tombstone}")
}

impl Views {
    /// What is to be kept of the findings that these documents gave: the bytes of a document for their tombstone.
    pub fn kept(&self, digests: &[Digest]) -> Result<Vec<u8>, ViewsError> {
        let findings = self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!(
                "SELECT rule, target, kind, from_index, to_index, verdict, item_count, first_seen
                 FROM findings WHERE digest = ?1 AND {OF_DIGEST} AND erased IS NULL ORDER BY from_index, rule, target",
            ))?;
            let mut all = Vec::new();
            for digest in digests {
                let digest = digest.to_string();
                let mut rows = ask.query([&digest])?;
                while let Some(row) = rows.next()? {
                    all.push(Finding {
                        digest: digest.clone(),
                        rule: row.get(0)?,
                        target: row.get(1)?,
                        kind: row.get(2)?,
                        from: unsigned(row.get(3)?),
                        to: row.get::<_, Option<i64>>(4)?.map(unsigned),
                        verdict: row.get(5)?,
                        items: unsigned(row.get(6)?),
                        at: row.get(7)?,
                    });
                }
            }
            Ok(all)
        })?;
        let kept = serde_json::to_value(Kept { v: 1, findings }).unwrap_or(Value::Null);
        Ok(exhibit_proto::json::write_sorted(&kept).into_bytes())
    }
}

/// Opens the intervals that began at an entry whose document `tombstone` took since.
pub(super) fn replay(
    tx: &Transaction<'_>,
    log: &LogReader,
    assessor: &Assessor,
    tombstone: u64,
    (digest, target, index): (&str, &str, u64),
) -> Result<(), ViewsError> {
    for finding in read(log, tombstone)? {
        let here = finding.digest == digest && finding.target == target && finding.from == index;
        if !here || assessor.rule(&finding.rule).is_none() {
            continue;
        }
        let observation =
            Observation { target, kind: &finding.kind, digest, index, at: finding.at };
        let held = judge::current(tx, (&finding.rule, &finding.kind, target))?;
        let said = (finding.rule.as_str(), finding.verdict.as_str(), signed(finding.items));
        let erased = (signed(tombstone), signed(finding.to.unwrap_or(tombstone)));
        let text = words(signed(tombstone));
        judge::open(tx, &observation, held, said, (&text, "[]", Some(erased)))?;
    }
    Ok(())
}

fn read(log: &LogReader, tombstone: u64) -> Result<Vec<Finding>, ViewsError> {
    let damaged = |what: &str| {
        let text = format!("entry {tombstone} deleted documents, and {what}");
        ViewsError::Log(crate::log::LogError::Damaged(text))
    };
    let entry = log.entry(tombstone)?.ok_or(ViewsError::Hole(tombstone))?;
    let envelope = entry.envelope.ok_or_else(|| damaged("its envelope is missing"))?;
    // The log admitted it as its own; whether it is to be believed is said where the entry itself is applied.
    let statement = exhibit_proto::dsse::Envelope::parse(&envelope)
        .and_then(|envelope| envelope.unverified_payload())
        .map_err(|error| damaged(&error.to_string()))?;
    let statement = Statement::<Tombstone>::from_payload(&statement)
        .map_err(|error| damaged(&error.to_string()))?;
    let kept = statement
        .subject
        .iter()
        .find(|subject| subject.media_type.as_deref() == Some(KEPT_MEDIA_TYPE));
    let Some(kept) = kept else { return Ok(Vec::new()) };
    let bytes = log.document(&kept.digest.sha256)?;
    let bytes = bytes.ok_or_else(|| damaged("what it keeps of their findings is missing"))?;
    let kept: Kept = serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
    Ok(kept.findings)
}
