//! Collects the configured time sources of every known program; it never asks whether they answer.

use exhibit_plugin::kinds::time_sync::Source;

use super::answers;
use crate::glob;
use crate::look::Look;
use crate::systemd_conf;

const CHRONY: [&str; 2] = ["/etc/chrony/chrony.conf", "/etc/chrony.conf"];
const PTP: [&str; 2] = ["/etc/linuxptp/ptp4l.conf", "/etc/ptp4l.conf"];
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
    for file in PTP {
        if let Some(text) = look.text(file).here() {
            found.extend(ports(&text, file));
        }
    }
    found
}

/// Ports of ptp4l(8): every section that is named after an interface, with what lies in front of it.
fn ports(text: &str, file: &str) -> Vec<Source> {
    let secured = text.lines().any(|line| line.trim_start().starts_with("sa_file"));
    let section = |(number, line): (usize, &str)| {
        let name = line.trim().strip_prefix('[')?.strip_suffix(']')?;
        let others = ["global", "unicast_master_table"].contains(&name) || name.contains(' ');
        (!others).then(|| Source {
            address: name.to_owned(),
            kind: "ptp".to_owned(),
            // Without an association every master on the wire is believed.
            authenticated: (!secured).then_some(false),
            selected: None,
            source: format!("{file}:{number}"),
        })
    };
    (1..).zip(text.lines()).filter_map(section).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_ptp_are_sources() {
        let text = "[global]\ndomainNumber 0\n#[eth9]\n[eth0]\nnetwork_transport L2\n[unicast_master_table]\n";
        let found = ports(text, "/etc/linuxptp/ptp4l.conf");
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].address.as_str(), found[0].kind.as_str(), found[0].authenticated),
            ("eth0", "ptp", Some(false))
        );
        assert_eq!(found[0].source, "/etc/linuxptp/ptp4l.conf:4");
        assert_eq!(ports("[global]\nsa_file /x\n[eth0]\n", "f")[0].authenticated, None);
    }
}
