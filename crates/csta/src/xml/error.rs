//! Why bytes are not a message that can be used.

use compact_str::CompactString;

/// What is wrong with the bytes, and at which of them (counted from 0).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More than [`super::MAX_MESSAGE`] bytes.
    #[error("the message has {length} bytes; at most {} are read", super::MAX_MESSAGE)]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The XML declaration names an encoding that is neither UTF-8 nor ISO-8859-1.
    #[error("the message says it is encoded in {name:?}; only UTF-8 and ISO-8859-1 are read")]
    UnknownEncoding {
        /// The encoding's name.
        name: CompactString,
    },
    /// Bytes that are not UTF-8, and no declaration that they are ISO-8859-1.
    #[error("byte {offset} is not UTF-8, and the message does not say that it is ISO-8859-1")]
    NotUtf8 {
        /// Where.
        offset: usize,
    },
    /// A document type declaration: refused whatever it says, for it is how XML bombs are built.
    #[error("byte {offset}: a DOCTYPE, which no CSTA message has and none may have here")]
    Doctype {
        /// Where.
        offset: usize,
    },
    /// More than [`super::MAX_DEPTH`] elements inside each other.
    #[error("byte {offset}: more than {} elements inside each other", super::MAX_DEPTH)]
    TooDeep {
        /// Where.
        offset: usize,
    },
    /// More than [`super::MAX_ATTRIBUTES`] attributes on one element.
    #[error("byte {offset}: more than {} attributes on one element", super::MAX_ATTRIBUTES)]
    TooManyAttributes {
        /// Where.
        offset: usize,
    },
    /// An entity other than the five of XML itself.
    #[error("byte {offset}: the entity is not defined")]
    UndefinedEntity {
        /// Where.
        offset: usize,
    },
    /// Not XML (XML 1.0, fifth edition).
    #[error("byte {offset}: {rule}")]
    NotWellFormed {
        /// The rule that is broken.
        rule: &'static str,
        /// Where.
        offset: usize,
    },
    /// Well-formed, but its root element is no message known here: to be ignored or refused.
    #[error("<{name}> is no message known here")]
    UnknownMessage {
        /// The root element's local name.
        name: CompactString,
    },
}

impl DecodeError {
    /// The same error with its place moved.
    pub(super) fn moved(mut self, place: impl FnOnce(usize) -> usize) -> Self {
        match &mut self {
            Self::NotUtf8 { offset }
            | Self::Doctype { offset }
            | Self::TooDeep { offset }
            | Self::TooManyAttributes { offset }
            | Self::UndefinedEntity { offset }
            | Self::NotWellFormed { offset, .. } => *offset = place(*offset),
            Self::TooLong { .. } | Self::UnknownEncoding { .. } | Self::UnknownMessage { .. } => {}
        }
        self
    }
}
