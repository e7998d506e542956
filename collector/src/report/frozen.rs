//! Frozen versions of the statement of applicability: the report as JSON, stored beside the log and named by a decision of the
//! register `soa`, which may wait for a second person. They are read back, compared and written in the other forms; nothing changes
//! them. Earlier collectors froze by an activity that one person did; such versions are read as they are.

use exhibit_assessment::decisions::SOA;
use exhibit_assessment::{Counts, Framework, Status};
use exhibit_proto::digest::Digest;
use exhibit_proto::dsse::Envelope;
use exhibit_proto::statement::{Activity, Statement};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rows::{SoaRow, columns};
use super::{Head, Kind, ReportError, Selection};
use crate::log::LogReader;
use crate::views::{EntryFilter, RecordRow, Views};

/// What the activity was called that froze a version, and the media type of its document.
const FROZEN: &str = "soa_frozen";
pub const SOA_MEDIA_TYPE: &str = "application/vnd.exhibit.soa+json";
/// Versions that are listed.
const MOST: u32 = 10_000;
/// What of a row is a decision or a state; the rest follows from the rule pack and the clock.
const COMPARED: [&str; 8] = [
    "applicable",
    "justification",
    "implementation",
    "implementation_status",
    "owner",
    "status",
    "rules_direct",
    "rules_supporting",
];

/// A frozen version, or one that is to be frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The entry that brought it, which is also its name.
    pub entry: u64,
    pub at: Timestamp,
    /// Who froze it, or proposed to.
    pub by: String,
    pub reason: String,
    /// SHA-256 of the document.
    pub sha256: Digest,
    /// Its record in the register `soa`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// It is frozen only once another person approves.
    pub proposed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approved>,
    /// The entry by which somebody took it back. What it said stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<u64>,
}

/// The second person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approved {
    pub entry: u64,
    pub at: Timestamp,
    pub by: String,
    pub reason: String,
}

impl Version {
    /// Who did what, in words.
    #[must_use]
    pub fn hands(&self) -> String {
        let Self { by, reason, .. } = self;
        let at = super::utc(self.at);
        let first = if self.proposed || self.approved.is_some() { "proposed" } else { "frozen" };
        let mut text = format!("{first} by {by} at {at}: {reason}");
        if let Some(Approved { entry, at, by, reason }) = &self.approved {
            text += &format!("; approved by {by} at {} (entry {entry}): {reason}", super::utc(*at));
        }
        if self.proposed {
            text += "; not frozen before another person approves";
        }
        if let Some(entry) = self.withdrawn {
            text += &format!("; withdrawn by entry {entry}");
        }
        text
    }
}

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub control: String,
    pub title: String,
    /// Key and label of the column.
    pub field: &'static str,
    pub label: &'static str,
    pub was: String,
    pub is: String,
}

/// A version as its document tells it.
pub(super) struct Told {
    pub(super) head: Head,
    pub(super) rows: Vec<SoaRow>,
}

/// All versions, newest first, with those that wait for a second person.
pub fn versions(views: &Views) -> Result<Vec<Version>, ReportError> {
    let filter = EntryFilter {
        entry_type: Some("activity".to_owned()),
        begins: Some(FROZEN.replace('_', " ")),
        ..EntryFilter::default()
    };
    let mut versions = Vec::new();
    for row in views.entries(&filter, MOST)? {
        versions.extend(by_activity(views.log(), row.index)?);
    }
    versions.extend(views.all_records(Some(SOA), MOST)?.into_iter().filter_map(by_decision));
    versions.sort_by_key(|version| std::cmp::Reverse(version.entry));
    Ok(versions)
}

/// The version that a put of the register says. One that was taken back before anybody approved it is none.
fn by_decision(row: RecordRow) -> Option<Version> {
    let proposed = row.waits();
    if !proposed && row.from_index.is_none() {
        return None;
    }
    let digest = row.value.as_ref()?.get("digest")?.as_str()?;
    Some(Version {
        entry: row.index,
        at: row.at,
        sha256: digest.parse().ok()?,
        proposed,
        approved: row.approved.map(|one| Approved {
            entry: one.index,
            at: one.at,
            by: one.by,
            reason: one.reason,
        }),
        withdrawn: row.to_index,
        by: row.by,
        reason: row.reason,
        record: Some(row.id),
    })
}

/// The version of that entry, if the entry is an activity that froze one.
fn by_activity(log: &LogReader, index: u64) -> Result<Option<Version>, ReportError> {
    let Some(entry) = log.entry(index)? else { return Ok(None) };
    // The log admitted it, so its signature is not asked again here.
    let read = || {
        let payload = Envelope::parse(entry.envelope.as_ref()?).ok()?.unverified_payload().ok()?;
        let statement = Statement::<Value>::from_payload(&payload).ok()?;
        let Activity { by, action, detail } = statement.predicate_as().ok()?;
        let mut subjects = statement.subject.iter();
        let named = subjects.find(|one| one.media_type.as_deref() == Some(SOA_MEDIA_TYPE))?;
        let reason = detail.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (at, sha256) = (entry.leaf.rx.parse().ok()?, named.digest.sha256);
        let (record, approved, withdrawn) = (None, None, None);
        let one = || Version {
            entry: index,
            at,
            by,
            reason,
            sha256,
            record,
            proposed: false,
            approved,
            withdrawn,
        };
        (action == FROZEN).then(one)
    };
    Ok(read())
}

/// The version of that name and the bytes of its document, which have the digest that the entry names.
pub fn document(views: &Views, entry: u64) -> Result<(Version, Vec<u8>), ReportError> {
    let found = versions(views)?.into_iter().find(|version| version.entry == entry);
    let version = found.ok_or(ReportError::NotFrozen(entry))?;
    let bytes = views.log().document(&version.sha256)?;
    let bytes = bytes.ok_or(ReportError::NotHeld(version.sha256))?;
    if Digest::of(&bytes) != version.sha256 {
        return Err(ReportError::Unreadable(entry, "its bytes have another digest".to_owned()));
    }
    Ok((version, bytes))
}

/// What the register says of a document.
pub fn version_value(document: &[u8]) -> Value {
    json!({
        "digest": Digest::of(document),
        "file": "statement-of-applicability.json",
        "media_type": SOA_MEDIA_TYPE,
        "size": document.len(),
    })
}

/// What changed from one document to another, by control.
pub fn diff(older: &[u8], newer: &[u8]) -> Result<Vec<Difference>, ReportError> {
    let (older, newer) = (parse(0, older)?, parse(0, newer)?);
    let cell = |row: &Value, key: &str| match row.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(texts)) => {
            let texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
            texts.join(", ")
        }
        Some(other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_))) => other.to_string(),
    };
    let labels = columns(Kind::Soa).iter().filter(|column| COMPARED.contains(&column.key));
    let labels: Vec<(&'static str, &'static str)> =
        labels.map(|column| (column.key, column.label)).collect();
    let mut differences = Vec::new();
    for row in &newer.rows {
        let control = cell(row, "control");
        let before = older.rows.iter().find(|other| cell(other, "control") == control);
        for (field, label) in &labels {
            let (was, is) =
                (before.map_or_else(String::new, |row| cell(row, field)), cell(row, field));
            if was != is {
                let (control, title) = (control.clone(), cell(row, "title"));
                differences.push(Difference { control, title, field, label, was, is });
            }
        }
    }
    Ok(differences)
}

#[derive(Deserialize)]
struct Document {
    report: String,
    log: Log,
    rule_pack: Pack,
    at: Timestamp,
    by: String,
    rows: Vec<Value>,
}

#[derive(Deserialize)]
struct Log {
    origin: String,
    size: u64,
    root: Digest,
}

#[derive(Deserialize)]
struct Pack {
    version: String,
    digest: String,
}

fn parse(entry: u64, bytes: &[u8]) -> Result<Document, ReportError> {
    let wrong = |what: String| ReportError::Unreadable(entry, what);
    let document: Document = serde_json::from_slice(bytes).map_err(|e| wrong(e.to_string()))?;
    if document.report != Kind::Soa.as_str() {
        return Err(wrong(format!("it is a report of {:?}", document.report)));
    }
    Ok(document)
}

/// Reads a version back, to be written in another form.
pub(super) fn told(
    framework: &Framework,
    (version, bytes): (&Version, &[u8]),
    (by, selection): (&str, &Selection),
) -> Result<Told, ReportError> {
    let document = parse(version.entry, bytes)?;
    let head = Head {
        report: Kind::Soa,
        origin: document.log.origin,
        size: document.log.size,
        root: document.log.root,
        pack_version: document.rule_pack.version,
        pack: document.rule_pack.digest,
        at: document.at,
        by: by.to_owned(),
        selection: selection.clone(),
        frozen: Some(Frozen { version: version.clone(), made_by: document.by }),
        period: None,
    };
    let rows = document.rows.iter().map(|row| {
        let row = soa_row(framework, row);
        row.ok_or_else(|| ReportError::Unreadable(version.entry, "a row is of another form".into()))
    });
    let rows: Vec<SoaRow> = rows.collect::<Result<_, _>>()?;
    let rows = rows.into_iter().filter(|row| selection.control(row.id)).collect();
    Ok(Told { head, rows })
}

/// Of a report that repeats a frozen version: which.
#[derive(Clone, Debug, Serialize)]
pub struct Frozen {
    pub version: Version,
    /// Who is named in the document.
    pub made_by: String,
}

fn soa_row(framework: &Framework, row: &Value) -> Option<SoaRow> {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str| row.get(key).and_then(Value::as_u64).unwrap_or_default();
    let time = |key: &str| row.get(key).and_then(Value::as_str).and_then(|at| at.parse().ok());
    let list = |key: &str| -> Vec<String> {
        let texts = row.get(key).and_then(Value::as_array).into_iter().flatten();
        texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let id = text("control").parse().ok()?;
    let applicable =
        ["yes", "no", "undecided"].into_iter().find(|word| text("applicable") == *word)?;
    Some(SoaRow {
        id,
        title: text("title"),
        theme: framework.control(id)?.theme,
        applicable,
        justification: text("justification"),
        implementation: text("implementation"),
        implementation_status: text("implementation_status"),
        owner: text("owner"),
        status: text("status").parse::<Status>().ok()?,
        counts: Counts {
            targets: number("targets"),
            targets_passing: number("passing"),
            targets_failing: number("failing"),
            ..Counts::default()
        },
        direct: list("rules_direct"),
        supporting: list("rules_supporting"),
        kinds: list("kinds"),
        oldest: time("oldest"),
        newest: time("newest"),
    })
}
