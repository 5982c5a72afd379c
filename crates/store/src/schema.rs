//! The tables, their version, and how a connection is set up.

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use crate::{OpenError, reserve::Reserve, wal};

/// The version of the tables this program writes (`PRAGMA user_version`).
const VERSION: i64 = WITH_PHONES;

/// The version that brought the table of phones.
pub(crate) const WITH_PHONES: i64 = 2;

/// The bytes of a page, SQLite's own choice.
const PAGE: i64 = 4_096;

/// A delivery is `pending` until it is `delivered` or `dead`. Its lane is (destination, call): strictly in order, so
/// only the lane's first pending row, its head, has a `next_attempt_ms`. Finding what is due is then one step in an
/// index, however long the backlog is. The event's id is `guid:sequence`, so the lane's index also makes it unique.
const TABLES: &str = "
CREATE TABLE delivery (
    id              INTEGER PRIMARY KEY,
    destination     TEXT    NOT NULL,
    call_guid       BLOB    NOT NULL,
    sequence        INTEGER NOT NULL,
    event_id        TEXT    NOT NULL,
    method          TEXT    NOT NULL,
    url             TEXT    NOT NULL,
    content_type    TEXT,
    body            TEXT,
    browser         INTEGER NOT NULL,
    profile         TEXT    NOT NULL,
    created_ms      INTEGER NOT NULL,
    expires_ms      INTEGER NOT NULL,
    checksum        INTEGER NOT NULL,
    state           TEXT    NOT NULL DEFAULT 'pending',
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_ms INTEGER,
    last_status     INTEGER,
    last_error      TEXT
) STRICT;
CREATE UNIQUE INDEX delivery_lane ON delivery (destination, call_guid, sequence);
CREATE INDEX delivery_due ON delivery (destination, next_attempt_ms) WHERE next_attempt_ms IS NOT NULL;

CREATE TABLE open_call (
    guid     BLOB    PRIMARY KEY,
    line     TEXT    NOT NULL,
    json     TEXT    NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dial (
    id      INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    caller  TEXT NOT NULL,
    source  TEXT NOT NULL,
    line    TEXT NOT NULL,
    number  TEXT NOT NULL,
    rule    TEXT NOT NULL,
    outcome TEXT
) STRICT;
CREATE INDEX dial_unanswered ON dial (id) WHERE outcome IS NULL;

CREATE TABLE link_dialog (
    link TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What is known of the phone of each line. `features` has one a line: `service MakeCall yes tried`.
const PHONES: &str = "
CREATE TABLE phone (
    line     TEXT PRIMARY KEY,
    link     TEXT NOT NULL,
    agent    TEXT NOT NULL,
    dialect  TEXT NOT NULL,
    edition  TEXT NOT NULL,
    features TEXT NOT NULL,
    since    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What brings a store from each version to the next.
const STEPS: [&str; VERSION as usize] = [TABLES, PHONES];

/// Where the database of a state folder lies.
pub(crate) fn database(dir: &Path) -> PathBuf {
    dir.join("hookswitch.db")
}

/// The lock of a state folder: held as long as the file is open, released by the system even after a crash.
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Creates the folder if need be and locks it.
    pub(crate) fn take(dir: &Path) -> Result<Self, OpenError> {
        let folder = |source| OpenError::Folder { dir: dir.to_owned(), source };
        create_private(dir).map_err(folder)?;
        let file = File::options().create(true).truncate(false).write(true).open(dir.join("lock")).map_err(folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(folder(source)),
        }
    }
}

/// URLs and numbers are nobody else's business: a folder that we create is for its owner alone.
fn create_private(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// A new database is for its owner alone, also in a folder that others may read. SQLite gives its log and its shared
/// memory the mode of the database, so the file is there before SQLite opens it.
fn create_database(dir: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(database(dir)) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Opens the database for writing, creates its tables, and settles what the last run left open. On a full disk even
/// the index of the log takes the room of the reserve.
pub(crate) fn open(dir: &Path, reserve: &Reserve) -> Result<Connection, OpenError> {
    let opened = match open_once(dir) {
        Err(OpenError::Database { source, .. }) if wal::lacks_room(&source) => {
            reserve.release();
            open_once(dir)
        }
        opened => opened,
    }?;
    if !reserve.hold() {
        tracing::warn!(dir = %dir.display(), "the disk of state_dir is nearly full: free some space");
    }
    Ok(opened)
}

fn open_once(dir: &Path) -> Result<Connection, OpenError> {
    create_database(dir).map_err(|source| OpenError::Folder { dir: dir.to_owned(), source })?;
    let db = connect(dir).map_err(|source| OpenError::Database { dir: dir.to_owned(), source })?;
    let found = version(&db).map_err(|source| OpenError::Database { dir: dir.to_owned(), source })?;
    if found > VERSION {
        return Err(OpenError::Newer { dir: dir.to_owned(), found, known: VERSION });
    }
    prepare(&db, found).map_err(|source| OpenError::Database { dir: dir.to_owned(), source })?;
    Ok(db)
}

/// A connection that may write: WAL, and every commit is on disk when it returns (`synchronous = FULL`).
pub(crate) fn connect(dir: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(database(dir))?;
    db.busy_timeout(wal::PATIENCE)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // Checkpoints are the housekeeper's: a commit never waits for one.
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.pragma_update(None, "journal_size_limit", wal::LONG * PAGE)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// A connection that can only read.
pub(crate) fn connect_to_read(dir: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(database(dir), flags)?;
    db.busy_timeout(wal::PATIENCE)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

pub(crate) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn prepare(db: &Connection, found: i64) -> rusqlite::Result<()> {
    let transaction = db.unchecked_transaction()?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        db.execute_batch(step)?;
    }
    db.pragma_update(None, "user_version", VERSION)?;
    // A dial is never repeated after a crash, so what came of it will never be known.
    db.execute("UPDATE dial SET outcome = 'unknown' WHERE outcome IS NULL", [])?;
    transaction.commit()
}
