//! Our other requests (RFC 3261 17.1.2).

use std::time::{Duration, Instant};

use super::client::Step;
use super::{Pace, Timers, earlier};

/// The states of a request of ours that is no INVITE.
///
/// ```text
///              1xx                 200…699
///   Trying ─────────► Proceeding ───────────► Completed ──K──► Terminated
///    │ └─ E: again      │  └─ E: again, after T2 each time
///    │ └─ 200…699 ► Completed
///    └─ F: timed out    └─ F: timed out ► Terminated
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NonInviteClient {
    /// Sent; repeated by Timer E until Timer F.
    Trying { again: Option<Pace>, until: Instant },
    /// The peer is at it.
    Proceeding { again: Option<Pace>, until: Instant },
    /// Answered; repeated answers are absorbed until Timer K.
    Completed { until: Instant },
    /// Nothing more comes.
    Terminated,
}

impl NonInviteClient {
    pub(crate) fn start(now: Instant, timers: &Timers, reliable: bool) -> Self {
        let again = Pace::unless(reliable, now, timers.t1, timers.t2);
        Self::Trying { again, until: now + timers.patience() }
    }

    /// A response came in.
    pub(crate) fn receive(&mut self, now: Instant, timers: &Timers, reliable: bool, status: u16) -> Step {
        match (*self, status) {
            (Self::Trying { until, .. } | Self::Proceeding { until, .. }, ..200) => {
                let again = Pace::unless(reliable, now, timers.t2, timers.t2);
                *self = Self::Proceeding { again, until };
                Step::Provisional
            }
            (Self::Trying { .. } | Self::Proceeding { .. }, 200..) => {
                let linger = if reliable { Duration::ZERO } else { timers.t4 };
                *self = Self::Completed { until: now + linger };
                Step::Final
            }
            (Self::Completed { .. } | Self::Terminated, _) => Step::Nothing,
        }
    }

    /// An alarm went off.
    pub(crate) fn timeout(&mut self, now: Instant) -> Step {
        match self {
            Self::Trying { again, until } | Self::Proceeding { again, until } => {
                if now >= *until {
                    *self = Self::Terminated;
                    return Step::TimedOut;
                }
                let due = again.as_mut().is_some_and(|again| again.is_due(now));
                if due { Step::Resend } else { Step::Nothing }
            }
            Self::Completed { until } => {
                if now >= *until {
                    *self = Self::Terminated;
                }
                Step::Nothing
            }
            Self::Terminated => Step::Nothing,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Trying { again, until } | Self::Proceeding { again, until } => earlier(again.as_ref(), *until),
            Self::Completed { until } => Some(*until),
            Self::Terminated => None,
        }
    }
}
