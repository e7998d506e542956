//! Entries of the log in words, and what changed lately.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use super::time;
use crate::views::{Views, ViewsError, signed, unsigned};

/// One entry of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryRow {
    pub index: u64,
    pub entry_type: String,
    pub envelope: String,
    pub key: String,
    pub received: Timestamp,
    pub agent: Option<String>,
    /// Name of that agent's host.
    pub host: Option<String>,
    pub epoch: Option<u64>,
    pub seq: Option<u64>,
    /// By the agent's own clock.
    pub sealed: Option<Timestamp>,
    /// Statements of the chain that are missing before this one.
    pub missing: u64,
    pub documents: u64,
    pub gaps: u64,
    pub by: Option<String>,
    /// One line for a person.
    pub summary: String,
    /// Why the entry counts for nothing.
    pub problem: Option<String>,
}

/// Which entries, newest first.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    pub entry_type: Option<String>,
    pub agent: Option<String>,
    /// Only entries below this index.
    pub before: Option<u64>,
    /// Only entries with statements missing before them, or that count for nothing.
    pub irregular: bool,
    /// Only entries whose summary begins so.
    pub begins: Option<String>,
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub index: u64,
    pub at: Timestamp,
    pub what: ChangeKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ChangeKind {
    /// A rule gives another verdict than before.
    Verdict { rule: String, target: String, was: Option<String>, is: String, message: String },
    /// An enrolment, a revocation, a rule pack, or something noticed about an agent.
    Entry { entry_type: String, summary: String },
}

const ENTRY: &str = "SELECT idx, type, env, key, rx, agent, epoch, seq, sealed, missing, documents, gaps, by_whom, \
     summary, problem, (SELECT host_name FROM agents WHERE agents.id = entries.agent) FROM entries";

impl Views {
    pub fn entry_row(&self, index: u64) -> Result<Option<EntryRow>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&format!("{ENTRY} WHERE idx = ?1"))?;
            Ok(ask.query_map([signed(index)], entry)?.next().transpose()?)
        })
    }

    pub fn entries(&self, filter: &EntryFilter, limit: u32) -> Result<Vec<EntryRow>, ViewsError> {
        let EntryFilter { entry_type, agent, before, irregular, begins } = filter;
        // Only what is asked for stands in the question: then SQLite sees which index leads to it.
        let (mut sql, mut given) = (format!("{ENTRY} WHERE TRUE"), Vec::new());
        let mut also = |condition: &str, value: Option<Value>| {
            if let Some(value) = value {
                given.push(value);
                sql += &condition.replace('?', &format!("?{}", given.len()));
            }
        };
        also(" AND type = ?", entry_type.clone().map(Value::Text));
        also(" AND agent = ?", agent.clone().map(Value::Text));
        also(" AND idx < ?", before.map(|before| Value::Integer(signed(before))));
        also(" AND substr(summary, 1, length(?)) = ?", begins.clone().map(Value::Text));
        if *irregular {
            sql += " AND (missing > 0 OR problem IS NOT NULL)";
        }
        given.push(Value::Integer(limit.into()));
        sql += &format!(" ORDER BY idx DESC LIMIT ?{}", given.len());
        self.read(|connection| {
            let mut ask = connection.prepare_cached(&sql)?;
            Ok(ask.query_map(params_from_iter(given), entry)?.collect::<Result<_, _>>()?)
        })
    }

    /// How many entries a filter lets through by type and agent, wherever they stand.
    pub fn entry_count(&self, filter: &EntryFilter) -> Result<u64, ViewsError> {
        let EntryFilter { entry_type, agent, .. } = filter;
        let (sql, parameters): (&str, Vec<&String>) = match (entry_type, agent) {
            (None, None) => return self.applied(),
            (Some(of), None) => {
                ("SELECT coalesce(sum(entries), 0) FROM entry_counts WHERE type = ?1", vec![of])
            }
            (None, Some(of)) => ("SELECT count(*) FROM entries WHERE agent = ?1", vec![of]),
            (Some(of), Some(agent)) => {
                ("SELECT count(*) FROM entries WHERE type = ?1 AND agent = ?2", vec![of, agent])
            }
        };
        self.read(|connection| {
            let mut ask = connection.prepare_cached(sql)?;
            let count = ask.query_row(rusqlite::params_from_iter(parameters), |row| row.get(0));
            Ok(unsigned(count?))
        })
    }

    /// In a word each, what entries from `index` on brought: `entries`, `findings` where any turned, and the types of the
    /// entries.
    pub fn changed_since(&self, index: u64) -> Result<Vec<String>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(
                "SELECT 'entries' UNION SELECT 'findings' WHERE EXISTS (SELECT 1 FROM findings WHERE from_index >= ?1)
                 UNION SELECT type FROM entries WHERE idx >= ?1",
            )?;
            Ok(ask.query_map([signed(index)], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// What changed last: verdicts, agents, rule packs; newest first. A first verdict is news only when it is a failure.
    pub fn changes(&self, limit: u32) -> Result<Vec<Change>, ViewsError> {
        self.read(|connection| {
            // Each half by its own index, newest first: together they would be sorted, a year of them for a dozen. Which of them turned
            // the index alone says: a day's run of ten thousand targets may hold none, and each of its findings would be read.
            let mut ask = connection.prepare_cached(
                "SELECT f.from_index, f.first_seen, f.rule, f.target, f.was, f.verdict, f.message, NULL, NULL
                   FROM (SELECT from_index AS i, rule AS r, target AS t FROM findings
                     WHERE was IS NOT verdict AND (was IS NOT NULL OR verdict = 'fail') ORDER BY from_index DESC LIMIT ?1)
                   CROSS JOIN findings f ON f.rule = r AND f.target = t AND f.from_index = i
                 UNION ALL
                 SELECT * FROM (SELECT idx, rx, NULL, NULL, NULL, NULL, NULL, type, summary FROM entries
                   WHERE type IN ('enrol', 'revoke', 'rule_pack', 'gap', 'conflict', 'fork') AND problem IS NULL
                   ORDER BY +idx DESC LIMIT ?1)
                 ORDER BY 1 DESC, 3, 4 LIMIT ?1",
            )?;
            Ok(ask.query_map([limit], change)?.collect::<Result<_, _>>()?)
        })
    }
}

fn change(row: &Row<'_>) -> rusqlite::Result<Change> {
    let what = match row.get::<_, Option<String>>(2)? {
        Some(rule) => ChangeKind::Verdict {
            rule,
            target: row.get(3)?,
            was: row.get(4)?,
            is: row.get(5)?,
            message: row.get(6)?,
        },
        None => ChangeKind::Entry { entry_type: row.get(7)?, summary: row.get(8)? },
    };
    Ok(Change { index: unsigned(row.get(0)?), at: time(row.get(1)?), what })
}

pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        index: unsigned(row.get(0)?),
        entry_type: row.get(1)?,
        envelope: row.get(2)?,
        key: row.get(3)?,
        received: time(row.get(4)?),
        agent: row.get(5)?,
        epoch: row.get::<_, Option<i64>>(6)?.map(unsigned),
        seq: row.get::<_, Option<i64>>(7)?.map(unsigned),
        sealed: row.get::<_, Option<i64>>(8)?.map(time),
        missing: unsigned(row.get(9)?),
        documents: unsigned(row.get(10)?),
        gaps: unsigned(row.get(11)?),
        by: row.get(12)?,
        summary: row.get(13)?,
        problem: row.get(14)?,
        host: row.get(15)?,
    })
}
