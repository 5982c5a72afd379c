//! One call at a phone.

use std::fmt;
use std::time::Instant;

use csta::{LocalConnectionState, SubjectDevice};

/// The number of a call at its phone; the callID of its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub i32);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A live call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number.
    pub id: CallId,
    /// The phone was called; else it dialled.
    pub incoming: bool,
    /// The far party.
    pub remote: SubjectDevice,
    /// How far it came.
    pub state: CallState,
    /// When the far end will answer by itself.
    pub(super) far_answers_at: Option<Instant>,
}

/// How far a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// MakeCall prompts the user to lift the handset; nothing is dialled yet.
    Prompting,
    /// It rings here.
    Ringing,
    /// It rings at the far end.
    Calling,
    /// Both talk.
    Connected,
    /// Connected, and put on hold here.
    Held,
    /// It cannot be completed; the user hears the busy tone.
    Failed,
    /// It is over; such a call is no longer listed.
    Cleared,
}

impl CallState {
    /// The state of the phone's own connection.
    pub(super) fn local(self) -> LocalConnectionState {
        match self {
            Self::Prompting => LocalConnectionState::Initiated,
            Self::Ringing => LocalConnectionState::Alerting,
            Self::Calling | Self::Connected => LocalConnectionState::Connected,
            Self::Held => LocalConnectionState::Hold,
            Self::Failed => LocalConnectionState::Fail,
            Self::Cleared => LocalConnectionState::Null,
        }
    }

    /// The state of the far end's connection.
    pub(super) fn far(self) -> LocalConnectionState {
        match self {
            Self::Ringing | Self::Connected | Self::Held => LocalConnectionState::Connected,
            Self::Calling => LocalConnectionState::Alerting,
            Self::Prompting | Self::Failed | Self::Cleared => LocalConnectionState::Null,
        }
    }
}
