//! What changes with the labels of targets: verdicts of rules that read them, from the entry on that changed the labels.

use std::collections::BTreeMap;

use exhibit_assessment::Labels;
use exhibit_assessment::decisions::{LABEL, LABEL_RULES};
use exhibit_proto::document::Target;
use exhibit_proto::statement::{Decision, Heartbeat};
use rusqlite::OptionalExtension as _;

use super::{At, Refused, evidence};
use crate::views::{ViewsError, labels};

/// The targets whose labels an entry may change.
pub(super) enum Whose {
    Nobody,
    Of(Vec<String>),
    All,
}

impl Whose {
    /// Of a decision.
    pub(super) fn decided(said: &Decision) -> Self {
        match said.register.as_str() {
            LABEL => Self::Of(vec![said.id.clone()]),
            LABEL_RULES => Self::All,
            _ => Self::Nobody,
        }
    }
}

/// Does what may change labels, and judges the newest documents again of targets that have others then.
pub(super) fn around(
    at: &At<'_>,
    whose: &Whose,
    change: impl FnOnce() -> Result<(), Refused>,
) -> Result<(), Refused> {
    let before = of(at, whose)?;
    change()?;
    let after = of(at, whose)?;
    for target in after.iter().filter(|(target, labels)| before.get(*target) != Some(*labels)) {
        for kind in at.assessor.labelled_kinds() {
            evidence::again(at, target.0, kind)?;
        }
    }
    Ok(())
}

/// Nothing where no rule reads labels.
fn of(at: &At<'_>, whose: &Whose) -> Result<BTreeMap<String, Labels>, ViewsError> {
    if at.assessor.labelled_kinds().next().is_none() {
        return Ok(BTreeMap::new());
    }
    match whose {
        Whose::Nobody => Ok(BTreeMap::new()),
        Whose::All => labels::all(at.tx, at.assessor),
        Whose::Of(targets) => {
            let mut all = BTreeMap::new();
            for target in targets {
                if let Some(labels) = labels::of(at.tx, at.assessor, target)? {
                    all.insert(target.clone(), labels);
                }
            }
            Ok(all)
        }
    }
}

/// Names and labels as a heartbeat says them, of targets that its agent was granted last.
pub(super) fn said(at: &At<'_>, agent: &str, beat: &Heartbeat) -> Result<(), Refused> {
    let mut ask = at.tx.prepare_cached("SELECT id, name FROM targets WHERE agent = ?1")?;
    let own = ask.query_map([agent], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (target, name) in own.collect::<Result<Vec<(String, String)>, _>>()? {
        let said = labels_of(beat, &target).filter(|labels| labels.iter().next().is_some());
        let said = said.map(|labels| serde_json::to_string(&labels).unwrap_or_default());
        let mut ask = at.tx.prepare_cached(
            "SELECT labels FROM said_labels WHERE target = ?1 AND to_index IS NULL",
        )?;
        let held: Option<String> = ask.query_row([&target], |row| row.get(0)).optional()?;
        let renamed = target.starts_with("host:") && name != beat.host_name;
        if !renamed && held == said {
            continue;
        }
        around(at, &Whose::Of(vec![target.clone()]), || {
            if renamed {
                at.tx
                    .prepare_cached("UPDATE targets SET name = ?2 WHERE id = ?1")?
                    .execute((&target, &beat.host_name))?;
            }
            if held != said {
                turn(at, &target, said.as_deref())?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The labels that a heartbeat gives a target; what cannot be labels is none.
fn labels_of(beat: &Heartbeat, target: &str) -> Option<Labels> {
    let given = beat.labels.get(&target.parse::<Target>().ok()?)?;
    Labels::try_from(given.clone()).ok()
}

fn turn(at: &At<'_>, target: &str, labels: Option<&str>) -> Result<(), ViewsError> {
    at.tx
        .prepare_cached(
            "UPDATE said_labels SET to_index = ?2 WHERE target = ?1 AND to_index IS NULL",
        )?
        .execute((target, at.index()))?;
    if let Some(labels) = labels {
        at.tx.prepare_cached("INSERT INTO said_labels VALUES (?1, ?2, NULL, ?3)")?.execute((
            target,
            at.index(),
            labels,
        ))?;
    }
    Ok(())
}
