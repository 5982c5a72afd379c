//! What a link tells about the calls of one line, in our words.

use std::time::Instant;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{Number, Party};

/// A point in time as a call needs it: `at` for durations, `wall` for the timestamps an administrator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The monotonic clock; durations are differences of this.
    pub at: Instant,
    /// The wall clock, UTC.
    pub wall: jiff::Timestamp,
}

/// A call as its link names it: opaque, unique only among the live calls of one link (ECMA-269 callID).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallRef(pub CompactString);

/// Why something happened, as ECMA-323 spells its EventCause; empty if the link gave none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause(pub CompactString);

/// One event about one call of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The call it is about; after a transfer or conference its new name stands in [`Joined`].
    pub call: CallRef,
    /// What happened.
    pub news: News,
    /// Who takes part, as far as this event says.
    pub parties: Parties,
    /// Why.
    pub cause: Cause,
    /// The global call linkage id, where the PBX sends one: it ties calls across links.
    pub linkage: Option<CompactString>,
}

/// The parties an event names. `None` means that the event is silent; an empty [`Number`] means withheld or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parties {
    /// Who calls.
    pub calling: Option<Party>,
    /// Who is called: the number that was dialled.
    pub called: Option<Party>,
    /// The device that answered.
    pub answering: Option<Party>,
    /// The last device that redirected the call.
    pub redirecting: Option<Party>,
    /// The caller as the network knows it; counts where `calling` is missing.
    pub network_calling: Option<Party>,
}

/// What happened to a call, seen from one line. "Here" means: the device concerned is the line itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Off-hook, or the phone prompts its user for a `make_call`: no number yet (ServiceInitiated).
    Initiated,
    /// The line has dialled (Originated).
    Originated,
    /// The call left for another network (NetworkReached).
    Reached,
    /// A device rings: ours (`here`) or the far end's (Delivered, Offered).
    Alerting {
        /// The line itself rings.
        here: bool,
    },
    /// The call waits in a queue; also Delivered with cause `enteringDistribution`.
    Queued,
    /// The call was answered; by whom stands in [`Parties::answering`] (Established).
    Established {
        /// The line itself answered.
        here: bool,
    },
    /// Put on hold (Held).
    Held {
        /// By the line, not by the far end.
        here: bool,
    },
    /// Taken off hold (Retrieved).
    Retrieved {
        /// By the line, not by the far end.
        here: bool,
    },
    /// The call cannot be completed (Failed).
    Failed,
    /// The call went on to another device (Diverted).
    Diverted {
        /// Away from the line.
        here: bool,
    },
    /// Two calls became one, or one went to a third party (Transfered, Conferenced).
    Transferred(Joined),
    /// Two calls became a conference (Conferenced).
    Conferenced(Joined),
    /// A party left (ConnectionCleared).
    Cleared {
        /// The line's own connection.
        here: bool,
    },
    /// The whole call ended (CallCleared).
    Ended,
    /// More is known about the call (CallInformation).
    Updated,
}

/// How a transfer or a conference changes the calls of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The line itself transferred or set up the conference.
    pub here: bool,
    /// The call that was joined into the first, if the line can see it (secondaryOldCall).
    pub secondary: Option<CallRef>,
    /// The line's call from now on; `None` if the line is out, or if the link does not say.
    pub survivor: Option<CallRef>,
    /// The old name of the survivor, as the connection list maps it; `None` if the link does not say.
    pub survivor_was: Option<CallRef>,
    /// The party on the other side from now on (transferredToDevice, addedParty, or the endpoint).
    pub remote: Option<Party>,
}

/// The state of the line's own connection (ECMA-269 LocalConnectionState).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Off-hook, nothing dialled yet.
    Initiated,
    /// Ringing here.
    Alerting,
    /// Dialled by the line, not answered yet.
    Dialling,
    /// In conversation.
    Connected,
    /// On hold by the line.
    Held,
    /// Waiting in a queue.
    Queued,
    /// Cannot be completed.
    Failed,
}

/// A call as a snapshot shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotCall {
    /// The call.
    pub call: CallRef,
    /// The line's connection in it; `None` where the snapshot names no state we know.
    pub state: Option<ConnectionState>,
    /// The far side, if the snapshot names it (endpointDevice).
    pub remote: Option<Party>,
}

impl Cause {
    /// The cause as ECMA-323 spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Party {
    /// A party that is there but not named: withheld, restricted or unknown.
    #[must_use]
    pub fn unknown() -> Self {
        Self { number: Number::default(), name: CompactString::default(), device: CompactString::default() }
    }
}
