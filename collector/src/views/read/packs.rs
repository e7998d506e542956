//! Rule packs, as the log put them in force or proposed them.

use jiff::Timestamp;
use rusqlite::Row;

use super::time;
use crate::views::{Views, ViewsError, unsigned};

/// What one entry says of a rule pack.
#[derive(Clone, Debug, PartialEq)]
pub struct PackRow {
    pub index: u64,
    /// Nothing judges by it.
    pub proposed: bool,
    /// The proposal that it puts in force.
    pub approves: Option<u64>,
    pub name: Option<String>,
    pub version: String,
    pub digest: String,
    /// Document that holds its files.
    pub archive: Option<String>,
    pub rules: u64,
    /// Digest of what people gave; none: shipped with the program.
    pub given: Option<String>,
    /// Digest of the shipped pack that it extends.
    pub base: Option<String>,
    pub signed_by: Vec<String>,
    pub by: String,
    pub reason: Option<String>,
    pub approved_by: Option<String>,
    pub at: Timestamp,
}

const PACK: &str = "SELECT idx, proposed, approves, name, version, digest, archive, rules, given, base, signed_by, by_whom, \
     reason, approved_by, at FROM rule_packs";

impl Views {
    /// Rule packs and proposals, newest first.
    pub fn packs(&self) -> Result<Vec<PackRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!("{PACK} ORDER BY idx DESC"))?;
            Ok(ask.query_map([], pack)?.collect::<Result<_, _>>()?)
        })
    }
}

fn pack(row: &Row<'_>) -> rusqlite::Result<PackRow> {
    let signed_by: String = row.get(10)?;
    Ok(PackRow {
        index: unsigned(row.get(0)?),
        proposed: row.get(1)?,
        approves: row.get::<_, Option<i64>>(2)?.map(unsigned),
        name: row.get(3)?,
        version: row.get(4)?,
        digest: row.get(5)?,
        archive: row.get(6)?,
        rules: unsigned(row.get(7)?),
        given: row.get(8)?,
        base: row.get(9)?,
        signed_by: serde_json::from_str(&signed_by).unwrap_or_default(),
        by: row.get(11)?,
        reason: row.get(12)?,
        approved_by: row.get(13)?,
        at: time(row.get(14)?),
    })
}
