//! When a failed delivery is tried again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

/// How a profile is delivered. When it expires is the store's to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The pause after the first, second … failed attempt; the last one repeats.
    pub pauses: Vec<Duration>,
    /// How long an attempt may take, from the look-up of the host to the head of the answer.
    pub timeout: Duration,
    /// After so many failures in a row the destination counts as down.
    pub down_after: u32,
}

impl Schedule {
    /// For log entries: tried for days. Two failures mean down, so that from then on a probe finds its recovery soon.
    #[must_use]
    pub fn log() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 3_600;
        let pauses = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR];
        Self { pauses: pauses.map(Duration::from_secs).into(), timeout: Duration::from_secs(10), down_after: 2 }
    }

    /// For screen pops: attempts at 0, 1, 2, 4 … seconds. All of one pop's attempts fit in before it counts as down.
    #[must_use]
    pub fn pop() -> Self {
        let pauses = [1, 1, 2, 4];
        Self { pauses: pauses.map(Duration::from_secs).into(), timeout: Duration::from_secs(3), down_after: 5 }
    }

    /// The pause after so many attempts, up to a fifth shorter by chance: what failed together shall not return together.
    pub(super) fn pause(&self, attempts: u32) -> Duration {
        let index = usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1);
        let pause = self.pauses.get(index).or(self.pauses.last()).copied().unwrap_or_default();
        let mut chance = [0];
        let _ = getrandom::fill(&mut chance); // without chance the pause is merely exact
        pause.mul_f64(1.0 - f64::from(chance[0]) / f64::from(u8::MAX) / 5.0)
    }
}

/// `Retry-After`: seconds or a date (RFC 9110 10.2.3), as a pause from `now`.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // An HTTP date always ends in GMT (RFC 9110 5.6.7), which RFC 2822 reads as its obsolete zone.
    let date = rfc2822::parse(value).ok()?.timestamp();
    Duration::try_from(date.duration_since(now).max(SignedDuration::ZERO)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_repeat_the_last_and_never_grow_by_chance() {
        for (attempts, seconds) in [(1, 5.0), (2, 300.0), (3, 1_800.0), (6, 36_000.0), (7, 36_000.0), (9_999, 36_000.0)]
        {
            let pause = Schedule::log().pause(attempts).as_secs_f64();
            assert!((seconds * 0.799..=seconds).contains(&pause), "{pause} after {attempts} attempts");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-07-01T10:00:00Z".parse().unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("Wed, 01 Jul 2026 10:02:00 GMT", Some(120)),
            ("Wed, 01 Jul 2026 09:00:00 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
