//! The write-ahead log: how long it is, and how it gets into the database (<https://sqlite.org/wal.html>).

use std::time::Duration;

use rusqlite::{Connection, ErrorCode, ffi};

/// Pages in the log from which on it starts over (4 MiB); its file is cut to that after it was longer.
pub(crate) const LONG: i64 = 1_000;
/// How long a connection waits for another one's lock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a commit may be held up by readers, so that the log can start over.
const GLANCE: Duration = Duration::from_millis(10);

/// The pages in the log, copied or not.
pub(crate) fn pages(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?.query_row([], |row| row.get(1))
}

/// Copies what no reader needs any more from the log into the database, waiting for nobody; returns the log's pages.
pub(crate) fn copy(db: &Connection) -> rusqlite::Result<i64> {
    checkpoint(db, "PASSIVE")
}

/// Copies all of the log, waiting a little for readers, so that the next commit starts it over.
pub(crate) fn restart(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(GLANCE)?;
    let copied = checkpoint(db, "RESTART");
    db.busy_timeout(PATIENCE)?;
    copied.map(drop)
}

/// Copies all of the log and gives its room back to the disk. A reader that stays keeps the log; that is no error.
pub(crate) fn empty(db: &Connection) -> rusqlite::Result<()> {
    checkpoint(db, "TRUNCATE").map(drop)
}

fn checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<i64> {
    db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(1))
}

/// No room, or another program holds the database: nothing is lost by it, so it can be tried again. After any other
/// error nobody knows what is on disk (a failed fsync must never be retried).
#[allow(clippy::wildcard_enum_match_arm)] // foreign enum
pub(crate) fn can_be_retried(error: &rusqlite::Error) -> bool {
    let held = matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
    held || lacks_room(error)
}

/// The disk is full: for a file, or for the index of the log, which is enlarged before anything is written.
pub(crate) fn lacks_room(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_FULL | ffi::SQLITE_IOERR_SHMSIZE))
}
