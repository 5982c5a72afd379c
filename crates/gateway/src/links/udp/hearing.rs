//! Who is heard over UDP when more arrives than can be handled: the hosts that the gateway itself has asked something
//! (phones, and the PBXs before them) before all others, and of the others nobody more than his share.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::strangers::source;

/// So many hosts are remembered. Phones are asked something every half minute: one that was forgotten is soon known again.
const MOST_ASKED: usize = 65_536;

/// So many datagrams of one stranger are taken in a [`WINDOW`]: the phones of an office that come back behind one
/// address need fewer.
const SHARE: u32 = 1_000;

/// After this time the shares begin anew.
const WINDOW: Duration = Duration::from_secs(1);

/// So many strangers are told apart within that time; those beyond are taken for one.
const MOST_STRANGERS: usize = 4_096;

/// The hosts that the gateway has sent a request to. Clones are handles to the same.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<Mutex<HashSet<IpAddr>>>);

/// What each stranger has taken of his share.
pub(super) struct Shares {
    asked: Asked,
    taken: HashMap<Option<IpAddr>, u32>,
    since: Instant,
}

impl Asked {
    /// These bytes go out: who is sent a request is no stranger.
    pub(super) fn sends(&self, to: IpAddr, bytes: &[u8]) {
        if !bytes.starts_with(b"SIP/") {
            let mut hosts = self.lock();
            if hosts.len() >= MOST_ASKED {
                hosts.clear();
            }
            hosts.insert(to.to_canonical());
        }
    }

    fn has(&self, host: IpAddr) -> bool {
        self.lock().contains(&host.to_canonical())
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<IpAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shares {
    pub(super) fn new(asked: Asked, now: Instant) -> Self {
        Self { asked, taken: HashMap::new(), since: now }
    }

    /// Whether a datagram is heard. Strangers have one half of the queue to the hub, so that the other one is always
    /// there for those who were asked.
    pub(super) fn hears(&mut self, now: Instant, from: IpAddr, is_half_full: bool) -> bool {
        self.asked.has(from) || (!is_half_full && self.has_share(now, from))
    }

    fn has_share(&mut self, now: Instant, from: IpAddr) -> bool {
        if now.saturating_duration_since(self.since) >= WINDOW {
            self.taken.clear();
            self.since = now;
        }
        let own = Some(source(from));
        let is_told_apart = self.taken.len() < MOST_STRANGERS || self.taken.contains_key(&own);
        let taken = self.taken.entry(own.filter(|_| is_told_apart)).or_default();
        *taken += 1;
        *taken <= SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    fn shares() -> (Asked, Shares, Instant) {
        let (asked, now) = (Asked::default(), Instant::now());
        (asked.clone(), Shares::new(asked, now), now)
    }

    fn heard(shares: &mut Shares, now: Instant, from: IpAddr, times: u32) -> u32 {
        (0..times).map(|_| u32::from(shares.hears(now, from, false))).sum()
    }

    #[test]
    fn a_stranger_has_his_share_and_takes_nobody_elses() {
        let (_, mut shares, now) = shares();
        assert_eq!(heard(&mut shares, now, host(1), SHARE * 3), SHARE);
        assert_eq!(heard(&mut shares, now, host(2), 10), 10);
        assert_eq!(heard(&mut shares, now + WINDOW, host(1), SHARE * 3), SHARE, "and again in the next second");
    }

    #[test]
    fn who_was_asked_is_always_heard() {
        let (asked, mut shares, now) = shares();
        asked.sends(host(1), b"SIP/2.0 481 Call/Transaction Does Not Exist\r\n");
        assert!(!shares.hears(now, host(1), true), "an answer makes nobody known");
        asked.sends(host(1), b"INVITE sip:987@10.3.20.10 SIP/2.0\r\n");
        assert!(shares.hears(now, host(1), true));
        assert_eq!(heard(&mut shares, now, host(1), SHARE * 3), SHARE * 3);
        assert!(!shares.hears(now, host(2), true), "strangers have one half of the queue");
    }

    #[test]
    fn strangers_without_number_are_one() {
        let (_, mut shares, now) = shares();
        let most = MOST_STRANGERS as u32;
        let all: u32 = (0..most * 2).map(|number| heard(&mut shares, now, host(number), 1)).sum();
        assert_eq!(all, most + SHARE);
        assert!(shares.taken.len() <= MOST_STRANGERS + 1);
    }
}
