//! Which report, in which form, about what. Words are checked here and trusted afterwards.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use exhibit_assessment::ControlId;
use exhibit_proto::document::Target;
use serde::Serialize;

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The controls of Annex A with their statuses.
    Controls,
    /// What each rule says about each target.
    Findings,
    /// The statement of applicability.
    Soa,
    /// What each control has, and what it lacks.
    Gap,
    /// The newest document of each kind on each target.
    Evidence,
    /// What is to be mended: failing rules and evidence that is missing.
    Poam,
    /// Intervals of a period without valid evidence.
    Lapses,
    /// Ids and titles of the standard's controls and clauses.
    Catalog,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Csv,
    Json,
    Xlsx,
    /// NIST OSCAL, JSON.
    Oscal,
    /// OCSF Compliance Finding, one JSON object a line.
    Ocsf,
    Pdf,
}

/// A word that names no report or no form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not one of {allowed}")]
pub struct UnknownReport {
    value: String,
    allowed: String,
}

/// What a report is narrowed to; empty sets mean all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Selection {
    pub controls: BTreeSet<ControlId>,
    pub targets: BTreeSet<Target>,
}

impl Kind {
    /// All kinds in the order pages show them.
    pub const ALL: [Self; 8] = [
        Self::Controls,
        Self::Soa,
        Self::Findings,
        Self::Gap,
        Self::Poam,
        Self::Evidence,
        Self::Lapses,
        Self::Catalog,
    ];

    /// The word in commands and addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Controls => "controls",
            Self::Findings => "findings",
            Self::Soa => "soa",
            Self::Gap => "gap",
            Self::Evidence => "evidence",
            Self::Poam => "poam",
            Self::Lapses => "lapses",
            Self::Catalog => "catalog",
        }
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Controls => "Control report",
            Self::Findings => "Findings",
            Self::Soa => "Statement of applicability",
            Self::Gap => "Gap analysis",
            Self::Evidence => "Evidence",
            Self::Poam => "Plan of action and milestones",
            Self::Lapses => "Lapses of evidence",
            Self::Catalog => "Catalogue reference",
        }
    }

    /// What it is and for whom, in one or two sentences.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Controls => {
                "The 93 controls of Annex A: what rules and evidence say about each, passes included, with reasons and age. For management and for auditors."
            }
            Self::Findings => {
                "What each rule says about each target, passes included, with the offending items and the digest of the document. For engineers who mend and for auditors who sample."
            }
            Self::Soa => {
                "The 93 controls with applicability, justification, implementation, owner, the rules linked to each and their live state. For certification."
            }
            Self::Gap => {
                "For each control what is there, what is missing, what would close it and from which source. For whoever plans the work."
            }
            Self::Evidence => {
                "The newest document of each kind on each target: digest, age, log index, whether it is held. For auditors who draw a sample."
            }
            Self::Poam => {
                "What is to be mended: rules that fail, with targets, severity and fix, which failures are waived until when, and evidence that is missing. For owners of the work and for tools that track it."
            }
            Self::Lapses => {
                "Every interval of a period in which a kind on a target had no valid evidence: from when to when, why, and which controls lacked it. For auditors of the period."
            }
            Self::Catalog => {
                "Ids and titles of the controls and clauses, as other reports refer to them. No text of the standard: that is copyrighted."
            }
        }
    }

    /// The forms that this kind has.
    #[must_use]
    pub fn formats(self) -> &'static [Format] {
        match self {
            Self::Controls | Self::Lapses => {
                &[Format::Pdf, Format::Csv, Format::Xlsx, Format::Json]
            }
            Self::Gap | Self::Evidence => &[Format::Csv, Format::Xlsx, Format::Json],
            Self::Findings => {
                &[Format::Csv, Format::Xlsx, Format::Json, Format::Oscal, Format::Ocsf]
            }
            Self::Soa => &[Format::Pdf, Format::Csv, Format::Xlsx, Format::Json, Format::Oscal],
            Self::Poam | Self::Catalog => &[Format::Csv, Format::Xlsx, Format::Json, Format::Oscal],
        }
    }
}

impl Format {
    /// All forms.
    pub const ALL: [Self; 6] =
        [Self::Csv, Self::Json, Self::Xlsx, Self::Oscal, Self::Ocsf, Self::Pdf];

    /// The word in commands and addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Xlsx => "xlsx",
            Self::Oscal => "oscal",
            Self::Ocsf => "ocsf",
            Self::Pdf => "pdf",
        }
    }

    /// The name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Xlsx => "Excel",
            Self::Oscal => "OSCAL",
            Self::Ocsf => "OCSF",
            Self::Pdf => "PDF",
        }
    }

    /// How a file of this form is named at its end.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Xlsx => "xlsx",
            Self::Oscal => "oscal.json",
            Self::Ocsf => "ocsf.jsonl",
            Self::Pdf => "pdf",
        }
    }

    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json | Self::Oscal => "application/json",
            Self::Ocsf => "application/x-ndjson",
            Self::Pdf => "application/pdf",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

impl Selection {
    /// Whether the control is asked for.
    #[must_use]
    pub fn control(&self, id: ControlId) -> bool {
        self.controls.is_empty() || self.controls.contains(&id)
    }

    /// Whether the target is asked for.
    #[must_use]
    pub fn target(&self, id: &str) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|target| target.as_str() == id)
    }

    /// Whether nothing is left out.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.controls.is_empty() && self.targets.is_empty()
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |ids: Vec<String>| ids.join(", ");
        let controls = list(self.controls.iter().map(ToString::to_string).collect());
        let targets = list(self.targets.iter().map(|target| target.as_str().to_owned()).collect());
        match (controls.as_str(), targets.as_str()) {
            ("", "") => f.write_str("everything"),
            (controls, "") => write!(f, "controls {controls}"),
            ("", targets) => write!(f, "targets {targets}"),
            (controls, targets) => write!(f, "controls {controls}; targets {targets}"),
        }
    }
}

fn word<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, UnknownReport> {
    all.iter().copied().find(|one| name(*one) == text).ok_or_else(|| {
        let allowed: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        UnknownReport { value: text.to_owned(), allowed: allowed.join(", ") }
    })
}

impl FromStr for Kind {
    type Err = UnknownReport;

    fn from_str(text: &str) -> Result<Self, UnknownReport> {
        word(text, &Self::ALL, Self::as_str)
    }
}

impl FromStr for Format {
    type Err = UnknownReport;

    fn from_str(text: &str) -> Result<Self, UnknownReport> {
        word(text, &Self::ALL, Self::as_str)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
