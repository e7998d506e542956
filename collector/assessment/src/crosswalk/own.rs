//! An organisation's own framework, from the files of its directory. Every refusal names the file, the line and the way out.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};

use super::{Basis, Crosswalk, Reference, Relation};

const MANIFEST: &str = "framework.json";
const ENTRIES: &str = "controls.csv";
const RELATIONS: &str = "crosswalk.csv";
const MAX_ROWS: usize = 20_000;

/// Why an organisation's framework was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnFrameworkError {
    #[error("{file}:{line}: {what}")]
    File { file: String, line: u64, what: String },
    #[error("{file} is missing; a framework is framework.json, controls.csv and crosswalk.csv")]
    Missing { file: &'static str },
    #[error("the framework id {id:?} is taken; choose another in framework.json")]
    Taken { id: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    id: String,
    title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryRow {
    id: String,
    title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RelationRow {
    id_2022: String,
    framework_id: String,
    relationship: String,
    source: String,
}

fn refuse(file: &str, line: u64, what: impl Into<String>) -> OwnFrameworkError {
    OwnFrameworkError::File { file: file.to_owned(), line, what: what.into() }
}

pub(super) fn read(files: &[(String, String)]) -> Result<Crosswalk, OwnFrameworkError> {
    let known = [MANIFEST, ENTRIES, RELATIONS];
    if let Some((path, _)) = files.iter().find(|(path, _)| !known.contains(&path.as_str())) {
        return Err(refuse(
            path,
            1,
            format!("no file of a framework; it holds {}", known.join(", ")),
        ));
    }
    let text = |file: &'static str| {
        let found = files.iter().find(|(path, _)| path == file);
        found.map(|(_, text)| text.as_str()).ok_or(OwnFrameworkError::Missing { file })
    };
    let manifest: Manifest = serde_json::from_str(text(MANIFEST)?).map_err(|error| {
        refuse(MANIFEST, u64::try_from(error.line()).unwrap_or(1), error.to_string())
    })?;
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if manifest.id.is_empty() || manifest.id.len() > 64 || !manifest.id.chars().all(plain) {
        return Err(refuse(
            MANIFEST,
            1,
            format!("id {:?} must be 1 to 64 of a-z, 0-9 and _", manifest.id),
        ));
    }
    if manifest.title.trim().is_empty() {
        return Err(refuse(MANIFEST, 1, "title is empty"));
    }
    let entries = entries(text(ENTRIES)?)?;
    let mut relations: BTreeMap<(Reference, String), (u64, Relation)> = BTreeMap::new();
    for (line, row) in rows::<RelationRow>(RELATIONS, text(RELATIONS)?)? {
        let ours: Reference =
            row.id_2022.parse().map_err(|error| refuse(RELATIONS, line, format!("{error}")))?;
        if !entries.contains_key(&row.framework_id) {
            let what = format!(
                "{:?} is no id of {ENTRIES}; add it there or mend it here",
                row.framework_id
            );
            return Err(refuse(RELATIONS, line, what));
        }
        for (name, value) in [("relationship", &row.relationship), ("source", &row.source)] {
            if value.trim().is_empty() {
                return Err(refuse(
                    RELATIONS,
                    line,
                    format!("{name} is empty; every relation says how and who says so"),
                ));
            }
        }
        let key = (ours.clone(), row.framework_id.clone());
        if let Some((first, _)) = relations.get(&key) {
            return Err(refuse(
                RELATIONS,
                line,
                format!("this relation stands in line {first} already; keep one"),
            ));
        }
        let relation = Relation {
            ours,
            theirs: row.framework_id,
            relationship: row.relationship,
            source: row.source,
            cloud_guidance: None,
        };
        relations.insert(key, (line, relation));
    }
    Ok(Crosswalk {
        id: manifest.id,
        title: manifest.title,
        basis: Basis::Own,
        entries: entries.into_iter().map(|(id, (_, title))| (id, title)).collect(),
        relations: relations.into_values().map(|(_, relation)| relation).collect(),
    })
}

/// Ids with line and title.
fn entries(text: &str) -> Result<BTreeMap<String, (u64, String)>, OwnFrameworkError> {
    let mut entries: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for (line, row) in rows::<EntryRow>(ENTRIES, text)? {
        if row.id.trim().is_empty() || row.title.trim().is_empty() {
            return Err(refuse(ENTRIES, line, "id and title may not be empty"));
        }
        if let Some((first, _)) = entries.get(&row.id) {
            return Err(refuse(
                ENTRIES,
                line,
                format!("{} stands in line {first} already; keep one", row.id),
            ));
        }
        entries.insert(row.id, (line, row.title));
    }
    Ok(entries)
}

/// The rows of a table, each with its line.
fn rows<T: DeserializeOwned>(file: &str, text: &str) -> Result<Vec<(u64, T)>, OwnFrameworkError> {
    let at = |error: &csv::Error| error.position().map_or(1, csv::Position::line);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers =
        reader.headers().map_err(|error| refuse(file, at(&error), error.to_string()))?.clone();
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| refuse(file, at(&error), error.to_string()))?;
        let line = record.position().map_or(1, csv::Position::line);
        if found.len() >= MAX_ROWS {
            return Err(refuse(
                file,
                line,
                format!("more than {MAX_ROWS} rows; split the framework"),
            ));
        }
        let row = record
            .deserialize(Some(&headers))
            .map_err(|error| refuse(file, line, error.to_string()))?;
        found.push((line, row));
    }
    Ok(found)
}
