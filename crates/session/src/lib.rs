//! One link to one phone or PBX as a machine: messages and time go in, messages and news about calls come out.
//!
//! A session knows how its kind of link is opened, watched and closed; what an event means for the calls is not
//! decided here. `normalise` is the one place where the words of the standard meet our own.
//!
//! Pure: no clock, no socket. The caller owns both, and asks [`Uacsta::deadline`] when to come back.
#![forbid(unsafe_code)]

mod backoff;
mod capability;
mod dialect;
mod normalise;
mod uacsta;

use std::time::Instant;

pub use backoff::Reconnect;
use call_model::{Command, Event, LineId, Outcome, SnapshotCall};
pub use capability::{Finding, Known, Report, Service, Source};
pub use dialect::{Dialect, edition_name, edition_named};
pub use uacsta::{Config as UacstaConfig, Reach, Turn, Uacsta};

/// A command's name while it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// What stands between an event and its acknowledgement: give it back once the event is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack(sip::TransactionId);

/// What a session is told.
#[derive(Debug)]
pub enum Input {
    /// The deadline has come.
    Timeout,
    /// The next hop that the session asked for was found, and this is a way to it.
    Reachable(Way),
    /// The next hop was not found: why.
    Unreachable(String),
    /// The phone registered, and is reached there; `None`: it is not registered any more.
    Registered(Option<sip::Binding>),
    /// The SIP agent has news about this link's dialog.
    Sip(sip::Event),
    /// Do this; the answer is an [`Output::Outcome`] with the same id.
    Command(CommandId, Command),
    /// What this event led to is durable: acknowledge it.
    Durable(Ack),
    /// The store cannot take what this event led to: the phone shall come again.
    Refused(Ack),
    /// The calls of this line are in doubt: ask the phone.
    Snapshot(LineId),
    /// End in order.
    Stop,
}

/// What a session wants done.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // nearly every output is an event: it is not worth an allocation to shrink the rest
pub enum Output {
    /// Find a way to this next hop and answer with [`Input::Reachable`] or [`Input::Unreachable`].
    Reach(NextHop),
    /// Something happened to a call; acknowledge it when it is durable.
    Event {
        /// The line that saw it.
        line: LineId,
        /// What happened.
        event: Event,
        /// To be given back.
        ack: Ack,
    },
    /// The calls that a line has right now.
    Snapshot {
        /// The line.
        line: LineId,
        /// All its calls.
        calls: Vec<SnapshotCall>,
    },
    /// The session is new, and its phone cannot tell which calls the line has: nobody vouches for those that it has not
    /// been heard of since.
    Unverified {
        /// The line.
        line: LineId,
        /// Since when the phone reports its events again.
        since: Instant,
    },
    /// What came of a command.
    Outcome(CommandId, Outcome),
    /// More is known of the phone than before.
    Learnt {
        /// All that is known of it.
        known: Box<Known>,
        /// It is not only that an event was seen for the first time.
        services: bool,
    },
    /// The link changed its state: told once, however often an attempt fails for the same reason.
    State(State),
    /// Something worth a line in the log that concerns this one message only.
    Note(String),
}

/// Where a session's requests go first (RFC 3263): a name may stand for several servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// The phone, or the proxy before it.
    pub uri: sip::Uri,
    /// What carried the last session: to be taken if it is still among the candidates.
    pub prefer: Option<sip::Candidate>,
    /// What was tried in this attempt and failed (RFC 3263 4.3): not to be taken again.
    pub failed: Vec<sip::Candidate>,
}

/// A way to a next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Where requests go.
    pub flow: sip::Flow,
    /// There are more candidates, should this one fail.
    pub others: bool,
}

/// The state of a link, in words for an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Opening, or waiting to try again: why.
    Down(String),
    /// Open, and all its lines are monitored.
    Up,
    /// Open, but lines are not monitored: which, and what the phone said.
    Degraded(String),
}
