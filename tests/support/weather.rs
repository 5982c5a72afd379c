//! Weather on the network: what becomes of datagrams on their way.

use std::time::Duration;

use crate::chance::Chance;

/// What becomes of datagrams, in percent of them.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// They never arrive.
    pub loss: u64,
    /// They arrive twice.
    pub duplicates: u64,
    /// They take a while, where others take no time.
    pub reordered: u64,
    /// How long that while is at most, in milliseconds.
    pub latest: u64,
}

impl Weather {
    /// Everything arrives at once, and once.
    pub const FAIR: Self = Self { loss: 0, duplicates: 0, reordered: 0, latest: 0 };

    /// How long each copy of one datagram is under way; nothing of it arrives if there is none.
    pub fn copies(self, chance: &mut Chance) -> Vec<Duration> {
        if chance.percent(self.loss) {
            return Vec::new();
        }
        let copies = if chance.percent(self.duplicates) { 2 } else { 1 };
        let late = |chance: &mut Chance| if chance.percent(self.reordered) { chance.below(self.latest) } else { 0 };
        (0..copies).map(|_| Duration::from_millis(late(chance))).collect()
    }
}
