//! What controls and clauses of ISO/IEC 27001:2022 correspond to in other frameworks: id to id, each relation with its source
//! and how much it may be relied on. It holds no text of any framework, and it never judges.

mod own;
mod shipped;

use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

pub use own::OwnFrameworkError;

use crate::{
    ids::{ClauseId, ControlId, IdError},
    rule::{Rule, Strength},
};

/// A control or a clause of ISO/IEC 27001:2022.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Reference {
    Clause(ClauseId),
    Control(ControlId),
}

impl std::str::FromStr for Reference {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.starts_with("A.") {
            text.parse().map(Self::Control)
        } else {
            text.parse().map(Self::Clause)
        }
    }
}

impl TryFrom<String> for Reference {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clause(id) => id.fmt(f),
            Self::Control(id) => id.fmt(f),
        }
    }
}

/// How much a crosswalk may be relied on. Pages show its label wherever they show a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The framework's own publisher gives these relations.
    Published,
    /// No authority publishes them; several independent public mappings agree.
    Indicative,
    /// They follow from numbers or titles that the standards share.
    Numbering,
    /// The organisation's own.
    Own,
}

impl Basis {
    /// What stands beside a relation.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Indicative => "indicative",
            Self::Numbering => "by number or title",
            Self::Own => "own",
        }
    }

    /// The label in one sentence.
    #[must_use]
    pub fn explained(self) -> &'static str {
        match self {
            Self::Published => "The publisher of the framework gives these relations.",
            Self::Indicative => {
                "Indicative: no authority publishes these relations; three or more independent public mappings name each."
            }
            Self::Numbering => {
                "These relations follow from the numbers or titles that the standards share; nobody confirmed each of them."
            }
            Self::Own => "The organisation drew these relations itself.",
        }
    }
}

/// One relation to another framework.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    pub ours: Reference,
    /// The id in the other framework.
    pub theirs: String,
    /// `intersects`, `direct`, `indirect`, `same number in 27002:2013`, …
    pub relationship: String,
    /// Who says so.
    pub source: String,
    /// ISO 27017 only: whether it is `confirmed` that the control has cloud guidance, `unconfirmed`, or `no`.
    pub cloud_guidance: Option<String>,
}

/// Another framework with its relations to ISO/IEC 27001:2022.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crosswalk {
    /// `nist_800_53_r5`, `acme`, …
    pub id: String,
    pub title: String,
    pub basis: Basis,
    /// Ids with titles, where titles may be shown; else empty.
    pub entries: Vec<(String, String)>,
    /// Sorted by our id, then theirs.
    pub relations: Vec<Relation>,
}

impl Crosswalk {
    /// Relations of one control or clause.
    pub fn of<'a>(&'a self, ours: &'a Reference) -> impl Iterator<Item = &'a Relation> {
        self.relations.iter().filter(move |relation| relation.ours == *ours)
    }

    /// The title of one of its ids, where it may be shown.
    #[must_use]
    pub fn title_of(&self, theirs: &str) -> Option<&str> {
        self.entries.iter().find(|(id, _)| id == theirs).map(|(_, title)| title.as_str())
    }
}

/// What a control, or a finding of a rule, says in one framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said<'a> {
    pub framework: &'a str,
    pub title: &'a str,
    pub basis: Basis,
    pub ids: Vec<SaidId<'a>>,
}

/// One id of another framework, and the way that leads to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SaidId<'a> {
    pub id: &'a str,
    /// The controls of ISO/IEC 27001:2022 that lead there, each with the rule's relation to it (none where the question was
    /// about the control itself).
    pub through: Vec<(ControlId, Option<Strength>)>,
    pub relationship: &'a str,
    pub source: &'a str,
    pub cloud_guidance: Option<&'a str>,
}

/// All other frameworks that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crosswalks {
    frameworks: Vec<Crosswalk>,
}

impl Crosswalks {
    /// The crosswalks that ship with the program, read once: they are thousands of lines, and pages ask for them.
    pub fn builtin() -> Result<&'static Self, crate::FrameworkError> {
        static READ: OnceLock<Crosswalks> = OnceLock::new();
        if let Some(known) = READ.get() {
            return Ok(known);
        }
        let read = Self { frameworks: shipped::frameworks()? };
        Ok(READ.get_or_init(|| read))
    }

    /// Adds an organisation's own framework, read from the files of its directory as (path, text): `framework.json` (`id`,
    /// `title`), `controls.csv` (`id,title`) and `crosswalk.csv` (`id_2022,framework_id,relationship,source`).
    pub fn with_own(mut self, files: &[(String, String)]) -> Result<Self, OwnFrameworkError> {
        let own = own::read(files)?;
        if self.framework(&own.id).is_some() {
            return Err(OwnFrameworkError::Taken { id: own.id });
        }
        self.frameworks.push(own);
        Ok(self)
    }

    /// Every framework; those that ship first.
    #[must_use]
    pub fn frameworks(&self) -> &[Crosswalk] {
        &self.frameworks
    }

    /// The framework of that id.
    #[must_use]
    pub fn framework(&self, id: &str) -> Option<&Crosswalk> {
        self.frameworks.iter().find(|framework| framework.id == id)
    }

    /// What a control says in each framework that has something to say of it.
    #[must_use]
    pub fn of_control(&self, control: ControlId) -> Vec<Said<'_>> {
        self.said(&[(control, None)])
    }

    /// What a finding of a rule says in each framework, through the controls that the rule speaks about.
    #[must_use]
    pub fn of_rule(&self, rule: &Rule) -> Vec<Said<'_>> {
        let controls: Vec<_> =
            rule.controls.iter().map(|(control, strength)| (*control, Some(*strength))).collect();
        self.said(&controls)
    }

    fn said(&self, controls: &[(ControlId, Option<Strength>)]) -> Vec<Said<'_>> {
        let mut all = Vec::new();
        for framework in &self.frameworks {
            let mut ids: Vec<SaidId<'_>> = Vec::new();
            for (control, strength) in controls {
                let ours = Reference::Control(*control);
                for relation in framework.relations.iter().filter(|row| row.ours == ours) {
                    if let Some(known) = ids.iter_mut().find(|known| known.id == relation.theirs) {
                        known.through.push((*control, *strength));
                        continue;
                    }
                    ids.push(SaidId {
                        id: &relation.theirs,
                        through: vec![(*control, *strength)],
                        relationship: &relation.relationship,
                        source: &relation.source,
                        cloud_guidance: relation.cloud_guidance.as_deref(),
                    });
                }
            }
            if !ids.is_empty() {
                let Crosswalk { id, title, basis, .. } = framework;
                all.push(Said { framework: id, title, basis: *basis, ids });
            }
        }
        all
    }
}
