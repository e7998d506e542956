//! What `status` shows; reads only, so it works while the agent runs.

use std::path::Path;

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Kind;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::{Epoch, SpoolError, database};

/// The spool as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    pub items: u64,
    pub bytes: u64,
    pub next_seq: u64,
    pub dropped: u64,
    pub quarantined: Vec<Quarantined>,
    /// Why a head of the log does not continue the one before; empty when none did.
    pub forks: Vec<String>,
    pub head: Option<Checkpoint>,
    pub last_receipt: Option<Timestamp>,
    pub last_error: Option<String>,
    pub last_error_at: Option<Timestamp>,
    pub clock_offset_ms: Option<i64>,
    pub heartbeat_seconds: Option<u64>,
    /// None before the first start after enrolment.
    #[serde(skip)]
    pub epoch: Option<Epoch>,
    /// Digest of the newest statement.
    #[serde(skip)]
    pub prev: Option<Digest>,
    /// Each kind that ran, and when.
    #[serde(skip)]
    pub runs: Vec<(Kind, Timestamp)>,
    /// What each plugin said of itself.
    #[serde(skip)]
    pub described: Vec<String>,
}

/// A statement that the collector will never admit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    pub seq: u64,
    pub reason: String,
    pub at: Option<Timestamp>,
}

impl View {
    /// Reads the spool; an absent one is an empty one.
    pub fn read(path: &Path) -> Result<Self, SpoolError> {
        if !path.exists() {
            return Ok(Self { next_seq: 1, ..Self::default() });
        }
        database::open_to_read(path)
            .and_then(|db| read(&db))
            .map_err(|source| database::failed(path, source))
    }
}

fn read(db: &Connection) -> Result<View, rusqlite::Error> {
    let number =
        |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
    let meta = |key: &str| {
        db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get::<_, String>(0))
            .optional()
    };
    let integer = |key: &str| meta(key).map(|text| text.and_then(|text| text.parse::<i64>().ok()));
    let time = |millis: Option<i64>| millis.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let mut quarantined =
        db.prepare("SELECT seq, reason, at FROM quarantine ORDER BY epoch, seq")?;
    let quarantined = quarantined.query_map([], |row| {
        let seq = row.get::<_, i64>(0)?.unsigned_abs();
        Ok(Quarantined { seq, reason: row.get(1)?, at: time(row.get(2)?) })
    })?;
    let mut forks = db.prepare("SELECT reason FROM fork ORDER BY id")?;
    let mut runs = db.prepare("SELECT kind, at FROM run ORDER BY kind")?;
    let runs = runs.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    let mut described =
        db.prepare("SELECT value FROM meta WHERE key LIKE 'plugin %' ORDER BY key")?;
    let head = meta("head")?.and_then(|head| serde_json::from_str(&head).ok());
    Ok(View {
        items: number("SELECT count(*) FROM item")?,
        bytes: number(
            "SELECT coalesce((SELECT sum(size) FROM document), 0) + coalesce((SELECT sum(length(envelope)) FROM item), 0)",
        )?,
        next_seq: integer("seq")?.unwrap_or(0).unsigned_abs() + 1,
        dropped: number("SELECT count(*) FROM given_up")?,
        quarantined: quarantined.collect::<Result<_, _>>()?,
        forks: forks.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?,
        head,
        last_receipt: time(integer("last_receipt")?),
        last_error: meta("last_error")?,
        last_error_at: time(integer("last_error_at")?),
        clock_offset_ms: integer("clock_offset_ms")?,
        heartbeat_seconds: integer("heartbeat_seconds")?.map(i64::unsigned_abs),
        epoch: integer("epoch")?.zip(meta("key")?).zip(time(integer("key_since")?)).and_then(
            |((number, key), since)| {
                Some(Epoch { number: number.unsigned_abs(), key: key.parse().ok()?, since })
            },
        ),
        prev: meta("prev")?.and_then(|prev| prev.parse().ok()),
        runs: runs
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .filter_map(|(kind, at)| {
                Some((kind.parse().ok()?, Timestamp::from_millisecond(at).ok()?))
            })
            .collect(),
        described: described.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?,
    })
}
