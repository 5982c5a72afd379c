//! The half of the control socket that asks.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::{Answer, Asked, Question, VERSION};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens.
    #[error(
        "no gateway is running with this configuration: nobody listens on {}. Start it with `hookswitch run`, or name the configuration file of the one that runs with --config",
        .0.display()
    )]
    Nobody(PathBuf),
    /// The socket is somebody else's.
    #[error(
        "the control socket {} belongs to another user: run this command as the user that runs the gateway, or as root",
        .0.display()
    )]
    NotOurs(PathBuf),
    /// The gateway speaks otherwise.
    #[error("the running gateway is of another version than this program: restart it, then ask again")]
    OtherVersion,
    /// The gateway refuses.
    #[error("{0}")]
    Refused(String),
    /// The socket failed.
    #[error("the control socket {path}: {source}")]
    Socket {
        /// Which.
        path: PathBuf,
        /// How.
        source: io::Error,
    },
}

/// Asks the gateway that keeps its state here. The answers end when it has said all, or ends itself.
///
/// # Errors
/// Nobody is there to answer.
pub fn ask(
    state_dir: &Path,
    question: Question,
) -> Result<impl Iterator<Item = Result<Answer, AskError>> + use<>, AskError> {
    let path = super::path(state_dir);
    let failed = |source: io::Error| {
        let kind = source.kind();
        if kind == io::ErrorKind::NotFound || kind == io::ErrorKind::ConnectionRefused {
            AskError::Nobody(path.clone())
        } else if kind == io::ErrorKind::PermissionDenied {
            AskError::NotOurs(path.clone())
        } else {
            AskError::Socket { path: path.clone(), source }
        }
    };
    let mut stream = UnixStream::connect(&path).map_err(failed)?;
    let line = serde_json::to_string(&Asked { version: VERSION, question }).map_err(|error| failed(error.into()))?;
    stream.write_all(format!("{line}\n").as_bytes()).map_err(failed)?;
    Ok(BufReader::new(stream).lines().map(move |line| {
        let line = line.map_err(|source| AskError::Socket { path: path.clone(), source })?;
        match serde_json::from_str(&line) {
            Ok(Answer::Refused { why }) => Err(AskError::Refused(why)),
            Ok(answer) => Ok(answer),
            Err(_) => Err(AskError::OtherVersion),
        }
    }))
}
