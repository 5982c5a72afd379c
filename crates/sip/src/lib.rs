//! A SIP user agent without media: RFC 3261 as a machine that touches no socket and no clock.
//!
//! The room is for links that carry something else than sound, above all CSTA inside INFO (uaCSTA). An [`Agent`]
//! keeps the transactions and dialogs of one gateway, or of one phone. Bytes and time go in as arguments; what is to
//! be sent and what happened come out as [`Output`]s. Whoever owns the sockets calls [`Agent::receive`] for each
//! datagram (or each message that [`frame::frame_len`] cut from a stream) and [`Agent::timeout`] when
//! [`Agent::deadline`] has passed.
//!
//! ```text
//!   bytes ─► message ─► transaction ─► dialog ─► agent ─► Event
//!            parsed     exactly once   whose?     what it means
//! ```
//!
//! Pure: randomness is an argument too, so a whole network of agents runs in virtual time in the tests.
#![forbid(unsafe_code)]

mod agent;
mod dialog;
pub mod digest;
mod flow;
pub mod frame;
pub mod message;
mod transaction;

pub use agent::{Agent, Answer, Config, Discard, Ending, Entropy, Event, Failure, Invite, Output, TransactionId};
pub use dialog::DialogId;
pub use digest::Credentials;
pub use flow::{Flow, Transport};
pub use message::{Body, Method, ParseError, Scheme, Uri, UriError};
pub use transaction::Timers;
