//! Packs of the log for people and programs.

use std::fmt;

use exhibit_assessment::PackDiff;
use serde::Serialize;

use super::Compared;
use crate::packs::{LoggedPack, standing};

/// One pack of the log.
#[derive(Debug, Serialize)]
pub struct PackShown {
    pub entry: u64,
    /// `in_force`, `past`, `proposed` (waits for approval), `lapsed` (proposed, and never put in force), `approved` (by a later entry).
    pub state: &'static str,
    pub name: Option<String>,
    pub version: String,
    pub digest: String,
    pub rules: u64,
    pub by: String,
    pub reason: Option<String>,
    pub at: String,
    /// `shipped`, `own`, or `own over shipped`.
    pub origin: &'static str,
    /// Of the files that people gave.
    pub given: Option<String>,
    pub signed_by: Vec<String>,
    pub approved_by: Option<String>,
    /// Entry that proposed it.
    pub proposed: Option<u64>,
    /// Against the pack that was in force before it, where one is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<PackDiff>,
}

/// All of these, in their order.
pub(super) fn shown(history: &[LoggedPack]) -> Vec<PackShown> {
    let one = |pack: &LoggedPack| {
        let said = pack.said.clone();
        PackShown {
            entry: pack.index,
            state: standing(history, pack).as_str(),
            name: said.name,
            version: said.version,
            digest: said.pack.to_string(),
            rules: said.rules,
            by: said.by,
            reason: said.reason,
            at: pack.at.to_string(),
            origin: match &said.given {
                None => "shipped",
                Some(given) if given.base.is_none() => "own",
                Some(_) => "own over shipped",
            },
            given: said.given.as_ref().map(|given| given.pack.to_string()),
            signed_by: said.given.map(|given| given.signed_by).unwrap_or_default(),
            approved_by: said.approved.as_ref().map(|approved| approved.by.clone()),
            proposed: said.approved.map(|approved| approved.proposed),
            diff: None,
        }
    };
    history.iter().map(one).collect()
}

impl fmt::Display for PackShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry, state, version, rules, by, at, origin, .. } = self;
        let name = self.name.as_deref().unwrap_or("unnamed");
        let state = state.replace('_', " ");
        write!(f, "{entry}\t{state}\t{name} {version}\t{rules} rules, {origin}\tby {by} on {at}")?;
        if let Some(reason) = &self.reason {
            write!(f, ": {reason}")?;
        }
        if let Some(approver) = &self.approved_by {
            write!(f, "\tapproved by {approver}")?;
        }
        if self.given.is_some() {
            match self.signed_by.as_slice() {
                [] => write!(f, "\tunsigned")?,
                names => write!(f, "\tsigned by {}", names.join(", "))?,
            }
        }
        if let Some(diff) = &self.diff {
            write!(f, "\ndigest {}\nagainst the pack before it:\n", self.digest)?;
            write!(f, "{}", Compared { diff: diff.clone() })?;
        }
        Ok(())
    }
}
