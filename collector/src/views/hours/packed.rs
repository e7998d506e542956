//! How judgements lie in the tables: JSON in a Zstandard frame, against an earlier judgement where there is one, since each says
//! nearly what the one before it said.

use rusqlite::{Connection, OptionalExtension as _};
use zstd::bulk::{Compressor, Decompressor};

use crate::views::ViewsError;

const LEVEL: i32 = 3;
/// No judgement is as long: 200 reasons of a control, or ten thousand silent agents.
const MOST: usize = 256 << 20;

/// The bytes, packed: their length (four bytes, the first weighs most), then the frame. Where packing fails they stand as they are.
pub(super) fn pack(bytes: &[u8], before: Option<&[u8]>) -> Vec<u8> {
    let packed = Compressor::with_dictionary(LEVEL, before.unwrap_or_default())
        .and_then(|mut compressor| compressor.compress(bytes));
    let length = u32::try_from(bytes.len()).unwrap_or(0);
    match packed {
        Ok(packed) if length > 0 => [&length.to_be_bytes()[..], &packed].concat(),
        Ok(_) | Err(_) => [&0_u32.to_be_bytes()[..], bytes].concat(),
    }
}

fn unpack(packed: &[u8], before: Option<&[u8]>) -> Result<Vec<u8>, ViewsError> {
    let damaged = |found: String| ViewsError::Row { expected: "a packed judgement", found };
    let Some((length, frame)) = packed.split_first_chunk() else {
        return Err(damaged(format!("{} bytes", packed.len())));
    };
    match usize::try_from(u32::from_be_bytes(*length)).unwrap_or(MOST) {
        0 => Ok(frame.to_vec()),
        length => Decompressor::with_dictionary(before.unwrap_or_default())
            .and_then(|mut opened| opened.decompress(frame, length.min(MOST)))
            .map_err(|error| damaged(error.to_string())),
    }
}

/// What the judgement of that hour says beside reasons.
pub(super) fn said(connection: &Connection, at: i64) -> Result<Option<Vec<u8>>, ViewsError> {
    column(connection, at, "SELECT base, said FROM main.judgements WHERE at = ?1")
}

/// What was counted at that hour.
pub(super) fn counts(connection: &Connection, at: i64) -> Result<Option<Vec<u8>>, ViewsError> {
    column(connection, at, "SELECT base, counts FROM main.judgements WHERE at = ?1")
}

/// What had turned by that hour.
pub(super) fn turned(connection: &Connection, at: i64) -> Result<Option<Vec<u8>>, ViewsError> {
    column(connection, at, "SELECT base, turned FROM main.judgements WHERE at = ?1")
}

fn column(
    connection: &Connection,
    at: i64,
    sql: &'static str,
) -> Result<Option<Vec<u8>>, ViewsError> {
    let mut ask = connection.prepare_cached(sql)?;
    let row = ask.query_row([at], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    drop(ask);
    whole(at, row, |base| column(connection, base, sql))
}

/// The reasons of a control at that hour; those of its base where it has no row.
pub(super) fn reasons(
    connection: &Connection,
    at: i64,
    control: &str,
) -> Result<Option<Vec<u8>>, ViewsError> {
    let mut ask = connection.prepare_cached(
        "SELECT j.base, r.reasons FROM main.judgements j LEFT JOIN main.judged_reasons r ON r.at = j.at AND r.control = ?2
         WHERE j.at = ?1",
    )?;
    let row: Option<(i64, Option<Vec<u8>>)> =
        ask.query_row((at, control), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    drop(ask);
    let before = |base| reasons(connection, base, control);
    match row {
        Some((base, Some(packed))) => whole(at, Some((base, packed)), before),
        Some((base, None)) if base < at => before(base),
        Some((_, None)) | None => Ok(None),
    }
}

/// Of a row what was packed; against what, `before` tells. A row is only ever packed against an earlier one.
fn whole(
    at: i64,
    row: Option<(i64, Vec<u8>)>,
    before: impl Fn(i64) -> Result<Option<Vec<u8>>, ViewsError>,
) -> Result<Option<Vec<u8>>, ViewsError> {
    let Some((base, packed)) = row else { return Ok(None) };
    let before = if base < at { before(base)? } else { None };
    unpack(&packed, before.as_deref()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_and_against_another_it_is_shorter() {
        let (before, after) = (b"one finding fails ".repeat(40), b"two findings fail ".repeat(40));
        for bytes in [&b""[..], b"x", &after] {
            for before in [None, Some(&b""[..]), Some(&before[..])] {
                assert_eq!(unpack(&pack(bytes, before), before).unwrap(), bytes);
            }
        }
        let alone: Vec<u8> =
            (0..2000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_be_bytes()).collect();
        assert!(pack(&alone, Some(&alone)).len() < pack(&alone, None).len() / 10);
        assert!(unpack(b"abc", None).is_err() && unpack(&[0, 0, 0, 9, 1], None).is_err());
        let damaged = pack(&alone, Some(&alone));
        assert_ne!(unpack(&damaged, Some(&before)).ok(), Some(alone));
    }
}
