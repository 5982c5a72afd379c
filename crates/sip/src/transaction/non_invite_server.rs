//! The peer's other requests (RFC 3261 17.2.2).

use std::time::{Duration, Instant};

use super::Timers;
use super::server::Step;

/// The states of a request of the peer that is no INVITE. There is no Proceeding: provisional answers to such
/// requests do harm (RFC 4320 4.1), so none is sent.
///
/// ```text
///             200…699
///   Trying ────────────► Completed ──J──► Terminated
///    └─ repeated: absorbed   └─ repeated: the answer again
///    └─ 64·T1: nobody waits for an answer any more ► Terminated
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NonInviteServer {
    /// Waits for our answer.
    Trying { until: Instant },
    /// Answered; the answer is kept until Timer J.
    Completed { until: Instant },
    /// Nothing more comes.
    Terminated,
}

impl NonInviteServer {
    pub(crate) fn start(now: Instant, timers: &Timers) -> Self {
        Self::Trying { until: now + timers.patience() }
    }

    /// We answer. False if we did before, or if the answer is none.
    pub(crate) fn respond(&mut self, now: Instant, timers: &Timers, reliable: bool, status: u16) -> bool {
        let Self::Trying { .. } = self else { return false };
        if status < 200 {
            return false;
        }
        let linger = if reliable { Duration::ZERO } else { timers.patience() };
        *self = Self::Completed { until: now + linger };
        true
    }

    /// The request came again.
    pub(crate) fn repeated(&self) -> Step {
        match self {
            Self::Completed { .. } => Step::Resend,
            Self::Trying { .. } | Self::Terminated => Step::Nothing,
        }
    }

    /// An alarm went off.
    pub(crate) fn timeout(&mut self, now: Instant) -> Step {
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            *self = Self::Terminated;
        }
        Step::Nothing
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Trying { until } | Self::Completed { until } => Some(*until),
            Self::Terminated => None,
        }
    }
}
