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
pub(in crate::web) struct HeatView {
    pub(in crate::web) by: String,
    /// Labels to group by.
    pub(in crate::web) keys: Vec<String>,
    /// Name and number of targets.
    pub(in crate::web) groups: Vec<(String, usize)>,
    pub(in crate::web) rows: Vec<HeatRow>,
}

#[derive(Clone)]
pub(in crate::web) struct HeatRow {
    pub(in crate::web) control: String,
    pub(in crate::web) title: String,
    /// Class and failing targets, in the order of the groups.
    pub(in crate::web) cells: Vec<(&'static str, usize)>,
}

pub(in crate::web) fn view(ask: &Ask) -> Result<Arc<HeatView>, WebError> {
    let assessment = ask.views.shown(ask.now)?;
    let known = keys(&assessment);
    let usual = if known.contains(USUAL) { USUAL } else { ALWAYS };
    let by =
        ask.query.get("by").map(String::as_str).filter(|by| known.contains(by)).unwrap_or(usual);
    let by = by.to_owned();
    ask.standing(&format!("heat {by}"), move |ask| {
        let assessment = ask.views.shown(ask.now)?;
        counted(ask, &assessment, &by, &keys(&assessment))
    })
}

/// Labels that targets have. A name of its own is no group.
fn keys(assessment: &Assessment) -> BTreeSet<&str> {
    let labels = assessment.targets.iter().flat_map(|known| known.labels.iter());
    labels.map(|(key, _)| key).filter(|key| *key != "name").collect()
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
