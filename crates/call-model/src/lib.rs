//! What the two wings of the house say to each other.
//!
//! The wire wing turns bytes into [`Event`]s; [`Calls`] turns events into [`Occurrence`]s of the five actions;
//! a [`Destination`] renders an occurrence into the request that an administrator asked for. The other way, a
//! [`Command`] goes down to the phone and an [`Outcome`] comes back.
//!
//! Pure: time, zones and randomness are arguments; no other crate of this project is named here.
#![forbid(unsafe_code)]

mod action;
mod calls;
mod command;
mod destination;
mod event;
mod line;
mod number;
mod numbering;
mod template;

pub use action::{Action, CallGuid, CallResult, Direction, Facts, Occurrence};
pub use calls::{CallOutput, Calls, Entropy, SavedCall};
pub use command::{Command, Outcome};
pub use destination::{Body, Destination, DestinationId, Filter, Method, Profile, Rendered};
pub use event::{CallRef, Cause, ConnectionState, Event, Joined, Moment, News, Parties, SnapshotCall};
pub use line::{Line, LineId};
pub use number::{MAX_DIGITS, NotDialable, Number, NumberPattern, Party};
pub use numbering::{Country, Numbering};
pub use template::{
    Locale, Placeholder, Template, TemplateError, TemplateErrorKind, TemplateLint, TemplateLintKind, UrlPlace,
};
