//! What needs a person now, by what it is. Each says why it is here, since when, and where it is acted upon.

use exhibit_assessment::{ControlStatus, Standing, Status};
use jiff::{SignedDuration, Timestamp};

use super::super::decisions::{href, title};
use super::super::witnessed::WitnessedView;
use super::super::{Ask, WebError};
use crate::people::Right;
use crate::views::Assessment;
use crate::web::decide::form_href;
use crate::web::table::encode;
use crate::web::words::{self, Moment, Word};

/// Lines of one group before the rest is only counted.
const SHOWN: usize = 8;
/// What was not so then is new.
const NEW: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Evidence whose window ends so soon is told before it does.
const SOON: SignedDuration = SignedDuration::from_hours(12);
/// So long before their day attestations and waivers are told.
const AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Tasks of one sort.
pub(in crate::web) struct Group {
    pub(in crate::web) id: &'static str,
    pub(super) title: &'static str,
    /// Why these are here, in a sentence.
    pub(super) why: &'static str,
    pub(in crate::web) tasks: Vec<Task>,
    /// How many are not shown, and where they all are.
    pub(super) more: usize,
    pub(super) all: String,
}

impl Group {
    /// As many as a page shows; the rest is counted.
    pub(super) fn shown(mut self) -> Self {
        self.more = self.tasks.len().saturating_sub(SHOWN);
        self.tasks.truncate(SHOWN);
        self
    }
}

/// One thing that a person does something about.
pub(in crate::web) struct Task {
    pub(in crate::web) word: Word,
    pub(in crate::web) title: String,
    pub(in crate::web) href: String,
    pub(in crate::web) note: String,
    pub(in crate::web) at: Option<Moment>,
    /// What to do: words and address.
    pub(in crate::web) act: (&'static str, String),
}

/// Every group that has a task, the most urgent first.
pub(super) fn all(
    ask: &Ask,
    assessment: &Assessment,
    witnessed: &WitnessedView,
) -> Result<Vec<Group>, WebError> {
    let groups = [
        approvals(ask)?,
        not_met(ask, assessment)?,
        stale(ask, assessment),
        silent(ask, assessment),
        due(ask, assessment),
        waivers(ask, assessment),
        outside(witnessed),
    ];
    // What witnesses said is known of now alone.
    let told = |group: &Group| !(group.tasks.is_empty() || ask.is_past() && group.id == "outside");
    Ok(groups.into_iter().filter(told).collect())
}

fn group(
    (id, title, why): (&'static str, &'static str, &'static str),
    all: impl Into<String>,
    tasks: Vec<Task>,
) -> Group {
    Group { id, title, why, tasks, more: 0, all: all.into() }
}

/// Proposals that wait for another person.
fn approvals(ask: &Ask) -> Result<Group, WebError> {
    let waits =
        Word { class: "stale", label: "proposed", icon: words::WAITS, meaning: WAITS, order: 0 };
    let tasks = ask.views.waiting()?.into_iter().map(|row| {
        let place = href(&row.register, &row.id);
        // Nobody approves what they proposed themselves.
        let may = ask.who.may(Right::Approve) && row.by != ask.who.user;
        let act = if may { "Look and approve" } else { "Look" };
        Task {
            word: waits,
            title: format!("{} {}", title(&row.register), row.id),
            href: place.clone(),
            note: format!("{}: {}", row.by, row.reason),
            at: Some(ask.moment(row.at)),
            act: (act, place),
        }
    });
    let about = ("approvals", "Waits for approval", WAITS);
    Ok(group(about, "/decisions?standing=proposed", tasks.collect()))
}

const WAITS: &str = "Somebody proposed it; it counts for nothing until another person approves it.";

fn not_met(ask: &Ask, assessment: &Assessment) -> Result<Group, WebError> {
    let then = ask.now.checked_sub(NEW).unwrap_or(Timestamp::MIN);
    let before = ask.views.statuses_at(then)?;
    let was = |status: &ControlStatus| {
        before.iter().find(|row| row.control == status.control).map(|row| row.status)
    };
    let failing = assessment.statuses.iter().filter(|status| status.status == Status::NotMet);
    let new = failing.filter(|status| was(status) != Some(Status::NotMet)).map(|status| {
        let counts = &status.counts;
        let before = was(status).map_or("not judged", |was| words::status(was).label);
        let failing = number(counts.targets_failing, "failing target");
        let id = status.control.to_string();
        Task {
            act: ("See why", format!("/controls/{id}#reasons")),
            note: format!("{failing}; a week ago it was {before}"),
            ..control(ask, status)
        }
    });
    let about = (
        "not-met",
        "Newly not met",
        "The newest evidence breaks a rule on these controls, and a week ago it did not.",
    );
    Ok(group(about, "/controls?status=not%20met", new.collect()))
}

fn stale(ask: &Ask, assessment: &Assessment) -> Group {
    let soon = ask.now.saturating_add(SOON).unwrap_or(Timestamp::MAX);
    let ends = |status: &&ControlStatus| match status.status {
        Status::Stale => true,
        Status::Met => status.fresh_until.is_some_and(|until| until < soon),
        Status::NotMet | Status::NoEvidence | Status::Manual | Status::Excluded => false,
    };
    let mut ending: Vec<&ControlStatus> = assessment.statuses.iter().filter(ends).collect();
    ending.sort_by_key(|status| status.fresh_until);
    let tasks = ending.into_iter().map(|status| {
        let id = status.control.to_string();
        let note = if status.status == Status::Stale {
            "some evidence has left its freshness window"
        } else {
            "its first evidence leaves the freshness window soon"
        };
        Task {
            note: note.to_owned(),
            at: status.fresh_until.map(|until| ask.moment(until)),
            act: ("Which evidence", format!("/controls/{id}#findings")),
            ..control(ask, status)
        }
    });
    let about = (
        "stale",
        "Stale, or going stale",
        "Rules pass, but on evidence that is too old, or will be within twelve hours if nothing newer comes.",
    );
    group(about, "/controls?status=stale", tasks.collect())
}

/// A control as a task, without what is to be done.
fn control(ask: &Ask, status: &ControlStatus) -> Task {
    let framework = ask.views.assessor().framework();
    let id = status.control.to_string();
    let title = framework.control(status.control).map(|control| control.title.clone());
    let href = format!("/controls/{id}");
    Task {
        word: words::status(status.status),
        title: format!("{id} {}", title.unwrap_or_default()),
        act: ("Open", href.clone()),
        href,
        note: String::new(),
        at: None,
    }
}

fn silent(ask: &Ask, assessment: &Assessment) -> Group {
    const MEANING: &str = "It has not spoken for twice the time that it named itself.";
    let word = Word {
        class: "no_evidence",
        label: "silent",
        icon: words::UNKNOWN,
        meaning: MEANING,
        order: 0,
    };
    let tasks = assessment.silent.iter().map(|agent| {
        let href = format!("/agents/{}", encode(&agent.agent));
        Task {
            word,
            title: agent.host_name.clone(),
            note: "last heard".to_owned(),
            at: Some(ask.moment(agent.since)),
            act: ("Open the agent", href.clone()),
            href,
        }
    });
    let about =
        ("silent", "Silent agents", "Nothing is known of these hosts since they fell silent.");
    group(about, "/agents", tasks.collect())
}

/// Attestations and reviews of what people brought.
fn due(ask: &Ask, assessment: &Assessment) -> Group {
    let until = ask.now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut tasks: Vec<(Timestamp, Task)> = Vec::new();
    for (name, duty) in assessment.people.duties.iter().filter(|(_, duty)| duty.due() < until) {
        let task = Task {
            word: day(ask.now, duty.due(), "overdue", "due"),
            title: format!("Attest {}", duty.control),
            href: href("attestation", name),
            note: format!("{} attests every {} days", duty.owner, duty.every_days),
            at: Some(ask.moment(duty.due())),
            act: ("Attest", form_href("attested", &[("id", name)])),
        };
        tasks.push((duty.due(), task));
    }
    let papers = assessment.people.manual.iter().filter(|paper| paper.stale_from() < until);
    for paper in papers {
        let task = Task {
            word: day(ask.now, paper.stale_from(), "overdue", "review"),
            title: format!("{} {}", paper.control, paper.title),
            href: href("manual_evidence", &paper.id),
            note: format!("{}, brought by {}", paper.id, paper.by),
            at: Some(ask.moment(paper.stale_from())),
            act: ("Renew", form_href("manual_evidence", &[("id", &paper.id)])),
        };
        tasks.push((paper.stale_from(), task));
    }
    tasks.sort_by_key(|(at, _)| *at);
    let about = (
        "due",
        "Attestations and reviews",
        "What people have to say or look at again; past its day it counts no longer.",
    );
    group(about, of("attestation"), tasks.into_iter().map(|(_, task)| task).collect())
}

fn waivers(ask: &Ask, assessment: &Assessment) -> Group {
    let until = ask.now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let ending =
        assessment.people.waivers.iter().filter(|waiver| {
            waiver.standing(ask.now) == Standing::InEffect && waiver.until < until
        });
    let mut tasks: Vec<(Timestamp, Task)> = ending
        .map(|waiver| {
            let state = assessment.waivers.iter().find(|state| state.id == waiver.id);
            let failures = state.map_or(0, |state| state.failures);
            let task = Task {
                word: day(ask.now, waiver.until, "ended", "ends"),
                title: format!("Waiver {}", waiver.id),
                href: href("waiver", &waiver.id),
                note: format!("covers {}: {}", number(failures, "failure"), waiver.reason),
                at: Some(ask.moment(waiver.until)),
                act: ("Renew or let it end", form_href("waiver", &[("id", &waiver.id)])),
            };
            (waiver.until, task)
        })
        .collect();
    tasks.sort_by_key(|(at, _)| *at);
    let about = ("waivers", "Waivers that end", "Their failures count again from that day on.");
    group(about, of("waiver"), tasks.into_iter().map(|(_, task)| task).collect())
}

/// Nobody outside holds the log to what it said.
fn outside(witnessed: &WitnessedView) -> Group {
    const MEANING: &str = "Nobody outside has signed a head of this log.";
    let tasks = match (&witnessed.newest, witnessed.configured) {
        (Some(_), _) => Vec::new(),
        (None, configured) => {
            let word = Word {
                class: "stale",
                label: "not witnessed",
                icon: words::WAITS,
                meaning: MEANING,
                order: 0,
            };
            let (note, act) = if configured {
                ("its witnesses have not cosigned enough of any head yet", "What they say")
            } else {
                (
                    "a rewritten log would be noticed only by those who remember an older head",
                    "How to mend it",
                )
            };
            let href = "/log".to_owned();
            let title = "The log has no outside witness".to_owned();
            vec![Task {
                word,
                title,
                note: note.to_owned(),
                at: None,
                act: (act, href.clone()),
                href,
            }]
        }
    };
    group(("outside", "The log itself", MEANING), "/log", tasks)
}

fn number(of: u64, what: &str) -> String {
    if of == 1 { format!("1 {what}") } else { format!("{of} {what}s") }
}

/// Where all records of a register are.
fn of(register: &str) -> String {
    format!("/decisions?register={}", encode(&title(register)))
}

/// A day by which something is to be done.
fn day(now: Timestamp, until: Timestamp, past: &'static str, ahead: &'static str) -> Word {
    let over = until <= now;
    let (class, label) = if over { ("not_met", past) } else { ("stale", ahead) };
    Word {
        class,
        label,
        icon: words::WAITS,
        meaning: "By the day that stands beside it.",
        order: 0,
    }
}
