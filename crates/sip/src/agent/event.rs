//! What comes out of an agent, and the answers that go both ways.

use std::fmt;

use bytes::Bytes;

use crate::message::ParseError;
use crate::{Body, DialogId, Flow, Method, Registration, Uri};

/// What an agent wants done, in this order.
pub enum Output {
    /// Send these bytes. A failure is reported with [`Agent::flow_failed`](crate::Agent::flow_failed).
    Transmit {
        /// Where to.
        flow: Flow,
        /// One whole message.
        bytes: Bytes,
    },
    /// Close this connection: its peer does not answer any more. [`Agent::flow_failed`](crate::Agent::flow_failed) follows.
    Disconnect {
        /// The connection.
        flow: Flow,
    },
    /// The peer on this connection is no stranger: an account has registered over it, or a dialog is up on it.
    Recognised {
        /// The connection.
        flow: Flow,
    },
    /// Something happened.
    Event(Event),
    /// A phone of an account is reached otherwise than before.
    Registered(Registration),
    /// Bytes came in that nobody can use: worth a debug line, nothing else.
    Discarded {
        /// Where from.
        flow: Flow,
        /// Why.
        reason: Discard,
    },
}

/// What happened in a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Our INVITE was answered with a 2xx; the ACK is already sent.
    Accepted {
        /// The dialog, which is up.
        dialog: DialogId,
        /// The 2xx.
        answer: Answer,
    },
    /// Our INVITE came to nothing. The id is gone.
    Rejected {
        /// The dialog that never was.
        dialog: DialogId,
        /// Why.
        failure: Failure,
    },
    /// The final answer, whatever its status, to a request of ours inside a dialog.
    Answered {
        /// The dialog.
        dialog: DialogId,
        /// As given to [`Agent::request`](crate::Agent::request).
        tag: u64,
        /// The answer.
        answer: Answer,
    },
    /// A request of ours inside a dialog has no answer and will get none.
    Failed {
        /// The dialog, which may go on: an `Ended` follows where it does not.
        dialog: DialogId,
        /// As given to [`Agent::request`](crate::Agent::request).
        tag: u64,
        /// Why.
        failure: Failure,
    },
    /// The peer asks something inside a dialog. It must be answered with [`Agent::respond`](crate::Agent::respond).
    Requested {
        /// The dialog.
        dialog: DialogId,
        /// Whom to answer.
        transaction: TransactionId,
        /// INFO, or NOTIFY outside a dialog: everything else the agent answers itself.
        method: Method,
        /// What it carries: of a multipart body, the CSTA part.
        body: Option<Body>,
        /// The value of its Authorization header, for [`digest`](crate::digest).
        authorization: Option<String>,
    },
    /// Somebody invites us (only with `Config::accept_invites`). It must be answered.
    Invited {
        /// The dialog it will be.
        dialog: DialogId,
        /// Whom to answer. A 2xx opens the dialog, a higher status ends it.
        transaction: TransactionId,
        /// Who.
        from: Uri,
        /// Whom they look for: the Request-URI.
        uri: Uri,
        /// And by what name: To.
        to: Uri,
        /// What it carries: of a multipart body, the CSTA part.
        body: Option<Body>,
        /// The value of its Authorization header, for [`digest`](crate::digest).
        authorization: Option<String>,
    },
    /// The dialog is over. The id is gone.
    Ended {
        /// The dialog that was.
        dialog: DialogId,
        /// How.
        ending: Ending,
    },
}

impl Event {
    /// The dialog it is about.
    #[must_use]
    pub fn dialog(&self) -> DialogId {
        match self {
            Self::Accepted { dialog, .. }
            | Self::Rejected { dialog, .. }
            | Self::Answered { dialog, .. }
            | Self::Failed { dialog, .. }
            | Self::Requested { dialog, .. }
            | Self::Invited { dialog, .. }
            | Self::Ended { dialog, .. } => *dialog,
        }
    }
}

/// Why a request of ours has no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A final answer of 300 or more; or the status the agent gave itself where it could not even send
    /// (481 in no such dialog, 503 at its bounds).
    Status(Answer),
    /// Nobody answered in time.
    Timeout,
    /// The flow failed: nobody listens there, or the connection was lost.
    Flow,
}

/// How a dialog ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The peer said BYE.
    Bye,
    /// The peer does not know the dialog any more (481): it was restarted, as a rule.
    Unknown,
    /// The peer did not answer a request (or answered 408).
    Timeout,
    /// The peer took its INVITE back.
    Cancelled,
    /// The peer never acknowledged our 2xx.
    Unacknowledged,
    /// The TLS connection it was held over is gone: no other was proved to lead to the same peer.
    Disconnected,
}

/// A final or provisional answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status code, 100 to 699.
    pub status: u16,
    /// The reason phrase as sent; empty for our own answers means the usual phrase.
    pub reason: String,
    /// What it carries: of a multipart body, the CSTA part.
    pub body: Option<Body>,
    /// Retry-After in seconds.
    pub retry_after: Option<u32>,
    /// Where the peer is (received answers only; the agent writes its own Contact).
    pub contact: Option<Uri>,
    /// What the peer calls itself: Server, else User-Agent (received answers only).
    pub agent: Option<Box<str>>,
    /// More headers to send (WWW-Authenticate); empty in received answers.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// An answer with the usual reason phrase and no body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// With this body.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    /// With one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A request of the peer that waits for our answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(pub(crate) u64);

/// Why bytes that came in are of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Discard {
    /// No SIP message, or a broken one that cannot be answered.
    #[error("unreadable: {0}")]
    Malformed(#[from] ParseError),
    /// A response to nothing we asked.
    #[error("a response that matches no request of ours")]
    Stray,
    /// An ACK to nothing we answered.
    #[error("an ACK that matches no answer of ours")]
    StrayAck,
    /// A request inside a dialog whose 2xx has not arrived yet. It will come again, and the 2xx before it.
    #[error("a request that overtook the answer to our INVITE")]
    Early,
    /// A stranger's request whose refusal would be larger than the request itself: not sent over UDP, so that nobody
    /// can use us to flood somebody else.
    #[error("a refusal ({status}) larger than the request")]
    Amplifies {
        /// The status it would have had.
        status: u16,
    },
}

impl From<Event> for Output {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transmit { flow, bytes } => {
                write!(f, "Transmit({flow:?}, {} bytes)", bytes.len())
            }
            Self::Disconnect { flow } => write!(f, "Disconnect({flow:?})"),
            Self::Recognised { flow } => write!(f, "Recognised({flow:?})"),
            Self::Event(event) => event.fmt(f),
            Self::Registered(registration) => registration.fmt(f),
            Self::Discarded { flow, reason } => write!(f, "Discarded({flow:?}, {reason})"),
        }
    }
}
