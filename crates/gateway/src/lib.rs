//! The daemon: its configuration, its links, and the hub that owns the calls.
#![forbid(unsafe_code)]

pub mod config;
