//! What the codec promises, each promise in its own file.

pub(crate) mod arbitrary;
mod bounds;
mod corpora;
pub(crate) mod fixtures;
mod round_trip;
mod schema;
mod table;

use std::path::PathBuf;

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Says that a test is skipped for want of something, or fails where nothing may be wanting.
#[allow(clippy::disallowed_methods, clippy::print_stdout)] // tests may ask their surroundings
pub(crate) fn skip(test: &str, missing: &str) {
    assert_ne!(std::env::var("HOOKSWITCH_REQUIRE_PEERS").as_deref(), Ok("1"), "{test} needs {missing}");
    absent(test, missing);
}

/// Says that a test is skipped for want of data that need not be there.
#[allow(clippy::print_stdout)] // one line
pub(crate) fn absent(test: &str, missing: &str) {
    println!("{test}: skipped, there is no {missing}");
}
