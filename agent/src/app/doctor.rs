//! `doctor`: tries every kind once as the schedule would, tells what is seen and what is not, and looks after what the agent
//! itself stands on. It stores nothing, and sends nothing unless `--online` asks the collector for an answer.

mod checks;
mod text;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use exhibit_proto::document::Kind;
use exhibit_proto::statement::{Observed, Outcome, Vetoes};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::catalog::Catalog;
use super::commands::Rehearsal;
use super::observe::Work;
use super::{clock, say};
use crate::app;
use crate::cli;
use crate::config::Config;
use crate::doctor::{Finding, Lines, Tried, find, lines};

use checks::{Check, Health};

/// Everything that `doctor` tells.
#[derive(Debug, Serialize)]
struct Told {
    /// True when everything that is configured here can be seen, and no check failed.
    fine: bool,
    /// Rights that the plugins had while they were tried.
    privileges: Vec<String>,
    /// What the operator forbids on this host.
    vetoes: Vetoes,
    checks: Vec<Check>,
    kinds: Vec<Finding>,
    systemd: Lines,
}

pub(super) async fn show(path: &Path, arguments: &cli::Doctor) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    let mut checks = checks::standing(&config, clock()).await;
    if arguments.online {
        checks.push(checks::collector(&config).await);
    }
    let (kinds, privileges) = match tried(&config, &arguments.kinds).await {
        Ok(tried) => tried,
        // A damaged state directory is what the checks are about: they are still told.
        Err(error) => {
            checks.push(Check::fails("trial", app::told(&error), "mend what the checks name"));
            (Vec::new(), Vec::new())
        }
    };
    let fine = !kinds.iter().any(|kind| kind.lacking)
        && !checks.iter().any(|check| check.health == Health::Fails);
    let vetoes = config.vetoes();
    let told = Told { fine, privileges, vetoes, checks, systemd: lines(&kinds), kinds };
    if arguments.json {
        say(&serde_json::to_string(&told)?)?;
    } else {
        say(&told.lines().join("\n"))?;
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Runs every kind as the schedule would: those of one cron line share a run and its deadline.
async fn tried(config: &Config, only: &[Kind]) -> anyhow::Result<(Vec<Finding>, Vec<String>)> {
    let rehearsal = Rehearsal::of(config)?;
    let catalog = Catalog::ask(config, |_plugin| None).await;
    let kinds = if only.is_empty() { catalog.wanted() } else { only.to_vec() };
    let mut runs = BTreeMap::<&str, Vec<Kind>>::new();
    for kind in kinds {
        runs.entry(config.schedule.of(&kind).text()).or_default().push(kind);
    }
    let (mut findings, mut privileges) = (Vec::new(), Vec::new());
    let stop = CancellationToken::new();
    for kinds in runs.values() {
        let Rehearsal { recorder, target, .. } = &rehearsal;
        let work =
            Work { catalog: &catalog, recorder, target, limits: &config.limits, stop: &stop };
        let report = work.observe(kinds, &mut drop).await;
        privileges.extend(report.documents.iter().map(|seen| seen.privileges.clone()));
        findings.extend(kinds.iter().map(|kind| {
            let unit = catalog.unit(kind);
            finding(config, kind, &unit, &report.documents, &report.outcomes)
        }));
    }
    findings.sort_by(|one, other| one.kind.cmp(&other.kind));
    privileges.sort();
    privileges.dedup();
    Ok((findings, privileges))
}

fn finding(
    config: &Config,
    kind: &Kind,
    unit: &str,
    seen: &[Observed],
    outcomes: &[Outcome],
) -> Finding {
    let chosen =
        |kinds: &Option<Vec<Kind>>| kinds.as_ref().is_some_and(|kinds| kinds.contains(kind));
    let tried = Tried {
        document: seen.iter().any(|seen| seen.kind == *kind),
        vetoed: config.deny.contains(kind),
        named: config.schedule.kinds.contains_key(kind)
            || config.plugins.iter().any(|plugin| chosen(&plugin.kinds)),
    };
    let own: Vec<Outcome> = outcomes.iter().filter(|told| told.kind == *kind).cloned().collect();
    find(kind, unit, tried, &own)
}
