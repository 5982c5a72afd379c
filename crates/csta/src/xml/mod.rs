//! ECMA-323: CSTA messages as XML.

mod edition;
mod error;

pub use edition::Edition;
pub use error::DecodeError;

use crate::Message;

/// Reads one message.
///
/// # Errors
/// Whatever makes the bytes unusable, with its place.
pub fn decode(_bytes: &[u8]) -> Result<Message, DecodeError> {
    Err(DecodeError::UnknownMessage { name: "".into() })
}

/// Writes one message: UTF-8, with an XML declaration, in the namespace of the edition.
#[must_use]
pub fn encode(_message: &Message, _edition: Edition) -> Vec<u8> {
    Vec::new()
}
