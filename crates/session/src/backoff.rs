//! When to try again after a failure.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// How long to wait before the next attempt: doubling from `first` to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// After the first failure.
    pub first: Duration,
    /// Never longer than this.
    pub max: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), max: Duration::from_secs(30) }
    }
}

impl Reconnect {
    /// The wait before attempt number `failures + 1`, between three quarters and the whole of the doubled time.
    ///
    /// The jitter comes from the link's name, so that a thousand phones behind one switch do not come back in step,
    /// and that a test sees the same times twice.
    pub(crate) fn wait(&self, link: &str, failures: u32) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(self.max);
        let mut hasher = DefaultHasher::new();
        (link, failures).hash(&mut hasher);
        let jitter = (hasher.finish() % 256) as u32;
        doubled - (doubled / 4) * jitter / 256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_maximum_and_links_differ() {
        let reconnect = Reconnect::default();
        let waits: Vec<u64> = (1..8).map(|n| reconnect.wait("desk-987", n).as_millis() as u64).collect();
        for (n, wait) in waits.iter().enumerate() {
            let full = (1000u64 << n).min(30_000);
            assert!(*wait > full * 3 / 4 - 1 && *wait <= full, "attempt {n}: {wait} of {full} ms");
        }
        let spread: std::collections::BTreeSet<_> = (0..50).map(|n| reconnect.wait(&format!("desk-{n}"), 3)).collect();
        assert!(spread.len() > 25, "links come back in step");
    }
}
