//! A rate: so many in any stretch of time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::Rate;

/// What happened within the last `rate.per`, at most `rate.count` of it.
#[derive(Debug)]
pub(super) struct Window {
    rate: Rate,
    taken: VecDeque<Instant>,
}

impl Window {
    pub(super) const fn new(rate: Rate) -> Self {
        Self { rate, taken: VecDeque::new() }
    }

    /// How long until there is room; `None` if there is.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Duration> {
        let is_over = |taken: &Instant| now.saturating_duration_since(*taken) >= self.rate.per;
        while self.taken.front().is_some_and(is_over) {
            self.taken.pop_front();
        }
        if self.taken.len() < self.rate.count as usize {
            return None;
        }
        let oldest = self.taken.front().copied().unwrap_or(now);
        Some(self.rate.per.saturating_sub(now.saturating_duration_since(oldest)))
    }

    /// Takes a place; `wait` said that there is one.
    pub(super) fn take(&mut self, now: Instant) {
        self.taken.push_back(now);
    }

    /// Gives back the place taken at `then`.
    pub(super) fn give_back(&mut self, then: Instant) {
        if let Some(index) = self.taken.iter().position(|taken| *taken == then) {
            self.taken.remove(index);
        }
    }

    /// Nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }
}
