//! Many machines, and which of them is due first.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// Something with an alarm.
pub(crate) trait Timed {
    /// When it wants to be woken.
    fn deadline(&self) -> Option<Instant>;
}

/// Machines by key. Each has at most one alarm in the queue, always its current one, so ten thousand sleeping
/// machines cost nothing when one wakes.
pub(crate) struct Table<K, T> {
    /// Boxed: the table itself keeps the size of the largest crowd there was, and most machines live for seconds.
    entries: HashMap<K, Box<T>>,
    alarms: BTreeSet<(Instant, K)>,
}

impl<K: Copy + Eq + Hash + Ord, T: Timed> Table<K, T> {
    pub(crate) fn new() -> Self {
        Self { entries: HashMap::new(), alarms: BTreeSet::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, key: K) -> Option<&T> {
        self.entries.get(&key).map(Box::as_ref)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        self.entries.iter().map(|(key, entry)| (*key, entry.as_ref()))
    }

    pub(crate) fn insert(&mut self, key: K, entry: T) {
        self.remove(key);
        self.alarms.extend(entry.deadline().map(|at| (at, key)));
        self.entries.insert(key, Box::new(entry));
    }

    /// Changes an entry, and its alarm with it.
    pub(crate) fn update<R>(&mut self, key: K, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let entry = self.entries.get_mut(&key)?;
        let before = entry.deadline();
        let result = change(entry);
        let after = entry.deadline();
        if before != after {
            before.map(|at| self.alarms.remove(&(at, key)));
            self.alarms.extend(after.map(|at| (at, key)));
        }
        Some(result)
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<T> {
        let entry = self.entries.remove(&key)?;
        entry.deadline().map(|at| self.alarms.remove(&(at, key)));
        // After a crowd the room is given back, long before it would be needed again.
        if self.entries.len() < self.entries.capacity() / 8 {
            self.entries.shrink_to(self.entries.len() * 2);
        }
        Some(*entry)
    }

    /// The next alarm of all.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// The entry with the next alarm of all.
    pub(crate) fn next(&self) -> Option<K> {
        self.alarms.first().map(|(_, key)| *key)
    }

    /// An entry whose alarm is due.
    pub(crate) fn due(&self, now: Instant) -> Option<K> {
        self.alarms.first().filter(|(at, _)| *at <= now).map(|(_, key)| *key)
    }
}
