//! Which transaction a message belongs to.

use std::fmt;

use crate::message::{CSeq, Kind, Message, Method, Via};

/// The branch of a request of ours: 128 random bits behind the cookie of RFC 3261.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Branch(pub(crate) u128);

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:032x}", Via::COOKIE, self.0)
    }
}

/// A client transaction (RFC 3261 17.1.3): the branch, and whether it is the CANCEL that shares it with its INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ClientKey {
    pub(crate) branch: Branch,
    pub(crate) cancel: bool,
}

impl ClientKey {
    /// The transaction a response answers; `None` if it cannot be one of ours.
    pub(crate) fn of(message: &Message<'_>) -> Option<Self> {
        let digits = message.via.branch()?.get(Via::COOKIE.len()..).filter(|digits| digits.len() == 32)?;
        let branch = Branch(u128::from_str_radix(digits, 16).ok()?);
        Some(Self { branch, cancel: message.cseq.method == Method::CANCEL })
    }
}

/// A server transaction (RFC 3261 17.2.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ServerKey(Box<str>);

impl ServerKey {
    /// The transaction a request belongs to. An ACK belongs to the INVITE whose refusal it confirms.
    pub(crate) fn of(message: &Message<'_>) -> Self {
        let method = &message.cseq.method;
        let method = if *method == Method::ACK { &Method::INVITE } else { method };
        Self::new(message, method)
    }

    /// The INVITE that a CANCEL takes back (RFC 3261 9.2).
    pub(crate) fn cancelled_by(message: &Message<'_>) -> Self {
        Self::new(message, &Method::INVITE)
    }

    fn new(message: &Message<'_>, method: &Method) -> Self {
        let via = &message.via;
        let sent_by = via.sent_by();
        let text = match (via.branch(), &message.kind) {
            (Some(branch), _) => format!("{branch} {sent_by} {method}"),
            // RFC 2543 peers have no unique branch; all that identifies their request is compared instead.
            (None, Kind::Request { uri, .. }) => {
                let tag = message.from.tag().unwrap_or("");
                let branch = via.params.value("branch").unwrap_or_default().escape_ascii();
                let number = message.cseq.number;
                format!("{uri} {tag} {} {number} {sent_by} {branch} {method}", message.call_id)
            }
            (None, Kind::Response { .. }) => String::new(),
        };
        Self(text.into())
    }
}

/// What a request outside of dialogs keeps on every way it takes: Call-ID, CSeq and the tag of From (RFC 3261 8.2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OriginKey(Box<str>);

impl OriginKey {
    /// `None` for a request inside a dialog, and for one of RFC 2543 without a tag.
    pub(crate) fn of(request: &Message<'_>) -> Option<Self> {
        let tag = request.from.tag().filter(|_| request.to.tag().is_none())?;
        let CSeq { number, method } = &request.cseq;
        Some(Self(format!("{} {tag} {number} {method}", request.call_id).into()))
    }
}
