//! The codec: CSTA messages as types, and their encoding.
//!
//! [`model`] is ECMA-269 (services and events) as plain types that know nothing of any encoding; [`xml`] is their
//! encoding after ECMA-323, [`ber`] that after ECMA-285 and its elders; [`frame`] finds messages in the bytes of a TCP
//! connection; [`device`] reads the text grammar of device identifiers (ECMA-269 clause 10). Liberal in what it reads,
//! strict in what it writes, and bounded: no input makes it panic or allocate beyond its frame.
//!
//! Pure: bytes in, values out; no clock, no socket, no environment.
#![forbid(unsafe_code)]

pub mod ber;
pub mod device;
mod event_part;
pub mod frame;
pub mod model;
pub mod xml;

pub use model::*;
pub use xml::{DecodeError, Edition};
