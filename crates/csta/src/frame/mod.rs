//! Frames: where one message ends and the next begins on a connection to a PBX.
//!
//! [`Decoder`] is a value: [`Decoder::push`] takes what came from the peer, [`Decoder::next`] gives what is whole. It
//! never holds more than one frame and one message in parts. What cannot be a frame is an error that says why, and, at
//! the beginning of a connection, which protocol it looks like instead.

mod decoder;
mod protocol;
#[cfg(test)]
mod tests;

use std::fmt;

use compact_str::CompactString;

pub use decoder::Decoder;
pub use protocol::Protocol;
pub(crate) use protocol::begins_apdu;

use crate::model::closed_set::closed_set;

/// The longest message that is taken from a peer, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;

closed_set! {
    /// How messages are told apart on a connection.
    pub enum Framing {
        /// CSTA XML behind a header of 8 bytes: version, length, invoke id (ECMA-323 annex J.2).
        Header = "header",
        /// CSTA XML, each message ended by a NUL.
        Nul = "nul",
        /// BER behind its length in two bytes, the usual form of CSTA over TCP (Alcatel-Lucent among others).
        Length16 = "length16",
        /// BER behind the byte 26 hex and a length whose first bit ends a message (HiPath 3000).
        HiPath = "hipath",
        /// BER in packets of RFC 1006, with or without a data TPDU (ISO 8073 DT) around it.
        Tpkt = "tpkt",
    }
}

/// What came whole from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The byte that the peer greets with.
    Hello,
    /// A message.
    Message {
        /// The number in the frame's header, where the framing has one ([`Framing::Header`]).
        invoke_id: Option<InvokeId>,
        /// The message itself: XML or BER.
        body: Vec<u8>,
    },
}

/// The four digits in a header: they tie a response to its request. Zero is taken from peers, but never given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvokeId(u16);

impl InvokeId {
    /// What all events have; they are not answered.
    pub const EVENT: Self = Self(9999);
    /// The first one of a connection.
    pub const FIRST: Self = Self(1);

    /// The one after it: behind 9998 comes 1.
    #[must_use]
    pub const fn following(self) -> Self {
        if self.0 >= 9998 { Self::FIRST } else { Self(self.0 + 1) }
    }

    /// The id that is written as these four digits.
    fn of(digits: [u8; 4]) -> Option<Self> {
        let text = std::str::from_utf8(&digits).ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()))?;
        text.parse().ok().map(Self)
    }
}

/// Four digits.
impl fmt::Display for InvokeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

/// The two bytes that some PBXs want exchanged before anything else, by default `B` and `P` (Alcatel-Lucent).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// What is sent first.
    pub ours: u8,
    /// What the peer answers.
    pub theirs: u8,
}

impl Hello {
    /// Reads the form `B/P`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [ours, b'/', theirs] => Some(Self { ours: *ours, theirs: *theirs }),
            _ => None,
        }
    }
}

impl Framing {
    /// Appends a message as it is sent. `invoke_id` is written where the framing has a place for it.
    ///
    /// # Errors
    /// [`FrameError::TooLong`]: this framing has no number for so long a message. Nothing is appended then.
    pub fn encode(self, invoke_id: InvokeId, body: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
        let too_long = FrameError::TooLong { limit: self.longest() };
        let length = u16::try_from(body.len() + self.counted()).map_err(|_| too_long.clone());
        match self {
            Self::Header => {
                out.extend([[0, 0], length?.to_be_bytes()].concat());
                out.extend(invoke_id.to_string().bytes());
            }
            Self::Nul if body.len() > MAX_MESSAGE => return Err(too_long),
            Self::Nul => {}
            Self::Length16 => out.extend(length?.to_be_bytes()),
            Self::HiPath if body.len() > usize::from(HIPATH_LENGTH) => return Err(too_long),
            Self::HiPath => {
                out.push(HIPATH_START);
                out.extend((length? | HIPATH_LAST).to_be_bytes());
            }
            Self::Tpkt => {
                out.extend(TPKT_START);
                out.extend(length?.to_be_bytes());
            }
        }
        out.extend(body);
        if self == Self::Nul {
            out.push(0);
        }
        Ok(())
    }

    /// The bytes of the header that its length counts.
    const fn counted(self) -> usize {
        match self {
            Self::Header => HEADER,
            Self::Tpkt => TPKT_HEADER,
            Self::Nul | Self::Length16 | Self::HiPath => 0,
        }
    }

    /// The longest message that this framing can carry.
    const fn longest(self) -> usize {
        match self {
            Self::Header | Self::Length16 | Self::Tpkt => u16::MAX as usize - self.counted(),
            Self::HiPath => HIPATH_LENGTH as usize,
            Self::Nul => MAX_MESSAGE,
        }
    }
}

/// The length of the header of CSTA XML.
const HEADER: usize = 8;
/// What each fragment of a HiPath begins with ("system application").
const HIPATH_START: u8 = 0x26;
/// Set in the length of the fragment that ends a message.
const HIPATH_LAST: u16 = 0x8000;
/// The bits that are the length.
const HIPATH_LENGTH: u16 = 0x7FFF;
/// Version 3 and a reserved byte (RFC 1006 section 6).
const TPKT_START: [u8; 2] = [3, 0];
/// The length of the header of RFC 1006.
const TPKT_HEADER: usize = 4;

/// Why bytes are no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The connection begins like another protocol.
    #[error("the peer does not speak CSTA framed as {framing:?}: its first bytes look like {looks_like}", framing = .framing.as_str())]
    OtherProtocol {
        /// What was expected.
        framing: Framing,
        /// What it looks like.
        looks_like: Protocol,
    },
    /// The connection begins in a way that no protocol known here does.
    #[error("the peer does not speak CSTA framed as {framing:?}: its first bytes are {first}", framing = .framing.as_str())]
    Unknown {
        /// What was expected.
        framing: Framing,
        /// The first bytes in hex.
        first: CompactString,
    },
    /// The peer greets with another byte than was agreed.
    #[error("the peer greets with the byte {found:02x} and not with {expected:02x} (setting `hello`)")]
    OtherHello {
        /// What was expected.
        expected: u8,
        /// What came.
        found: u8,
    },
    /// The header says that a SOAP envelope follows (version 1).
    #[error("the peer wraps its messages in SOAP, which is not read here: let it use CSTA XML without SOAP")]
    Soap,
    /// A later frame does not begin as frames do: how long it is cannot be known.
    #[error("a frame begins with the bytes {first}: the peer and we are out of step, the connection has to be closed")]
    OutOfStep {
        /// Its first bytes in hex.
        first: CompactString,
    },
    /// A length that does not even count its own header.
    #[error("a frame says it has {length} bytes, its header alone has more: the connection has to be closed")]
    BadLength {
        /// The length.
        length: usize,
    },
    /// A message beyond the bounds.
    #[error("a message has more than {limit} bytes")]
    TooLong {
        /// The bound, in bytes.
        limit: usize,
    },
    /// Four characters that are no number, where the invoke id belongs. The frame is passed over.
    #[error("a frame has the invoke id {found:?}, which are not four digits: it is ignored")]
    BadInvokeId {
        /// What is there instead.
        found: CompactString,
    },
}

impl FrameError {
    /// The next frame cannot be found any more: all that is left is to close the connection.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        match self {
            Self::BadInvokeId { .. } => false,
            // A message without end is passed over up to its NUL; where the length is a number, it was a refusal to join.
            Self::TooLong { .. } => false,
            Self::OtherProtocol { .. }
            | Self::Unknown { .. }
            | Self::OtherHello { .. }
            | Self::Soap
            | Self::OutOfStep { .. }
            | Self::BadLength { .. } => true,
        }
    }
}
