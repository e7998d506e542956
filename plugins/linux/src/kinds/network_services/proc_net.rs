//! Reads the kernel's socket tables as text and keeps the sockets that wait for strangers; it never opens a file.
//!
//! Format: `Documentation/networking/proc_net_tcp.rst` of the kernel. Addresses are hex words in host byte
//! order, which is little-endian on every platform we build for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Transport protocol of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
}

/// One socket that accepts traffic from peers it did not choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) protocol: Protocol,
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) uid: u32,
    /// 0 when the kernel itself holds the socket (NFS, WireGuard).
    pub(crate) inode: u64,
}

/// What one table said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) sockets: Vec<Socket>,
    /// Lines that did not parse: a truncated read, or a format we do not know.
    pub(crate) malformed: usize,
}

const TCP_LISTEN: u8 = 0x0A;
/// The kernel reuses TCP's "close" for an unconnected UDP socket.
const UDP_UNCONNECTED: u8 = 0x07;

/// Parses the text of `/proc/net/{tcp,tcp6,udp,udp6}`.
pub(crate) fn parse(text: &str, protocol: Protocol) -> Table {
    let mut table = Table::default();
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        match parse_line(line, protocol) {
            Some(Some(socket)) => table.sockets.push(socket),
            Some(None) => {}
            None => table.malformed += 1,
        }
    }
    table
}

/// `None` is a malformed line, `Some(None)` a socket that does not listen.
fn parse_line(line: &str, protocol: Protocol) -> Option<Option<Socket>> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let local = endpoint(fields.get(1)?)?;
    let remote = endpoint(fields.get(2)?)?;
    let state = u8::from_str_radix(fields.get(3)?, 16).ok()?;
    let uid = fields.get(7)?.parse().ok()?;
    let inode = fields.get(9)?.parse().ok()?;
    let listens = match protocol {
        Protocol::Tcp => state == TCP_LISTEN,
        Protocol::Udp => state == UDP_UNCONNECTED && remote.port() == 0 && local.port() != 0,
    };
    Some(listens.then_some(Socket {
        protocol,
        address: local.ip(),
        port: local.port(),
        uid,
        inode,
    }))
}

fn endpoint(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let bytes = hex::decode(address).ok()?;
    let ip = match bytes.len() {
        4 => {
            let mut word: [u8; 4] = bytes.try_into().ok()?;
            word.reverse();
            IpAddr::V4(Ipv4Addr::from(word))
        }
        16 => {
            let mut all: [u8; 16] = bytes.try_into().ok()?;
            all.chunks_exact_mut(4).for_each(<[u8]>::reverse);
            IpAddr::V6(Ipv6Addr::from(all))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Parses `net.ipv4.ip_local_port_range`: the ports the kernel hands to sockets that asked for none.
pub(crate) fn ephemeral_range(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<u16>);
    Some(numbers.next()?.ok()?..=numbers.next()?.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    #[test]
    fn a_listening_tcp_socket_is_read_with_its_owner() {
        let text = format!(
            "{HEADER}   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000   106        0 484 1 00000000cf294f0f 100 0 0 10 0\n"
        );
        let table = parse(&text, Protocol::Tcp);
        let socket = Socket {
            protocol: Protocol::Tcp,
            address: "127.0.0.1".parse().unwrap(),
            port: 22,
            uid: 106,
            inode: 484,
        };
        assert_eq!(table, Table { sockets: vec![socket], malformed: 0 });
    }

    #[test]
    fn connections_and_time_wait_are_not_listeners() {
        let text = format!(
            "{HEADER}   1: 020200C0:9102 507100CB:0050 06 00000000:00000000 03:00000000 00000000     0        0 0 3 000000009365bea3\n"
        );
        assert_eq!(parse(&text, Protocol::Tcp), Table::default());
    }

    #[test]
    fn ipv6_words_are_little_endian_each() {
        let text = format!(
            "{HEADER}   0: B80D0120000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 91 2 0 0\n"
        );
        let table = parse(&text, Protocol::Udp);
        assert_eq!(table.sockets[0].address, "2001:db8::1".parse::<IpAddr>().unwrap());
        assert_eq!(table.sockets[0].port, 53);
    }

    #[test]
    fn a_connected_udp_socket_is_a_client() {
        let text = format!(
            "{HEADER}   0: 0100007F:9C40 0100007F:0035 07 0:0 00:00000000 00000000     0        0 91 2 0 0\n"
        );
        assert_eq!(parse(&text, Protocol::Udp).sockets, []);
    }

    #[test]
    fn truncated_and_hostile_lines_are_counted_not_guessed() {
        let text = format!(
            "{HEADER}   0: 0100007F:0016 00000000:0000 0A\n zz\n 1: é:1 x:2 0A a b c d e f\n"
        );
        assert_eq!(parse(&text, Protocol::Tcp), Table { sockets: vec![], malformed: 3 });
    }

    #[test]
    fn the_port_range_reads_as_the_kernel_prints_it() {
        assert_eq!(ephemeral_range("32768\t60999\n"), Some(32768..=60999));
        assert_eq!(ephemeral_range("many"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,400}") {
            parse(&text, Protocol::Tcp);
            parse(&text, Protocol::Udp);
        }
    }
}
