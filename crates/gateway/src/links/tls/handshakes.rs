//! Handshakes under way, in all and by source: they cost us more than those who begin them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Handshakes at once.
const MOST: usize = 512;

/// Handshakes at once from one source.
const MOST_BY_SOURCE: usize = 32;

/// Who is shaking hands.
#[derive(Clone, Default)]
pub(super) struct Handshakes(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A handshake under way, over when it is dropped.
pub(super) struct Seat {
    handshakes: Handshakes,
    source: IpAddr,
}

impl Handshakes {
    /// Room for one more, if there is any.
    pub(super) fn begin(&self, address: IpAddr) -> Option<Seat> {
        let source = source(address);
        let mut underway = self.lock();
        let (all, own) = (underway.values().sum::<usize>(), underway.get(&source).copied().unwrap_or_default());
        if all >= MOST || own >= MOST_BY_SOURCE {
            return None;
        }
        underway.insert(source, own + 1);
        Some(Seat { handshakes: self.clone(), source })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut underway = self.handshakes.lock();
        let left = underway.get(&self.source).map_or(0, |own| own.saturating_sub(1));
        match left {
            0 => underway.remove(&self.source),
            left => underway.insert(self.source, left),
        };
    }
}

/// An IPv4 address, or an IPv6 /64, for a host may take any address of its own (RFC 4291 2.5.1).
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // tests

    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn one_source_leaves_room_for_others() {
        let handshakes = Handshakes::default();
        let (one, other) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::BROADCAST));
        let mut seats: Vec<Seat> = (0..MOST_BY_SOURCE).map(|_| handshakes.begin(one).unwrap()).collect();
        assert!(handshakes.begin(one).is_none());
        assert!(handshakes.begin(IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped())).is_none());
        assert!(handshakes.begin(other).is_some());
        seats.pop();
        assert!(handshakes.begin(one).is_some());
    }

    #[test]
    fn there_is_an_end_to_all() {
        let handshakes = Handshakes::default();
        let source = |number: usize| IpAddr::V6(Ipv6Addr::from_bits((number as u128) << 64));
        let seats: Vec<Seat> = (0..MOST).map(|number| handshakes.begin(source(number)).unwrap()).collect();
        assert!(handshakes.begin(source(MOST)).is_none());
        drop(seats);
        assert!(handshakes.lock().is_empty());
    }
}
