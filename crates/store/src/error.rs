//! What can go wrong, and what an administrator can do.

use std::path::PathBuf;

/// A store that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be created or written.
    #[error("state_dir {} cannot be used: {source}; choose a folder that the gateway may write", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another gateway holds the lock.
    #[error("state_dir {} belongs to another gateway that is running: stop it, or give this one its own state_dir", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// The tables are newer than this program.
    #[error("the store in {} has version {found}, this program knows {known}: run the newer program, or give this one its own state_dir", dir.display())]
    Newer {
        /// The folder.
        dir: PathBuf,
        /// The version of the tables.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The database cannot be opened.
    #[error("the store in {} cannot be opened: {source}", dir.display())]
    Database {
        /// The folder.
        dir: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// The store is closed: what was asked will not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store is closed")]
pub struct Closed;

/// Something that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database refused.
    #[error("the store cannot be read: {0}")]
    Database(#[from] rusqlite::Error),
    /// The store is closed.
    #[error(transparent)]
    Closed(#[from] Closed),
}
