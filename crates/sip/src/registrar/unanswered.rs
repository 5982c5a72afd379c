//! Challenges that nobody has answered: some phones give up when they see a hash that they do not know.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// A phone that gave up comes again within this time.
const WINDOW: Duration = Duration::from_secs(60);

/// So many phones are remembered at a time; more are asked as if for the first time.
const MOST: usize = 4096;

/// Who was asked for a proof, and when.
#[derive(Default)]
pub(super) struct Unanswered {
    by_phone: HashMap<u64, Instant>,
    hasher: RandomState,
}

impl Unanswered {
    /// A request without a proof: whether there was one from this source for this user a short while ago.
    pub(super) fn again(&mut self, now: Instant, source: IpAddr, user: &str) -> bool {
        let phone = self.hasher.hash_one((source.to_canonical(), user));
        if self.by_phone.len() >= MOST {
            self.by_phone.retain(|_, asked| now < *asked + WINDOW);
        }
        let before = if self.by_phone.len() < MOST { self.by_phone.insert(phone, now) } else { None };
        before.is_some_and(|asked| now < asked + WINDOW)
    }

    /// It has answered.
    pub(super) fn answered(&mut self, source: IpAddr, user: &str) {
        self.by_phone.remove(&self.hasher.hash_one((source.to_canonical(), user)));
    }
}
