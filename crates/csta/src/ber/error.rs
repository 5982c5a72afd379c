//! Why bytes are no APDU that can be used.

/// What is wrong with the bytes, and at which of them (counted from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More than [`super::MAX_MESSAGE`] bytes.
    #[error("the message has {length} bytes; at most {} are read", super::MAX_MESSAGE)]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// An element ends behind the one that holds it, or behind the message.
    #[error("byte {offset}: the element is longer than what is there of it")]
    CutOff {
        /// Where it begins.
        offset: usize,
    },
    /// A tag or a length that X.690 does not have, or that is beyond all bounds.
    #[error("byte {offset}: {rule}")]
    NotBer {
        /// The rule that is broken.
        rule: &'static str,
        /// Where the element begins.
        offset: usize,
    },
    /// More than [`super::MAX_DEPTH`] elements inside each other.
    #[error("byte {offset}: more than {} elements inside each other", super::MAX_DEPTH)]
    TooDeep {
        /// Where.
        offset: usize,
    },
    /// Neither an APDU of ROSE nor one of ACSE.
    #[error("byte 0: the tag {tag:02x} begins no APDU of ROSE or ACSE")]
    NotAnApdu {
        /// The first byte.
        tag: u8,
    },
    /// An APDU without a part that it cannot do without.
    #[error("byte {offset}: {what} is missing")]
    Missing {
        /// The part.
        what: &'static str,
        /// Where what should hold it ends or goes on otherwise.
        offset: usize,
    },
}
