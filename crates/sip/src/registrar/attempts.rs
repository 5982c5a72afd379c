//! How often a source may be wrong.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Bad logins are counted for so long.
const WINDOW: Duration = Duration::from_secs(60);

/// So many sources are watched at a time; beyond that the one that was wrong first is let go.
const MOST: usize = 4096;

/// Bad logins by source.
pub(super) struct Attempts {
    allowed: u32,
    by_source: HashMap<IpAddr, Failures>,
}

struct Failures {
    since: Instant,
    count: u32,
}

impl Attempts {
    pub(super) fn new(allowed: u32) -> Self {
        Self { allowed, by_source: HashMap::new() }
    }

    /// For so long nothing more is looked at from this source.
    pub(super) fn locked_for(&self, now: Instant, source: IpAddr) -> Option<Duration> {
        let failures = self.by_source.get(&network(source)).filter(|failures| failures.count >= self.allowed)?;
        (failures.since + WINDOW).checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// A wrong password came from there.
    pub(super) fn failed(&mut self, now: Instant, source: IpAddr) {
        let source = network(source);
        if !self.by_source.contains_key(&source) && self.by_source.len() >= MOST {
            self.by_source.retain(|_, failures| now < failures.since + WINDOW);
            let first = self.by_source.iter().min_by_key(|(_, failures)| failures.since).map(|(source, _)| *source);
            first.filter(|_| self.by_source.len() >= MOST).map(|first| self.by_source.remove(&first));
        }
        let failures = self.by_source.entry(source).or_insert(Failures { since: now, count: 0 });
        if failures.since + WINDOW <= now {
            *failures = Failures { since: now, count: 0 };
        }
        failures.count += 1;
    }
}

/// One IPv6 host has a whole /64 to come from.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
    }
}
