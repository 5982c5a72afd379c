//! What the hub is made of, is told, and wants done.

use std::sync::Arc;

use bytes::Bytes;
use call_model::{Command, Destination, Line, LineId, Locale, Outcome};
use session::{CommandId, Known, NextHop, State, UacstaConfig, Way};
use store::{StoreEvent, Submission};

/// Where random bits come from: the system's generator in the daemon, a seeded one in tests.
pub type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;

/// What the hub is made of.
pub struct Parts {
    /// One session each.
    pub links: Vec<UacstaConfig>,
    /// Lines that no session carries, and why: a dial on them says so.
    pub unlinked: Vec<(Arc<Line>, String)>,
    /// What is requested for which occurrence.
    pub destinations: Vec<Destination>,
    /// Zone and numbering of the rendered values.
    pub locale: Locale,
    /// Timers and name of the SIP agent.
    pub sip: sip::Config,
    /// Random bits for SIP (branches, tags, Call-IDs).
    pub sip_entropy: Entropy,
    /// Random bits for the calls' ids.
    pub call_entropy: Entropy,
}

/// What the hub is told.
#[derive(Debug)]
pub enum Input<'a> {
    /// One datagram, or one message of a stream.
    Received(sip::Flow, &'a [u8]),
    /// A flow broke.
    FlowFailed(sip::Flow),
    /// A connection could not be opened: nothing that was sent on this flow has left.
    FlowRefused(sip::Flow),
    /// The way to a link's next hop, or why there is none.
    Reached(LinkIndex, Result<Way, String>),
    /// Somebody wants a line to do something; the answer is an [`Output::Outcome`].
    Command(CommandId, Command),
    /// News from the store.
    Store(StoreEvent),
    /// The deadline has come.
    Timeout,
    /// End all sessions in order.
    Stop,
}

/// What the hub wants done.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit(sip::Flow, Bytes),
    /// Close this connection; that it failed is to be reported.
    Disconnect(sip::Flow),
    /// The peer on this connection is no stranger.
    Recognised(sip::Flow),
    /// Find a way to this next hop.
    Reach(LinkIndex, NextHop),
    /// Make this durable, in this order.
    Submit(Submission),
    /// What came of a command.
    Outcome(CommandId, Outcome),
    /// Remember a link's dialog (or forget it), so that it can be ended after a crash.
    Dialog(String, Option<String>),
    /// More is known of the phone of a link.
    Learnt {
        /// The link.
        link: String,
        /// Its lines.
        lines: Vec<LineId>,
        /// All that is known.
        known: Box<Known>,
        /// It is not only that an event was seen for the first time.
        services: bool,
    },
    /// A link changed its state.
    State(String, State),
    /// Something for the log that concerns one message of one link.
    Note(String, String),
    /// Bytes that nobody can use: worth a line when somebody looks for them.
    Discarded(sip::Flow, sip::Discard),
}

/// A link of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkIndex(pub(super) usize);

impl LinkIndex {
    /// Its place among the [`Parts::links`].
    #[must_use]
    pub fn position(self) -> usize {
        self.0
    }
}
