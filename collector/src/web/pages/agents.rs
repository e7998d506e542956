//! Agents: who observes, how they are, and what they cannot see.

use askama::Template;
use axum::response::Response;

use super::controls::ListPage;
use super::noticed::{self, Alarms};
use super::{super::html, Ask, WebError, target_href};
use crate::views::{AgentRow, EntryFilter};
use crate::web::api::agents::Health;
use crate::web::listed::Listed;
use crate::web::table::{
    Cell, Table, TableView, choice, code, column, count, encode, moment, number, text,
};
use crate::web::words::{self, Moment};
use crate::web::{Frame, api};

/// Entries shown on an agent's page.
const ENTRIES: u32 = 30;

#[derive(Template)]
#[template(path = "agent.html")]
struct AgentPage {
    frame: Frame,
    agent: AgentRow,
    health: &'static str,
    last_seen: Moment,
    enrolled: Moment,
    revoked: Option<Moment>,
    /// The certificate that it showed last: digest, end, when.
    certificate: Option<(String, Moment, Moment)>,
    past: bool,
    interval: String,
    offset: String,
    targets: Vec<(String, String)>,
    alarms: Alarms,
    noticed: TableView,
    unseen: TableView,
    schedule: TableView,
    entries: TableView,
}

pub(in crate::web) fn list(ask: &Ask) -> Result<Response, WebError> {
    html(&ListPage {
        frame: ask.frame("Agents", "agents"),
        title: "Agents",
        intro: "The programs that observe. An agent is silent when it has not spoken for twice the time it named itself.",
        table: listed().page(ask, choices(ask)?)?,
    })
}

pub(in crate::web) fn csv(ask: &Ask) -> Result<Response, WebError> {
    listed().csv(ask, "agents", api::agents::each)
}

fn listed() -> Listed<api::agents::AgentRow> {
    let table = Table {
        id: "main",
        caption: "Agents".into(),
        columns: vec![
            column("host", "Host"),
            choice("health", "Health"),
            choice("version", "Version"),
            column("seen", "Last heard"),
            number("unseen", "Cannot see"),
            number("spool", "Spool"),
            number("offset", "Clock offset"),
            number("missing", "Missing statements"),
            number("dropped", "Dropped"),
        ],
        rows: Vec::new(),
        empty: "No agent is enrolled. Make a token with `exhibit-collector token create`; it prints the command to run \
                on the host.",
        csv: Some("/agents.csv".into()),
    };
    Listed { table, names: &[], few: &[], part: api::agents::part, cells }
}

fn choices(ask: &Ask) -> Result<Vec<(&'static str, Vec<String>)>, WebError> {
    let healths = [Health::Silent, Health::Speaking, Health::Revoked].map(Health::as_str);
    let healths = healths.map(str::to_owned).into_iter().collect();
    Ok(vec![("health", healths), ("version", ask.views.agent_versions()?)])
}

fn cells(ask: &Ask, agent: api::agents::AgentRow) -> Vec<Cell> {
    let unknown = |number: Option<u64>| number.map_or_else(|| text("not told"), count);
    vec![
        text(agent.host).link(format!("/agents/{}", encode(&agent.agent))),
        text(agent.health.as_str()),
        text(agent.version.unwrap_or_else(|| "not told".into())),
        moment(Some(ask.moment(agent.seen))).link(format!("/entries/{}", agent.last_index)),
        count(agent.unseen),
        unknown(agent.spool),
        text(offset(agent.offset)),
        count(agent.missing),
        count(agent.dropped),
    ]
}

fn offset(millis: Option<i64>) -> String {
    millis.map_or_else(|| "not told".into(), |millis| format!("{millis:+} ms"))
}

/// The agent that the address names.
fn of_address(ask: &Ask) -> Result<AgentRow, WebError> {
    let missing = || WebError::NotFound(format!("agent {:?}", ask.param(0)));
    ask.views.agent(ask.param(0))?.ok_or_else(missing)
}

pub(in crate::web) fn unseen_table(ask: &Ask) -> Result<Table, WebError> {
    unseen(ask, &of_address(ask)?)
}

pub(in crate::web) fn schedule_table(ask: &Ask) -> Result<Table, WebError> {
    schedule(ask, &of_address(ask)?)
}

pub(in crate::web) fn noticed_table(ask: &Ask) -> Result<Table, WebError> {
    noticed::table(ask, Some(&of_address(ask)?.id))
}

pub(in crate::web) fn entries_table(ask: &Ask) -> Result<Table, WebError> {
    entries(ask, &of_address(ask)?)
}

/// Where a list of an agent is taken away.
fn csv_of(agent: &AgentRow, list: &str) -> String {
    format!("/agents/{}/{list}.csv", encode(&agent.id))
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let agent = of_address(ask)?;
    let names = ask.views.names_of(agent.targets.iter().map(String::as_str))?;
    let targets = agent
        .targets
        .iter()
        .map(|target| (names.get(target).unwrap_or(target).clone(), target_href(target)));
    html(&AgentPage {
        frame: ask.frame(agent.host_name.clone(), "agents"),
        health: api::agents::health(ask, &agent).as_str(),
        last_seen: ask.moment(agent.last_seen),
        enrolled: ask.moment(agent.enrolled),
        revoked: agent.revoked.as_ref().map(|revoked| ask.moment(revoked.at)),
        certificate: api::agents::shown_certificate(ask, &agent.id).map(|shown| {
            (shown.digest.to_string(), ask.moment(shown.expires), ask.moment(shown.at))
        }),
        past: ask.is_past(),
        interval: agent.interval_seconds.map_or_else(|| "not told".into(), words::length),
        offset: offset(agent.clock_offset_ms),
        targets: targets.collect(),
        alarms: noticed::alarms(ask, Some(&agent.id))?,
        noticed: noticed::table(ask, Some(&agent.id))?.view(&ask.path, &ask.query),
        unseen: unseen(ask, &agent)?.view(&ask.path, &ask.query),
        schedule: schedule(ask, &agent)?.view(&ask.path, &ask.query),
        entries: entries(ask, &agent)?.view(&ask.path, &ask.query),
        agent,
    })
}

fn unseen(ask: &Ask, agent: &AgentRow) -> Result<Table, WebError> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for row in &ask.views.gaps_of_agent(&agent.id)? {
        for gap in &row.gaps {
            rows.push(vec![
                code(row.kind.clone()).note(row.target.clone()),
                super::targets::outcome_cell(&gap.outcome),
                text(gap.detail.clone()),
                text(gap.remedy.clone()),
                moment(Some(ask.moment(row.first_seen))),
            ]);
        }
    }
    Ok(Table {
        id: "unseen",
        caption: "What this agent could not, or not wholly, see".into(),
        columns: vec![
            column("kind", "Kind"),
            choice("outcome", "Outcome"),
            column("detail", "What happened"),
            column("remedy", "What would change it"),
            column("since", "So since"),
        ],
        rows,
        empty: "Everything that it looked for was seen.",
        csv: Some(csv_of(agent, "unseen")),
    })
}

fn schedule(ask: &Ask, agent: &AgentRow) -> Result<Table, WebError> {
    let items = ask.views.schedules_of_agent(&agent.id)?.into_iter();
    let rows = items.map(|item| {
        vec![
            text(item.kind).note(item.target),
            code(item.cron),
            text(format!("entry {}", item.from_index))
                .link(format!("/entries/{}", item.from_index)),
        ]
    });
    Ok(Table {
        id: "schedule",
        caption: "What it will observe, by its newest heartbeat".into(),
        columns: vec![
            column("kind", "Kind"),
            column("cron", "Cron (UTC)"),
            column("since", "Since"),
        ],
        rows: rows.collect(),
        empty: "It has not sent a heartbeat yet; the first one carries its schedule.",
        csv: Some(csv_of(agent, "schedule")),
    })
}

fn entries(ask: &Ask, agent: &AgentRow) -> Result<Table, WebError> {
    let filter = EntryFilter { agent: Some(agent.id.clone()), ..EntryFilter::default() };
    let entries = ask.views.entries(&filter, ENTRIES)?;
    let rows = entries.iter().map(|entry| super::log::row(ask, entry, Some(&agent.host_name)));
    Ok(super::log::entries_table(
        "entries",
        "Its newest entries",
        rows.collect(),
        csv_of(agent, "entries"),
    ))
}
