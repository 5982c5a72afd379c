//! The ring itself: bounded, and fair between peers.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;

use jiff::Timestamp;
use sip::{Flow, Transport};

use super::{Entry, What};

/// What an entry costs beside its bytes, in all the tables here.
const OVERHEAD: usize = 256;

/// A peer that holds no more than this loses nothing to make room for others, as long as there is somebody who holds
/// more: an opening and the calls of some minutes.
const FAIR: usize = 8 * 1024;

/// So many peers are told apart; beyond, those of whom nothing is kept are forgotten.
const PEERS: usize = 16_384;

/// Whose entries push out whose: each peer that the gateway has asked something has a lane of its own. All strangers
/// share one, or they would gain room by coming from many addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Lane {
    Strangers,
    Peer(Transport, SocketAddr),
}

/// The entries of one lane, from the oldest to the newest.
#[derive(Default)]
struct Kept {
    numbers: VecDeque<u64>,
    weight: usize,
}

/// The last entries of all lanes within one budget. When it is spent, the heaviest lane gives up its oldest entry.
pub(super) struct Ring {
    budget: usize,
    used: usize,
    newest: u64,
    entries: BTreeMap<u64, (Lane, Entry)>,
    lanes: HashMap<Lane, Kept>,
    /// The lanes that hold anything, the heaviest last.
    by_weight: BTreeSet<(usize, Lane)>,
}

impl Ring {
    pub(super) fn new(budget: usize) -> Self {
        Self { budget, used: 0, newest: 0, entries: BTreeMap::new(), lanes: HashMap::new(), by_weight: BTreeSet::new() }
    }

    pub(super) fn used(&self) -> usize {
        self.used
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries behind this number, but not more than so many.
    pub(super) fn after(&self, number: u64, most: usize) -> Vec<Entry> {
        self.entries.range(number + 1..).take(most).map(|(_, (_, entry))| entry.clone()).collect()
    }

    pub(super) fn push(&mut self, at: Timestamp, flow: Flow, what: What) {
        let lane = self.lane(flow, &what);
        self.newest += 1;
        let number = self.newest;
        let cost = cost(&what);
        self.entries.insert(number, (lane, Entry { number, at, flow, what }));
        self.weigh(lane, |kept| {
            kept.numbers.push_back(number);
            kept.weight += cost;
        });
        self.used += cost;
        while self.used > self.budget && self.make_room() {}
    }

    fn lane(&mut self, flow: Flow, what: &What) -> Lane {
        let lane = Lane::Peer(flow.transport, flow.remote);
        if self.lanes.contains_key(&lane) {
            return lane;
        }
        match what {
            // Strangers are answered; only somebody of the configuration is asked.
            What::Sent(bytes) if !bytes.starts_with(b"SIP/") => {
                if self.lanes.len() >= PEERS {
                    self.lanes.retain(|_, kept| kept.weight > 0);
                }
                lane
            }
            What::Sent(_) | What::Received(_) | What::Failed => Lane::Strangers,
        }
    }

    /// Changes what a lane holds, and its place among the others.
    fn weigh(&mut self, lane: Lane, change: impl FnOnce(&mut Kept)) {
        let kept = self.lanes.entry(lane).or_default();
        let before = kept.weight;
        change(kept);
        let after = kept.weight;
        if before > 0 {
            self.by_weight.remove(&(before, lane));
        }
        if after > 0 {
            self.by_weight.insert((after, lane));
        }
    }

    /// Drops one entry; `false` if there is none.
    fn make_room(&mut self) -> bool {
        let heaviest = self.by_weight.last().filter(|(weight, _)| *weight > FAIR).map(|(_, lane)| *lane);
        let oldest = || self.entries.first_key_value().map(|(_, (lane, _))| *lane);
        let Some(lane) = heaviest.or_else(oldest) else { return false };
        let Some(number) = self.lanes.get(&lane).and_then(|kept| kept.numbers.front().copied()) else { return false };
        let Some((_, entry)) = self.entries.remove(&number) else { return false };
        let cost = cost(&entry.what);
        self.weigh(lane, |kept| {
            kept.numbers.pop_front();
            kept.weight -= cost;
        });
        self.used -= cost;
        true
    }
}

fn cost(what: &What) -> usize {
    OVERHEAD + what.message().map_or(0, bytes::Bytes::len)
}
