//! The user agent as its neighbours see it: through its public words, in virtual time.
#![allow(clippy::unwrap_used)] // tests
#![allow(clippy::wildcard_enum_match_arm)] // a test picks the events it is about
#![allow(clippy::disallowed_methods)] // one Instant is needed to count virtual time from; the corpora are files

mod auth;
mod cancel;
mod corpora;
mod faults;
mod frames;
mod fuzz;
mod keep_alive;
mod large;
mod locate;
mod messages;
mod net;
mod ordering;
mod outside;
mod pair;
mod registrar;
mod repeats;
mod routes;
mod second_opinion;
mod sessions;
mod strangers;
mod uris;
