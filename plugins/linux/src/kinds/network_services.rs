//! `network.services`: sockets that wait for others, with the program, account, unit and package behind each.
//!
//! It never connects to anything and sees one network namespace, the one it runs in.

mod legacy;
mod owners;
pub(crate) mod packages;
pub(crate) mod proc_net;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use exhibit_plugin::kinds::network_services::{Exposure, Listener, NetworkServices};
use exhibit_plugin::{Entry, Job, Observation, OutcomeKind};

use self::owners::{Owner, Owners};
use self::proc_net::{Protocol, Socket};
use crate::look::{Found, Look};

/// The catalog's line.
pub(crate) const ENTRY: Entry = Entry {
    kind: exhibit_plugin::kinds::network_services::KIND,
    reads: &[
        "/proc/net/{tcp,tcp6,udp,udp6}",
        "/proc/<pid>/{fd,exe,comm,cgroup,status}",
        "/etc/passwd",
        "/var/lib/dpkg/{status,info/*.list}",
    ],
    needs: &["CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH for the owners of sockets"],
    observe,
};

const TABLES: [(&str, Protocol); 4] = [
    ("/proc/net/tcp", Protocol::Tcp),
    ("/proc/net/tcp6", Protocol::Tcp),
    ("/proc/net/udp", Protocol::Udp),
    ("/proc/net/udp6", Protocol::Udp),
];
const PORT_RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    if !look.host.is_live() {
        return Observation::without_document(
            OutcomeKind::NotApplicable,
            format!(
                "sockets belong to a running kernel, and {} is only a file tree",
                job.root.display()
            ),
            "observe the running host with root '/'",
        );
    }
    let Some(sockets) = sockets(&mut look) else { return look.done() };
    let owners =
        match owners::scan(Path::new("/proc"), &|path| look.host.allows(&path.to_string_lossy())) {
            Ok(owners) => owners,
            Err(error) => {
                look.garbled("/proc", &format!("cannot be listed: {error}"));
                Owners::default()
            }
        };
    look.seen.method("/proc/<pid>/{fd,exe,comm,cgroup,status}");
    let accounts = accounts(&mut look);
    let packages = packages(&mut look, &owners);
    let listeners = describe(&sockets, &owners, &accounts, &packages);
    let owners_visible = report_hidden(&mut look, &listeners, owners.denied);
    let legacy_services = legacy::find(&mut look, &listeners);
    let rows = listeners.len();
    look.seen.document(NetworkServices { listeners, owners_visible, legacy_services }, rows);
    look.done()
}

/// Says which listeners have no visible owner, and why; true when nothing was hidden for want of a right.
fn report_hidden(look: &mut Look<'_>, listeners: &[Listener], denied: usize) -> bool {
    let hidden: Vec<String> = listeners
        .iter()
        .filter(|listener| listener.process.is_none())
        .map(|listener| {
            format!("{} {} port {}", listener.protocol, listener.address, listener.port)
        })
        .collect();
    let is_root = rustix::process::geteuid().is_root();
    // Only root can be sure that nothing was hidden: /proc may be mounted with hidepid.
    if hidden.is_empty() || (denied == 0 && is_root) {
        return true;
    }
    let named = hidden.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if hidden.len() > 10 { ", …" } else { "" };
    let remedy = if is_root {
        "run the plugin with all capabilities and in the namespaces of the host: some processes have more rights than it"
    } else {
        "give the plugin CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (or run it as root)"
    };
    look.seen.outcome(
        OutcomeKind::Denied,
        format!(
            "the owners of {} of {} listeners are not visible, since /proc/<pid>/fd of some processes may not be read: {named}{more}",
            hidden.len(),
            listeners.len()
        ),
        remedy,
    );
    false
}

/// Sockets of all tables that can be read; `None` when no table could, after saying so.
fn sockets(look: &mut Look<'_>) -> Option<Vec<Socket>> {
    let ephemeral = look
        .text(PORT_RANGE)
        .here()
        .and_then(|text| proc_net::ephemeral_range(&text))
        .unwrap_or(32768..=60999);
    let mut sockets = Vec::new();
    let (mut tables, mut refused) = (0, false);
    for (path, protocol) in TABLES {
        match look.text(path) {
            Found::Here(text) => {
                let table = proc_net::parse(&text, protocol);
                tables += 1;
                sockets.extend(table.sockets);
                if table.malformed > 0 {
                    let fault =
                        format!("{} lines have an unknown form and were left out", table.malformed);
                    look.garbled(path, &fault);
                }
            }
            // A kernel without IPv6 has no tcp6 and udp6.
            Found::Missing => {}
            Found::Unreadable => refused = true,
        }
    }
    // An unconnected UDP socket on a port that the kernel chose waits for an answer, not for strangers. The kernel's own
    // (inode 0, such as WireGuard's) are there on purpose.
    sockets.retain(|s| s.protocol == Protocol::Tcp || s.inode == 0 || !ephemeral.contains(&s.port));
    if tables == 0 && !refused {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            "none of /proc/net/{tcp,tcp6,udp,udp6} exists",
            "mount /proc where the plugin runs, on a kernel with networking",
        );
    }
    (tables > 0).then_some(sockets)
}

fn describe(
    sockets: &[Socket],
    owners: &Owners,
    accounts: &BTreeMap<u32, String>,
    packages: &BTreeMap<String, String>,
) -> Vec<Listener> {
    let mut listeners = BTreeSet::new();
    for socket in sockets {
        let bare = Listener {
            protocol: match socket.protocol {
                Protocol::Tcp => "tcp".to_owned(),
                Protocol::Udp => "udp".to_owned(),
            },
            port: socket.port,
            address: socket.address.to_string(),
            exposure: exposure(socket.address),
            process: (socket.inode == 0).then(|| "kernel".to_owned()),
            executable: None,
            user: None,
            unit: None,
            package: None,
        };
        match owners.by_inode.get(&socket.inode) {
            Some(found) => {
                listeners.extend(found.iter().map(|owner| owned(&bare, owner, accounts, packages)))
            }
            None => {
                listeners.insert(bare);
            }
        }
    }
    listeners.into_iter().collect()
}

fn owned(
    bare: &Listener,
    owner: &Owner,
    accounts: &BTreeMap<u32, String>,
    packages: &BTreeMap<String, String>,
) -> Listener {
    let package = owner.executable.as_ref().and_then(|path| packages.get(path)).cloned();
    Listener {
        process: owner.name.clone(),
        executable: owner.executable.clone(),
        user: owner.uid.map(|uid| accounts.get(&uid).cloned().unwrap_or_else(|| uid.to_string())),
        unit: owner.unit.clone(),
        package,
        ..bare.clone()
    }
}

fn exposure(address: IpAddr) -> Exposure {
    let plain = address.to_canonical();
    if plain.is_loopback() {
        Exposure::Loopback
    } else if plain.is_unspecified() {
        Exposure::All
    } else {
        Exposure::Specific
    }
}

/// Account names by user id; where two share an id the first counts, as for getpwuid(3).
fn accounts(look: &mut Look<'_>) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    for line in look.text("/etc/passwd").here().unwrap_or_default().lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(_), Some(Ok(uid))) =
            (fields.next(), fields.next(), fields.next().map(str::parse))
        {
            names.entry(uid).or_insert_with(|| name.to_owned());
        }
    }
    names
}

fn packages(look: &mut Look<'_>, owners: &Owners) -> BTreeMap<String, String> {
    let wanted: BTreeSet<String> =
        owners.by_inode.values().flatten().filter_map(|owner| owner.executable.clone()).collect();
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    look.seen.method("/var/lib/dpkg/info/*.list");
    packages::of_files(&look.host, &wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing;

    fn socket(port: u16, inode: u64) -> Socket {
        Socket { protocol: Protocol::Tcp, address: "::".parse().unwrap(), port, uid: 0, inode }
    }

    fn owner(name: &str) -> Owner {
        Owner {
            name: Some(name.into()),
            executable: Some(format!("/usr/sbin/{name}")),
            unit: None,
            uid: Some(33),
        }
    }

    #[test]
    fn two_programs_on_one_socket_are_two_lines_and_two_workers_one() {
        let by_inode = BTreeMap::from([(7, BTreeSet::from([owner("nginx"), owner("systemd")]))]);
        let owners = Owners { by_inode, denied: 0 };
        let accounts = BTreeMap::from([(33, "www-data".to_owned())]);
        let packages = BTreeMap::from([("/usr/sbin/nginx".to_owned(), "nginx".to_owned())]);
        let listeners = describe(&[socket(80, 7)], &owners, &accounts, &packages);
        let shape: Vec<_> = listeners
            .iter()
            .map(|l| (l.process.as_deref(), l.user.as_deref(), l.package.as_deref()))
            .collect();
        assert_eq!(
            shape,
            [
                (Some("nginx"), Some("www-data"), Some("nginx")),
                (Some("systemd"), Some("www-data"), None)
            ]
        );
    }

    #[test]
    fn a_socket_without_visible_owner_keeps_its_line() {
        let listeners = describe(
            &[socket(80, 7), socket(81, 0)],
            &Owners::default(),
            &BTreeMap::new(),
            &BTreeMap::new(),
        );
        assert_eq!(listeners[0].process, None);
        assert_eq!(listeners[1].process.as_deref(), Some("kernel"));
    }

    #[test]
    fn exposure_follows_the_address_also_when_mapped() {
        for (address, expected) in [
            ("127.0.0.53", Exposure::Loopback),
            ("::ffff:127.0.0.1", Exposure::Loopback),
            ("::1", Exposure::Loopback),
            ("0.0.0.0", Exposure::All),
            ("::", Exposure::All),
            ("192.0.2.1", Exposure::Specific),
        ] {
            assert_eq!(exposure(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_listener_of_this_process_is_observed_with_its_program() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = observe(&testing::job("/"));
        let body: NetworkServices =
            serde_json::from_value(testing::body(ENTRY.kind, &seen)).unwrap();
        let found = body.listeners.iter().find(|l| l.port == port && l.protocol == "tcp").unwrap();
        let own = std::env::current_exe().unwrap();
        assert_eq!(found.executable.as_deref(), own.to_str());
        assert_eq!(found.exposure, Exposure::Loopback);
    }

    #[test]
    fn a_planted_root_has_no_sockets() {
        let root = tempfile::tempdir().unwrap();
        let seen = observe(&testing::job(root.path()));
        assert!(seen.body().is_none());
        assert_eq!(seen.outcomes().next().unwrap().0, OutcomeKind::NotApplicable);
    }
}
