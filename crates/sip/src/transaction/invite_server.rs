//! The peer's INVITE (RFC 3261 17.2.1, RFC 6026 7.1).

use std::time::{Duration, Instant};

use super::server::Step;
use super::{Pace, Timers, earlier};

/// The peer stops repeating its INVITE at the first provisional answer, so one is due soon (17.2.1).
const TRYING: Duration = Duration::from_millis(200);

/// The states of an INVITE of the peer.
///
/// ```text
///                2xx
///   Proceeding ───────► Accepted ──L──► Terminated
///    │  └─ 200 ms: 100   └─ 2xx again until ACK (RFC 3261 13.3.1.4)
///    │  300…699            ACK
///    └─────────► Completed ─────► Confirmed ──I──► Terminated
///                 │ └─ G: again
///                 └─ H: no ACK came ► Terminated
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InviteServer {
    /// Waits for our answer.
    Proceeding { trying: Option<Instant> },
    /// Answered with a 2xx, which is sent again until the ACK, over streams too: a proxy may change the transport.
    Accepted { again: Option<Pace>, until: Instant },
    /// Refused; sent again until the ACK.
    Completed { again: Option<Pace>, until: Instant },
    /// The ACK to the refusal came; more of them are absorbed.
    Confirmed { until: Instant },
    /// Nothing more comes.
    Terminated,
}

impl InviteServer {
    pub(crate) fn start(now: Instant) -> Self {
        Self::Proceeding { trying: Some(now + TRYING) }
    }

    /// We answer. False if a final answer was given before.
    pub(crate) fn respond(&mut self, now: Instant, timers: &Timers, reliable: bool, status: u16) -> bool {
        let Self::Proceeding { .. } = self else { return false };
        let until = now + timers.patience();
        *self = match status {
            ..200 => Self::Proceeding { trying: None },
            200..300 => Self::Accepted { again: Some(Pace::new(now, timers.t1, timers.t2)), until },
            300.. => Self::Completed { again: Pace::unless(reliable, now, timers.t1, timers.t2), until },
        };
        true
    }

    /// The INVITE came again.
    pub(crate) fn repeated(&self) -> Step {
        match self {
            Self::Proceeding { .. } | Self::Completed { .. } => Step::Resend,
            // The 2xx has its own pace (RFC 6026 7.1).
            Self::Accepted { .. } | Self::Confirmed { .. } | Self::Terminated => Step::Nothing,
        }
    }

    /// The ACK came: inside this transaction for a refusal, through the dialog for a 2xx.
    pub(crate) fn acknowledged(&mut self, now: Instant, timers: &Timers, reliable: bool) {
        match self {
            Self::Completed { .. } => {
                let linger = if reliable { Duration::ZERO } else { timers.t4 };
                *self = Self::Confirmed { until: now + linger };
            }
            Self::Accepted { again, .. } => *again = None,
            Self::Proceeding { .. } | Self::Confirmed { .. } | Self::Terminated => {}
        }
    }

    /// An alarm went off.
    pub(crate) fn timeout(&mut self, now: Instant) -> Step {
        match self {
            Self::Proceeding { trying } => {
                let due = trying.take_if(|at| now >= *at).is_some();
                if due { Step::Trying } else { Step::Nothing }
            }
            Self::Accepted { again, until } => {
                let unacknowledged = again.is_some();
                if now >= *until {
                    *self = Self::Terminated;
                    return if unacknowledged { Step::Unacknowledged } else { Step::Nothing };
                }
                resend(again.as_mut(), now)
            }
            Self::Completed { until, .. } | Self::Confirmed { until } if now >= *until => {
                *self = Self::Terminated;
                Step::Nothing
            }
            Self::Completed { again, .. } => resend(again.as_mut(), now),
            Self::Confirmed { .. } | Self::Terminated => Step::Nothing,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Proceeding { trying } => *trying,
            Self::Accepted { again, until } | Self::Completed { again, until } => earlier(again.as_ref(), *until),
            Self::Confirmed { until } => Some(*until),
            Self::Terminated => None,
        }
    }
}

fn resend(again: Option<&mut Pace>, now: Instant) -> Step {
    let due = again.is_some_and(|again| again.is_due(now));
    if due { Step::Resend } else { Step::Nothing }
}
