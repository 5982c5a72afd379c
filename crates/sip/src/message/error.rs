//! What can be wrong with a message.

use super::{MAX_HEADERS, MAX_MESSAGE, UriError};

/// Why a message was refused: what, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Longer than [`MAX_MESSAGE`].
    #[error("the message has {0} bytes; at most {MAX_MESSAGE} are read")]
    TooLong(usize),
    /// The first line is neither a request line nor a status line.
    #[error("the first line is neither `METHOD URI SIP/2.0` nor `SIP/2.0 code reason`")]
    StartLine,
    /// The status is not three digits from 100 to 699.
    #[error("the status code is not a number from 100 to 699")]
    Status,
    /// Another version than SIP/2.0.
    #[error("the version is not SIP/2.0")]
    Version,
    /// A header line without a name before a colon.
    #[error("line {0}: no header name before a colon")]
    HeaderLine(usize),
    /// More than [`MAX_HEADERS`].
    #[error("more than {MAX_HEADERS} headers")]
    TooManyHeaders,
    /// No empty line behind the headers.
    #[error("no empty line behind the headers")]
    Unfinished,
    /// A header that every message must have is not there.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// A header that stands once in a message stands there twice.
    #[error("the header {0} stands there twice")]
    Repeated(&'static str),
    /// A header value that cannot be read.
    #[error("header {name}: {fault}")]
    Header {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A URI inside a header.
    #[error("header {name}: {fault}")]
    HeaderUri {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        fault: UriError,
    },
    /// The Request-URI.
    #[error("the Request-URI: {0}")]
    RequestUri(UriError),
    /// The Request-URI has headers behind a `?`, which belongs into links and not on the wire.
    #[error("the Request-URI carries headers")]
    RequestUriHeaders,
    /// CSeq names another method than the request line.
    #[error("CSeq and the request line name different methods")]
    MethodMismatch,
    /// Head and announced body together are longer than [`MAX_MESSAGE`].
    #[error("a body of {0} bytes is announced; a message may have {MAX_MESSAGE}")]
    BodyTooLong(usize),
    /// Fewer bytes than Content-Length announces.
    #[error("the body has {present} of the {announced} bytes that Content-Length announces")]
    ShortBody {
        /// What came.
        present: usize,
        /// What should have come.
        announced: usize,
    },
}

impl ParseError {
    /// The status that tells a peer so.
    #[must_use]
    #[allow(clippy::wildcard_enum_match_arm)] // whatever is not said otherwise is a Bad Request (RFC 3261 21.4.1)
    pub fn status(&self) -> u16 {
        match self {
            Self::Version => 505,
            Self::RequestUri(UriError::Scheme) => 416,
            Self::BodyTooLong(_) => 413,
            Self::TooLong(_) => 513,
            _ => 400,
        }
    }
}
