//! Collects the configured time sources of every known program; it never asks whether they answer.

use exhibit_plugin::kinds::time_sync::Source;

use super::answers;
use crate::glob;
use crate::look::Look;
use crate::systemd_conf;

const CHRONY: [&str; 2] = ["/etc/chrony/chrony.conf", "/etc/chrony.conf"];
const NTP: [&str; 3] = ["/etc/ntpsec/ntp.conf", "/etc/ntp.conf", "/etc/openntpd/ntpd.conf"];

pub(super) fn all(look: &mut Look<'_>) -> Vec<Source> {
    let mut found = Vec::new();
    for file in CHRONY {
        chrony(look, file, 0, &mut found);
    }
    for file in NTP {
        if let Some(text) = look.text(file).here() {
            found.extend(answers::ntp_config(&text, file));
        }
    }
    timesyncd(look, &mut found);
    found
}

/// Deeper includes are a loop or a riddle.
const MAX_DEPTH: u8 = 8;

fn chrony(look: &mut Look<'_>, file: &str, depth: u8, found: &mut Vec<Source>) {
    let Some(text) = look.text(file).here() else { return };
    let config = answers::chrony_config(&text, file);
    found.extend(config.sources);
    if depth >= MAX_DEPTH {
        return look.garbled(file, "includes go deeper than eight files");
    }
    for folder in config.folders {
        for name in look.names(&folder).here().unwrap_or_default() {
            // conf.d takes *.conf, sources.d takes *.sources.
            if name.ends_with(".conf") || name.ends_with(".sources") {
                chrony(look, &format!("{folder}/{name}"), depth + 1, found);
            }
        }
    }
    for pattern in config.files {
        for file in glob::matching(look, &pattern) {
            chrony(look, &file, depth + 1, found);
        }
    }
}

fn timesyncd(look: &mut Look<'_>, found: &mut Vec<Source>) {
    let layers = systemd_conf::layers(look, "timesyncd.conf");
    for (key, kind) in [("NTP", "server"), ("FallbackNTP", "fallback")] {
        for (address, source) in layers.list("Time", key) {
            found.push(Source {
                address,
                kind: kind.to_owned(),
                // Its protocol, SNTP, has no authentication.
                authenticated: Some(false),
                selected: None,
                source,
            });
        }
    }
}
