//! Phones that speak the real protocols: for the demo, the tests and the benchmarks.
//!
//! A [`Phone`] is a desk phone as a machine: it answers the gateway's uaCSTA session (ECMA TR/87) inside real SIP,
//! serves CSTA requests, and reports what its user and the world do to it. It touches no socket and no clock, so that
//! a test lives a whole day of telephony in a millisecond. A [`Handset`] gives one phone a socket on the network; a
//! [`Fleet`] gives one socket to thousands of them.
//!
//! ```text
//!   world: ring, answer, hold …  ─► calls ─► events, in order ─► INFO ─► gateway
//!   gateway: INVITE, INFO        ─► session ─► services ─► calls
//! ```
//!
//! [`makes`] are phones as they are sold, each with the ways of its make. The room knows the protocols' crates only, never the gateway's side of them: what it sends is judged by what the
//! standards say, not by what the gateway expects.
#![forbid(unsafe_code)]

mod handset;
pub mod makes;
mod phone;

pub use handset::{Fleet, Handset, Secure, addressee};
pub use phone::{
    Call, CallId, CallNumbering, CallState, Challenge, Counters, DeviceStyle, Features, Manner, Named, Outcome,
    Outside, Phone, PhoneConfig, Registration, Report,
};
pub use sip::Credentials;
pub use sip::digest::Algorithm;
