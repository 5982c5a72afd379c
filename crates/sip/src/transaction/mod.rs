//! The four transaction machines of RFC 3261 section 17, with the Accepted state of RFC 6026.
//!
//! A machine is an enum of its states and knows time and statuses only. [`Client`] and [`Server`] put the messages to
//! it: what was sent, and what is sent again. A [`Table`] keeps many of them with their alarms.

mod client;
mod invite_client;
mod invite_server;
mod key;
mod non_invite_client;
mod non_invite_server;
mod server;
mod table;

use std::time::{Duration, Instant};

pub(crate) use client::{Client, ClientNews, derived};
pub(crate) use key::{Branch, ClientKey, OriginKey, ServerKey};
pub(crate) use server::{Server, ServerNews, reply_lines};
pub(crate) use table::{Table, Timed};

/// The base values of all timers (RFC 3261 17.1.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// The estimated round trip; 500 ms.
    pub t1: Duration,
    /// The longest interval between repeated messages; 4 s.
    pub t2: Duration,
    /// How long a message may stay in the network; 5 s.
    pub t4: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

impl Timers {
    /// 64·T1: how long anybody waits for an answer (Timers B, F, H, J, L, M), and Timer D, which is to be longer than
    /// 32 s and is not for smaller T1.
    pub(crate) fn patience(&self) -> Duration {
        self.t1 * 64
    }
}

/// When a message is to be sent again, each time after twice the wait, up to a longest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    at: Instant,
    wait: Duration,
    longest: Duration,
}

impl Pace {
    /// First after `wait`.
    pub(crate) fn new(now: Instant, wait: Duration, longest: Duration) -> Self {
        Self { at: now + wait, wait, longest }
    }

    /// Unreliable transports only.
    pub(crate) fn unless(reliable: bool, now: Instant, wait: Duration, longest: Duration) -> Option<Self> {
        (!reliable).then(|| Self::new(now, wait, longest))
    }

    /// True if it is time; then the next time is set. A late caller gets one repetition, not all it missed.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        if now < self.at {
            return false;
        }
        self.wait = (self.wait * 2).min(self.longest);
        self.at = now + self.wait;
        true
    }
}

/// The earlier of a repetition and an end.
fn earlier(pace: Option<&Pace>, until: Instant) -> Option<Instant> {
    Some(pace.map_or(until, |pace| pace.at.min(until)))
}
