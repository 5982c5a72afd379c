//! `hookswitch sip-trace`: what is kept, what is shown of it, and how the running gateway is asked.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test panics on purpose")]

mod ladders;
mod live;
mod mask;
mod ring;
mod socket;
