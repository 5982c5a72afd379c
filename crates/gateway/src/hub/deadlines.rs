//! Which link wants to be called when, so that ten thousand quiet phones cost nothing.

use std::collections::BTreeSet;
use std::time::Instant;

use super::LinkIndex;

/// The deadlines of all links.
#[derive(Debug)]
pub(super) struct Deadlines {
    of_link: Vec<Option<Instant>>,
    in_order: BTreeSet<(Instant, usize)>,
}

impl Deadlines {
    pub(super) fn new(deadlines: impl Iterator<Item = Option<Instant>>) -> Self {
        let of_link: Vec<_> = deadlines.collect();
        let in_order = of_link.iter().enumerate().filter_map(|(n, at)| Some(((*at)?, n))).collect();
        Self { of_link, in_order }
    }

    pub(super) fn set(&mut self, link: LinkIndex, deadline: Option<Instant>) {
        let old = std::mem::replace(&mut self.of_link[link.0], deadline);
        if old == deadline {
            return;
        }
        if let Some(at) = old {
            self.in_order.remove(&(at, link.0));
        }
        if let Some(at) = deadline {
            self.in_order.insert((at, link.0));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.in_order.first().map(|(at, _)| *at)
    }

    /// The links whose time has come, at most so many.
    pub(super) fn due(&self, now: Instant, most: usize) -> Vec<LinkIndex> {
        self.in_order.iter().take_while(|(at, _)| *at <= now).map(|(_, n)| LinkIndex(*n)).take(most).collect()
    }
}
