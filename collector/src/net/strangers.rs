//! How many connections one address may hold before it has shown a certificate, so that one peer cannot take all places.
//!
//! It never knows what a connection is for.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// One address may hold this part of all connections.
const PART: usize = 8;
/// A browser opens several at once, whatever the configuration says.
const LEAST: usize = 16;

/// Connections without a certificate, by address.
#[derive(Clone)]
pub(super) struct Strangers {
    most: usize,
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// The place of one connection; dropping it frees it.
pub(super) struct Place {
    of: Strangers,
    address: IpAddr,
}

impl Strangers {
    pub(super) fn new(connections: usize) -> Self {
        Self { most: (connections / PART).max(LEAST), held: Arc::default() }
    }

    /// A place, unless the address has too many.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { of: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// A host is given 2^64 IPv6 addresses: they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() >> 64 << 64).into(),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_fills_only_its_part_and_leaves_it_again() {
        let strangers = Strangers::new(16 * PART);
        let places: Vec<Place> = (0..16_u16)
            .filter_map(|n| strangers.enter(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, n, 0, 0, 1).into()))
            .collect();
        assert_eq!(places.len(), 16);
        assert!(strangers.enter("2001:db8::2".parse().unwrap()).is_none());
        let other = strangers.enter("192.0.2.1".parse().unwrap());
        assert!(other.is_some());
        drop((places, other));
        assert!(strangers.held.lock().unwrap().is_empty());
        assert!(strangers.enter("2001:db8::2".parse().unwrap()).is_some());
    }
}
