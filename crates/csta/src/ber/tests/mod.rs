//! What the codec promises, each promise in its own file.

mod bounds;
mod corpora;
mod fixtures;
mod judges;
mod module;
mod plain;
mod round_trip;
mod samples;
