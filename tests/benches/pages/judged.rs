//! What was judged at each full hour of the year that nobody observed: the newest judgement of the collector itself, copied, with
//! other statuses of a few controls each day. Packed as `views/hours/packed.rs` has it: an hour against its midnight, that against the
//! first of its month.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;
use zstd::bulk::{Compressor, Decompressor};

use super::Plan;
use super::written::{DAY, begin};

const HOUR: i64 = 3_600_000;
const LEVEL: i32 = 3;
/// Of so many controls one has another status on a day.
const OTHERS: usize = 15;
/// As the collector counts what turned.
const TURNED: &str = "SELECT from_index, rule, count(*) FROM findings
    WHERE was IS NOT verdict AND (was IS NOT NULL OR verdict IN ('fail', 'error')) GROUP BY from_index, rule ORDER BY from_index";

/// One judgement, unpacked.
struct Judgement {
    at: i64,
    said: Vec<u8>,
    counts: Vec<u8>,
    reasons: BTreeMap<String, Vec<u8>>,
}

/// What a row is packed against.
struct Base {
    at: i64,
    said: Vec<u8>,
    turned: Vec<u8>,
}

/// Writes the judgements of all hours of the year; answers how many.
pub(super) fn hours(views: &Path, plan: &Plan, first: Timestamp) -> Result<usize> {
    if plan.written_days == 0 {
        return Ok(0);
    }
    let mut connection = Connection::open(views)?;
    connection.execute_batch("PRAGMA synchronous = OFF")?;
    let transaction = connection.transaction()?;
    let like = newest(&transaction)?;
    let turns = turned(&transaction)?;
    let (mut turns, mut counted) = (turns.into_iter().peekable(), BTreeMap::<String, i64>::new());
    transaction.execute_batch("DELETE FROM judged_reasons; DELETE FROM judgements")?;
    let begin = begin(plan, first)?;
    let (mut month, mut day): (Option<Base>, Option<Base>) = (None, None);
    let mut count = 0;
    for at in (begin..=like.at).step_by(usize::try_from(HOUR)?) {
        let entries: i64 = transaction
            .prepare_cached("SELECT count(*) FROM entries WHERE rx < ?1")?
            .query_row([at], |row| row.get(0))?;
        let midnight = at % DAY == 0;
        if midnight && Timestamp::from_millisecond(at)?.to_zoned(TimeZone::UTC).day() == 1 {
            month = None;
        }
        let base = if midnight { month.as_ref() } else { day.as_ref() };
        let others =
            (at < first.as_millisecond()).then(|| usize::try_from(at / DAY)).transpose()?;
        let said = match (base, midnight) {
            (Some(base), false) if others.is_some() => base.said.clone(),
            (_, true | false) => said(&like, others)?,
        };
        while let Some((_, rule, count)) = turns.next_if(|(index, _, _)| *index < entries) {
            *counted.entry(rule).or_insert(0) += count;
        }
        let turned = serde_json::to_vec(&counted)?;
        let against = base.map(|base| (&base.said, &like.counts, &base.turned));
        let row = params![
            at,
            base.map_or(at, |base| base.at),
            entries,
            pack(&said, against.map(|(said, _, _)| &**said))?,
            pack(&like.counts, against.map(|(_, counts, _)| &**counts))?,
            pack(&turned, against.map(|(_, _, turned)| &**turned))?,
        ];
        transaction
            .prepare_cached("INSERT INTO judgements VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(row)?;
        if base.is_none() {
            reasons(&transaction, at, &like)?;
        }
        let this = || Base { at, said: said.clone(), turned: turned.clone() };
        if midnight || day.is_none() {
            day = Some(this());
        }
        if midnight && month.is_none() {
            month = Some(this());
        }
        count += 1;
    }
    transaction.commit()?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(count)
}

fn newest(connection: &Connection) -> Result<Judgement> {
    let at: Option<i64> =
        connection.query_row("SELECT max(at) FROM judgements", [], |row| row.get(0))?;
    let at = at.context("the collector kept no judgement to be copied")?;
    let mut ask = connection.prepare("SELECT DISTINCT control FROM judged_reasons")?;
    let controls: Vec<String> = ask.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut reasons = BTreeMap::new();
    for control in controls {
        if let Some(raw) = whole(at, &|at| {
            let sql = "SELECT j.base, r.reasons FROM judgements j LEFT JOIN judged_reasons r ON r.at = j.at AND r.control = ?2
                WHERE j.at = ?1";
            let row =
                connection.query_row(sql, (at, &control), |row| Ok((row.get(0)?, row.get(1)?)));
            Ok(row.optional()?)
        })? {
            reasons.insert(control, raw);
        }
    }
    let column = |sql: &'static str| {
        let found = whole(at, &|at| {
            let row = connection.query_row(sql, [at], |row| Ok((row.get(0)?, row.get(1)?)));
            Ok(row.optional()?)
        })?;
        found.context("a judgement without words")
    };
    let said = column("SELECT base, said FROM judgements WHERE at = ?1")?;
    let counts = column("SELECT base, counts FROM judgements WHERE at = ?1")?;
    Ok(Judgement { at, said, counts, reasons })
}

type Row = Option<(i64, Option<Vec<u8>>)>;

/// What was packed in a row, and in those that it is packed against.
fn whole(at: i64, row: &dyn Fn(i64) -> Result<Row>) -> Result<Option<Vec<u8>>> {
    let Some((base, packed)) = row(at)? else { return Ok(None) };
    let before = if base < at { whole(base, row)? } else { None };
    let Some(packed) = packed else { return Ok(before) };
    let (length, frame) = packed.split_first_chunk().context("a packed judgement")?;
    Ok(Some(match usize::try_from(u32::from_be_bytes(*length))? {
        0 => frame.to_vec(),
        length => Decompressor::with_dictionary(before.as_deref().unwrap_or_default())?
            .decompress(frame, length)?,
    }))
}

fn pack(bytes: &[u8], before: Option<&[u8]>) -> Result<Vec<u8>> {
    let mut compressor = Compressor::with_dictionary(LEVEL, before.unwrap_or_default())?;
    let length = u32::try_from(bytes.len())?;
    Ok([&length.to_be_bytes()[..], &compressor.compress(bytes)?].concat())
}

/// What was said, with another status of a few controls; of what holds now as it is.
fn said(like: &Judgement, day: Option<usize>) -> Result<Vec<u8>> {
    let Some(day) = day else { return Ok(like.said.clone()) };
    let mut said: Value = serde_json::from_slice(&like.said)?;
    let statuses = said.get_mut("statuses").and_then(Value::as_array_mut).context("statuses")?;
    ensure!(!statuses.is_empty(), "a judgement without statuses");
    let others = statuses.iter_mut().enumerate().filter(|(place, _)| (place + day) % OTHERS == 0);
    for (_, status) in others {
        let status = status.get_mut("status").context("a status")?;
        let other = match status.as_str() {
            Some("not_met") => "met",
            Some("met" | "stale") => "not_met",
            Some(_) | None => continue,
        };
        *status = Value::from(other);
    }
    Ok(serde_json::to_vec(&said)?)
}

fn reasons(connection: &Connection, at: i64, like: &Judgement) -> Result<()> {
    for (control, raw) in &like.reasons {
        connection.prepare_cached("INSERT INTO judged_reasons VALUES (?1, ?2, ?3)")?.execute((
            at,
            control,
            pack(raw, None)?,
        ))?;
    }
    Ok(())
}

/// How many findings of each rule turned with each entry.
fn turned(connection: &Connection) -> Result<Vec<(i64, String, i64)>> {
    let mut ask = connection.prepare(TURNED)?;
    let rows = ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
