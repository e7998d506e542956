//! What a list says of each target in numbers, kept beside the rows that are counted: counting the findings of ten thousand takes
//! too long for a page. Whoever changes rows of a target has it counted again; nothing else is believed.

use rusqlite::Connection;

use super::ViewsError;

/// The numbers of the target `t.id`, out of the rows. `+`: by the target, not by the verdict, which would read all that is bad.
const NUMBERS: &str = "(SELECT count(*) FROM document_rows d WHERE d.target = t.id AND d.to_index IS NULL),
    (SELECT count(*) FROM outcome_rows o WHERE o.target = t.id AND o.to_index IS NULL AND o.gaps <> '[]'),
    (SELECT count(*) FROM findings f WHERE f.target = t.id AND f.to_index IS NULL AND +f.verdict = 'fail'),
    (SELECT count(*) FROM findings f WHERE f.target = t.id AND f.to_index IS NULL AND +f.verdict = 'pass')";

/// A target about which nothing is known yet.
pub(super) fn begin(tx: &Connection, target: &str) -> Result<(), ViewsError> {
    tx.prepare_cached("INSERT OR IGNORE INTO target_counts VALUES (?1, NULL, 0, 0, 0, 0)")?
        .execute([target])?;
    Ok(())
}

/// A run observed the target then.
pub(super) fn seen(tx: &Connection, target: &str, at: i64) -> Result<(), ViewsError> {
    tx.prepare_cached(
        "UPDATE target_counts SET seen = max(coalesce(seen, ?2), ?2) WHERE target = ?1",
    )?
    .execute((target, at))?;
    Ok(())
}

/// Rows of the target are others.
pub(super) fn again(tx: &Connection, target: &str) -> Result<(), ViewsError> {
    let sql = format!(
        "UPDATE target_counts SET (documents, gaps, failing, passing) = (SELECT {NUMBERS} FROM targets t WHERE t.id = ?1)
         WHERE target = ?1"
    );
    tx.prepare_cached(&sql)?.execute([target])?;
    Ok(())
}

/// Rows of any target may be others.
pub(super) fn all(tx: &Connection) -> Result<(), ViewsError> {
    let sql = format!(
        "UPDATE target_counts SET (documents, gaps, failing, passing) = (SELECT {NUMBERS} FROM targets t WHERE t.id = target)"
    );
    tx.execute(&sql, [])?;
    Ok(())
}

/// How many targets have numbers that their rows do not give.
pub(super) fn wrong(connection: &Connection) -> Result<u64, ViewsError> {
    let sql = format!(
        "SELECT count(*) FROM targets t LEFT JOIN target_counts c ON c.target = t.id
         WHERE (c.documents, c.gaps, c.failing, c.passing) IS NOT (SELECT {NUMBERS})
         OR c.seen < (SELECT max(last_seen) FROM documents d WHERE d.target = t.id AND d.to_index IS NULL)
         OR (c.seen IS NULL) <> NOT EXISTS (SELECT 1 FROM document_rows d WHERE d.target = t.id)"
    );
    Ok(super::unsigned(connection.query_row(&sql, [], |row| row.get(0))?))
}
