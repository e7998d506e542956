//! Copies of records on other machines: journal-upload, rsyslog, syslog-ng, the audit dispatcher. It proves no arrival.

use exhibit_plugin::kinds::logging_protection::RemoteCopy;

use crate::{kinds::logging_sources, look::Look};

const SYSLOG_NG: &str = "/etc/syslog-ng/syslog-ng.conf";
const DRIVERS: [&str; 4] = ["network", "syslog", "tcp", "udp"];

pub(super) fn find(look: &mut Look<'_>) -> Vec<RemoteCopy> {
    let mut found: Vec<RemoteCopy> = logging_sources::forwards(look)
        .into_iter()
        .map(|forward| RemoteCopy {
            mechanism: match forward.recorder.as_str() {
                "journald" => "journal-upload".to_owned(),
                _ => forward.recorder,
            },
            destination: forward.destination,
            encrypted: forward.encrypted,
            buffered: None,
            source: forward.source,
        })
        .collect();
    found.extend(syslog_ng(look));
    found.extend(audit(look));
    found
}

/// Destinations of the form `network("host" port(6514) transport("tls"))`.
fn syslog_ng(look: &mut Look<'_>) -> Vec<RemoteCopy> {
    let Some(text) = look.text(SYSLOG_NG).here() else { return Vec::new() };
    let mut found = Vec::new();
    let mut inside = 0_usize;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.starts_with("destination ") || line.starts_with("log ") {
            inside = usize::from(line.starts_with("destination "));
        }
        if inside == 0 {
            continue;
        }
        for driver in DRIVERS {
            let Some((before, rest)) = line.split_once(&format!("{driver}(")) else { continue };
            if before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                continue;
            }
            let value = |key: &str| {
                let after = rest.split_once(&format!("{key}("))?.1;
                Some(after.split(')').next()?.trim_matches(['"', ' ']).to_owned())
            };
            let Some(host) = rest.split('"').nth(1) else { continue };
            let port = value("port");
            found.push(RemoteCopy {
                mechanism: "syslog-ng".to_owned(),
                destination: port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
                encrypted: Some(
                    value("transport").as_deref() == Some("tls") || rest.contains("tls("),
                ),
                buffered: Some(rest.contains("disk-buffer(")),
                source: format!("{SYSLOG_NG}:{number}"),
            });
        }
    }
    found
}

/// The dispatcher's plugin that sends audit records to another host.
fn audit(look: &mut Look<'_>) -> Option<RemoteCopy> {
    let plugins = ["/etc/audit/plugins.d/au-remote.conf", "/etc/audisp/plugins.d/au-remote.conf"];
    let plugin = plugins.iter().find_map(|path| look.text(path).here())?;
    let value = |text: &str, key: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find_map(|(name, value)| (name.trim() == key).then(|| value.trim().to_owned()))
    };
    if value(&plugin, "active").as_deref() != Some("yes") {
        return None;
    }
    let paths = ["/etc/audit/audisp-remote.conf", "/etc/audisp/audisp-remote.conf"];
    let (path, text) = paths.iter().find_map(|path| Some((*path, look.text(path).here()?)))?;
    let host = value(&text, "remote_server").filter(|host| !host.is_empty())?;
    Some(RemoteCopy {
        mechanism: "audisp-remote".to_owned(),
        destination: value(&text, "port")
            .map_or_else(|| host.clone(), |port| format!("{host}:{port}")),
        encrypted: Some(
            value(&text, "transport").is_some_and(|word| word.eq_ignore_ascii_case("krb5")),
        ),
        buffered: value(&text, "mode").map(|mode| mode == "forward"),
        source: path.to_owned(),
    })
}
