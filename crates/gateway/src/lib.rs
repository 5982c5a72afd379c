//! The daemon: its configuration, its links, and the hub that owns the calls.
//!
//! [`hub`] is the machine, without clock, socket or file; [`driver`] gives it the time and carries out what it wants;
//! [`run`] starts and stops the whole.
#![forbid(unsafe_code)]

pub mod certificates;
pub mod config;
#[cfg(unix)]
pub mod control;
pub mod demo;
pub mod driver;
pub mod hub;
pub mod links;
mod parts;
pub mod phones;
pub mod run;
pub mod trace;
