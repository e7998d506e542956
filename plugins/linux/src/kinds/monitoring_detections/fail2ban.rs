//! fail2ban: jails that are switched on, and bans by jail. The addresses that were banned stay here.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::monitoring_detections::{DetectionState, Sensor};

use super::{Watch, day};
use crate::{kinds::patch_status, log_files, look::Look, services};

const FOLDER: &str = "/etc/fail2ban";
const LOG: &str = "/var/log/fail2ban.log";

pub(super) fn read(look: &mut Look<'_>, watch: &mut Watch) {
    let service = services::find(look, "fail2ban.service", "fail2ban-server");
    if service.is_none() && !look.host.exists("/usr/bin/fail2ban-server") {
        return;
    }
    let rules = jails(look);
    let (mut last, mut readable) = (None, true);
    for path in log_files::generations(look, LOG) {
        readable &= log_files::each_line(look, &path, |line| {
            if let Some((jail, time)) = ban(line)
                && let Some(day) = patch_status::local_time(time, &watch.zone).map(day)
            {
                last = last.max(Some(day));
                if day >= watch.from {
                    watch.counts.add("fail2ban", jail, None, DetectionState::Acted, day);
                }
            }
            true
        });
    }
    watch.sensors.push(Sensor {
        name: "fail2ban".to_owned(),
        active: service.and_then(|service| service.active),
        enabled: service.and_then(|service| service.enabled),
        rules,
        last_event: last,
        readable,
    });
}

/// Jail and time of `2026-11-20 06:00:00,123 fail2ban.actions [1]: NOTICE  [sshd] Ban 192.0.2.1`.
fn ban(line: &str) -> Option<(&str, &str)> {
    let (before, _address) = line.split_once("] Ban ")?;
    let jail = before.rsplit_once('[')?.1;
    Some((jail, line.get(..19)?))
}

/// Sections that are switched on, in the order in which fail2ban reads its files.
fn jails(look: &mut Look<'_>) -> Vec<String> {
    let mut files = vec![format!("{FOLDER}/jail.conf")];
    let parts = look.names(&format!("{FOLDER}/jail.d")).here().unwrap_or_default();
    let (conf, local): (Vec<_>, Vec<_>) = parts
        .into_iter()
        .filter(|name| name.ends_with(".conf") || name.ends_with(".local"))
        .map(|name| format!("{FOLDER}/jail.d/{name}"))
        .partition(|name| name.ends_with(".conf"));
    files.extend(conf);
    files.push(format!("{FOLDER}/jail.local"));
    files.extend(local);
    let mut enabled: BTreeMap<String, Option<bool>> = BTreeMap::new();
    for path in files {
        let Some(text) = look.text(&path).here() else { continue };
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                name.clone_into(&mut section);
                enabled.entry(section.clone()).or_default();
            } else if let Some((key, value)) = line.split_once('=')
                && key.trim() == "enabled"
            {
                let on = ["true", "yes", "1", "on"]
                    .contains(&value.trim().to_ascii_lowercase().as_str());
                enabled.insert(section.clone(), Some(on));
            }
        }
    }
    let default = enabled.get("DEFAULT").copied().flatten().unwrap_or(false);
    let jails = enabled.into_iter().filter(|(name, _)| name != "DEFAULT" && name != "INCLUDES");
    jails.filter(|(_, on)| on.unwrap_or(default)).map(|(name, _)| name).collect()
}
