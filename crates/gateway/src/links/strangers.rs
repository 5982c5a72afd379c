//! Strangers: who has connected and has not shown yet that he is one of ours. There is room for so many of them, in all
//! and by source, so that they never take the places of phones.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Strangers at once.
const MOST: usize = 1024;

/// Strangers at once from one source: the phones of a whole office that come back behind one address after a power cut
/// are strangers for a moment.
const MOST_BY_SOURCE: usize = 128;

/// Who they are.
#[derive(Clone, Default)]
pub(super) struct Strangers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A stranger's place, free again when it is dropped.
pub(super) struct Seat {
    strangers: Strangers,
    source: IpAddr,
}

impl Strangers {
    /// Room for one more, if there is any.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Seat> {
        let source = source(address);
        let mut present = self.lock();
        let (all, own) = (present.values().sum::<usize>(), present.get(&source).copied().unwrap_or_default());
        if all >= MOST || own >= MOST_BY_SOURCE {
            return None;
        }
        present.insert(source, own + 1);
        Some(Seat { strangers: self.clone(), source })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut present = self.strangers.lock();
        let left = present.get(&self.source).map_or(0, |own| own.saturating_sub(1));
        match left {
            0 => present.remove(&self.source),
            left => present.insert(self.source, left),
        };
    }
}

/// An IPv4 address, or an IPv6 /64, for a host may take any address of its own (RFC 4291 2.5.1).
pub(super) fn source(address: IpAddr) -> IpAddr {
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
        let strangers = Strangers::default();
        let (one, other) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::BROADCAST));
        let mut seats: Vec<Seat> = (0..MOST_BY_SOURCE).map(|_| strangers.admit(one).unwrap()).collect();
        assert!(strangers.admit(one).is_none());
        assert!(strangers.admit(IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped())).is_none());
        assert!(strangers.admit(other).is_some());
        seats.pop();
        assert!(strangers.admit(one).is_some());
    }

    #[test]
    fn there_is_an_end_to_all() {
        let strangers = Strangers::default();
        let source = |number: usize| IpAddr::V6(Ipv6Addr::from_bits((number as u128) << 64));
        let seats: Vec<Seat> = (0..MOST).map(|number| strangers.admit(source(number)).unwrap()).collect();
        assert!(strangers.admit(source(MOST)).is_none());
        drop(seats);
        assert!(strangers.lock().is_empty());
    }
}
