//! `network.segmentation` of a Linux host: interfaces of sysfs, routes of procfs, namespaces, networks of container engines
//! and guests. It asks nobody on the network and opens no socket.

mod engines;
mod interfaces;
mod routes;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::network_segmentation::{KIND, Network, Segmentation},
};

use crate::look::Look;

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/sys/class/net/*, /proc/net/vlan/*",
        "/proc/net/route, /proc/net/ipv6_route",
        "/proc/sys/net/ipv4/ip_forward, /proc/sys/net/ipv6/conf/all/forwarding",
        "/run/netns: names of namespaces",
        "/etc/containers/networks/*.json, /etc/cni/net.d/*.{conf,conflist}",
        "/etc/libvirt/qemu/networks/*.xml",
    ],
    needs: &["CAP_DAC_READ_SEARCH: networks of guests, which only root may read"],
    observe,
};

/// Most networks in a document.
const MAX_NETWORKS: usize = 1_000;

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let mut networks = interfaces::all(&mut look);
    networks.extend(namespaces(&mut look));
    networks.extend(engines::all(&mut look));
    if !look.host.is_live() && networks.is_empty() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "interfaces and routes belong to a running host, and {} is only a file tree",
                job.root.display()
            ),
            "observe the running host with root '/'",
        );
    }
    let found = networks.len();
    networks.sort();
    networks.truncate(MAX_NETWORKS);
    let (routes, cut) = routes::all(&mut look);
    let body = Segmentation {
        forwards_ipv4: switch(&mut look, "/proc/sys/net/ipv4/ip_forward"),
        forwards_ipv6: switch(&mut look, "/proc/sys/net/ipv6/conf/all/forwarding"),
        networks,
        routes,
    };
    let rows = body.networks.len();
    look.seen.document(body, rows).expected(found);
    if cut || found > MAX_NETWORKS {
        look.seen.truncated().outcome(
            OutcomeKind::LimitExceeded,
            format!(
                "{found} networks, of which {rows} are listed; at most {} routes are",
                routes::MAX
            ),
            "nothing needs to be done: the first in order are listed, and the rest is counted",
        );
    }
    look.done()
}

fn switch(look: &mut Look<'_>, path: &str) -> Option<bool> {
    match look.text(path).here()?.trim() {
        "0" => Some(false),
        "1" | "2" => Some(true),
        _ => None,
    }
}

/// Namespaces that have a name; those of single processes have none.
fn namespaces(look: &mut Look<'_>) -> Vec<Network> {
    let names = look.names("/run/netns").here().unwrap_or_default();
    names
        .into_iter()
        // Engines make one a container, named at random.
        .filter(|name| !name.starts_with("cni-") && !name.starts_with("netns-"))
        .map(|name| Network {
            name: format!("netns:{name}"),
            kind: "namespace".to_owned(),
            enabled: None,
            parent: None,
            tag: None,
            members: Vec::new(),
            subnets: Vec::new(),
            internal: None,
            source: "/run/netns".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing::{body, job, outcomes, planted};

    fn row<'a>(body: &'a Value, name: &str) -> &'a Value {
        let rows = body["networks"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap_or(&Value::Null)
    }

    fn whole() -> tempfile::TempDir {
        let root = planted(&[
            ("/sys/class/net/eth0/device/vendor", ""),
            ("/sys/class/net/eth0/flags", "0x1003\n"),
            ("/sys/class/net/eth0/type", "1\n"),
            ("/sys/class/net/eth0.10/uevent", "DEVTYPE=vlan\nINTERFACE=eth0.10\n"),
            ("/sys/class/net/eth0.10/flags", "0x1002\n"),
            ("/proc/net/vlan/eth0.10", "eth0.10  VID: 10\t REORDER_HDR: 1\nDevice: eth0\n"),
            ("/sys/class/net/br0/bridge/stp_state", "0\n"),
            ("/sys/class/net/br0/brif/eth1/x", ""),
            ("/sys/class/net/br0/brif/veth7/x", ""),
            ("/sys/class/net/wg0/uevent", "DEVTYPE=wireguard\n"),
            ("/sys/class/net/bond0/bonding/slaves", "eth2 eth3\n"),
            ("/sys/class/net/tun0/tun_flags", "0x1001\n"),
            ("/sys/class/net/veth7/uevent", "INTERFACE=veth7\n"),
            ("/sys/class/net/lo/type", "772\n"),
            ("/proc/sys/net/ipv4/ip_forward", "1\n"),
            (
                "/proc/net/route",
                "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n\
                 eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\n\
                 eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n\
                 *\t0000000A\t00000000\t0201\t0\t0\t0\t000000FF\t0\nbroken line\n",
            ),
            (
                "/proc/net/ipv6_route",
                "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n\
                 00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n\
                 ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000003 00000000 00000001     eth0\n",
            ),
            (
                "/etc/containers/networks/inner.json",
                r#"{"name":"inner","driver":"bridge","network_interface":"podman1","internal":true,"subnets":[{"subnet":"10.89.0.0/24"}]}"#,
            ),
            (
                "/etc/cni/net.d/10-k8s.conflist",
                r#"{"name":"k8s","plugins":[{"type":"bridge","bridge":"cni0","ipam":{"ranges":[[{"subnet":"10.244.0.0/24"}]]}}]}"#,
            ),
            ("/etc/cni/net.d/20-bad.conf", "{"),
            (
                "/etc/libvirt/qemu/networks/lab.xml",
                "<network>\n  <name>lab</name>\n  <forward mode='nat'/>\n  <bridge name='virbr1'/>\n  <ip address='192.168.9.1' netmask='255.255.255.0'>\n</network>\n",
            ),
        ]);
        std::fs::create_dir_all(root.path().join("run/netns")).unwrap();
        std::fs::write(root.path().join("run/netns/blue"), "").unwrap();
        symlink("loop", root.path().join("sys/class/net/loop")).unwrap();
        root
    }

    #[test]
    fn interfaces_routes_and_engines_are_told_apart() {
        let root = whole();
        let observation = observe(&job(root.path()));
        let seen = body(KIND, &observation);
        assert_eq!((&seen["forwards_ipv4"], &seen["forwards_ipv6"]), (&json!(true), &Value::Null));
        assert_eq!(row(&seen, "eth0")["kind"], "physical");
        assert_eq!(row(&seen, "eth0")["subnets"], json!(["192.0.2.0/24", "fd00::/64"]));
        let vlan = row(&seen, "eth0.10");
        assert_eq!(
            (&vlan["kind"], &vlan["tag"], &vlan["parent"], &vlan["enabled"]),
            (&json!("vlan"), &json!(10), &json!("eth0"), &json!(false))
        );
        assert_eq!(row(&seen, "br0")["members"], json!(["eth1"]));
        assert_eq!(row(&seen, "bond0")["members"], json!(["eth2", "eth3"]));
        assert_eq!(
            (&row(&seen, "wg0")["kind"], &row(&seen, "tun0")["kind"]),
            (&json!("wireguard"), &json!("tunnel"))
        );
        assert_eq!((row(&seen, "veth7"), row(&seen, "lo")), (&Value::Null, &Value::Null));
        assert_eq!(row(&seen, "netns:blue")["kind"], "namespace");
        assert_eq!(row(&seen, "podman:inner")["internal"], true);
        assert_eq!(row(&seen, "cni:k8s")["subnets"], json!(["10.244.0.0/24"]));
        let guest = row(&seen, "libvirt:lab");
        assert_eq!(
            (&guest["internal"], &guest["parent"], &guest["subnets"]),
            (&json!(false), &json!("virbr1"), &json!(["192.168.9.0/24"]))
        );
        assert_eq!(
            seen["routes"],
            json!([
                {"destination": "0.0.0.0/0", "gateway": "192.0.2.1", "network": "eth0"},
                {"destination": "10.0.0.0/8", "gateway": null, "network": null},
                {"destination": "192.0.2.0/24", "gateway": null, "network": "eth0"},
                {"destination": "::/0", "gateway": "fd00::1", "network": "eth0"},
                {"destination": "fd00::/64", "gateway": null, "network": "eth0"}
            ])
        );
        assert!(outcomes(&observation).iter().any(|line| line.contains("20-bad.conf")));
    }

    #[test]
    fn a_hundred_thousand_routes_are_cut_and_that_is_said() {
        let mut table =
            String::from("Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n");
        for number in 0..100_000_u32 {
            table.push_str(&format!("eth0\t{number:08X}\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\n"));
        }
        let root = planted(&[("/proc/net/route", &table)]);
        let observation = observe(&job(root.path()));
        assert_eq!(body(KIND, &observation)["routes"].as_array().unwrap().len(), routes::MAX);
        assert!(outcomes(&observation).iter().any(|line| line.starts_with("limit_exceeded")));
    }

    #[test]
    fn a_file_tree_has_no_routes_and_says_so() {
        let root = planted(&[]);
        let observation = observe(&job(root.path()));
        assert_eq!(body(KIND, &observation)["routes"], Value::Null);
        assert!(outcomes(&observation)[0].starts_with("not_applicable"));
    }
}
