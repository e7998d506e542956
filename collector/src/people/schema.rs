//! The tables of people, and how those of older versions become them. Knows no rule.

use rusqlite::{Connection, TransactionBehavior};

use super::{elsewhere, second, tokens};

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS users (
  name        TEXT PRIMARY KEY,
  verifier    TEXT NOT NULL,
  must_change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
  id        TEXT PRIMARY KEY,
  user      TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  created   INTEGER NOT NULL,
  last_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS users_name ON users (name COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS sessions_user ON sessions (user);";

/// Columns that came later: table, name, type. Before there were roles, the first user was the only one.
const ADDED: [(&str, &str, &str); 12] = [
    ("users", "role", "TEXT NOT NULL DEFAULT 'admin'"),
    ("users", "full_name", "TEXT NOT NULL DEFAULT ''"),
    ("users", "email", "TEXT NOT NULL DEFAULT ''"),
    ("users", "disabled", "INTEGER NOT NULL DEFAULT 0"),
    ("users", "created", "INTEGER"),
    ("users", "valid_until", "INTEGER"),
    ("users", "password_until", "INTEGER"),
    ("users", "audit", "TEXT"),
    ("sessions", "address", "TEXT NOT NULL DEFAULT ''"),
    ("sessions", "browser", "TEXT NOT NULL DEFAULT ''"),
    ("sessions", "pending", "INTEGER NOT NULL DEFAULT 0"),
    ("sessions", "elsewhere", "INTEGER NOT NULL DEFAULT 0"),
];

/// Makes what is not there; several processes may do so at the same time.
pub(super) fn settle(connection: &mut Connection) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for tables in [TABLES, tokens::TABLE, second::TABLES, elsewhere::TABLES] {
        tx.execute_batch(tables)?;
    }
    for (table, column, kind) in ADDED {
        let sql = "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2";
        let there: i64 = tx.query_row(sql, [table, column], |row| row.get(0))?;
        if there == 0 {
            tx.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}"))?;
        }
    }
    tx.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_user_of_an_older_version_becomes_an_admin() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE users (name TEXT PRIMARY KEY, verifier TEXT NOT NULL, must_change INTEGER NOT NULL) STRICT, WITHOUT ROWID;
                 INSERT INTO users VALUES ('admin', 'v', 0);",
            )
            .unwrap();
        settle(&mut connection).unwrap();
        settle(&mut connection).unwrap();
        let role: String =
            connection.query_row("SELECT role FROM users", [], |row| row.get(0)).unwrap();
        assert_eq!(role, "admin");
    }
}
