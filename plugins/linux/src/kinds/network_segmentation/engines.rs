//! Networks that the settings of container engines and of libvirt make. It asks no engine; Docker keeps its networks in a
//! database of its own and shows only by its bridges.

use std::net::Ipv4Addr;

use exhibit_plugin::kinds::network_segmentation::Network;
use serde_json::Value;

use crate::{
    glob,
    look::{Found, Look},
};

pub(super) fn all(look: &mut Look<'_>) -> Vec<Network> {
    let mut found = Vec::new();
    for file in glob::matching(look, "/etc/containers/networks/*.json") {
        found.extend(json(look, &file).and_then(|value| podman(&value, &file)));
    }
    for pattern in ["/etc/cni/net.d/*.conflist", "/etc/cni/net.d/*.conf"] {
        for file in glob::matching(look, pattern) {
            found.extend(json(look, &file).and_then(|value| cni(&value, &file)));
        }
    }
    for file in glob::matching(look, "/etc/libvirt/qemu/networks/*.xml") {
        if let Found::Here(text) = look.text(&file) {
            match libvirt(&text, &file) {
                Some(network) => found.push(network),
                None => look.garbled(&file, "it has no <name>"),
            }
        }
    }
    found
}

fn json(look: &mut Look<'_>, file: &str) -> Option<Value> {
    let text = look.text(file).here()?;
    match serde_json::from_str(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            look.garbled(file, &format!("it is not JSON: {error}"));
            None
        }
    }
}

fn network(engine: &str, name: &str, kind: &str, file: &str) -> Network {
    Network {
        name: format!("{engine}:{name}"),
        kind: kind.to_owned(),
        enabled: None,
        parent: None,
        tag: None,
        members: Vec::new(),
        subnets: Vec::new(),
        internal: None,
        source: file.to_owned(),
    }
}

fn podman(value: &Value, file: &str) -> Option<Network> {
    let subnets = value["subnets"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(Network {
        parent: value["driver"].as_str().map(str::to_owned),
        internal: value["internal"].as_bool(),
        subnets: subnets
            .iter()
            .filter_map(|one| Some(one["subnet"].as_str()?.to_owned()))
            .collect(),
        ..network("podman", value["name"].as_str()?, "container", file)
    })
}

fn cni(value: &Value, file: &str) -> Option<Network> {
    let first = value["plugins"].get(0).unwrap_or(value);
    let ipam = &first["ipam"];
    let mut subnets: Vec<String> = ipam["subnet"].as_str().map(str::to_owned).into_iter().collect();
    let ranges = ipam["ranges"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ranges = ranges.iter().filter_map(Value::as_array).flatten();
    subnets.extend(ranges.filter_map(|range| Some(range["subnet"].as_str()?.to_owned())));
    Some(Network {
        parent: first["type"].as_str().map(str::to_owned),
        subnets,
        ..network("cni", value["name"].as_str()?, "container", file)
    })
}

/// The few elements that say how a network of guests is joined; libvirt writes one element a line.
fn libvirt(text: &str, file: &str) -> Option<Network> {
    let name = text.split_once("<name>")?.1.split_once("</name>")?.0;
    let element = |tag: &str| text.lines().map(str::trim).find(|line| line.starts_with(tag));
    let forward = element("<forward");
    let subnets =
        text.lines().map(str::trim).filter(|line| line.starts_with("<ip ")).filter_map(subnet);
    Some(Network {
        parent: element("<bridge").and_then(|line| attribute(line, "name")),
        // Without <forward> guests reach each other and the host, nobody else.
        internal: Some(forward.is_none()),
        subnets: subnets.collect(),
        ..network("libvirt", name.trim(), "guest", file)
    })
}

fn attribute(line: &str, name: &str) -> Option<String> {
    let rest = line.split_once(&format!(" {name}="))?.1;
    let quote = rest.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    Some(rest.get(1..)?.split(quote).next()?.to_owned())
}

fn subnet(line: &str) -> Option<String> {
    let address = attribute(line, "address")?;
    let prefix = match (attribute(line, "prefix"), attribute(line, "netmask")) {
        (Some(prefix), _) => prefix.parse::<u8>().ok()?,
        (None, mask) => {
            let mask: Ipv4Addr = mask?.parse().ok()?;
            u8::try_from(mask.to_bits().count_ones()).ok()?
        }
    };
    let Ok(four) = address.parse::<Ipv4Addr>() else { return Some(format!("{address}/{prefix}")) };
    let mask = u32::MAX.checked_shl(32_u32.checked_sub(prefix.into())?).unwrap_or(0);
    Some(format!("{}/{prefix}", Ipv4Addr::from_bits(four.to_bits() & mask)))
}
