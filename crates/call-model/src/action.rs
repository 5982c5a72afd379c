//! The five actions, and the facts that come with each.

use std::{fmt, sync::Arc};

use compact_str::CompactString;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Cause, Line, Number, Party};

/// The five actions. A call fires them in this order and never otherwise:
/// `inbound | outbound → [connected → hold*] → disconnected`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// A call reaches the line.
    Inbound,
    /// The line has dialled a number.
    Outbound,
    /// The call was answered.
    Connected,
    /// The call was put on hold or taken off hold.
    Hold,
    /// The call has ended.
    Disconnected,
}

impl Action {
    /// All five, in the order a call fires them.
    pub const ALL: [Self; 5] = [Self::Inbound, Self::Outbound, Self::Connected, Self::Hold, Self::Disconnected];

    /// As `<$action>` spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Connected => "connected",
            Self::Hold => "hold",
            Self::Disconnected => "disconnected",
        }
    }
}

/// Which side began the call; constant over its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Somebody called the line.
    Inbound,
    /// The line called somebody.
    Outbound,
}

impl Direction {
    /// As `<$call_direction>` spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    /// The action that announces such a call.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Inbound => Action::Inbound,
            Self::Outbound => Action::Outbound,
        }
    }
}

/// How a call ended (`<$call_result>`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// It was a conversation.
    Answered,
    /// Inbound, and nobody answered.
    Missed,
    /// Outbound, given up or timed out.
    NoAnswer,
    /// The far end was busy.
    Busy,
    /// The far end refused.
    Rejected,
    /// The network could not complete it.
    Failed,
    /// Another device took it.
    AnsweredElsewhere,
    /// It was forwarded before an answer.
    Forwarded,
    /// The line handed it on.
    Transferred,
    /// It was gone when the link came back: how it ended is not known.
    Lost,
}

impl CallResult {
    /// As `<$call_result>` spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Missed => "missed",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::Forwarded => "forwarded",
            Self::Transferred => "transferred",
            Self::Lost => "lost",
        }
    }
}

/// The 128-bit id of a call: UUID version 7, so it carries date and time and 74 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallGuid(pub Uuid);

impl fmt::Display for CallGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// One action of one call, with all that is known about the call at that moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// Which of the five.
    pub action: Action,
    /// What its placeholders stand for.
    pub facts: Facts,
}

/// The facts of an occurrence: the source of every placeholder.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The line.
    pub line: Arc<Line>,
    /// The call.
    pub guid: CallGuid,
    /// 1, 2, 3 … within the call.
    pub sequence: u32,
    /// When it happened.
    pub at: Timestamp,
    /// Who began the call.
    pub direction: Direction,
    /// On hold right now.
    pub on_hold: bool,
    /// Since when the call exists.
    pub created: Timestamp,
    /// When it was answered.
    pub connected: Option<Timestamp>,
    /// When it ended.
    pub disconnected: Option<Timestamp>,
    /// Whole seconds since the answer, hold included; 0 before it.
    pub duration_seconds: u64,
    /// Whole seconds it rang.
    pub ring_seconds: u64,
    /// Whole seconds it was on hold by the line.
    pub hold_seconds: u64,
    /// The other side.
    pub remote: Party,
    /// The number that was dialled.
    pub called: Number,
    /// The device that answered.
    pub answering: Number,
    /// The last device that redirected the call.
    pub redirecting: Number,
    /// The CSTA cause of the event behind this.
    pub cause: Cause,
    /// How the call ended; `None` before the end.
    pub result: Option<CallResult>,
    /// One id for all calls of a conversation.
    pub correlation: CompactString,
    /// Made by resynchronisation, not by an event.
    pub synthetic: bool,
}
