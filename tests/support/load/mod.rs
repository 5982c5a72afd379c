//! Loads for the benches: thousands of phones that cost next to nothing, and the programs they are put on.
//!
//! A [`Crowd`] is one SIP agent with a dialog for each phone, behind one UDP socket or behind a connection each
//! ([`Wire`]); it keeps no calls, so that the machine's time is the gateway's. A [`Subject`] is what is measured: a
//! process of its own, whose memory and processor time can be read.

mod crowd;
pub mod events;
mod receiver;
mod shooter;
mod streams;
mod subject;
mod wire;

pub use crowd::{Count, Crowd};
pub use receiver::Receiver;
pub use shooter::Shooter;
pub use subject::{Subject, allow_open_files, folder, free_port};
pub use wire::Wire;

/// The middle one of some values that were measured.
///
/// # Panics
/// There is none.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
