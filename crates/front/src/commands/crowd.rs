//! Connections at once, in all and by source.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::source::Source;

/// Connections at once.
const MOST: usize = 512;
/// Connections at once from one source.
const MOST_BY_SOURCE: usize = 64;

/// Who is connected.
#[derive(Clone, Default)]
pub(super) struct Crowd(Arc<Mutex<HashMap<Source, usize>>>);

/// A place in the crowd, free again when it is dropped.
pub(super) struct Seat {
    crowd: Crowd,
    source: Source,
}

impl Crowd {
    /// A place for one more connection, if there is one.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Seat> {
        let source = Source::of(address);
        let mut crowd = self.lock();
        let (all, own) = (crowd.values().sum::<usize>(), crowd.get(&source).copied().unwrap_or_default());
        if all >= MOST || own >= MOST_BY_SOURCE {
            return None;
        }
        crowd.insert(source, own + 1);
        Some(Seat { crowd: self.clone(), source })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Source, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut crowd = self.crowd.lock();
        match crowd.get(&self.source) {
            Some(2..) => {
                crowd.entry(self.source).and_modify(|connections| *connections -= 1);
            }
            Some(_) | None => {
                crowd.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn one_source_cannot_take_every_seat() {
        let crowd = Crowd::default();
        let (one, other) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::BROADCAST));
        let mut seats: Vec<Seat> = (0..MOST_BY_SOURCE).map(|_| crowd.enter(one).unwrap()).collect();
        assert!(crowd.enter(one).is_none());
        assert!(crowd.enter(IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped())).is_none());
        assert!(crowd.enter(other).is_some());
        seats.pop();
        assert!(crowd.enter(one).is_some());
    }

    #[test]
    fn there_is_an_end_to_all_seats() {
        let crowd = Crowd::default();
        let source = |number: usize| IpAddr::V6(Ipv6Addr::from_bits((number as u128) << 64));
        let seats: Vec<Seat> = (0..MOST).map(|number| crowd.enter(source(number)).unwrap()).collect();
        assert!(crowd.enter(source(MOST)).is_none());
        drop(seats);
        assert!(crowd.lock().is_empty());
    }
}
