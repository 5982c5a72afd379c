//! Complaints about strangers: whoever sends nonsense must not fill the disk with what is logged of it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One line in this time; the rest is counted.
const PACE: Duration = Duration::from_secs(10);

/// When the last complaint was logged, and how many were kept back since.
#[derive(Default)]
pub(super) struct Complaints(Mutex<(Option<Instant>, u64)>);

impl Complaints {
    /// One more. If it is to be logged: how many were kept back before it.
    pub(super) fn next(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0.is_some_and(|last| now < last + PACE) {
            state.1 += 1;
            return None;
        }
        state.0 = Some(now);
        Some(std::mem::take(&mut state.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_back_is_counted() {
        let complaints = Complaints::default();
        let start = Instant::now();
        assert_eq!(complaints.next(start), Some(0));
        assert_eq!(complaints.next(start + PACE / 2), None);
        assert_eq!(complaints.next(start + PACE / 2), None);
        assert_eq!(complaints.next(start + PACE), Some(2));
        assert_eq!(complaints.next(start + PACE * 2), Some(0));
    }
}
