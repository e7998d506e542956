//! History of apt (one paragraph a transaction), or dpkg's log by day where apt keeps none. It keeps no command line.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::sdlc_change_records::{Change, ChangeResult};
use jiff::tz::TimeZone;

use super::{Records, packages};
use crate::{debian, kinds::patch_status, log_files, look::Look};

const HISTORY: &str = "/var/log/apt/history.log";
const DPKG: &str = "/var/log/dpkg.log";
const ACTIONS: [&str; 6] = ["install", "reinstall", "upgrade", "downgrade", "remove", "purge"];

pub(super) fn read(look: &mut Look<'_>, records: &mut Records) {
    let files = log_files::generations(look, HISTORY);
    if files.is_empty() {
        dpkg(look, records);
        return;
    }
    let (mut oldest, mut whole) = (None, true);
    for path in files {
        let mut text = String::new();
        whole &= log_files::each_line(look, &path, |line| {
            text.push_str(line);
            text.push('\n');
            true
        });
        for (_, fields) in debian::paragraphs(&text) {
            let Some(change) = change(&fields, &records.zone) else { continue };
            oldest = [oldest, Some(change.at)].into_iter().flatten().min();
            records.changes.push(change);
        }
        if oldest.is_some_and(|time| time < records.since) {
            break;
        }
    }
    records.source("apt", oldest, whole);
}

fn change(fields: &BTreeMap<String, String>, zone: &TimeZone) -> Option<Change> {
    let at = patch_status::local_time(fields.get("start-date")?, zone)?;
    let actions: Vec<(&str, Vec<String>)> = ACTIONS
        .iter()
        .map(|action| (*action, fields.get(*action).map(|list| names(list)).unwrap_or_default()))
        .collect();
    let actor = fields.get("requested-by").and_then(|text| text.split_whitespace().next());
    let mut change = packages("apt", at, at.to_string(), actor.map(str::to_owned), &actions);
    let command = fields.get("commandline").map(String::as_str).unwrap_or_default();
    change.automatic = Some(command.contains("unattended-upgrade"));
    change.result = match (fields.contains_key("error"), fields.contains_key("end-date")) {
        (true, _) => ChangeResult::Failure,
        (false, true) => ChangeResult::Success,
        // Broken off, or still running.
        (false, false) => ChangeResult::Unknown,
    };
    Some(change)
}

/// Names in `x:amd64 (1.0, automatic), y:amd64 (1, 2)`.
fn names(list: &str) -> Vec<String> {
    list.split("), ")
        .filter_map(|part| part.split([':', ' ']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn dpkg(look: &mut Look<'_>, records: &mut Records) {
    let files = log_files::generations(look, DPKG);
    if files.is_empty() {
        return;
    }
    let mut days: BTreeMap<String, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    let mut whole = true;
    for path in files {
        whole &= log_files::each_line(look, &path, |line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [day, _clock, action, package, ..] = words.as_slice()
                && let Some(action) = ACTIONS.iter().find(|known| *known == action)
            {
                let name = package.split(':').next().unwrap_or_default().to_owned();
                days.entry((*day).to_owned()).or_default().entry(action).or_default().push(name);
            }
            true
        });
    }
    let mut oldest = None;
    for (day, actions) in days {
        let Some(at) = patch_status::local_time(&format!("{day} 00:00:00"), &records.zone) else {
            continue;
        };
        oldest = oldest.or(Some(at));
        let actions: Vec<(&str, Vec<String>)> = actions.into_iter().collect();
        records.changes.push(packages("dpkg", at, day, None, &actions));
    }
    records.source("dpkg", oldest, whole);
}
