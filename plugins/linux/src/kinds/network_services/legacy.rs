//! Recognises installed services that send passwords in clear or trust addresses; it never tries them.

use std::collections::BTreeSet;

use exhibit_plugin::kinds::network_services::{LegacyService, Listener};

use crate::look::Look;

/// Service, protocol and ports by which it listens, and the Debian packages that bring it.
const KNOWN: &[(&str, &str, &[u16], &[&str])] = &[
    ("telnet", "tcp", &[23], &["telnetd", "telnetd-ssl", "inetutils-telnetd"]),
    ("rsh", "tcp", &[512, 513, 514], &["rsh-server", "rsh-redone-server"]),
    (
        "ftp",
        "tcp",
        &[21],
        &[
            "vsftpd",
            "proftpd-core",
            "proftpd-basic",
            "pure-ftpd",
            "ftpd",
            "ftpd-ssl",
            "inetutils-ftpd",
        ],
    ),
    ("tftp", "udp", &[69], &["tftpd", "tftpd-hpa", "atftpd"]),
    ("finger", "tcp", &[79], &["fingerd", "cfingerd", "efingerd"]),
    ("talk", "udp", &[517, 518], &["talkd", "inetutils-talkd"]),
    // NIS listens where the port mapper says, so its port tells nothing.
    ("nis", "tcp", &[], &["nis", "ypserv", "ypbind-mt"]),
];

/// What is installed or listens; `None` without a package database to ask.
pub(crate) fn find(look: &mut Look<'_>, listeners: &[Listener]) -> Option<Vec<LegacyService>> {
    let status = look.text("/var/lib/dpkg/status").here()?;
    let installed = installed(&status);
    let mut found = Vec::new();
    for (name, protocol, ports, packages) in KNOWN {
        let listens = listeners.iter().find(|l| l.protocol == *protocol && ports.contains(&l.port));
        let active = (!ports.is_empty()).then_some(listens.is_some());
        let mut recognised =
            packages.iter().filter(|package| installed.contains(*package)).peekable();
        if recognised.peek().is_none()
            && let Some(listener) = listens
        {
            let recognised_by = format!("{protocol} port {}", listener.port);
            found.push(LegacyService { name: (*name).to_owned(), recognised_by, active });
        }
        found.extend(recognised.map(|package| LegacyService {
            name: (*name).to_owned(),
            recognised_by: format!("package {package}"),
            active,
        }));
    }
    Some(found)
}

/// Names of installed packages in dpkg's status file; removed ones whose configuration stayed are not among them.
fn installed(status: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut package = None;
    for line in status.lines() {
        if let Some(name) = line.strip_prefix("Package: ") {
            package = Some(name.trim());
        } else if line.trim_end() == "Status: install ok installed" {
            names.extend(package);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;
    use exhibit_plugin::kinds::network_services::Exposure;

    fn listener(protocol: &str, port: u16) -> Listener {
        Listener {
            protocol: protocol.into(),
            port,
            address: "0.0.0.0".into(),
            exposure: Exposure::All,
            process: None,
            executable: None,
            user: None,
            unit: None,
            package: None,
        }
    }

    fn found(status: &str, listeners: &[Listener]) -> Option<Vec<(String, String, Option<bool>)>> {
        let root = testing::planted(&[("/var/lib/dpkg/status", status)]);
        let found = find(&mut Look::new(&testing::job(root.path())), listeners)?;
        Some(found.into_iter().map(|s| (s.name, s.recognised_by, s.active)).collect())
    }

    #[test]
    fn an_installed_daemon_is_named_and_a_removed_one_is_not() {
        let status = "Package: telnetd\nStatus: install ok installed\nVersion: 1\n\nPackage: vsftpd\nStatus: deinstall ok config-files\n\nPackage: nis\nStatus: install ok installed\n";
        assert_eq!(
            found(status, &[]).unwrap(),
            [
                ("telnet".into(), "package telnetd".into(), Some(false)),
                ("nis".into(), "package nis".into(), None)
            ]
        );
    }

    #[test]
    fn a_port_in_use_is_enough_to_be_named() {
        assert_eq!(
            found("", &[listener("tcp", 21), listener("tcp", 69)]).unwrap(),
            [("ftp".into(), "tcp port 21".into(), Some(true))]
        );
    }
}
