//! Interfaces as sysfs describes them, with the networks that are attached to each. Ends of containers and guests come and
//! go with them and are left out.

use exhibit_plugin::kinds::network_segmentation::Network;

use super::routes;
use crate::look::Look;

const FOLDER: &str = "/sys/class/net";
/// `IFF_UP`.
const UP: u32 = 1;
/// `ARPHRD_LOOPBACK`.
const LOOPBACK: &str = "772";
/// Types of hardware that are tunnels: ip6 in ip, ip in ip, sit, gre, gre over ip6.
const TUNNELS: [&str; 5] = ["769", "768", "776", "778", "823"];
const PASSING: [&str; 7] = ["veth", "vnet", "tap", "cali", "lxc", "ifb", "macvtap"];

pub(super) fn all(look: &mut Look<'_>) -> Vec<Network> {
    let names = look.names(FOLDER).here().unwrap_or_default();
    let (routes, _) = routes::all(look);
    let routes = routes.unwrap_or_default();
    let mut found = Vec::new();
    for name in names {
        if passes(&name) {
            continue;
        }
        let Some(mut network) = interface(look, &name) else { continue };
        let attached = routes
            .iter()
            .filter(|route| route.gateway.is_none() && route.network.as_ref() == Some(&name));
        network.subnets = attached.map(|route| route.destination.clone()).collect();
        found.push(network);
    }
    found
}

fn passes(name: &str) -> bool {
    name == "bonding_masters" || PASSING.iter().any(|prefix| name.starts_with(prefix))
}

fn interface(look: &Look<'_>, name: &str) -> Option<Network> {
    let folder = format!("{FOLDER}/{name}");
    let read = |file: &str| {
        let text = look.host.text(&format!("{folder}/{file}")).ok().flatten()?;
        Some(text.trim().to_owned())
    };
    let hardware = read("type");
    if hardware.as_deref() == Some(LOOPBACK) || !look.host.exists(&folder) {
        return None;
    }
    let uevent = read("uevent").unwrap_or_default();
    let declared = uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE="));
    let has = |part: &str| look.host.exists(&format!("{folder}/{part}"));
    let kind = match declared {
        Some("wlan") => "wireless",
        Some(kind @ ("vlan" | "bridge" | "bond" | "vxlan" | "wireguard" | "macvlan")) => kind,
        _ if has("bridge") => "bridge",
        _ if has("bonding") => "bond",
        _ if has("tun_flags") => "tunnel",
        _ if hardware.is_some_and(|kind| TUNNELS.contains(&kind.as_str())) => "tunnel",
        _ if has("device") => "physical",
        _ => "virtual",
    };
    let vlan = look.host.text(&format!("/proc/net/vlan/{name}")).ok().flatten();
    let vlan = vlan.unwrap_or_default();
    let flags =
        read("flags").and_then(|text| u32::from_str_radix(text.trim_start_matches("0x"), 16).ok());
    let mut members = look.host.names(&format!("{folder}/brif")).ok().flatten().unwrap_or_default();
    members
        .extend(read("bonding/slaves").unwrap_or_default().split_whitespace().map(str::to_owned));
    members.retain(|member| !passes(member));
    Some(Network {
        name: name.to_owned(),
        kind: kind.to_owned(),
        enabled: flags.map(|flags| flags & UP != 0),
        parent: below(&vlan, look, &folder),
        tag: tag(&vlan),
        members,
        subnets: Vec::new(),
        internal: None,
        source: folder,
    })
}

/// What a VLAN, or another interface upon an interface, lies on.
fn below(vlan: &str, look: &Look<'_>, folder: &str) -> Option<String> {
    let device = vlan.lines().find_map(|line| line.strip_prefix("Device:"));
    if let Some(device) = device {
        return Some(device.trim().to_owned());
    }
    let names = look.host.names(folder).ok().flatten()?;
    names.iter().find_map(|name| name.strip_prefix("lower_")).map(str::to_owned).filter(|_| {
        // A bridge and a bond have several; those are members.
        names.iter().filter(|name| name.starts_with("lower_")).count() == 1
            && !names.iter().any(|name| name == "bridge" || name == "bonding")
    })
}

fn tag(vlan: &str) -> Option<u32> {
    let (_, rest) = vlan.split_once("VID:")?;
    rest.split_whitespace().next()?.parse().ok()
}
