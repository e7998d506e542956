//! The past: what changed between two moments, and when evidence was lacking.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::operation::{Operation, Taken, list, long, one};
use super::words::{ControlText, StatusWord, VerdictWord};
use super::{Ask, WebError};
use crate::views::{Asked, Comparison, Event, Part, Side, Turn};
use crate::web::pages::history::{self, compare, lapses};
use exhibit_assessment::{ControlId, Status};

/// What changed between two moments.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Comparison")]
struct Compared {
    from: SideLine,
    to: SideLine,
    /// Controls whose status is another.
    controls: Vec<ControlLine>,
    /// Findings that turned: `/history/compare/turned` lists them.
    turned: u64,
    /// What else happened: decisions, packs, enrolments, silence.
    events: Vec<EventLine>,
}

/// One of the two moments.
#[derive(Serialize, JsonSchema)]
struct SideLine {
    as_of: String,
    at: Timestamp,
    /// Entries of the log that stood then.
    entries: u64,
    /// The rule pack in force.
    pack: String,
    pack_digest: String,
    /// When its statuses were judged, where that is not the moment itself: at the full hour before it. Whoever asks again later has
    /// those of the moment.
    judged: Option<Timestamp>,
}

/// A control whose status is another.
#[derive(Serialize, JsonSchema)]
struct ControlLine {
    control: String,
    title: String,
    #[schemars(with = "StatusWord")]
    was: Status,
    #[schemars(with = "StatusWord")]
    is: Status,
    /// Reasons of the second moment that the first did not have, in words; and how many more.
    came: Vec<String>,
    more_came: u64,
    went: Vec<String>,
    more_went: u64,
    /// Findings that turned, of rules that decide about it.
    turned: u64,
}

/// A finding that turned.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Turn")]
struct TurnLine {
    at: Timestamp,
    /// The entry that turned it.
    index: u64,
    rule: String,
    target: String,
    name: String,
    kind: String,
    /// Null: it is the first of the rule about the target.
    was: Option<String>,
    #[schemars(with = "VerdictWord")]
    is: String,
    message: String,
}

/// What happened in between.
#[derive(Serialize, JsonSchema)]
struct EventLine {
    index: Option<u64>,
    at: Timestamp,
    /// `decided`, `pack`, `enrolled`, `revoked`, `retired`, `silent`, `speaks`.
    what: String,
    by: Option<String>,
    text: String,
}

/// An interval without valid evidence of one kind on one target.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Lapse")]
struct LapseRow {
    target: String,
    name: String,
    kind: String,
    begin: Timestamp,
    end: Timestamp,
    /// Still so at the end of the period.
    open: bool,
    last_seen: Option<Timestamp>,
    /// The shortest window of the rules that decide by the kind, in hours.
    window: u32,
    cause: String,
    /// What the plugin said, where that is the cause.
    detail: String,
    remedy: String,
    controls: Vec<String>,
}

/// How many controls had each status at a moment.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StatusesAtMoment")]
struct NumbersRow {
    at: Timestamp,
    not_met: u64,
    no_evidence: u64,
    stale: u64,
    met: u64,
    manual: u64,
    excluded: u64,
}

/// A control whose status is another on the second day.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TurnedControl")]
struct TurnedRow {
    #[schemars(with = "ControlText")]
    control: ControlId,
    #[schemars(with = "StatusWord")]
    was: Status,
    #[schemars(with = "StatusWord")]
    is: Status,
    /// The full hour since which it is so.
    since: Timestamp,
    /// Targets that passed, and all that were judged, on the first and on the second day.
    passing_was: u64,
    targets_was: u64,
    passing_is: u64,
    targets_is: u64,
}

pub(super) fn operations() -> Vec<Operation> {
    let days = || {
        let taken = |name: &str, about: &str| {
            Taken::new(name, about, json!({"type": "string", "format": "date"}))
        };
        vec![
            taken("from", "The end of this day (UTC); 30 days before the other where nobody says."),
            taken("to", "The same; now where nobody says."),
        ]
    };
    let moments = || {
        let taken = |name: &str, about: &str| Taken::new(name, about, json!({"type": "string"}));
        vec![
            taken(
                "from",
                "A day, a time, or the number of an entry; 30 days before the end where nobody says.",
            ),
            taken("to", "The same; now where nobody says."),
        ]
    };
    vec![
        list(
            "/history/statuses",
            "History",
            "How many controls had each status at moments of a period, newest first",
            numbers,
        )
        .taking(days()),
        list(
            "/history/differing",
            "History",
            "Controls whose status is another on the second day than on the first",
            differing,
        )
        .taking(days()),
        one("/history/compare", "History", "What changed between two moments, and why", compared)
            .only_now()
            .taking(moments()),
        long(
            "/history/compare/turned",
            "History",
            "Findings that turned between two moments, in the order of their entries",
            turned,
        )
        .only_now()
        .taking(moments()),
        list(
            "/history/lapses",
            "History",
            "Intervals of a period in which a kind had no valid evidence; a `target` makes it quick",
            without,
        )
        .only_now()
        .taking(moments())
        .taking(vec![Taken::new(
            "part",
            "Of more than 200 targets so many as are looked at for one answer: 25 in the order of their ids, from part 1 on.",
            json!({"type": "integer", "minimum": 1, "maximum": u32::MAX}),
        )]),
    ]
}

fn compared(ask: &Ask) -> Result<Compared, WebError> {
    let (_, _, found) = compare::compared(ask)?;
    let Comparison { from, to, controls, turned, events } = found;
    let words = |reasons: Vec<exhibit_assessment::Reason>| {
        reasons.into_iter().map(|reason| reason.text).collect()
    };
    let controls = controls.into_iter().map(|change| ControlLine {
        control: change.control.to_string(),
        title: change.title,
        was: change.was,
        is: change.is,
        came: words(change.came),
        more_came: change.more_came,
        went: words(change.went),
        more_went: change.more_went,
        turned: change.turned,
    });
    Ok(Compared {
        from: side(from),
        to: side(to),
        controls: controls.collect(),
        turned,
        events: events.into_iter().map(event).collect(),
    })
}

fn side(side: Side) -> SideLine {
    let Side { as_of, at, entries, pack_version, pack, judged } = side;
    SideLine { as_of, at, entries, pack: pack_version, pack_digest: pack, judged }
}

fn turned(ask: &Ask, asked: &Asked) -> Result<Part<TurnLine>, WebError> {
    let Part { rows, fitting, all } = compare::turned_part(ask, asked)?;
    Ok(Part { rows: rows.into_iter().map(turn).collect(), fitting, all })
}

fn turn(turn: Turn) -> TurnLine {
    TurnLine {
        index: turn.index,
        at: turn.at,
        rule: turn.rule,
        target: turn.target,
        name: turn.name,
        kind: turn.kind,
        was: turn.was,
        is: turn.is,
        message: turn.message,
    }
}

fn event(event: Event) -> EventLine {
    EventLine {
        index: event.index,
        at: event.at,
        what: event.what.as_str().to_owned(),
        by: event.by,
        text: event.text,
    }
}

fn without(ask: &Ask) -> Result<Vec<LapseRow>, WebError> {
    let rows = lapses::whole(ask)?.into_iter().map(|lapse| LapseRow {
        target: lapse.target,
        name: lapse.name,
        kind: lapse.kind,
        begin: lapse.from,
        end: lapse.to,
        open: lapse.open,
        last_seen: lapse.last_seen,
        window: lapse.window_hours,
        cause: lapse.cause.as_str().to_owned(),
        detail: lapse.detail,
        remedy: lapse.remedy,
        controls: lapse.controls.iter().map(|(control, _)| control.to_string()).collect(),
    });
    Ok(rows.collect())
}

fn numbers(ask: &Ask) -> Result<Vec<NumbersRow>, WebError> {
    let rows = history::statuses(ask)?.into_iter().map(|(at, counted)| {
        let with = |status| history::of(&counted, status);
        NumbersRow {
            at,
            not_met: with(Status::NotMet),
            no_evidence: with(Status::NoEvidence),
            stale: with(Status::Stale),
            met: with(Status::Met),
            manual: with(Status::Manual),
            excluded: with(Status::Excluded),
        }
    });
    Ok(rows.collect())
}

fn differing(ask: &Ask) -> Result<Vec<TurnedRow>, WebError> {
    let rows = history::turned(ask)?.into_iter().map(|(was, is)| TurnedRow {
        control: is.control,
        was: was.status,
        is: is.status,
        since: is.from,
        passing_was: was.passing,
        targets_was: was.targets,
        passing_is: is.passing,
        targets_is: is.targets,
    });
    Ok(rows.collect())
}
