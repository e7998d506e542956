//! A digest of the rows of every table that says something, to compare two sets of tables. Never writes.

use std::collections::BTreeMap;

use exhibit_proto::digest::{Digest, Hasher};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::{ViewsError, hours, unsigned};

/// What one table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDump {
    pub table: String,
    pub rows: u64,
    /// Over all rows in the order of all columns.
    pub digest: Digest,
}

pub(super) fn tables(connection: &Connection) -> Result<Vec<TableDump>, ViewsError> {
    let mut names = connection.prepare(
        "SELECT name FROM sqlite_schema
         WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('told', 'judged_reasons') ORDER BY name",
    )?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    names.into_iter().map(|name| table(connection, name)).collect()
}

fn table(connection: &Connection, table: String) -> Result<TableDump, ViewsError> {
    if table == "judgements" {
        let (rows, digest) = hours::dump(connection)?;
        return Ok(TableDump { table, rows, digest });
    }
    // The names come from our own schema, so they can stand in the text.
    let columns = connection.prepare(&format!("SELECT * FROM {table}"))?.column_count();
    let order = (1..=columns).map(|column| column.to_string()).collect::<Vec<_>>().join(", ");
    let mut select = connection.prepare(&format!("SELECT * FROM {table} ORDER BY {order}"))?;
    let mut rows = select.query([])?;
    let (mut hasher, mut count) = (Hasher::default(), 0_i64);
    while let Some(row) = rows.next()? {
        count += 1;
        for column in 0..columns {
            let (tag, bytes) = match row.get_ref(column)? {
                ValueRef::Null => (b'n', Vec::new()),
                ValueRef::Integer(number) => (b'i', number.to_be_bytes().to_vec()),
                ValueRef::Real(number) => (b'r', number.to_be_bytes().to_vec()),
                ValueRef::Text(text) => (b't', text.to_vec()),
                ValueRef::Blob(bytes) => (b'b', bytes.to_vec()),
            };
            hasher.update(&[tag]);
            hasher.update(&(bytes.len() as u64).to_be_bytes());
            hasher.update(&bytes);
        }
    }
    Ok(TableDump { table, rows: unsigned(count), digest: hasher.finish() })
}

/// Tables that are not equal, or stand on one side only.
pub(super) fn differing(ours: &[TableDump], theirs: &[TableDump]) -> Vec<String> {
    let mut seen: BTreeMap<&str, Vec<&TableDump>> = BTreeMap::new();
    for dump in ours.iter().chain(theirs) {
        seen.entry(&dump.table).or_default().push(dump);
    }
    let equal = |dumps: &[&TableDump]| dumps.len() == 2 && dumps.first() == dumps.last();
    seen.into_iter().filter(|(_, dumps)| !equal(dumps)).map(|(table, _)| table.to_owned()).collect()
}
