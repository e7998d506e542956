//! What the collector noticed about agents, in words: what happened, what it means, what to do.

use std::collections::BTreeMap;

use exhibit_proto::statement::{Conflict, Fork, Gap, Over};
use jiff::SignedDuration;

use super::{Ask, WebError};
use crate::log::RECOVERY;
use crate::views::{NoticeRow, NoticeWhat};
use crate::web::api::noticed::NoticedRow;
use crate::web::table::{Table, choice, column, encode, moment, number, text};
use crate::web::words::Moment;

/// Rows of the table on the log page and on an agent's page.
const ROWS: u32 = 500;
/// Lines of the alarm before the rest is only counted.
const SHOWN: usize = 6;
/// Gaps and conflicts older than this are history: the log page has them. A proven fork never is.
const FRESH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// One line of an alarm.
pub(in crate::web) struct Alarm {
    pub(in crate::web) title: String,
    pub(in crate::web) href: String,
    pub(in crate::web) name: String,
    pub(in crate::web) what: String,
    /// Empty where the entry's own page says it.
    pub(in crate::web) means: &'static str,
    pub(in crate::web) action: String,
    pub(in crate::web) at: Moment,
    /// Where the help page explains it.
    pub(in crate::web) help: &'static str,
}

/// What stands on top of a page.
pub(in crate::web) struct Alarms {
    pub(in crate::web) shown: Vec<Alarm>,
    pub(in crate::web) more: usize,
}

/// One thing in words.
pub(in crate::web) struct Words {
    kind: &'static str,
    pub(in crate::web) what: String,
    pub(in crate::web) means: &'static str,
    pub(in crate::web) action: String,
    help: &'static str,
    /// Whether it is still so.
    pub(in crate::web) stands: bool,
}

impl Alarms {
    /// As many as a page shows; the rest is counted.
    pub(super) fn of(all: Vec<Alarm>) -> Self {
        let more = all.len().saturating_sub(SHOWN);
        Self { shown: all.into_iter().take(SHOWN).collect(), more }
    }
}

pub(super) fn alarms(ask: &Ask, agent: Option<&str>) -> Result<Alarms, WebError> {
    Ok(Alarms::of(all_alarms(ask, agent)?))
}

/// What needs somebody now, worst first: agents that know a larger log, forks, conflicts, gaps; of one agent, or of all.
pub(super) fn all_alarms(ask: &Ask, agent: Option<&str>) -> Result<Vec<Alarm>, WebError> {
    let names = ask.agent_names()?;
    let mut all: Vec<(u8, Alarm)> = Vec::new();
    for (id, larger) in ask.site.ahead.all() {
        if ask.is_past() || agent.is_some_and(|agent| agent != id) {
            continue;
        }
        let words = larger_log(larger.known, larger.ours, larger.signed.is_some());
        let (means, at) = (words.means, ask.moment(larger.at));
        let alarm = alarm(words, format!("/agents/{}", encode(&id)), name(&names, &id), at);
        let order = if larger.signed.is_some() { 0 } else { 1 };
        all.push((order, Alarm { means, ..alarm }));
    }
    for row in ask.views.notices(agent, ROWS)? {
        let proven = matches!(&row.what, NoticeWhat::Fork(fork) if fork.signed.is_some());
        if !row.stands() || !proven && ask.now.duration_since(row.at) > FRESH {
            continue;
        }
        let order = match &row.what {
            NoticeWhat::Fork(_) if proven => 2,
            NoticeWhat::Fork(_) => 3,
            NoticeWhat::Conflict(_) => 4,
            NoticeWhat::Gap { .. } => 5,
        };
        let (href, name) = (format!("/entries/{}", row.index), name(&names, &row.agent));
        all.push((order, alarm(words(&row), href, name, ask.moment(row.at))));
    }
    all.sort_by_key(|(order, _)| *order);
    Ok(all.into_iter().map(|(_, alarm)| alarm).collect())
}

/// What entry `index` is about, if it is one of the newest about that agent.
pub(super) fn of_entry(ask: &Ask, agent: &str, index: u64) -> Result<Option<Words>, WebError> {
    let rows = ask.views.notices(Some(agent), ROWS)?;
    Ok(rows.iter().find(|row| row.index == index).map(|row| {
        let words = words(row);
        Words { what: capital(&words.what), ..words }
    }))
}

/// The newest of them, newest first.
pub(in crate::web) fn rows(ask: &Ask, agent: Option<&str>) -> Result<Vec<NoticedRow>, WebError> {
    let names = ask.agent_names()?;
    let rows = ask.views.notices(agent, ROWS)?;
    let rows = rows.iter().map(|row| {
        let words = words(row);
        NoticedRow {
            index: row.index,
            at: row.at,
            kind: words.kind.to_owned(),
            host: name(&names, &row.agent),
            agent: row.agent.clone(),
            what: capital(&words.what),
            means: words.means.to_owned(),
            // What is shown is plain text.
            action: words.action.replace('`', ""),
            stands: words.stands,
            suppressed: row.suppressed,
        }
    });
    Ok(rows.collect())
}

/// The same as a list.
pub(super) fn table(ask: &Ask, agent: Option<&str>) -> Result<Table, WebError> {
    let csv = match agent {
        Some(agent) => format!("/agents/{}/noticed.csv", encode(agent)),
        None => "/log/noticed.csv".to_owned(),
    };
    let rows = rows(ask, agent)?.into_iter().map(|row| {
        let more = match row.suppressed {
            0 => String::new(),
            more => format!(" {more} more things were noticed of this agent and not logged: too many in an hour."),
        };
        vec![
            text(row.kind),
            text(row.host).link(format!("/agents/{}", encode(&row.agent))),
            text(format!("{}.", row.what)).note(format!("{}{more}", row.means)),
            text(row.action),
            moment(Some(ask.moment(row.at))),
            text(row.index.to_string())
                .sort(format!("{:020}", row.index))
                .link(format!("/entries/{}", row.index)),
        ]
    });
    Ok(Table {
        id: "noticed",
        caption: "Gaps, conflicts and forks, newest first".into(),
        columns: vec![
            choice("kind", "Type"),
            choice("agent", "Agent"),
            column("what", "What happened, and what it means"),
            column("action", "What to do"),
            column("at", "When"),
            number("entry", "Entry"),
        ],
        rows: rows.collect(),
        empty: "None: every statement that came followed the one before it, and every head that agents hold is this \
                log's past.",
        csv: Some(csv),
    })
}

fn alarm(words: Words, href: String, name: String, at: Moment) -> Alarm {
    let Words { kind, what, action, help, .. } = words;
    Alarm { title: capital(kind), href, name, what, means: "", action, at, help }
}

fn name(names: &BTreeMap<String, String>, id: &str) -> String {
    names.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

fn words(row: &NoticeRow) -> Words {
    match &row.what {
        NoticeWhat::Gap { gap, open } => gap_words(gap, *open),
        NoticeWhat::Conflict(conflict) => conflict_words(conflict),
        NoticeWhat::Fork(fork) => fork_words(fork),
    }
}

fn gap_words(gap: &Gap, open: u64) -> Words {
    let numbers = if gap.from == gap.to {
        format!("statement {}", gap.from)
    } else {
        format!("statements {} to {}", gap.from, gap.to)
    };
    let (kind, what, action) = if open == 0 {
        (
            "closed gap",
            format!("{numbers} came after later ones"),
            "Nothing: all of them came.".to_owned(),
        )
    } else {
        let action = "Run `exhibit-agent status` on the host: statements that were set aside are listed there, with the \
                      reason. If there are none, ask why its state was changed.";
        ("gap", format!("{numbers} never came; {open} still missing"), action.to_owned())
    };
    let means = if open == 0 {
        "They had waited, or had been set aside, while later ones came: their higher index in the log shows it."
    } else {
        "An agent numbers its statements without a break and never drops one, so what is missing was lost, set aside, or \
         left out on purpose."
    };
    Words { kind, what, means, action, stands: open > 0, help: "gap" }
}

fn conflict_words(conflict: &Conflict) -> Words {
    let what = match conflict.over {
        Over::Number => format!("one key signed two statements number {}", conflict.seq),
        Over::Predecessor => {
            format!("statement {} names another predecessor than the one in the log", conflict.seq)
        }
    };
    Words {
        kind: "conflict",
        what,
        means: "Two agents use one key (a cloned host, a restored state directory), or somebody copied the key. Both \
                envelopes are kept; the second one was refused.",
        action: "Find the second agent, revoke this one with `exhibit-collector revoke`, and enrol both hosts anew."
            .to_owned(),
        help: "conflict",
        stands: true,
    }
}

fn fork_words(fork: &Fork) -> Words {
    match &fork.signed {
        Some(_) => Words {
            kind: "fork",
            what: format!(
                "the agent holds a head over {} entries that this log's key signed, with another root",
                fork.size
            ),
            means: "Two histories exist under this log's key: an old backup was restored, the data directory was copied, or \
                    the log was rewritten. The signed head is the proof, for anybody.",
            action: "Tell your auditor. Find the other copy of the data directory; if this is the wrong one, stop and bring \
                     back the newest. Otherwise begin a log with another origin."
                .to_owned(),
            help: "fork",
            stands: true,
        },
        None => Words {
            kind: "fork, by an agent's word",
            what: format!(
                "a statement of the agent names another root for {} entries than this log has",
                fork.size
            ),
            means: "Either this log showed that agent another history, or the agent does not tell the truth: no signature of \
                    the log stands behind its word.",
            action: "Run `exhibit-agent status` on the host: an agent that saw a fork keeps the signed heads, and shows them \
                     to the collector when it connects."
                .to_owned(),
            help: "fork",
            stands: true,
        },
    }
}

/// Of no entry: adding one to a log that has lost its end would make a second history of it.
fn larger_log(known: u64, ours: u64, proven: bool) -> Words {
    let action =
        format!("Stop the collector, and bring back the newest data directory. {RECOVERY}.");
    let (what, means) = if proven {
        (
            format!(
                "holds a head over {known} entries that this log's key signed; this log had {ours}"
            ),
            "An old backup was restored, or this is a copy. Nothing is admitted from any agent.",
        )
    } else {
        (
            format!("says that it has verified {known} entries of this log, which had {ours}"),
            "An old backup may have been restored. Nothing is admitted from this agent.",
        )
    };
    Words { kind: "a larger log", what, means, action, help: "larger", stands: true }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
