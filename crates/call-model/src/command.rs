//! What may be asked of a line, and what comes of it.

use compact_str::CompactString;

use crate::{CallRef, LineId, Number};

/// A command on its way to a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Dial `number` from `line` (CSTA MakeCall with doNotPrompt), at most once.
    MakeCall {
        /// The line that dials.
        line: LineId,
        /// The number, byte for byte as the dial rules saw it.
        number: Number,
    },
}

/// What came of a command. A refusal is a value, not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The phone or PBX took it: its MakeCallResponse names the call.
    Accepted {
        /// The call as the link names it; empty if the answer named none and an event confirmed the dial.
        call: CallRef,
    },
    /// The phone or PBX refused, with its CSTA error (`operation/invalidCalledDeviceID`) or SIP status (`486 Busy Here`).
    Refused {
        /// In the words of the phone or PBX.
        reason: CompactString,
    },
    /// Not sent: the phone is known not to have the service for it.
    NotSupported {
        /// Which service, and how that is known.
        reason: CompactString,
    },
    /// No such line.
    NoLine,
    /// The line's link is down: why, in words for an administrator.
    NoLink {
        /// The state of the link.
        reason: CompactString,
    },
    /// Sent, but no answer in time: whether the phone dials is unknown, so it is not repeated.
    NoAnswer,
}
