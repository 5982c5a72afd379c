//! Request methods: an open set.

use std::borrow::Cow;
use std::fmt;

use super::text;

/// The method of a request. Case matters (RFC 3261 7.1).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Method(Cow<'static, str>);

/// The methods this crate speaks: parsing one of them allocates nothing.
const KNOWN: [Method; 7] =
    [Method::INVITE, Method::ACK, Method::BYE, Method::CANCEL, Method::OPTIONS, Method::INFO, Method::UPDATE];

/// The other registered methods: it is known what they ask for, and that nobody here does it.
const FOREIGN: [&str; 7] = ["REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "REFER"];

impl Method {
    /// Opens a dialog, or changes it (RFC 3261 13, 14).
    pub const INVITE: Self = Self(Cow::Borrowed("INVITE"));
    /// Confirms the final answer to an INVITE.
    pub const ACK: Self = Self(Cow::Borrowed("ACK"));
    /// Ends a dialog (RFC 3261 15).
    pub const BYE: Self = Self(Cow::Borrowed("BYE"));
    /// Takes back an INVITE that has no final answer yet (RFC 3261 9).
    pub const CANCEL: Self = Self(Cow::Borrowed("CANCEL"));
    /// Asks what the other side can do (RFC 3261 11).
    pub const OPTIONS: Self = Self(Cow::Borrowed("OPTIONS"));
    /// Carries something for the application inside a dialog (RFC 6086).
    pub const INFO: Self = Self(Cow::Borrowed("INFO"));
    /// Changes a dialog without a new handshake (RFC 3311).
    pub const UPDATE: Self = Self(Cow::Borrowed("UPDATE"));

    /// Says where a user is reached (RFC 3261 10). Outside of dialogs only, so no Allow header lists it.
    pub const REGISTER: Self = Self(Cow::Borrowed("REGISTER"));

    /// Tells of something (RFC 6665). Outside of dialogs only, and only to phones that want it so.
    pub const NOTIFY: Self = Self(Cow::Borrowed("NOTIFY"));

    /// Reads a method name; `None` if it is no token.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let name = text::token(name)?;
        let known = KNOWN.into_iter().find(|known| known.as_str() == name);
        Some(known.unwrap_or_else(|| Self(Cow::Owned(name.to_owned()))))
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This crate knows what to do with it.
    pub(crate) fn is_known(&self) -> bool {
        KNOWN.contains(self)
    }

    /// It is registered: a refusal says "not here" (405), and not "never heard of it" (501; RFC 3261 8.2.1, 21.5.2).
    pub(crate) fn is_registered(&self) -> bool {
        self.is_known() || FOREIGN.contains(&self.as_str())
    }

    /// What an Allow header lists.
    pub(crate) fn allow() -> String {
        KNOWN.map(|method| method.to_string()).join(", ")
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
