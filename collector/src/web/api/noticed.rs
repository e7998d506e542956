//! What the collector noticed about agents: numbers that are missing, two statements with one number, another history.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, list};
use super::{Ask, WebError};
use crate::web::pages::noticed;

/// Something that was noticed about an agent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Noticed")]
pub(in crate::web) struct NoticedRow {
    /// Its entry.
    pub(in crate::web) index: u64,
    pub(in crate::web) at: Timestamp,
    /// `gap`, `closed gap`, `conflict`, `fork`, or `fork, by an agent's word`.
    pub(in crate::web) kind: String,
    pub(in crate::web) agent: String,
    /// Name of its host.
    pub(in crate::web) host: String,
    /// What happened, what it means, and what to do.
    pub(in crate::web) what: String,
    pub(in crate::web) means: String,
    pub(in crate::web) action: String,
    /// Whether it is still so.
    pub(in crate::web) stands: bool,
    /// Other things that were noticed before it and not logged, because there were too many.
    pub(in crate::web) suppressed: u64,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        list(
            "/log/noticed",
            "Log",
            "Gaps, conflicts and forks of all agents: the newest 500",
            |ask| noticed::rows(ask, None),
        ),
        list(
            "/agents/{agent}/noticed",
            "Agents",
            "Gaps, conflicts and forks of one agent: the newest 500",
            of_agent,
        ),
    ]
}

fn of_agent(ask: &Ask) -> Result<Vec<NoticedRow>, WebError> {
    let agent = ask.param(0);
    let missing = || WebError::NotFound(format!("agent {agent:?}"));
    let known = ask.views.agent(agent)?.ok_or_else(missing)?;
    noticed::rows(ask, Some(&known.id))
}
