//! Tests of the whole house, in one binary.

mod layering;
mod scenarios;
mod sip_peers;
mod web_peers;
