//! All HTTP of the gateway: command URLs come in ([`commands`]), action URLs go out ([`delivery`]).
//!
//! Neither direction knows CSTA or SIP: a command is a [`call_model::Command`], a delivery is a row of the store.
#![forbid(unsafe_code)]

pub mod commands;
pub mod delivery;
