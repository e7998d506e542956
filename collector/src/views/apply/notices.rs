//! Rows of what the collector noticed about agents, and of statements that close a gap. Never about what was observed.

use exhibit_proto::leaf::Link;
use exhibit_proto::statement::{Conflict, Fork, Gap, Over};
use rusqlite::params;
use serde::Serialize;

use super::{At, Refused, Row, because};
use crate::views::signed;

/// Where in a chain it is: key, epoch, first and last number.
struct Span {
    key: String,
    epoch: i64,
    from: i64,
    to: i64,
}

pub(super) fn gap(at: &At<'_>, row: &mut Row, gap: &Gap) -> Result<(), Refused> {
    if gap.from == 0 || gap.to < gap.from {
        return because(format!("it is about numbers {} to {}", gap.from, gap.to));
    }
    let (from, to) = (signed(gap.from), signed(gap.to));
    let span = Span { key: gap.key.to_string(), epoch: signed(gap.epoch), from, to };
    // The same gap is not counted twice, and what came since is not missing.
    let held: i64 = at.tx.query_row(
        "SELECT count(*) FROM entries WHERE agent = ?1 AND key = ?2 AND epoch = ?3 AND seq BETWEEN ?4 AND ?5
             AND problem IS NULL",
        params![gap.agent, span.key, span.epoch, from, to],
        |row| row.get(0),
    )?;
    let open = (to - from).saturating_add(1).saturating_sub(held);
    note(at, &gap.agent, Some(&span), Some(open), gap, gap.suppressed)?;
    row.agent = Some(gap.agent.clone());
    row.by = Some("collector".to_owned());
    row.summary = format!("{} of this agent never came", numbers(gap.from, gap.to));
    Ok(())
}

pub(super) fn conflict(at: &At<'_>, row: &mut Row, conflict: &Conflict) -> Result<(), Refused> {
    let (key, epoch) = (conflict.key.to_string(), signed(conflict.epoch));
    let seq = signed(conflict.seq);
    let span = Span { key, epoch, from: seq, to: seq };
    note(at, &conflict.agent, Some(&span), None, conflict, conflict.suppressed)?;
    row.agent = Some(conflict.agent.clone());
    row.by = Some("collector".to_owned());
    row.summary = match conflict.over {
        Over::Number => {
            format!("two statements of this agent's key have number {}", conflict.seq)
        }
        Over::Predecessor => format!(
            "statement {} of this agent's key follows another one than the log holds",
            conflict.seq
        ),
    };
    Ok(())
}

pub(super) fn fork(at: &At<'_>, row: &mut Row, fork: &Fork) -> Result<(), Refused> {
    note(at, &fork.agent, None, None, fork, fork.suppressed)?;
    row.agent = Some(fork.agent.clone());
    row.by = Some("collector".to_owned());
    row.summary = match &fork.signed {
        Some(_) => format!(
            "this log's key signed another history: its agent holds another root for {} entries",
            fork.size
        ),
        None => format!("this agent says that it saw another root for {} entries", fork.size),
    };
    Ok(())
}

/// A statement that came after later ones: it fills a gap, or its number was taken.
pub(super) fn late(at: &At<'_>, row: &mut Row, agent: &str, link: Link) -> Result<(), Refused> {
    let (key, epoch, seq) = (at.entry.leaf.key.to_string(), signed(link.epoch), signed(link.seq));
    let place = params![agent, key, epoch, seq];
    let taken: bool = at.tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM entries WHERE agent = ?1 AND key = ?2 AND epoch = ?3 AND seq = ?4
             AND problem IS NULL)",
        place,
        |row| row.get(0),
    )?;
    if taken {
        return because(format!("its number {seq} stands in the log before it"));
    }
    at.tx.execute(
        "UPDATE notices SET open = max(open - 1, 0)
         WHERE type = 'gap' AND agent = ?1 AND key = ?2 AND epoch = ?3 AND ?4 BETWEEN from_seq AND to_seq",
        place,
    )?;
    at.tx.execute("UPDATE agents SET missing = max(missing - 1, 0) WHERE id = ?1", [agent])?;
    row.summary =
        format!("came after later ones and closes a gap: number {seq}; older than what is known");
    Ok(())
}

fn note(
    at: &At<'_>,
    agent: &str,
    span: Option<&Span>,
    open: Option<i64>,
    predicate: &impl Serialize,
    suppressed: u64,
) -> Result<(), Refused> {
    at.tx
        .prepare_cached("INSERT INTO notices VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)")?
        .execute(params![
            at.index(),
            at.entry.leaf.t.as_str(),
            agent,
            at.rx,
            span.map(|span| span.key.as_str()),
            span.map(|span| span.epoch),
            span.map(|span| span.from),
            span.map(|span| span.to),
            open,
            serde_json::to_string(predicate).unwrap_or_default(),
            signed(suppressed),
        ])?;
    Ok(())
}

fn numbers(from: u64, to: u64) -> String {
    if from == to { format!("statement {from}") } else { format!("statements {from} to {to}") }
}
