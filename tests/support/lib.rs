//! Support for the tests of the whole house.
//!
//! [`world`] is a gateway and one scripted phone in virtual time: no socket, no clock, no file. [`scenario`] reads a
//! call's life from a text file and plays it there.
#![forbid(unsafe_code)]

pub mod scenario;
pub mod world;

use std::path::PathBuf;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}
