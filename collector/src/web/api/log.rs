//! The log's head, who has seen it, how what is stored was found; and what may be deleted, what a hold keeps, what is gone.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, list, one};
use super::words::DigestText;
use super::{Ask, WebError};

/// The log as it stands.
#[derive(Serialize, JsonSchema)]
struct Log {
    /// Its name.
    origin: String,
    /// Entries and root of the newest head.
    size: u64,
    #[schemars(with = "DigestText")]
    root: String,
    /// The head as the log's key signed it (C2SP checkpoint).
    checkpoint: String,
    /// The log's key (C2SP signed-note); while it changes, the old one signs heads too.
    key: String,
    leaving_key: Option<String>,
    /// Entries that the pages and this interface show.
    applied: u64,
    /// Entries of the newest head that the quorum of witnesses cosigned; null: not witnessed.
    witnessed: Option<u64>,
    witnesses: Vec<Witness>,
    timestamps: Vec<Authority>,
    scrub: Scrub,
}

/// How a witness stands.
#[derive(Serialize, JsonSchema)]
struct Witness {
    name: String,
    /// Entries of the newest head it cosigned, and when.
    cosigned: Option<u64>,
    at: Option<Timestamp>,
    /// Why the last asking brought nothing.
    problem: Option<String>,
}

/// How a time-stamping authority stands.
#[derive(Serialize, JsonSchema)]
struct Authority {
    name: String,
    /// Entries of the newest head it stamped, its time (RFC 3339), and the token under `/log/timestamps/`.
    stamped: Option<u64>,
    at: Option<String>,
    file: Option<String>,
    problem: Option<String>,
}

/// How the stored log was found when it was last hashed again.
#[derive(Serialize, JsonSchema)]
struct Scrub {
    /// When the last whole pass ended (RFC 3339), and what it hashed.
    finished: Option<String>,
    entries: Option<u64>,
    documents: Option<u64>,
    damage: Vec<Damage>,
}

/// Something in the stored log that is damaged.
#[derive(Serialize, JsonSchema)]
struct Damage {
    part: String,
    name: String,
    detail: String,
    first: String,
}

/// What is held of a kind, and when the next document may go.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RetentionOfKind")]
struct KindLine {
    kind: String,
    /// Days that a document is kept after the last statement that names it; null: always.
    days: Option<u32>,
    documents: u64,
    bytes: u64,
    /// The document that was not named for the longest time was named last at this time; null: none is held.
    oldest: Option<Timestamp>,
}

/// A legal hold.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Hold")]
struct HoldLine {
    /// Its entry.
    hold: u64,
    /// Null: it was not lifted.
    lifted: Option<Timestamp>,
    lifted_by: Option<String>,
    /// Null: every target, or every kind.
    target: Option<String>,
    kind: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    why: String,
    by: String,
    made: Timestamp,
}

/// A deletion of documents; their digests and proofs stay.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Deletion")]
struct StoneLine {
    entry: u64,
    documents: u64,
    rule: String,
    /// Who approved it.
    by: String,
    why: String,
    at: Timestamp,
}

/// Deletions that are listed.
const STONES: u32 = 100_000;

pub(super) fn operations() -> Vec<Operation> {
    let tag = "Retention";
    vec![
        one(
            "/log",
            "Log",
            "The log's head, its witnesses and time-stamps, and how it was found",
            log,
        )
        .only_now(),
        list("/retention/kinds", tag, "What is held of each kind, and for how long", kinds)
            .only_now(),
        list("/retention/holds", tag, "Legal holds, newest first", holds).only_now(),
        list("/retention/deletions", tag, "Deletions, newest first", deletions).only_now(),
    ]
}

fn log(ask: &Ask) -> Result<Log, WebError> {
    let (site, head) = (&ask.site, ask.site.log().head()?);
    let at =
        |seconds: u64| i64::try_from(seconds).ok().and_then(|at| Timestamp::from_second(at).ok());
    let witnesses = site.witnesses.standings()?.into_iter().map(|standing| Witness {
        name: standing.name,
        cosigned: standing.cosigned.map(|(size, _)| size),
        at: standing.cosigned.and_then(|(_, seconds)| at(seconds)),
        problem: standing.problem,
    });
    let timestamps = site.timestamps.standings()?.into_iter().map(|standing| Authority {
        name: standing.name,
        stamped: standing.newest.as_ref().map(|kept| kept.size),
        at: standing.newest.as_ref().map(|kept| kept.time.clone()),
        file: standing.newest.map(|kept| kept.file),
        problem: standing.problem,
    });
    Ok(Log {
        origin: site.origin.clone(),
        size: head.checkpoint.size,
        root: head.checkpoint.root.to_string(),
        checkpoint: head.signed,
        key: site.keys.newest().vkey(),
        leaving_key: site.keys.overlap().map(|(old, _)| old.vkey()),
        applied: site.views.applied()?,
        witnessed: site.witnesses.newest()?.map(|newest| newest.head.checkpoint.size),
        witnesses: witnesses.collect(),
        timestamps: timestamps.collect(),
        scrub: scrub(ask)?,
    })
}

fn scrub(ask: &Ask) -> Result<Scrub, WebError> {
    let standing = ask.site.scrub.standing()?;
    let damage = standing.damage.into_iter().map(|found| Damage {
        part: found.part,
        name: found.name,
        detail: found.detail,
        first: found.first,
    });
    let plan = standing.last.as_ref().map(|last| last.plan);
    Ok(Scrub {
        finished: standing.last.map(|last| last.finished),
        entries: plan.map(|plan| plan.size),
        documents: plan.map(|plan| plan.documents),
        damage: damage.collect(),
    })
}

fn kinds(ask: &Ask) -> Result<Vec<KindLine>, WebError> {
    let (rules, views) = (&ask.site.retention.rules, &ask.views);
    let newest = views.tombstones(1)?.first().map(|stone| stone.index);
    let counted = ask.site.retention.counts.get(ask.now, newest, || views.held_by_kind())?;
    let held = counted.kinds.iter().map(|held| KindLine {
        kind: held.kind.clone(),
        days: rules.of(&held.kind),
        documents: held.documents,
        bytes: held.bytes,
        oldest: Some(held.oldest),
    });
    let mut rows: Vec<KindLine> = held.collect();
    for (kind, days) in &rules.days {
        if rows.iter().all(|row| row.kind != kind.as_str()) {
            let (kind, days) = (kind.to_string(), Some(*days));
            rows.push(KindLine { kind, days, documents: 0, bytes: 0, oldest: None });
        }
    }
    rows.sort_by(|one, other| one.kind.cmp(&other.kind));
    Ok(rows)
}

fn holds(ask: &Ask) -> Result<Vec<HoldLine>, WebError> {
    let rows = ask.views.holds()?.into_iter().map(|hold| HoldLine {
        hold: hold.id,
        lifted: hold.lifted.as_ref().map(|(_, at, _, _)| *at),
        lifted_by: hold.lifted.map(|(_, _, by, _)| by),
        target: hold.target,
        kind: hold.kind,
        from: hold.from,
        to: hold.to,
        why: hold.reason,
        by: hold.by,
        made: hold.made,
    });
    Ok(rows.collect())
}

fn deletions(ask: &Ask) -> Result<Vec<StoneLine>, WebError> {
    let rows = ask.views.tombstones(STONES)?.into_iter().map(|stone| StoneLine {
        entry: stone.index,
        documents: stone.documents,
        rule: stone.rule,
        by: stone.approver,
        why: stone.reason,
        at: stone.at,
    });
    Ok(rows.collect())
}
