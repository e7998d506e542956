//! Reads from files which firewall front ends are there and switched on; whether their rules are loaded only the kernel knows.

use exhibit_plugin::kinds::network_firewall::FrontEnd;

use crate::look::{Found, Look};
use crate::services;

/// Services that load rules at start, by unit, and where their units lie.
const SERVICES: [&str; 3] =
    ["nftables.service", "firewalld.service", "netfilter-persistent.service"];
const UNIT_FOLDERS: [&str; 3] =
    ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
const UFW: &str = "/etc/ufw/ufw.conf";

/// Every front end that is installed.
pub(crate) fn find(look: &mut Look<'_>) -> Vec<FrontEnd> {
    let mut found = Vec::new();
    match look.text(UFW) {
        Found::Here(text) => {
            found.push(FrontEnd { name: "ufw".to_owned(), enabled: ufw_enabled(&text) });
        }
        Found::Unreadable => found.push(FrontEnd { name: "ufw".to_owned(), enabled: None }),
        Found::Missing => {}
    }
    for unit in SERVICES {
        let has_unit =
            UNIT_FOLDERS.iter().any(|folder| look.host.exists(&format!("{folder}/{unit}")));
        if has_unit {
            let enabled = Some(services::is_wanted(&look.host, unit));
            look.seen.method(format!("/etc/systemd/system/*.target.wants/{unit}"));
            found.push(FrontEnd { name: unit.to_owned(), enabled });
        }
    }
    found
}

/// `ENABLED=` of `ufw.conf`: the last one counts.
fn ufw_enabled(text: &str) -> Option<bool> {
    let value = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("ENABLED")?.trim_start().strip_prefix('='))
        .next_back()?;
    match value.trim().trim_matches(['"', '\'']).to_ascii_lowercase().as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;

    #[test]
    fn the_last_setting_counts_and_quotes_go() {
        assert_eq!(ufw_enabled("#ENABLED=no\nENABLED=no\nENABLED = \"yes\"\n"), Some(true));
        assert_eq!(ufw_enabled("ENABLED=maybe"), None);
        assert_eq!(ufw_enabled("ENABLEDX=yes"), None);
    }

    #[test]
    fn an_installed_service_that_nothing_starts_is_off() {
        let unit = "/usr/lib/systemd/system/nftables.service";
        let root = testing::planted(&[(unit, "[Unit]\n")]);
        let job = testing::job(root.path());
        let off = FrontEnd { name: "nftables.service".into(), enabled: Some(false) };
        assert_eq!(find(&mut Look::new(&job)), [off]);
        let wants = root.path().join("etc/systemd/system/sysinit.target.wants");
        std::fs::create_dir_all(&wants).unwrap();
        std::os::unix::fs::symlink(unit, wants.join("nftables.service")).unwrap();
        let on = FrontEnd { name: "nftables.service".into(), enabled: Some(true) };
        assert_eq!(find(&mut Look::new(&job)), [on]);
    }
}
