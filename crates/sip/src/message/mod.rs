//! Reading and writing messages (RFC 3261 7, 20, 25).
//!
//! Reading has two steps. [`Raw`] finds the lines: start line, headers, and what follows them. [`Message`] checks
//! what every message must have. Both borrow the bytes they were read from, and bear any byte in the places that are
//! text for people: display names, reason phrases, headers that nobody here knows.

mod address;
mod body;
mod error;
pub(crate) mod host;
mod method;
mod params;
mod raw;
pub(crate) mod text;
mod uri;
mod via;
mod write;

use bytes::Bytes;

pub use address::Address;
pub use body::{Body, CSTA};
pub use error::ParseError;
pub use method::Method;
pub use params::Params;
pub use raw::{Header, Raw, Start};
pub use uri::{Scheme, Uri, UriError};
pub use via::Via;
pub(crate) use write::{Writer, reason};

/// The longest message that is read, in bytes.
pub const MAX_MESSAGE: usize = 65_536;

/// The most headers that a message may have.
pub const MAX_HEADERS: usize = 128;

/// A message that has all that RFC 3261 8.1.1 demands.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Request or response.
    pub kind: Kind<'a>,
    /// The topmost Via.
    pub via: Via<'a>,
    /// From.
    pub from: Address<'a>,
    /// To.
    pub to: Address<'a>,
    /// Call-ID.
    pub call_id: &'a str,
    /// CSeq.
    pub cseq: CSeq,
    /// The body, as long as Content-Length says; without one, all that follows the headers.
    pub body: &'a [u8],
    raw: Raw<'a>,
}

/// Request or response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A request.
    Request {
        /// Its method.
        method: Method,
        /// Its Request-URI.
        uri: Uri,
    },
    /// A response.
    Response {
        /// 100 to 699.
        status: u16,
        /// The reason phrase, in whatever encoding it came.
        reason: &'a [u8],
    },
}

/// The sequence number of a request and the method it counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2³¹ (RFC 3261 8.1.1.5).
    pub number: u32,
    /// The method.
    pub method: Method,
}

impl<'a> Message<'a> {
    /// Reads one message. Bytes behind the announced body are ignored.
    ///
    /// # Errors
    /// Says what is wrong, and where.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        Self::check(Raw::parse(bytes)?)
    }

    /// Checks what was found.
    ///
    /// # Errors
    /// Says what is missing, repeated or unreadable.
    pub fn check(raw: Raw<'a>) -> Result<Self, ParseError> {
        let kind = kind(&raw.start)?;
        let via = raw.list("Via").next().ok_or(ParseError::Missing("Via"))?;
        let via = Via::parse(via).map_err(|fault| ParseError::Header { name: "Via", fault })?;
        let from = address(&raw, "From")?;
        let to = address(&raw, "To")?;
        let call_id = text::word(raw.single("Call-ID")?)
            .ok_or(ParseError::Header { name: "Call-ID", fault: "not one word of visible characters" })?;
        let cseq = CSeq::parse(raw.single("CSeq")?)?;
        if let Kind::Request { method, .. } = &kind
            && *method != cseq.method
        {
            return Err(ParseError::MethodMismatch);
        }
        let body = raw.body()?;
        Ok(Self { kind, via, from, to, call_id, cseq, body, raw })
    }

    /// The first header of this name; its compact form counts too.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.raw.values(name).next()
    }

    /// The values of a header that lists several, over all its lines.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.raw.list(name)
    }

    /// The header as text.
    #[must_use]
    pub fn readable(&self, name: &str) -> Option<String> {
        self.header(name).map(text::readable)
    }

    /// What it carries: of a multipart body, the CSTA part.
    #[must_use]
    pub fn content(&self) -> Option<Body> {
        let content_type = self.readable("Content-Type").filter(|_| !self.body.is_empty())?;
        let disposition = self.readable("Content-Disposition");
        let bytes = Bytes::copy_from_slice(self.body);
        let whole = Body { content_type: content_type.into(), disposition: disposition.map(Into::into), bytes };
        Some(whole.find(CSTA).unwrap_or(whole))
    }

    /// The URI of the first Contact, as requests may name it: without headers.
    #[must_use]
    pub fn contact(&self) -> Option<Uri> {
        let contact = Address::parse(self.list("Contact").next()?).ok()?;
        contact.uri().ok().map(Uri::without_headers)
    }

    /// Whether its Allow lists UPDATE; `None` if it lists nothing.
    pub(crate) fn allows_update(&self) -> Option<bool> {
        let mut all = self.list("Allow").peekable();
        all.peek()?;
        Some(all.any(|method| method == Method::UPDATE.as_str().as_bytes()))
    }

    /// The lines it was read from.
    pub(crate) fn raw(&self) -> &Raw<'a> {
        &self.raw
    }
}

impl CSeq {
    fn parse(value: &[u8]) -> Result<Self, ParseError> {
        let fault = |fault| ParseError::Header { name: "CSeq", fault };
        let value = text::trim(value);
        let space = value.iter().position(|byte| text::is_space(*byte));
        let (number, method) = value.split_at(space.unwrap_or(value.len()));
        let number = text::number(number).filter(|number| *number < 1 << 31);
        Ok(Self {
            number: number.ok_or(fault("its number is not one below 2147483648"))?,
            method: Method::parse(text::trim(method)).ok_or(fault("no method behind its number"))?,
        })
    }
}

fn kind<'a>(start: &Start<'a>) -> Result<Kind<'a>, ParseError> {
    match start {
        Start::Request { method, uri, version } => {
            if !version.eq_ignore_ascii_case(b"SIP/2.0") {
                return Err(ParseError::Version);
            }
            let uri = Uri::parse(uri).map_err(ParseError::RequestUri)?;
            if uri.has_headers() {
                return Err(ParseError::RequestUriHeaders);
            }
            Ok(Kind::Request { method: method.clone(), uri })
        }
        Start::Response { status, reason } => Ok(Kind::Response { status: *status, reason }),
    }
}

fn address<'a>(raw: &Raw<'a>, name: &'static str) -> Result<Address<'a>, ParseError> {
    let value = raw.single(name)?;
    Address::parse(value).map_err(|fault| ParseError::Header { name, fault })
}
