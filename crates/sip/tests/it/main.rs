//! The user agent as its neighbours see it: through its public words, in virtual time.
#![allow(clippy::unwrap_used)] // tests
#![allow(clippy::disallowed_methods)] // one Instant is needed to count virtual time from; the corpora are files

mod auth;
mod cancel;
mod corpora;
mod faults;
mod fuzz;
mod messages;
mod net;
mod pair;
mod repeats;
mod routes;
mod strangers;
