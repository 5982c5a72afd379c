//! A SIP user agent without media: RFC 3261 as a machine that touches no socket and no clock.
//!
//! The room is for links that carry something else than sound, above all CSTA inside INFO (uaCSTA). An [`Agent`]
//! keeps the transactions and dialogs of one gateway, or of one phone. Bytes and time go in as arguments; what is to
//! be sent and what happened come out as [`Output`]s. Whoever owns the sockets calls [`Agent::receive`] for each
//! datagram (or each message that [`frame::Frames`] cut from a stream) and [`Agent::timeout`] when
//! [`Agent::deadline`] has passed.
//!
//! ```text
//!   bytes ─► message ─► transaction ─► dialog ─► agent ─► Event
//!            parsed     exactly once   whose?     what it means
//! ```
//!
//! Pure: randomness is an argument too, so a whole network of agents runs in virtual time in the tests.
//!
//! ```
//! # #![allow(clippy::disallowed_methods)]
//! use sip::{Agent, Body, Config, Flow, Invite, Output, Transport};
//!
//! let entropy = Box::new(|bytes: &mut [u8]| bytes.fill(4)); // the system's generator, outside of examples
//! let mut agent = Agent::new(Config::default(), entropy);
//! let flow = Flow {
//!     transport: Transport::Udp,
//!     local: "192.0.2.1:5060".parse()?,
//!     remote: "192.0.2.20:5060".parse()?,
//! };
//! let mut out = Vec::new();
//! let invite = Invite::new(flow, "sip:101@192.0.2.20".parse()?, "sip:hookswitch@192.0.2.1".parse()?);
//! let invite = Invite { body: Some(Body::csta("<RequestSystemStatus/>")), ..invite };
//! let dialog = agent.invite(std::time::Instant::now(), invite, &mut out);
//!
//! let [Output::Transmit { flow, bytes }] = out.as_slice() else { panic!("one INVITE") };
//! assert_eq!(flow.remote.port(), 5060);
//! assert!(bytes.starts_with(b"INVITE sip:101@192.0.2.20 SIP/2.0\r\n"));
//! assert!(agent.deadline().is_some(), "it is repeated after half a second");
//! # let _ = dialog;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod agent;
mod dialog;
pub mod digest;
mod flow;
pub mod frame;
pub mod locate;
pub mod message;
mod registrar;
mod transaction;

pub use agent::{
    Agent, Answer, Config, Discard, Ending, Entropy, Event, Failure, Invite, Load, Output, Outside, Question, Register,
    TransactionId,
};
pub use dialog::{DialogId, Remembered};
pub use digest::Credentials;
pub use flow::{Flow, Transport};
pub use locate::Candidate;
pub use message::{Body, Method, ParseError, Scheme, Uri, UriError};
pub use registrar::{Account, Binding, RegistrarConfig, Registration};
pub use transaction::Timers;
