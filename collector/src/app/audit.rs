//! Audits at the command line: what stands, lists of requests, the bundle of an audit.

use std::path::Path;

use anyhow::Context as _;
use exhibit_assessment::decisions::{Audits, REQUEST};
use jiff::Timestamp;

use super::open::views;
use super::{DecisionMade, Keys, decided, tools};
use crate::audit::{Imported, Scope};
use crate::config::Config;
use crate::export::Summary;

/// The audit room as it is in force.
pub fn audits(config: &Config) -> anyhow::Result<Audits> {
    Ok(views(config, &Keys::load(config)?)?.people()?.audits)
}

/// Makes the requests of a list, one after the other; works while `serve` runs.
pub fn import_requests(
    config: &Config,
    rows: Vec<Imported>,
    (by, reason): (&str, &str),
    now: Timestamp,
) -> anyhow::Result<Vec<DecisionMade>> {
    let (mut made, all) = (Vec::new(), rows.len());
    for row in rows {
        let id = decided::next_id(config, REQUEST, now)?;
        let line = row.line;
        let done = decided::decide(config, row.decision(id, by, reason), None, now);
        let done = done.with_context(|| {
            format!("{} of {all} requests were taken; the one of line {line}", made.len())
        });
        made.push(done?);
    }
    Ok(made)
}

/// Writes the bundle of an audit; works while `serve` runs. The index of the entry that says so comes with it.
pub fn export_audit(
    config: &Config,
    id: &str,
    (by, out): (&str, &Path),
    now: Timestamp,
) -> anyhow::Result<(Summary, u64)> {
    let views = views(config, &Keys::load(config)?)?;
    let held = views.people()?.audits;
    let selection = Scope::of(&views, id, &held)?.selection();
    drop(views);
    tools::export(config, &selection, false, (by, out), now)
}
