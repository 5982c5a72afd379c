//! Our INVITE (RFC 3261 17.1.1, RFC 6026 7.2).

use std::time::{Duration, Instant};

use super::client::Step;
use super::{Pace, Timers, earlier};

/// How long a provisional answer keeps an INVITE alive; the least that RFC 3261 16.6 allows for Timer C.
const RINGING: Duration = Duration::from_secs(180);

/// The states of an INVITE of ours.
///
/// ```text
///              1xx                     2xx
///   Calling ─────────► Proceeding ──────────────► Accepted ──M──► Terminated
///    │ │ └─ A: again     │  └─ 300…699 ► Completed ──D──► Terminated
///    │ └──── 2xx ► Accepted; 300…699 ► Completed
///    │                   │
///    B: timed out        3 min: given up
///    give up             give up, CANCEL
///    └────────► Abandoned ◄──────┘ waits for a late answer; 1xx: CANCEL now
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InviteClient {
    /// Sent; repeated by Timer A until Timer B.
    Calling { again: Option<Pace>, until: Instant },
    /// The peer is at it.
    Proceeding { until: Instant },
    /// Nobody waits for the outcome any more. A late answer still has to be acknowledged.
    Abandoned { until: Instant, cancelled: bool },
    /// Refused and acknowledged; a repeated refusal is acknowledged again until Timer D.
    Completed { until: Instant },
    /// Accepted; a repeated 2xx is acknowledged again until Timer M.
    Accepted { until: Instant },
    /// Nothing more comes.
    Terminated,
}

impl InviteClient {
    pub(crate) fn start(now: Instant, timers: &Timers, reliable: bool) -> Self {
        // Timer A doubles without a ceiling (17.1.1.2).
        let again = Pace::unless(reliable, now, timers.t1, timers.patience());
        Self::Calling { again, until: now + timers.patience() }
    }

    /// A response came in.
    pub(crate) fn receive(&mut self, now: Instant, timers: &Timers, reliable: bool, status: u16) -> Step {
        let (next, step) = match (*self, status) {
            (Self::Calling { .. } | Self::Proceeding { .. }, ..200) => {
                (Self::Proceeding { until: now + RINGING }, Step::Provisional)
            }
            (Self::Abandoned { until, cancelled: false }, ..200) => {
                (Self::Abandoned { until, cancelled: true }, Step::Cancel)
            }
            (Self::Calling { .. } | Self::Proceeding { .. } | Self::Abandoned { .. }, 200..300) => {
                (Self::Accepted { until: now + timers.patience() }, Step::Final)
            }
            (Self::Calling { .. } | Self::Proceeding { .. } | Self::Abandoned { .. }, 300..) => {
                let linger = if reliable { Duration::ZERO } else { timers.patience() };
                (Self::Completed { until: now + linger }, Step::Refused)
            }
            (Self::Accepted { .. }, 200..300) => (*self, Step::AcceptedAgain),
            (Self::Completed { .. }, 300..) => (*self, Step::RefusedAgain),
            (Self::Abandoned { .. } | Self::Completed { .. } | Self::Accepted { .. } | Self::Terminated, _) => {
                (*self, Step::Nothing)
            }
        };
        *self = next;
        step
    }

    /// An alarm went off.
    pub(crate) fn timeout(&mut self, now: Instant) -> Step {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Step::Nothing;
        }
        match self {
            Self::Calling { again: Some(again), until } if now < *until => {
                if again.is_due(now) {
                    Step::Resend
                } else {
                    Step::Nothing
                }
            }
            Self::Calling { .. } => {
                *self = Self::Terminated;
                Step::TimedOut
            }
            Self::Proceeding { .. } => Step::TimedOut,
            Self::Abandoned { .. } | Self::Completed { .. } | Self::Accepted { .. } | Self::Terminated => {
                *self = Self::Terminated;
                Step::Nothing
            }
        }
    }

    /// Nobody wants it any more. It can be cancelled only once the peer has shown that it knows it (RFC 3261 9.1).
    pub(crate) fn abandon(&mut self, now: Instant, timers: &Timers) -> Step {
        let until = now + timers.patience();
        match self {
            Self::Calling { .. } => {
                *self = Self::Abandoned { until, cancelled: false };
                Step::Nothing
            }
            Self::Proceeding { .. } => {
                *self = Self::Abandoned { until, cancelled: true };
                Step::Cancel
            }
            Self::Abandoned { .. } | Self::Completed { .. } | Self::Accepted { .. } | Self::Terminated => Step::Nothing,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Calling { again, until } => earlier(again.as_ref(), *until),
            Self::Proceeding { until }
            | Self::Abandoned { until, .. }
            | Self::Completed { until }
            | Self::Accepted { until } => Some(*until),
            Self::Terminated => None,
        }
    }
}
