//! The command listener from outside: raw clients on one side, a hub that writes down what it was asked to dial on the
//! other.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

#[path = "commands/browser.rs"]
mod browser;
#[path = "commands/forms.rs"]
mod forms;
#[path = "commands/gates.rs"]
mod gates;
#[path = "commands/login.rs"]
mod login;
#[path = "commands/support.rs"]
mod support;
#[path = "commands/transport.rs"]
mod transport;
