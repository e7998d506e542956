//! Routes of the main table as procfs prints them, and the networks that lie on each interface. It asks no router.

use std::{
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, Ipv6Addr},
};

use exhibit_plugin::kinds::network_segmentation::Route;

use crate::look::{Found, Look};

/// Most routes in a document; a router of the whole internet has a million.
pub(super) const MAX: usize = 500;
/// Most of a table that is read: 120 bytes a line.
const MAX_TABLE: u64 = 4 * 1024 * 1024;

/// `RTF_UP`, `RTF_REJECT`, `RTF_CACHE`, and the address of the host itself.
const UP: u32 = 1;
const REJECT: u32 = 0x200;
const CACHE: u32 = 0x0100_0000;
const LOCAL: u32 = 0x8000_0000;
const ANYCAST: u32 = 0x0010_0000;

/// Routes, and whether some were left out; none when there is no table.
pub(super) fn all(look: &mut Look<'_>) -> (Option<Vec<Route>>, bool) {
    let four = table(look, "/proc/net/route", ipv4);
    let six = table(look, "/proc/net/ipv6_route", ipv6);
    if four.is_none() && six.is_none() {
        return (None, false);
    }
    let (mut routes, four_cut) = four.unwrap_or_default();
    let (more, six_cut) = six.unwrap_or_default();
    routes.extend(more);
    let cut = four_cut || six_cut || routes.len() > MAX;
    routes.sort();
    routes.truncate(MAX);
    (Some(routes), cut)
}

fn table(
    look: &mut Look<'_>,
    path: &str,
    read: fn(&str) -> Option<Route>,
) -> Option<(Vec<Route>, bool)> {
    let file = match look.file(path) {
        Found::Here(file) => file,
        Found::Missing | Found::Unreadable => return None,
    };
    let mut routes = Vec::new();
    for line in BufReader::new(file.take(MAX_TABLE)).lines() {
        let Ok(line) = line else {
            look.garbled(path, "a line of the table is not text");
            return Some((routes, true));
        };
        if let Some(route) = read(&line) {
            routes.push(route);
        }
        if routes.len() > MAX {
            return Some((routes, true));
        }
    }
    Some((routes, false))
}

fn ipv4(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [name, destination, gateway, flags, _, _, _, mask, ..] = fields.as_slice() else {
        return None;
    };
    // The kernel prints the bytes of an address as one number of the machine.
    let number = |text: &str| u32::from_str_radix(text, 16).ok();
    let address = |text: &str| Some(Ipv4Addr::from(number(text)?.to_ne_bytes()));
    let flags = number(flags)?;
    if flags & UP == 0 {
        return None;
    }
    let gateway = address(gateway)?;
    Some(Route {
        destination: format!("{}/{}", address(destination)?, number(mask)?.count_ones()),
        gateway: (!gateway.is_unspecified()).then(|| gateway.to_string()),
        network: (flags & REJECT == 0).then(|| (*name).to_owned()),
    })
}

fn ipv6(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [destination, length, _, _, gateway, _, _, _, flags, name] = fields.as_slice() else {
        return None;
    };
    let address = |text: &str| Some(Ipv6Addr::from(u128::from_str_radix(text, 16).ok()?));
    let flags = u32::from_str_radix(flags, 16).ok()?;
    let (destination, gateway) = (address(destination)?, address(gateway)?);
    let length = u8::from_str_radix(length, 16).ok()?;
    let refused = flags & REJECT != 0;
    // The host's own addresses, multicast and link-local networks stand on every interface.
    let own = flags & (LOCAL | ANYCAST | CACHE) != 0
        || destination.is_multicast()
        || destination.is_unicast_link_local()
        || destination.is_loopback();
    // Without any route, the kernel refuses everything on the loopback.
    let nothing = refused && destination.is_unspecified() && *name == "lo";
    if flags & UP == 0 && !refused || own || nothing {
        return None;
    }
    Some(Route {
        destination: format!("{destination}/{length}"),
        gateway: (!gateway.is_unspecified()).then(|| gateway.to_string()),
        network: (!refused).then(|| (*name).to_owned()),
    })
}
