//! Machine, processors, memory, disks and interfaces from sysfs and procfs. It sends no packet and opens no device.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::asset_inventory::{Disk, Interface};

use crate::look::Look;

/// Step of the reported memory: what firmware and kernel keep for themselves differs a little between kernels.
const MEMORY_STEP: u64 = 16 * 1024 * 1024;

/// A field of the firmware's table, without the fillers that vendors leave in it.
pub(crate) fn dmi(look: &mut Look<'_>, field: &str) -> Option<String> {
    let text = look.text(&format!("/sys/class/dmi/id/{field}")).here()?;
    let text = text.trim();
    let filler = [
        "",
        "none",
        "not specified",
        "to be filled by o.e.m.",
        "default string",
        "system serial number",
        "0",
    ];
    (!filler.contains(&text.to_ascii_lowercase().as_str())).then(|| text.to_owned())
}

/// Number and model of processors.
pub(super) fn processors(look: &mut Look<'_>) -> (Option<u32>, Option<String>) {
    let Some(text) = look.text("/proc/cpuinfo").here() else { return (None, None) };
    let count = text.lines().filter(|line| line.starts_with("processor")).count();
    let model = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        ["model name", "Model"].contains(&name.trim()).then(|| value.trim().to_owned())
    });
    (u32::try_from(count).ok().filter(|count| *count > 0), model)
}

/// Main memory in bytes, rounded down to 16 MiB.
pub(super) fn memory(look: &mut Look<'_>) -> Option<u64> {
    let text = look.text("/proc/meminfo").here()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    let bytes = kib.checked_mul(1024)?;
    Some(bytes - bytes % MEMORY_STEP)
}

/// Disks with a size; loop devices, memory disks and those of the device mapper are left out.
pub(super) fn disks(look: &mut Look<'_>) -> Vec<Disk> {
    let names = look.names("/sys/block").here().unwrap_or_default();
    let passing = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"];
    names
        .into_iter()
        .filter(|name| !passing.iter().any(|prefix| name.starts_with(prefix)))
        .filter_map(|name| {
            let field = |field: &str| {
                let text = look.host.text(&format!("/sys/block/{name}/{field}")).ok().flatten()?;
                Some(text.trim().to_owned()).filter(|text| !text.is_empty())
            };
            // The kernel counts in sectors of 512 bytes whatever the disk's own are.
            let size_bytes = field("size")?.parse::<u64>().ok()?.checked_mul(512)?;
            let model = field("device/model");
            let removable = field("removable").map(|flag| flag == "1");
            (size_bytes > 0).then_some(Disk { name, size_bytes, model, removable })
        })
        .collect()
}

/// Interfaces of the machine itself; those that engines make for containers and guests are left out.
pub(super) fn interfaces(look: &mut Look<'_>) -> Vec<Interface> {
    let names = look.names("/sys/class/net").here().unwrap_or_default();
    let passing = [
        "lo", "veth", "docker", "br-", "virbr", "vnet", "cali", "cni", "flannel", "ifb", "tap",
        "lxc",
    ];
    let addresses = addresses(look);
    names
        .into_iter()
        .filter(|name| *name != "bonding_masters")
        .filter(|name| !passing.iter().any(|prefix| name.starts_with(prefix)))
        .map(|name| {
            let mac = look.host.text(&format!("/sys/class/net/{name}/address")).ok().flatten();
            let mac = mac.map(|text| text.trim().to_ascii_lowercase());
            let mac = mac.filter(|mac| !mac.is_empty() && mac != "00:00:00:00:00:00");
            let addresses =
                addresses.as_ref().map(|all| all.get(&name).cloned().unwrap_or_default());
            Interface { name, mac, addresses }
        })
        .collect()
}

/// Addresses with prefix length by interface, as `ip -j address` has them; none when it cannot be asked.
fn addresses(look: &mut Look<'_>) -> Option<BTreeMap<String, Vec<String>>> {
    if !look.host.is_live() {
        return None;
    }
    let output = look.try_run(&crate::tool::Tool::new("ip", &["-j", "address", "show"])).ok()?;
    if !output.is_success() {
        return None;
    }
    parse_addresses(&output.stdout)
}

fn parse_addresses(text: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let links: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let mut found = BTreeMap::new();
    for link in &links {
        let Some(name) = link["ifname"].as_str() else { continue };
        let list = link["addr_info"].as_array().map(Vec::as_slice).unwrap_or_default();
        let kept = list.iter().filter(|address| {
            // Temporary addresses of RFC 8981 change every day; link-local ones follow from the hardware address.
            address["scope"] != "link" && address["temporary"] != true
        });
        let kept = kept.filter_map(|address| {
            Some(format!("{}/{}", address["local"].as_str()?, address["prefixlen"].as_u64()?))
        });
        found.insert(name.to_owned(), kept.collect());
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    #[test]
    fn hardware_is_described_without_what_passes() {
        let root = planted(&[
            (
                "/proc/cpuinfo",
                "processor\t: 0\nmodel name\t: AMD EPYC\nprocessor\t: 1\nmodel name\t: AMD EPYC\n",
            ),
            ("/proc/meminfo", "MemTotal:       16400000 kB\nMemFree: 1 kB\n"),
            ("/sys/block/vda/size", "2048\n"),
            ("/sys/block/vda/removable", "0\n"),
            ("/sys/block/loop0/size", "2048\n"),
            ("/sys/block/sdz/size", "0\n"),
            ("/sys/class/net/eth0/address", "52:54:00:AB:00:01\n"),
            ("/sys/class/net/veth1/address", "52:54:00:ab:00:02\n"),
            ("/sys/class/dmi/id/sys_vendor", "QEMU\n"),
            ("/sys/class/dmi/id/product_serial", "To Be Filled By O.E.M.\n"),
        ]);
        let job = job(root.path());
        let mut look = Look::new(&job);
        assert_eq!(processors(&mut look), (Some(2), Some("AMD EPYC".into())));
        assert_eq!(memory(&mut look).unwrap() % MEMORY_STEP, 0);
        let disks = disks(&mut look);
        assert_eq!((disks.len(), disks[0].size_bytes), (1, 1_048_576));
        let interfaces = interfaces(&mut look);
        assert_eq!(interfaces.len(), 1);
        assert_eq!(interfaces[0].mac.as_deref(), Some("52:54:00:ab:00:01"));
        assert_eq!(dmi(&mut look, "sys_vendor").as_deref(), Some("QEMU"));
        assert_eq!(dmi(&mut look, "product_serial"), None);
    }

    #[test]
    fn link_local_and_temporary_addresses_are_left_out() {
        let text = r#"[{"ifname":"eth0","addr_info":[
            {"family":"inet","local":"192.0.2.1","prefixlen":24,"scope":"global"},
            {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"},
            {"family":"inet6","local":"2001:db8::9","prefixlen":64,"scope":"global","temporary":true}]},{}]"#;
        let found = parse_addresses(text).unwrap();
        assert_eq!(found["eth0"], ["192.0.2.1/24"]);
        assert_eq!(parse_addresses("garbage"), None);
    }
}
