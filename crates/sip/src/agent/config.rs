//! What an agent is told once.

use std::time::Duration;

use crate::registrar::RegistrarConfig;
use crate::transaction::Timers;

/// The settings of an [`Agent`](crate::Agent).
#[derive(Clone, Debug)]
pub struct Config {
    /// The User-Agent of our requests.
    pub user_agent: String,
    /// The user part of our Contact.
    pub contact_user: String,
    /// The base values of all timers.
    pub timers: Timers,
    /// Invitations become [`Event::Invited`](crate::Event::Invited); else they are refused with 403.
    pub accept_invites: bool,
    /// A NOTIFY outside of dialogs becomes [`Event::Requested`](crate::Event::Requested); else it is refused with 405.
    pub accept_notifies: bool,
    /// How many transactions of each kind are kept at a time; what comes beyond is refused with 503. Answers that are
    /// only kept to be sent again make room before that.
    pub max_transactions: usize,
    /// How many dialogs are kept at a time; an INVITE beyond is refused with 503.
    pub max_dialogs: usize,
    /// Our INVITEs ask for a session that ends after this time unless it is refreshed (RFC 4028); a peer that asks for one
    /// gets it in any case.
    pub session_expires: Option<Duration>,
    /// A connection that carries a dialog and was silent for so long is sent a ping (RFC 5626 4.4.1).
    pub keep_alive: Duration,
    /// Over UDP, a dialog in which nothing was said for so long, and up to a tenth longer, is sent an OPTIONS: NATs and
    /// firewalls forget a flow that is silent, many of them within a minute. `None`: never.
    pub keep_alive_datagrams: Option<Duration>,
    /// A request that is too large for a datagram goes over TCP where its peer may be reached so (RFC 3261 18.1.1). For those
    /// who can open connections, and report with [`Agent::flow_refused`](crate::Agent::flow_refused) when they cannot.
    pub large_over_tcp: bool,
    /// Phones that register here.
    pub registrar: RegistrarConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            user_agent: "Hookswitch".to_owned(),
            contact_user: "hookswitch".to_owned(),
            timers: Timers::default(),
            accept_invites: false,
            accept_notifies: false,
            max_transactions: 65_536,
            max_dialogs: 65_536,
            session_expires: Some(Duration::from_secs(1800)),
            keep_alive: Duration::from_secs(120),
            keep_alive_datagrams: None,
            large_over_tcp: false,
            registrar: RegistrarConfig::default(),
        }
    }
}

/// How much an agent keeps for its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Dialogs, those that are just being opened and registrations of our own included.
    pub dialogs: usize,
    /// Requests of ours whose transaction is not over.
    pub requests: usize,
    /// Requests of the peers whose transaction is not over.
    pub answers: usize,
}

/// A source of unpredictable bytes: the system's generator, or a seeded one in tests.
pub type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;
