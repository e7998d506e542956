//! Rule packs: which came into force, and which were proposed.

use rusqlite::params;

use super::{At, Refused, Row, because, stated};
use crate::packs::LoggedPack;
use crate::views::signed;

pub(super) fn rule_pack(at: &At<'_>, row: &mut Row) -> Result<(), Refused> {
    let pack = match LoggedPack::stated(at.entry, &stated(at)?) {
        Ok(pack) => pack,
        Err(error) => return because(error.to_string()),
    };
    if let Some(problem) = at.pack_problem.filter(|_| !pack.proposed) {
        return because(problem.clone());
    }
    let said = &pack.said;
    let given = said.given.as_ref();
    let signed_by = given.map(|given| given.signed_by.as_slice()).unwrap_or_default();
    at.tx.execute(
        "INSERT INTO rule_packs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            at.index(),
            pack.proposed,
            said.approved.as_ref().map(|approved| signed(approved.proposed)),
            said.name,
            said.version,
            said.pack.to_string(),
            pack.archive.map(|archive| archive.to_string()),
            signed(said.rules),
            given.map(|given| given.pack.to_string()),
            given.and_then(|given| given.base).map(|base| base.to_string()),
            serde_json::to_string(signed_by).unwrap_or_default(),
            said.by,
            said.reason,
            said.approved.as_ref().map(|approved| approved.by.clone()),
            at.rx,
        ],
    )?;
    let what = if pack.proposed { "proposed" } else { "in force" };
    row.summary = format!("rule pack {} with {} rules is {what}", said.version, said.rules);
    if let Some(reason) = &said.reason {
        row.summary.push_str(": ");
        row.summary.push_str(reason);
    }
    row.by = Some(said.by.clone());
    Ok(())
}
