//! The 2013 edition of ISO/IEC 27001 and the way from it to the 2022 edition. It never judges: a status belongs to a control of
//! 2022, and the transition view says which those are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    framework::{Framework, FrameworkError, rows},
    ids::{ClauseId, ControlId},
};

const CONTROLS: (&str, &str) = ("annex_a_2013.csv", include_str!("../frameworks/annex_a_2013.csv"));
const MAP: (&str, &str) = ("map_2013_2022.csv", include_str!("../frameworks/map_2013_2022.csv"));
const CLAUSES: (&str, &str) =
    ("map_clauses_2013_2022.csv", include_str!("../frameworks/map_clauses_2013_2022.csv"));

/// What became of a control of 2013.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// One control became one.
    OneToOne,
    /// Several went into one.
    Merged,
    /// One went into several.
    Split,
}

/// A control of the 2013 edition with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control2013 {
    /// `A.12.6.1`.
    pub id: String,
    /// `A.12`, with its title.
    pub domain: String,
    pub domain_title: String,
    pub title: String,
    pub became: Vec<(ControlId, Became)>,
}

/// What became of a clause: its 2013 number (none for a new one) and its 2022 number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseMove {
    pub from: Option<String>,
    pub to: ClauseId,
    /// `equal`, `superset` or `new`.
    pub relationship: String,
}

/// The transition view: from each control of 2013 to 2022, what is new, and the clauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// 114 controls, in the order of the 2013 edition.
    pub controls: Vec<Control2013>,
    /// Controls of 2022 that no control of 2013 went into.
    pub new: Vec<ControlId>,
    pub clauses: Vec<ClauseMove>,
}

#[derive(Deserialize)]
struct ControlRow {
    id: String,
    domain: String,
    domain_title: String,
    title: String,
}

#[derive(Deserialize)]
struct MapRow {
    id_2013: String,
    id_2022: String,
    kind: String,
}

#[derive(Deserialize)]
struct ClauseRow {
    clause_2013: String,
    clause_2022: String,
    relationship: String,
}

impl Transition {
    /// Reads the tables that ship with the program.
    pub fn builtin(framework: &Framework) -> Result<Self, FrameworkError> {
        let mut became: BTreeMap<String, Vec<(ControlId, Became)>> = BTreeMap::new();
        for row in rows::<MapRow>(MAP)? {
            let control =
                row.id_2022.parse().map_err(|source| FrameworkError::Id { file: MAP.0, source })?;
            let how = match row.kind.as_str() {
                "one_to_one" => Became::OneToOne,
                "merged" => Became::Merged,
                "split" => Became::Split,
                other => {
                    return Err(FrameworkError::Word {
                        file: MAP.0,
                        id: row.id_2013,
                        value: other.to_owned(),
                        allowed: "one_to_one, merged, split",
                    });
                }
            };
            became.entry(row.id_2013).or_default().push((control, how));
        }
        let mut controls = Vec::new();
        for row in rows::<ControlRow>(CONTROLS)? {
            let missing = || FrameworkError::Missing { file: MAP.0, id: row.id.clone() };
            controls.push(Control2013 {
                became: became.remove(&row.id).ok_or_else(missing)?,
                id: row.id,
                domain: row.domain,
                domain_title: row.domain_title,
                title: row.title,
            });
        }
        let mut clauses = Vec::new();
        for row in rows::<ClauseRow>(CLAUSES)? {
            clauses.push(ClauseMove {
                from: (!row.clause_2013.is_empty()).then_some(row.clause_2013),
                to: row
                    .clause_2022
                    .parse()
                    .map_err(|source| FrameworkError::Id { file: CLAUSES.0, source })?,
                relationship: row.relationship,
            });
        }
        let new = framework.controls().iter().filter(|control| control.new_in_2022);
        Ok(Self { controls, new: new.map(|control| control.id).collect(), clauses })
    }
}
