//! Where failures are: controls against groups of targets. A cell counts targets with a failure of a rule that decides the
//! control, waived ones among them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use exhibit_assessment::{ControlId, Strength};

use super::super::{Ask, WebError};
use crate::views::Assessment;

/// The label by which targets are grouped where nobody says otherwise and any target has it.
const USUAL: &str = "environment";
/// The label that every target has.
const ALWAYS: &str = "sort";
/// Groups that have a column of their own; the others share one.
const GROUPS: usize = 12;

/// The picture and its choices.
#[derive(Clone)]
pub(super) struct HeatView {
    pub(super) by: String,
    /// Labels to group by.
    pub(super) keys: Vec<String>,
    /// Name and number of targets.
    pub(super) groups: Vec<(String, usize)>,
    pub(super) rows: Vec<HeatRow>,
}

#[derive(Clone)]
pub(super) struct HeatRow {
    pub(super) control: String,
    pub(super) title: String,
    /// Class and failing targets, in the order of the groups.
    pub(super) cells: Vec<(&'static str, usize)>,
}

pub(super) fn view(ask: &Ask) -> Result<Arc<HeatView>, WebError> {
    let assessment = ask.views.assess(ask.now)?;
    let targets = &assessment.targets;
    // A name of its own is no group.
    let keys: BTreeSet<&str> = targets
        .iter()
        .flat_map(|known| known.labels.iter().map(|(key, _)| key))
        .filter(|key| *key != "name")
        .collect();
    let usual = if keys.contains(USUAL) { USUAL } else { ALWAYS };
    let by =
        ask.query.get("by").map(String::as_str).filter(|by| keys.contains(by)).unwrap_or(usual);
    ask.once(&format!("heat {by}"), || counted(ask, &assessment, by, &keys))
}

fn counted(
    ask: &Ask,
    assessment: &Assessment,
    by: &str,
    keys: &BTreeSet<&str>,
) -> Result<HeatView, WebError> {
    let (views, targets) = (&ask.views, &assessment.targets);
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    let group = |known: &exhibit_assessment::KnownTarget| {
        known.labels.get(by).unwrap_or("without").to_owned()
    };
    let group_of: BTreeMap<&str, String> =
        targets.iter().map(|known| (known.target.as_str(), group(known))).collect();
    for group in group_of.values() {
        *sizes.entry(group.as_str()).or_default() += 1;
    }
    let mut groups: Vec<(String, usize)> =
        sizes.into_iter().map(|(name, size)| (name.to_owned(), size)).collect();
    groups.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    if let Some(rest) = groups.get(GROUPS..).filter(|rest| !rest.is_empty()) {
        let rest = ("others".to_owned(), rest.iter().map(|(_, size)| size).sum());
        groups.truncate(GROUPS);
        groups.push(rest);
    }
    let column = |name: &str| {
        let last = groups.len().saturating_sub(1);
        groups.iter().position(|(group, _)| group == name).unwrap_or(last)
    };
    let mut failing: BTreeMap<ControlId, Vec<BTreeSet<String>>> = BTreeMap::new();
    for (rule, target) in views.failures()? {
        let Some(group) = group_of.get(target.as_str()) else { continue };
        let controls =
            views.assessor().rule(&rule).map_or(&[][..], |rule| rule.controls.as_slice());
        for (control, _) in controls.iter().filter(|(_, strength)| *strength != Strength::Context) {
            let cells =
                failing.entry(*control).or_insert_with(|| vec![BTreeSet::new(); groups.len()]);
            if let Some(cell) = cells.get_mut(column(group)) {
                cell.insert(target.clone());
            }
        }
    }
    let framework = views.assessor().framework();
    let rows = failing.into_iter().map(|(control, cells)| HeatRow {
        title: framework.control(control).map(|known| known.title.clone()).unwrap_or_default(),
        control: control.to_string(),
        cells: groups
            .iter()
            .zip(cells)
            .map(|((_, size), failing)| (class(failing.len(), *size), failing.len()))
            .collect(),
    });
    let rows = rows.collect();
    Ok(HeatView {
        by: by.to_owned(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        groups,
        rows,
    })
}

/// How deep the colour is: nothing, up to a tenth of the group, up to a half, more.
fn class(failing: usize, size: usize) -> &'static str {
    match (failing, size) {
        (0, _) => "h-0",
        (failing, size) if failing * 10 <= size => "h-1",
        (failing, size) if failing * 2 <= size => "h-2",
        _ => "h-3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colour_deepens_with_the_share_of_the_group() {
        let classes = [(0, 100), (1, 100), (10, 100), (11, 100), (50, 100), (51, 100), (1, 1)];
        let classes = classes.map(|(failing, size)| class(failing, size));
        assert_eq!(classes, ["h-0", "h-1", "h-1", "h-2", "h-2", "h-3", "h-3"]);
    }
}
