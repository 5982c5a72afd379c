//! Support for the tests of the whole house.
//!
//! [`world`] is a gateway and one scripted phone in virtual time: no socket, no clock, no file. [`scenario`] reads a
//! call's life from a text file and plays it there. [`office`] has simulated phones instead, and [`makes`] reads what each
//! make must be like. [`weather`] says what a bad network loses and reorders, as [`chance`] has it; the office may stand in
//! it, and [`relay`] brings it to real sockets. [`gateway`] is a real gateway with sockets and clock, [`receiver`] what its action URLs reach, [`certificates`]
//! what TLS needs, [`tap`] reads along on a stream, and [`peer`] finds the programs of other people that it is tested with:
//! [`kamailio`] is one of them, and [`capture`] gives what went over the wire to another.
#![forbid(unsafe_code)]

pub mod capture;
pub mod certificates;
pub mod chance;
pub mod gateway;
pub mod kamailio;
pub mod load;
pub mod makes;
pub mod office;
pub mod peer;
pub mod receiver;
pub mod relay;
pub mod scenario;
pub mod tap;
pub mod weather;
pub mod world;

use std::path::PathBuf;

/// The flow as its other side sees it.
fn back(flow: sip::Flow) -> sip::Flow {
    sip::Flow { local: flow.remote, remote: flow.local, ..flow }
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}
