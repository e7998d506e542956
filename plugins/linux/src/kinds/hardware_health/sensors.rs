//! Sensors, memory controllers, supplies, UPS and firmware. A part is only as good or bad as its own limits say.

use std::time::Duration;

use exhibit_plugin::kinds::hardware_health::Part;

use super::part;
use crate::{look::Look, services, tool::Tool};

pub(super) fn all(look: &mut Look<'_>) -> Vec<Part> {
    let mut found = monitors(look);
    found.extend(memory(look));
    found.extend(supplies(look));
    found.extend(firmware(look));
    found.extend(nut(look));
    found.extend(apc(look));
    found
}

fn number(look: &Look<'_>, path: &str) -> Option<i64> {
    look.host.text(path).ok().flatten()?.trim().parse().ok()
}

fn word(look: &Look<'_>, path: &str) -> Option<String> {
    let text = look.host.text(path).ok().flatten()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn monitors(look: &mut Look<'_>) -> Vec<Part> {
    const FOLDER: &str = "/sys/class/hwmon";
    let mut found = Vec::new();
    for monitor in look.names(FOLDER).here().unwrap_or_default() {
        let folder = format!("{FOLDER}/{monitor}");
        let chip = word(look, &format!("{folder}/name")).unwrap_or_else(|| "unknown".to_owned());
        let files = look.host.names(&folder).ok().flatten().unwrap_or_default();
        let sensors = files.iter().filter_map(|file| {
            let (sensor, what) = file.split_once('_')?;
            (what == "input" || what == "alarm").then_some(sensor)
        });
        let mut sensors: Vec<&str> = sensors.collect();
        sensors.dedup();
        for sensor in sensors {
            let kind = match sensor.trim_end_matches(|c: char| c.is_ascii_digit()) {
                "temp" => "temperature",
                "fan" => "fan",
                "in" => "voltage",
                "power" => "power",
                _ => continue,
            };
            let read = |what: &str| number(look, &format!("{folder}/{sensor}_{what}"));
            let alarm = read("alarm").or_else(|| read("crit_alarm")).map(|alarm| alarm != 0);
            let over = read("input").zip(read("crit").filter(|limit| *limit > 0));
            let over = over.map(|(now, limit)| kind == "temperature" && now >= limit);
            let state = match (alarm, over) {
                (Some(true), _) | (_, Some(true)) => "failed",
                (Some(false), _) | (_, Some(false)) => "ok",
                (None, None) => "unknown",
            };
            found.push(part(kind, &format!("{chip}/{monitor}/{sensor}"), state, &folder));
        }
    }
    found
}

fn memory(look: &mut Look<'_>) -> Vec<Part> {
    const FOLDER: &str = "/sys/devices/system/edac/mc";
    let names = look.names(FOLDER).here().unwrap_or_default();
    let controllers = names.iter().filter(|name| name.starts_with("mc"));
    let read = |name: &String| {
        let folder = format!("{FOLDER}/{name}");
        let lost = number(look, &format!("{folder}/ue_count"))?;
        let mended = number(look, &format!("{folder}/ce_count"))?;
        let state = match (lost, mended) {
            (0, 0) => "ok",
            (0, _) => "warning",
            _ => "failed",
        };
        let mut one = part("memory", name, state, &folder);
        one.settings.insert("uncorrected".to_owned(), lost.to_string());
        Some(one)
    };
    controllers.filter_map(read).collect()
}

fn supplies(look: &mut Look<'_>) -> Vec<Part> {
    const FOLDER: &str = "/sys/class/power_supply";
    let names = look.names(FOLDER).here().unwrap_or_default();
    let read = |name: &String| {
        let folder = format!("{FOLDER}/{name}");
        let kind = match word(look, &format!("{folder}/type"))?.as_str() {
            "Battery" => "battery",
            "UPS" => "ups",
            _ => return None,
        };
        let health = word(look, &format!("{folder}/health"));
        let state = match health.as_deref() {
            Some("Good") => "ok",
            Some("Unknown") | None => "unknown",
            Some("Dead" | "Unspecified failure") => "failed",
            Some(_) => "warning",
        };
        let mut one = part(kind, name, state, &folder);
        let pair = |unit: &str| {
            let full = number(look, &format!("{folder}/{unit}_full"))?;
            let design =
                number(look, &format!("{folder}/{unit}_full_design")).filter(|full| *full > 0)?;
            // In steps of ten, since it moves with each charge.
            full.checked_mul(10)?.checked_div(design)?.checked_mul(10)
        };
        if let Some(percent) = pair("energy").or_else(|| pair("charge")) {
            one.settings.insert("capacity_percent".to_owned(), percent.to_string());
        }
        Some(one)
    };
    names.iter().filter_map(read).collect()
}

fn firmware(look: &mut Look<'_>) -> Option<Part> {
    let date = look.text("/sys/class/dmi/id/bios_date").here()?;
    let mut one = part("firmware", "bios", "unknown", "/sys/class/dmi/id/bios_date");
    let fields: Vec<&str> = date.trim().split('/').collect();
    if let [month, day, year] = fields.as_slice() {
        one.settings.insert("released".to_owned(), format!("{year}-{month}-{day}"));
    }
    if let Some(version) = word(look, "/sys/class/dmi/id/bios_version") {
        one.settings.insert("version".to_owned(), version);
    }
    Some(one)
}

/// Units of Network UPS Tools that are attached here; the server on this host is asked, no other.
fn nut(look: &mut Look<'_>) -> Vec<Part> {
    let text = look.text("/etc/nut/ups.conf").here().unwrap_or_default();
    let names = text.lines().filter_map(|line| line.trim().strip_prefix('[')?.strip_suffix(']'));
    let plain = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let names: Vec<&str> = names.filter(plain).take(16).collect();
    let unit = ["nut-server.service", "upsd.service"];
    let is_there = unit.into_iter().any(|unit| services::is_installed(&look.host, unit));
    let mut found = Vec::new();
    for name in names {
        let mut one = part("ups", name, "unknown", "/etc/nut/ups.conf");
        if look.host.is_live() && is_there {
            let target = format!("{name}@127.0.0.1");
            let tool = Tool::new("upsc", &[&target]).timeout(Duration::from_secs(3));
            if let Some(output) = look.run(&tool) {
                let value = |key: &str| {
                    let lines = output.stdout.lines().filter_map(|line| line.split_once(": "));
                    lines.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value.trim())
                };
                if let Some(status) = value("ups.status") {
                    one.state = ups_state(status).to_owned();
                }
                if let Some(date) = value("battery.date") {
                    one.settings.insert("battery_date".to_owned(), date.to_owned());
                }
            }
        }
        found.push(one);
    }
    found
}

fn apc(look: &mut Look<'_>) -> Option<Part> {
    const PATH: &str = "/var/log/apcupsd.status";
    let text = look.text(PATH).here()?;
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
    };
    let status = value("STATUS")?;
    let name = value("UPSNAME").unwrap_or_else(|| "apcupsd".to_owned());
    let mut one = part("ups", &name, ups_state(&status), PATH);
    if let Some(date) = value("BATTDATE") {
        one.settings.insert("battery_date".to_owned(), date);
    }
    Some(one)
}

/// Words of NUT and of apcupsd.
fn ups_state(status: &str) -> &'static str {
    let has = |word: &str| status.split_whitespace().any(|found| found == word);
    if has("LB") || has("LOWBATT") || has("COMMLOST") || has("SHUTTING") {
        "failed"
    } else if has("RB")
        || has("REPLACEBATT")
        || has("OB")
        || has("ONBATT")
        || has("OVER")
        || has("OVERLOAD")
    {
        "warning"
    } else if has("OL") || has("ONLINE") {
        "ok"
    } else {
        "unknown"
    }
}
