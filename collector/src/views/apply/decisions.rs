//! What people decided, as revisions of records. Never what a value means: it is kept as it came.

use exhibit_assessment::decisions::{self, Place, SECOND_PERSON, Step};
use exhibit_proto::statement::{Act, Decision};
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;

use super::{At, Refused, Row, because};
use crate::views::{signed, unsigned};

pub(super) fn decision(at: &At<'_>, row: &mut Row, said: Decision) -> Result<(), Refused> {
    let said = match said.checked() {
        Ok(said) => said,
        Err(error) => return because(error.to_string()),
    };
    row.by = Some(said.by.clone());
    let place = place(at, &said)?;
    let act = match said.act {
        Act::Put => decisions::Act::Put,
        Act::Withdraw => decisions::Act::Withdraw,
        Act::Approve => decisions::Act::Approve,
    };
    let second = needs_second(at, &said.register)?;
    let step = match decisions::step(&place, second, (act, said.after, &said.by)) {
        Ok(step) => step,
        Err(error) => return because(error.to_string()),
    };
    let index = at.index();
    match step {
        Step::Stands => {
            end(at, &said, place.in_force)?;
            end(at, &said, place.proposed.map(|(index, _)| index))?;
            insert(at, &said, false, Some(index))?;
        }
        Step::Proposed => {
            end(at, &said, place.proposed.map(|(index, _)| index))?;
            insert(at, &said, true, None)?;
        }
        Step::Approved(revision) => {
            end(at, &said, place.in_force)?;
            at.tx.execute(
                "UPDATE records SET approved_index = ?4, approved = ?5, approved_by = ?6, approved_reason = ?7, from_index = ?4
                 WHERE register = ?1 AND id = ?2 AND idx = ?3",
                params![said.register, said.id, signed(revision), index, at.rx, said.by, said.reason],
            )?;
        }
        Step::Ends(revision) => {
            end(at, &said, Some(revision))?;
            insert(at, &said, false, None)?;
            // A withdrawal is over as soon as it is done.
            end(at, &said, Some(unsigned(index)))?;
        }
    }
    row.summary = summary(&said, step);
    Ok(())
}

fn summary(said: &Decision, step: Step) -> String {
    let Decision { register, id, reason, .. } = said;
    let name = decisions::register(register).map_or(register.as_str(), |known| known.title);
    let what = match step {
        Step::Stands => "decided",
        Step::Proposed => "proposed, a second person must approve it",
        Step::Approved(_) => "approved",
        Step::Ends(_) => "withdrawn",
    };
    format!("{}: {id} {what}: {reason}", name.to_lowercase())
}

fn place(at: &At<'_>, said: &Decision) -> Result<Place, Refused> {
    let mut ask = at.tx.prepare_cached(
        "SELECT idx, from_index, act, by_whom, to_index FROM records WHERE register = ?1 AND id = ?2",
    )?;
    let mut rows = ask.query((&said.register, &said.id))?;
    let mut place = Place::default();
    while let Some(row) = rows.next()? {
        let index = unsigned(row.get(0)?);
        place.newest = place.newest.max(Some(index));
        let (from, act, by, to): (Option<i64>, String, String, Option<i64>) =
            (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        if to.is_some() || act != Act::Put.as_str() {
            continue;
        }
        match from {
            Some(_) => place.in_force = Some(index),
            None => place.proposed = Some((index, by)),
        }
    }
    Ok(place)
}

/// Whether decisions of the register wait for a second person at this entry.
fn needs_second(at: &At<'_>, register: &str) -> Result<bool, Refused> {
    let value: Option<String> = at
        .tx
        .prepare_cached(
            "SELECT value FROM records WHERE register = ?1 AND id = 'configuration'
             AND to_index IS NULL AND from_index IS NOT NULL",
        )?
        .query_row([SECOND_PERSON], |row| row.get(0))
        .optional()?;
    let value: Value = value.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(decisions::asks(&value).contains(register))
}

fn end(at: &At<'_>, said: &Decision, revision: Option<u64>) -> Result<(), Refused> {
    let Some(revision) = revision else { return Ok(()) };
    at.tx.execute(
        "UPDATE records SET to_index = ?4 WHERE register = ?1 AND id = ?2 AND idx = ?3",
        params![said.register, said.id, signed(revision), at.index()],
    )?;
    Ok(())
}

fn insert(at: &At<'_>, said: &Decision, proposed: bool, from: Option<i64>) -> Result<(), Refused> {
    let value = said.value.as_ref().map(exhibit_proto::json::write_sorted);
    at.tx.execute(
        "INSERT INTO records VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,NULL,NULL,NULL,NULL,?11,NULL)",
        params![
            said.register,
            said.id,
            at.index(),
            said.act.as_str(),
            said.after.map(signed),
            value,
            said.by,
            said.reason,
            at.rx,
            proposed,
            from,
        ],
    )?;
    Ok(())
}
