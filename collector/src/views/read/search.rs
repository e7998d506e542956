//! What is found by a name, an id or a digest. Names are few enough to be looked through; digests stand in an index.

use exhibit_proto::dsse::Envelope;
use exhibit_proto::merkle::leaf_hash;
use rusqlite::{Connection, Row};

use crate::views::{Views, ViewsError, unsigned};

/// Fewest hex digits by which a digest is looked for.
const FEWEST_DIGITS: usize = 8;

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub what: NamedWhat,
    pub id: String,
    /// Name for people; of a decision, who decided and why.
    pub name: String,
    /// Of a decision: its register.
    pub register: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamedWhat {
    Target,
    Agent,
    Decision,
    /// Somebody whom an entry names.
    Person,
}

/// Something with a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hashed {
    /// The entry whose envelope, leaf or statement has it.
    Entry { index: u64, of: DigestOf },
    /// A document of a kind on a target, by the last entry that names it.
    Document { digest: String, target: String, kind: String, index: u64 },
    /// A key, by its agent.
    Key { agent: String },
}

/// What of an entry has a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestOf {
    Envelope,
    Leaf,
    /// Its statement names it.
    Named,
}

impl DigestOf {
    pub(in crate::views) fn number(self) -> i64 {
        match self {
            Self::Envelope => 0,
            Self::Leaf => 1,
            Self::Named => 2,
        }
    }
}

/// The first bytes of a digest as a number that is ordered as they are.
pub(in crate::views) fn head(digest: &[u8; 32]) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(digest.get(..8).unwrap_or(&[0; 8]));
    ordered(u64::from_be_bytes(first))
}

fn ordered(number: u64) -> i64 {
    (number ^ (1 << 63)).cast_signed()
}

const NAMED: &str = r"WITH RECURSIVE people(name) AS (
      SELECT min(by_whom) FROM entries WHERE by_whom IS NOT NULL UNION ALL
      SELECT (SELECT min(by_whom) FROM entries WHERE by_whom > name) FROM people WHERE name IS NOT NULL)
    SELECT * FROM (
      SELECT 0 AS what, id, name, NULL AS register FROM targets WHERE id LIKE ?1 ESCAPE '\' OR name LIKE ?1 ESCAPE '\'
      UNION ALL SELECT 1, id, host_name, NULL FROM agents WHERE id LIKE ?1 ESCAPE '\' OR host_name LIKE ?1 ESCAPE '\'
      UNION ALL SELECT 2, id, coalesce(value ->> 'title' || '; ', substr(value ->> 'text', 1, 160) || '; ', '') || by_whom || ': ' || reason, register FROM records WHERE to_index IS NULL AND
        (id LIKE ?1 ESCAPE '\' OR reason LIKE ?1 ESCAPE '\' OR value LIKE ?1 ESCAPE '\')
      UNION ALL SELECT 3, name, name, NULL FROM people WHERE name LIKE ?1 ESCAPE '\')
    ORDER BY lower(id) = ?2 DESC, lower(name) = ?2 DESC, instr(lower(name), ?2) = 1 DESC, what, name, id LIMIT ?3";

impl Views {
    /// What has the text in its id or name, the same first; case does not matter.
    pub fn named(&self, text: &str, limit: u32) -> Result<Vec<Named>, ViewsError> {
        self.read(|connection| {
            let mut ask = connection.prepare_cached(NAMED)?;
            let text = text.to_ascii_lowercase();
            let rows = ask.query_map((pattern(&text), text, limit), named)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// What has a digest that begins with these hex digits: each is looked up, and compared whole.
    pub fn hashed(&self, digits: &str, limit: u32) -> Result<Vec<Hashed>, ViewsError> {
        let digits = digits.to_ascii_lowercase();
        let known = (FEWEST_DIGITS..=64).contains(&digits.len());
        if !known || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        let mut found = self.read(|connection| {
            let mut found = documents(connection, &digits, limit)?;
            found.extend(keys(connection, &digits)?);
            Ok(found)
        })?;
        for (of, index) in self.read(|connection| candidates(connection, &digits, limit))? {
            if self.has(index, of, &digits)? {
                found.push(Hashed::Entry { index, of });
            }
        }
        Ok(found)
    }

    /// Whether that of the entry has a digest that begins so: the index knows only its first bytes.
    fn has(&self, index: u64, of: DigestOf, digits: &str) -> Result<bool, ViewsError> {
        let Some(entry) = self.log().entry(index)? else { return Ok(false) };
        Ok(match of {
            DigestOf::Envelope => entry.leaf.env.to_string().starts_with(digits),
            DigestOf::Leaf => leaf_hash(&entry.leaf_bytes).to_string().starts_with(digits),
            DigestOf::Named => {
                let envelope = entry.envelope.and_then(|bytes| Envelope::parse(&bytes).ok());
                let payload = envelope.and_then(|envelope| envelope.unverified_payload().ok());
                let payload = String::from_utf8(payload.unwrap_or_default()).unwrap_or_default();
                payload.contains(digits)
            }
        })
    }
}

/// What a text that holds this one is `LIKE`.
fn pattern(text: &str) -> String {
    let mut pattern = "%".to_owned();
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern + "%"
}

fn documents(connection: &Connection, digits: &str, limit: u32) -> Result<Vec<Hashed>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT digest, target, kind, max(last_index) FROM documents WHERE digest >= ?1 AND digest < ?1 || 'g'
         GROUP BY digest, target, kind ORDER BY 4 DESC LIMIT ?2",
    )?;
    let rows = ask.query_map((digits, limit), |row| {
        let (digest, target, kind) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Hashed::Document { digest, target, kind, index: unsigned(row.get(3)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn keys(connection: &Connection, digits: &str) -> Result<Vec<Hashed>, ViewsError> {
    let sql = "SELECT agent FROM keys WHERE key >= ?1 AND key < ?1 || 'g' ORDER BY key LIMIT 10";
    let mut ask = connection.prepare_cached(sql)?;
    let rows = ask.query_map([digits], |row| Ok(Hashed::Key { agent: row.get(0)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Entries that may have such a digest, newest first.
fn candidates(
    connection: &Connection,
    digits: &str,
    limit: u32,
) -> Result<Vec<(DigestOf, u64)>, ViewsError> {
    let first: String = digits.chars().take(16).collect();
    let bound = |fill: &str| {
        let whole: String = first.chars().chain(fill.repeat(16).chars()).take(16).collect();
        ordered(u64::from_str_radix(&whole, 16).unwrap_or(0))
    };
    let mut ask = connection.prepare_cached(
        "SELECT what, idx FROM digests WHERE head BETWEEN ?1 AND ?2 ORDER BY idx DESC, what LIMIT ?3",
    )?;
    let rows = ask.query_map((bound("0"), bound("f"), limit), |row| {
        let of = match row.get(0)? {
            0 => DigestOf::Envelope,
            1 => DigestOf::Leaf,
            _ => DigestOf::Named,
        };
        Ok((of, unsigned(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn named(row: &Row<'_>) -> rusqlite::Result<Named> {
    let what = match row.get(0)? {
        0 => NamedWhat::Target,
        1 => NamedWhat::Agent,
        2 => NamedWhat::Decision,
        _ => NamedWhat::Person,
    };
    Ok(Named { what, id: row.get(1)?, name: row.get(2)?, register: row.get(3)? })
}
