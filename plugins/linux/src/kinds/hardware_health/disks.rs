//! Disks as smartctl describes them. A disk that sleeps is left asleep.

use std::time::Duration;

use exhibit_plugin::{OutcomeKind, kinds::hardware_health::Part};
use serde_json::Value;

use super::part;
use crate::{
    look::Look,
    tool::{self, Tool},
};

const HOURS_A_YEAR: u64 = 8_766;
/// Disks that smartctl is asked about; each costs a process.
const MAX_DISKS: usize = 64;

pub(super) fn all(look: &mut Look<'_>) -> Vec<Part> {
    let passing = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "zd"];
    let mut names = look.names("/sys/block").here().unwrap_or_default();
    names.retain(|name| !passing.iter().any(|prefix| name.starts_with(prefix)));
    if names.is_empty() {
        return Vec::new();
    }
    if tool::find("smartctl").is_none() {
        look.seen.outcome(
            OutcomeKind::ToolMissing,
            format!(
                "smartctl is not installed, so the health of {} disks is not known",
                names.len()
            ),
            "install smartmontools",
        );
        return Vec::new();
    }
    if names.len() > MAX_DISKS {
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!("{} disks, of which the first {MAX_DISKS} were asked", names.len()),
            "nothing needs to be done for those that are listed",
        );
    }
    let mut found = Vec::new();
    for name in names.iter().take(MAX_DISKS) {
        let device = format!("/dev/{name}");
        let arguments = ["--nocheck=standby", "-H", "-A", "-j", &device];
        let tool = Tool::new("smartctl", &arguments).timeout(Duration::from_secs(5));
        let Some(output) = look.run(&tool) else { continue };
        let read = serde_json::from_str(&output.stdout).ok();
        match read.and_then(|answer: Value| self::read(name, &answer, &tool.line())) {
            Some(one) => found.push(one),
            None => {
                look.seen.outcome(
                    OutcomeKind::Denied,
                    format!("smartctl tells no health of {device}; it {}", output.fault()),
                    "run the plugin as root; a disk behind a RAID controller, or one that sleeps, does not answer",
                );
            }
        }
    }
    found
}

/// One answer; none when it says nothing of health.
pub(super) fn read(name: &str, answer: &Value, source: &str) -> Option<Part> {
    let passed = answer["smart_status"]["passed"].as_bool()?;
    let mut one = part("disk", name, "ok", source);
    let mut note = |key: &str, value: Option<u64>| {
        if let Some(value) = value {
            one.settings.insert(key.to_owned(), value.to_string());
        }
        value.unwrap_or(0)
    };
    note(
        "power_on_years",
        answer["power_on_time"]["hours"].as_u64().map(|hours| hours / HOURS_A_YEAR),
    );
    let table = answer["ata_smart_attributes"]["table"].as_array();
    let table = table.map(Vec::as_slice).unwrap_or_default();
    let raw = |id: u64| table.iter().find(|row| row["id"] == id)?["raw"]["value"].as_u64();
    let mut faults =
        note("reallocated", raw(5)) + note("pending", raw(197)) + note("uncorrectable", raw(198));
    let nvme = &answer["nvme_smart_health_information_log"];
    faults += note("media_errors", nvme["media_errors"].as_u64());
    // In steps of ten, since it grows with every write.
    let used = note("used_percent", nvme["percentage_used"].as_u64().map(|used| used / 10 * 10));
    let state = match (passed, faults > 0 || used >= 100) {
        (false, _) => "failed",
        (true, true) => "warning",
        (true, false) => "ok",
    };
    one.state = state.to_owned();
    Some(one)
}
