//! What needs a person now, and what changed lately.

use exhibit_assessment::score;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::frameworks::StatusCount;
use super::operation::{Operation, list, one};
use super::words::TaskWord;
use super::{Ask, WebError};
use crate::web::pages::today::{Group, latest, stand};

/// How things stand, in numbers.
#[derive(Serialize, JsonSchema)]
struct Today {
    /// How many controls have each status.
    statuses: Vec<StatusCount>,
    /// The single score in whole percent; null: switched off, or nothing to tell.
    score: Option<u64>,
    targets: u64,
    agents: u64,
    /// Entries of the log.
    entries: u64,
    /// Damaged things in the stored log; none is known of an earlier moment.
    damaged: u64,
    /// How many tasks there are in each group that has any, the most urgent first.
    tasks: Vec<TaskCount>,
    /// What the collector noticed about agents and still stands, worst first.
    alarms: Vec<AlarmLine>,
}

/// How many tasks are in a group.
#[derive(Serialize, JsonSchema)]
struct TaskCount {
    #[schemars(with = "TaskWord")]
    group: String,
    tasks: u64,
}

/// Something that was noticed and needs somebody.
#[derive(Serialize, JsonSchema)]
struct AlarmLine {
    title: String,
    /// Name of the agent's host.
    host: String,
    what: String,
    action: String,
    at: Timestamp,
    /// The page that shows it.
    page: String,
}

/// One thing that a person does something about.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Task")]
struct TaskRow {
    #[schemars(with = "TaskWord")]
    group: String,
    title: String,
    /// How it stands, in a word: `not met`, `silent`, `overdue`, `ends`, …
    standing: String,
    /// Why it is here.
    note: String,
    /// Since when, or by when.
    at: Option<Timestamp>,
    /// What to do, and the page where it is done; null for whoever may not.
    act: Option<String>,
    act_page: Option<String>,
    /// The page that shows it.
    page: String,
}

/// Something that changed lately.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Change")]
struct ChangeRow {
    at: Timestamp,
    title: String,
    note: String,
    /// Of a verdict that turned: what it was, and what it is; null of other things.
    was: Option<String>,
    is: Option<String>,
    /// The page that shows it.
    page: String,
}

pub(super) fn operations() -> Vec<Operation> {
    let tag = "Today";
    vec![
        one("/today", tag, "How things stand, in numbers, and what was noticed", numbers),
        list("/today/tasks", tag, "What needs a person now, the most urgent first", tasks),
        list("/today/changes", tag, "What changed lately, newest first", changes),
    ]
}

fn numbers(ask: &Ask) -> Result<Today, WebError> {
    let stand = stand(ask)?;
    let counts = stand.assessment.counts().into_iter();
    let alarms = stand.alarms.into_iter().map(|alarm| AlarmLine {
        title: alarm.title,
        host: alarm.name,
        what: alarm.what,
        action: alarm.action,
        at: alarm.at.at,
        page: alarm.href,
    });
    Ok(Today {
        statuses: counts
            .map(|(status, number)| StatusCount { status, controls: number as u64 })
            .collect(),
        score: score(&stand.assessment.statuses, ask.site.score).map(|score| score.percent),
        targets: stand.targets as u64,
        agents: stand.agents as u64,
        entries: stand.size,
        damaged: stand.damaged as u64,
        tasks: stand
            .groups
            .iter()
            .map(|group| TaskCount { group: word(group), tasks: group.tasks.len() as u64 })
            .collect(),
        alarms: alarms.collect(),
    })
}

fn tasks(ask: &Ask) -> Result<Vec<TaskRow>, WebError> {
    let (groups, frame) = (stand(ask)?.groups.into_iter(), ask.frame("Today", "today"));
    let rows = groups.flat_map(|group| {
        let named = word(&group);
        let rows = group.tasks.into_iter().map(|task| {
            let (act, act_page) = Some(task.act).filter(|act| frame.may_open(&act.1)).unzip();
            TaskRow {
                group: named.clone(),
                title: task.title,
                standing: task.word.label.to_owned(),
                note: task.note,
                at: task.at.map(|at| at.at),
                act: act.map(str::to_owned),
                act_page,
                page: task.href,
            }
        });
        rows.collect::<Vec<_>>()
    });
    Ok(rows.collect())
}

/// A group in a word.
fn word(group: &Group) -> String {
    group.id.replace('-', "_")
}

fn changes(ask: &Ask) -> Result<Vec<ChangeRow>, WebError> {
    let rows = latest(ask)?.into_iter().map(|news| ChangeRow {
        at: news.at.at,
        title: news.title,
        note: news.note,
        was: news.was.map(str::to_owned),
        is: news.word.map(|word| word.label.to_owned()),
        page: news.href,
    });
    Ok(rows.collect())
}
