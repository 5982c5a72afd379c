//! Messages.

mod body;
mod error;
mod method;
pub(crate) mod text;
mod uri;

pub use body::{Body, CSTA};
pub use error::ParseError;
pub use method::Method;
pub use uri::{Scheme, Uri, UriError};

/// The longest message that is read, in bytes.
pub const MAX_MESSAGE: usize = 65_536;

/// The most headers that a message may have.
pub const MAX_HEADERS: usize = 128;
