//! Timers of systemd with the service that each starts, from their unit files and drop-ins.

use std::collections::BTreeMap;

use super::Planned;
use crate::{look::Look, services};

/// Highest precedence first.
const FOLDERS: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
const SPANS: [&str; 5] =
    ["OnBootSec", "OnStartupSec", "OnActiveSec", "OnUnitActiveSec", "OnUnitInactiveSec"];

pub(super) fn find(look: &mut Look<'_>) -> Vec<Planned> {
    let mut timers: BTreeMap<String, String> = BTreeMap::new();
    for folder in FOLDERS {
        for name in look.names(folder).here().unwrap_or_default() {
            // A template is started under other names.
            if name.ends_with(".timer") && !name.ends_with("@.timer") {
                let path = format!("{folder}/{name}");
                timers.entry(name).or_insert(path);
            }
        }
    }
    let planned = timers.into_iter().map(|(name, path)| planned(look, name, path));
    planned.collect()
}

fn planned(look: &mut Look<'_>, name: String, path: String) -> Planned {
    let timer = unit(look, &name).unwrap_or_default();
    let stem = name.strip_suffix(".timer").unwrap_or(&name);
    let service = values(&timer, "Unit").pop().unwrap_or_else(|| format!("{stem}.service"));
    let text = unit(look, &service);
    let mut schedule = values(&timer, "OnCalendar");
    for key in SPANS {
        schedule.extend(values(&timer, key).into_iter().map(|value| format!("{key}={value}")));
    }
    Planned {
        kind: "timer",
        owner: text
            .as_ref()
            .map(|text| values(text, "User").pop().unwrap_or_else(|| "root".to_owned())),
        schedule: Some(schedule.join(", ")).filter(|text| !text.is_empty()),
        enabled: Some(services::is_wanted(&look.host, &name)),
        command: text
            .map(|text| values(&text, "ExecStart").join(" ; "))
            .filter(|text| !text.is_empty()),
        service: Some(service),
        next: None,
        source: path,
        name,
    }
}

/// Text of a unit with its drop-ins after it; none when there is no such unit.
fn unit(look: &mut Look<'_>, name: &str) -> Option<String> {
    let mut text = FOLDERS.iter().find_map(|folder| look.part(&format!("{folder}/{name}")))?;
    let mut parts: BTreeMap<String, String> = BTreeMap::new();
    for folder in FOLDERS {
        let folder = format!("{folder}/{name}.d");
        for part in look.host.names(&folder).ok().flatten().unwrap_or_default() {
            if part.ends_with(".conf") {
                let path = format!("{folder}/{part}");
                parts.entry(part).or_insert(path);
            }
        }
    }
    for path in parts.into_values() {
        text.push('\n');
        text.push_str(&look.part(&path).unwrap_or_default());
    }
    Some(text)
}

/// Every assignment of a key, in order; an empty one clears those before.
fn values(text: &str, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
        if name.trim() == key {
            if value.trim().is_empty() {
                found.clear();
            } else {
                found.push(value.trim().to_owned());
            }
        }
    }
    found
}
