//! What the two wings of the house say to each other.
//!
//! The wire wing turns bytes into [`Event`]s; [`Calls`] turns events into [`Occurrence`]s of the five actions;
//! a [`Destination`] renders an occurrence into the request that an administrator asked for. The other way, a
//! [`Command`] goes down to the phone and an [`Outcome`] comes back.
//!
//! Pure: time, zones and randomness are arguments; no other crate of this project is named here.
#![forbid(unsafe_code)]

mod action;
mod command;
mod event;
mod line;
mod number;

pub use action::{Action, CallGuid, CallResult, Direction, Facts, Occurrence};
pub use command::{Command, Outcome};
pub use event::{CallRef, Cause, ConnectionState, Event, Joined, Moment, News, Parties, SnapshotCall};
pub use line::{Line, LineId};
pub use number::{Number, Party};
