//! Bad log-ins by source.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::super::{Rate, source::Source, window::Window};

/// Sources that are remembered; beyond, those whose time is over make room, else whoever is looked at first.
const MOST_SOURCES: usize = 4096;

pub(super) struct Attempts {
    rate: Rate,
    windows: HashMap<Source, Window>,
}

impl Attempts {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, windows: HashMap::new() }
    }

    /// How long this source is locked out; `None` if it is not.
    pub(super) fn wait(&mut self, source: Source, now: Instant) -> Option<Duration> {
        self.windows.get_mut(&source)?.wait(now)
    }

    /// A bad log-in.
    pub(super) fn note(&mut self, source: Source, now: Instant) {
        if self.windows.len() >= MOST_SOURCES && !self.windows.contains_key(&source) {
            self.make_room(now);
        }
        let window = self.windows.entry(source).or_insert_with(|| Window::new(self.rate));
        if window.wait(now).is_none() {
            window.take(now);
        }
    }

    fn make_room(&mut self, now: Instant) {
        self.windows.retain(|_, window| {
            window.wait(now);
            !window.is_empty()
        });
        if self.windows.len() >= MOST_SOURCES
            && let Some(any) = self.windows.keys().next().copied()
        {
            self.windows.remove(&any);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn source(number: u32) -> Source {
        Source::of(Ipv4Addr::from_bits(number).into())
    }

    #[test]
    fn a_source_is_locked_out_alone_and_for_its_time() {
        let rate = Rate { count: 2, per: Duration::from_secs(60) };
        let (mut attempts, now) = (Attempts::new(rate), Instant::now());
        attempts.note(source(1), now);
        assert_eq!(attempts.wait(source(1), now), None);
        attempts.note(source(1), now + Duration::from_secs(10));
        assert_eq!(attempts.wait(source(1), now + Duration::from_secs(20)), Some(Duration::from_secs(40)));
        assert_eq!(attempts.wait(source(2), now + Duration::from_secs(20)), None);
        assert_eq!(attempts.wait(source(1), now + Duration::from_secs(60)), None);
    }

    #[test]
    fn sources_are_bounded() {
        let rate = Rate { count: 1, per: Duration::from_secs(60) };
        let (mut attempts, now) = (Attempts::new(rate), Instant::now());
        for number in 0..2 * u32::try_from(MOST_SOURCES).unwrap() {
            attempts.note(source(number), now);
            assert!(attempts.wait(source(number), now).is_some());
        }
        assert_eq!(attempts.windows.len(), MOST_SOURCES);
    }
}
