//! The control socket: how commands on this machine ask the running gateway.
//!
//! A UNIX socket in `state_dir`, for its owner alone. The two halves are of one binary and speak JSON, a line each: one
//! [`Question`] up, then [`Answer`]s down until there is nothing more to say. Nobody else should build on it.

mod client;
mod server;
mod wire;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::client::{AskError, ask};
pub use self::server::Control;
pub use self::wire::Flowing;

/// Changes with every change of what is said here: a gateway that was not restarted after an update is told apart.
const VERSION: u32 = 1;

/// No question is longer, in bytes.
const LONGEST_QUESTION: u64 = 4096;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Question {
    /// The SIP messages that are kept.
    Trace {
        /// Then those that come, until the asker hangs up.
        follow: bool,
    },
}

/// What is answered, a line each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Answer {
    /// A message, or a connection that broke.
    Flowing(Flowing),
    /// All that was kept has been shown; what follows happens now.
    Now,
    /// So many messages were dropped before they could be shown.
    Missed {
        /// How many.
        count: u64,
    },
    /// There is no answer.
    Refused {
        /// In words for an administrator.
        why: String,
    },
}

/// A question as it stands on its line.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    version: u32,
    #[serde(flatten)]
    question: Question,
}

/// Where the socket of a gateway with this `state_dir` is.
#[must_use]
pub fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("control.sock")
}
