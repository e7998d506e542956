//! The controls and clauses of ISO/IEC 27001:2022: identifiers, titles and our own words. It holds no text of the
//! standard beyond titles.

mod attributes;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use attributes::AttributesRow;
pub use attributes::{Attribute, Attributes};

use crate::ids::{ClauseId, ControlId, IdError};

/// Why a table of the framework was refused.
#[derive(Debug, thiserror::Error)]
pub enum FrameworkError {
    #[error("frameworks/{file}: {source}; mend the row")]
    Table { file: &'static str, source: csv::Error },
    #[error("frameworks/{file}: {source}")]
    Id { file: &'static str, source: IdError },
    #[error("frameworks/{file} has no row for {id}; add it")]
    Missing { file: &'static str, id: String },
    #[error("frameworks/{file}: {value:?} for {id} is not one of {allowed}")]
    Word { file: &'static str, id: String, value: String, allowed: &'static str },
}

/// The four themes of Annex A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    Organizational,
    People,
    Physical,
    Technological,
}

impl Theme {
    /// All themes in the order of Annex A.
    pub const ALL: [Self; 4] =
        [Self::Organizational, Self::People, Self::Physical, Self::Technological];

    /// The wire word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organizational => "organizational",
            Self::People => "people",
            Self::Physical => "physical",
            Self::Technological => "technological",
        }
    }
}

/// One Annex A control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    pub id: ControlId,
    pub theme: Theme,
    pub title: String,
    /// Not in the 2013 edition under any number.
    pub new_in_2022: bool,
    pub attributes: Attributes,
    /// What the control asks for, in our own words.
    pub summary: String,
    /// Numbers of the 2013 edition that went into it.
    pub controls_2013: Vec<String>,
}

/// One clause or heading of the management system part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    pub id: ClauseId,
    /// A heading holds no requirement itself.
    pub heading: bool,
    pub title: String,
    /// Documented information that the clause makes mandatory.
    pub documents: Vec<String>,
    /// Touched by the 2024 amendment.
    pub amended_2024: bool,
    /// What the amendment did: `requirement added`, `note added`; empty for the others.
    pub amendment_effect: String,
    /// What the clause asks for, in our own words.
    pub summary: String,
}

/// ISO/IEC 27001:2022 as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framework {
    controls: Vec<Control>,
    clauses: Vec<Clause>,
}

const CONTROLS: (&str, &str) = ("annex_a_2022.csv", include_str!("../frameworks/annex_a_2022.csv"));
const ATTRIBUTES: (&str, &str) =
    ("attributes_2022.csv", include_str!("../frameworks/attributes_2022.csv"));
const CLAUSES: (&str, &str) = ("clauses_2022.csv", include_str!("../frameworks/clauses_2022.csv"));
const SUMMARIES: (&str, &str) =
    ("summaries_2022.csv", include_str!("../frameworks/summaries_2022.csv"));
const EDITIONS: (&str, &str) =
    ("map_2013_2022.csv", include_str!("../frameworks/map_2013_2022.csv"));

impl Framework {
    /// Reads the tables that ship with the program.
    pub fn builtin() -> Result<Self, FrameworkError> {
        let summaries: BTreeMap<String, String> =
            rows::<SummaryRow>(SUMMARIES)?.into_iter().map(|row| (row.id, row.summary)).collect();
        let summary = |id: &str| {
            let missing = || FrameworkError::Missing { file: SUMMARIES.0, id: id.to_owned() };
            summaries.get(id).cloned().ok_or_else(missing)
        };
        let mut attributes: BTreeMap<String, Attributes> =
            rows::<AttributesRow>(ATTRIBUTES)?.into_iter().map(AttributesRow::split).collect();
        let mut editions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows::<EditionRow>(EDITIONS)? {
            editions.entry(row.id_2022).or_default().push(row.id_2013);
        }
        let mut controls = Vec::new();
        for row in rows::<ControlRow>(CONTROLS)? {
            let missing = || FrameworkError::Missing { file: ATTRIBUTES.0, id: row.id.clone() };
            controls.push(Control {
                id: row
                    .id
                    .parse()
                    .map_err(|source| FrameworkError::Id { file: CONTROLS.0, source })?,
                theme: theme(&row)?,
                new_in_2022: yes(CONTROLS.0, &row.id, &row.new_in_2022)?,
                attributes: attributes.remove(&row.id).ok_or_else(missing)?,
                summary: summary(&row.id)?,
                controls_2013: editions.remove(&row.id).unwrap_or_default(),
                title: row.title,
            });
        }
        controls.sort_by_key(|control| control.id);
        let mut clauses = Vec::new();
        for row in rows::<ClauseRow>(CLAUSES)? {
            clauses.push(Clause {
                id: row
                    .id
                    .parse()
                    .map_err(|source| FrameworkError::Id { file: CLAUSES.0, source })?,
                heading: row.kind == "heading",
                amended_2024: yes(CLAUSES.0, &row.id, &row.amended_2024)?,
                summary: summary(&row.id)?,
                documents: split(&row.documents),
                amendment_effect: row.amendment_effect,
                title: row.title,
            });
        }
        clauses.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { controls, clauses })
    }

    /// All 93 controls, A.5.1 first.
    #[must_use]
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// All clauses and headings, 4 first.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Controls that have, for each of the attributes asked for, that value; all controls when nothing is asked for.
    pub fn with_attributes<'a>(
        &'a self,
        wanted: &'a [(Attribute, String)],
    ) -> impl Iterator<Item = &'a Control> {
        self.controls.iter().filter(|control| {
            wanted
                .iter()
                .all(|(attribute, value)| control.attributes.of(*attribute).contains(value))
        })
    }

    /// Every value that an attribute takes, sorted.
    #[must_use]
    pub fn values(&self, attribute: Attribute) -> BTreeSet<&str> {
        let all = self.controls.iter().flat_map(|control| control.attributes.of(attribute));
        all.map(String::as_str).collect()
    }

    /// The control of that id.
    #[must_use]
    pub fn control(&self, id: ControlId) -> Option<&Control> {
        self.controls
            .binary_search_by_key(&id, |control| control.id)
            .ok()
            .map(|place| &self.controls[place])
    }
}

#[derive(Deserialize)]
struct ControlRow {
    id: String,
    theme: String,
    title: String,
    new_in_2022: String,
}

#[derive(Deserialize)]
struct SummaryRow {
    id: String,
    summary: String,
}

#[derive(Deserialize)]
struct EditionRow {
    id_2013: String,
    id_2022: String,
}

#[derive(Deserialize)]
struct ClauseRow {
    id: String,
    kind: String,
    title: String,
    documents: String,
    amended_2024: String,
    amendment_effect: String,
}

pub(crate) fn rows<T: DeserializeOwned>(
    (file, text): (&'static str, &str),
) -> Result<Vec<T>, FrameworkError> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|source| FrameworkError::Table { file, source })
}

fn split(cell: &str) -> Vec<String> {
    cell.split(';').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn yes(file: &'static str, id: &str, cell: &str) -> Result<bool, FrameworkError> {
    match cell {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(FrameworkError::Word {
            file,
            id: id.to_owned(),
            value: other.to_owned(),
            allowed: "yes, no",
        }),
    }
}

fn theme(row: &ControlRow) -> Result<Theme, FrameworkError> {
    Theme::ALL.into_iter().find(|theme| theme.as_str() == row.theme).ok_or_else(|| {
        FrameworkError::Word {
            file: CONTROLS.0,
            id: row.id.clone(),
            value: row.theme.clone(),
            allowed: "organizational, people, physical, technological",
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annex_a_has_93_controls_in_four_themes_of_which_11_are_new() {
        let framework = Framework::builtin().unwrap();
        let count =
            |theme| framework.controls().iter().filter(|control| control.theme == theme).count();
        assert_eq!(Theme::ALL.map(count), [37, 8, 14, 34]);
        assert_eq!(framework.controls().iter().filter(|control| control.new_in_2022).count(), 11);
        assert!(framework.controls().is_sorted_by_key(|control| control.id));
        for control in framework.controls() {
            assert_eq!(control.new_in_2022, control.controls_2013.is_empty(), "{}", control.id);
            assert_eq!(framework.control(control.id), Some(control));
        }
    }

    #[test]
    fn clauses_are_30_under_11_headings_and_14_ask_for_documents() {
        let framework = Framework::builtin().unwrap();
        let headings = framework.clauses().iter().filter(|clause| clause.heading).count();
        assert_eq!((headings, framework.clauses().len() - headings), (11, 30));
        assert_eq!(
            framework.clauses().iter().filter(|clause| !clause.documents.is_empty()).count(),
            14
        );
    }

    #[test]
    fn every_summary_is_its_own_whole_sentence() {
        let framework = Framework::builtin().unwrap();
        let summaries: Vec<&str> =
            framework.controls().iter().map(|control| control.summary.as_str()).collect();
        assert_eq!(summaries.iter().collect::<BTreeSet<_>>().len(), 93);
        for control in framework.controls() {
            let words = control.summary.split_whitespace().count();
            assert!((6..=60).contains(&words) && control.summary.ends_with('.'), "{}", control.id);
            for attribute in
                [&control.attributes.control_types, &control.attributes.security_domains]
            {
                assert!(!attribute.is_empty(), "{}", control.id);
            }
        }
    }
}
