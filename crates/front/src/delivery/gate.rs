//! Whether a destination may be asked now: the breaker of one destination.

use std::time::{Duration, Instant};

/// What an attempt taught about its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lesson {
    /// It works.
    Works,
    /// It failed; it counts as down after so many failures in a row.
    Failed { down_after: u32 },
    /// It asked to be left alone for a while (429 or 503 with `Retry-After`).
    Busy { pause: Duration },
    /// It will never answer again (410).
    Gone,
    /// Nothing: it could not be sent anywhere.
    Nothing,
}

/// ```text
///                                        (start: nobody knows yet)
///          failures in a row, or Retry-After  ▼
///   Up ───────────────────────────────────────► Down ──┐ a probe now and then
///    ▲                                            │  ▲──┘ that fails
///    └──────────────── any success ───────────────┘
///   Up, Down ── 410 ──► Gone
/// ```
#[derive(Debug)]
pub(super) struct Gate {
    state: State,
    probe_every: Duration,
}

#[derive(Debug)]
enum State {
    Up { failures: u32 },
    Down { probe_at: Instant },
    Gone,
}

/// What may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// Whatever is due.
    All,
    /// One request, whether it is due or not.
    Probe,
    /// Nothing before then; `None`: never.
    NoneUntil(Option<Instant>),
}

impl Gate {
    /// The first request finds out whether the destination works.
    pub(super) const fn new(now: Instant, probe_every: Duration) -> Self {
        Self { state: State::Down { probe_at: now }, probe_every }
    }

    pub(super) fn leave(&self, now: Instant) -> Leave {
        match self.state {
            State::Up { .. } => Leave::All,
            State::Down { probe_at } if probe_at <= now => Leave::Probe,
            State::Down { probe_at } => Leave::NoneUntil(Some(probe_at)),
            State::Gone => Leave::NoneUntil(None),
        }
    }

    /// A probe is on its way. The next one does not wait for it: it may hang.
    pub(super) fn probing(&mut self, now: Instant) {
        if let State::Down { probe_at } = &mut self.state {
            *probe_at = now + self.probe_every;
        }
    }

    /// Takes the lesson; true if the destination was down and is back.
    pub(super) fn learn(&mut self, lesson: Lesson, now: Instant) -> bool {
        let was_down = matches!(self.state, State::Down { .. });
        match (&mut self.state, lesson) {
            (_, Lesson::Gone) => self.state = State::Gone,
            // It took the place of a probe.
            (State::Down { probe_at }, Lesson::Nothing) => *probe_at = now,
            (State::Gone, _) | (State::Up { .. }, Lesson::Nothing) | (State::Down { .. }, Lesson::Failed { .. }) => {}
            (_, Lesson::Works) => self.state = State::Up { failures: 0 },
            (State::Up { failures }, Lesson::Failed { down_after }) => {
                *failures += 1;
                if *failures >= down_after {
                    self.state = State::Down { probe_at: now + self.probe_every };
                }
            }
            (State::Up { .. }, Lesson::Busy { pause }) => self.state = State::Down { probe_at: now + pause },
            (State::Down { probe_at }, Lesson::Busy { pause }) => *probe_at = (*probe_at).max(now + pause),
        }
        was_down && matches!(self.state, State::Up { .. })
    }

    pub(super) const fn is_down(&self) -> bool {
        matches!(self.state, State::Down { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(5);
    const FAILED: Lesson = Lesson::Failed { down_after: 2 };

    #[test]
    fn down_after_failures_in_a_row_and_up_after_one_success() {
        let now = Instant::now();
        let mut gate = Gate::new(now, EVERY);
        assert_eq!(gate.leave(now), Leave::Probe);
        gate.probing(now);
        assert_eq!(gate.leave(now), Leave::NoneUntil(Some(now + EVERY)));
        gate.learn(Lesson::Nothing, now);
        assert_eq!(gate.leave(now), Leave::Probe, "nothing was asked yet");
        assert!(gate.learn(Lesson::Works, now));
        for lesson in [FAILED, Lesson::Works, FAILED, Lesson::Nothing] {
            assert!(!gate.learn(lesson, now));
            assert_eq!(gate.leave(now), Leave::All, "{lesson:?}");
        }
        gate.learn(FAILED, now);
        assert_eq!(gate.leave(now), Leave::NoneUntil(Some(now + EVERY)));
        let then = now + EVERY;
        assert_eq!(gate.leave(then), Leave::Probe);
        gate.probing(then);
        assert_eq!(gate.leave(then), Leave::NoneUntil(Some(then + EVERY)));
        assert!(gate.learn(Lesson::Works, then));
        assert_eq!(gate.leave(then), Leave::All);
    }

    #[test]
    fn a_pause_is_kept_and_gone_is_final() {
        let now = Instant::now();
        let mut gate = Gate::new(now, EVERY);
        gate.learn(Lesson::Works, now);
        let pause = Duration::from_secs(60);
        gate.learn(Lesson::Busy { pause }, now);
        gate.learn(FAILED, now);
        assert_eq!(gate.leave(now + EVERY), Leave::NoneUntil(Some(now + pause)));
        assert_eq!(gate.leave(now + pause), Leave::Probe);
        gate.learn(Lesson::Gone, now);
        assert!(!gate.learn(Lesson::Works, now));
        assert_eq!(gate.leave(now + pause), Leave::NoneUntil(None));
    }
}
