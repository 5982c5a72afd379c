//! Checkpoints and pruning, on a thread and a connection of their own so that no commit waits for them.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::mpsc::{Sender, WeakSender};

use crate::{OpenError, schema, writer::Job};

/// How soon everything is on disk that was written without an fsync of its own.
const PAUSE: Duration = Duration::from_secs(1);
/// Jobs after which a checkpoint does not wait for the pause.
const MANY_JOBS: usize = 4_000;
/// Pages in the log from which on it should start over (16 MiB).
const LONG_LOG: i64 = 4_000;
/// How often old rows are looked for.
const PRUNING: Duration = Duration::from_secs(600);

/// The writer's side of the housekeeper.
pub(crate) struct Housekeeper {
    kick: SyncSender<()>,
    flags: Arc<Flags>,
    jobs: usize,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Flags {
    /// Something was written since the last checkpoint.
    dirty: AtomicBool,
    /// The log is long; the writer should copy the rest of it, so that it can start over.
    long: AtomicBool,
    /// The last pruning found so much that there may be more.
    prune: AtomicBool,
}

impl Housekeeper {
    pub(crate) fn start(dir: &Path, writer: &Sender<Job>) -> Result<Self, OpenError> {
        let db = schema::connect(dir).map_err(|source| OpenError::Database { dir: dir.to_owned(), source })?;
        let flags = Arc::new(Flags::default());
        let (kick, kicked) = sync_channel(1);
        let house = House { db, writer: writer.downgrade(), flags: Arc::clone(&flags), pruned: None };
        let thread = thread::Builder::new()
            .name("store-housekeeper".into())
            .spawn(move || house.run(&kicked))
            .map_err(|source| OpenError::Folder { dir: dir.to_owned(), source })?;
        Ok(Self { kick, flags, jobs: 0, thread })
    }

    /// A passive checkpoint never catches up with a busy writer, so the log would grow for ever: once it is long, the
    /// writer itself copies the few pages that are left, and its next commit starts the log over.
    pub(crate) fn before_commit(&self, db: &Connection) {
        if self.flags.long.swap(false, Ordering::Relaxed) {
            let _ = checkpoint(db); // an error shows in the commit that follows
        }
    }

    pub(crate) fn committed(&mut self, jobs: usize) {
        self.flags.dirty.store(true, Ordering::Relaxed);
        self.jobs += jobs;
        if self.jobs >= MANY_JOBS {
            self.jobs = 0;
            let _ = self.kick.try_send(()); // full: it is awake already
        }
    }

    pub(crate) fn prune_more(&self) {
        self.flags.prune.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stop(self) {
        drop(self.kick);
        let _ = self.thread.join();
    }
}

/// The housekeeper itself.
struct House {
    db: Connection,
    writer: WeakSender<Job>,
    flags: Arc<Flags>,
    pruned: Option<Instant>,
}

impl House {
    fn run(mut self, kicked: &Receiver<()>) {
        while !matches!(kicked.recv_timeout(PAUSE), Err(RecvTimeoutError::Disconnected)) {
            if self.flags.dirty.swap(false, Ordering::Relaxed) {
                self.checkpoint();
            }
            if self.flags.prune.swap(false, Ordering::Relaxed) || self.pruned.is_none_or(|at| at.elapsed() >= PRUNING) {
                self.prune();
            }
        }
    }

    fn checkpoint(&self) {
        match checkpoint(&self.db) {
            Ok(pages) if pages >= LONG_LOG => self.flags.long.store(true, Ordering::Relaxed),
            Ok(_) => {}
            // The log keeps everything; the checkpoint is tried again.
            Err(error) if is_harmless(&error) => {
                self.flags.dirty.store(true, Ordering::Relaxed);
                tracing::warn!(%error, "a checkpoint of the store has to wait");
            }
            Err(error) => {
                if let Some(writer) = self.writer.upgrade() {
                    let _ = writer.blocking_send(Job::Fail(format!("a checkpoint of the store failed: {error}")));
                }
            }
        }
    }

    fn prune(&mut self) {
        if let Some(writer) = self.writer.upgrade()
            && writer.try_send(Job::Prune).is_ok()
        {
            self.pruned = Some(Instant::now());
        }
    }
}

/// Copies what no reader needs any more from the log into the database, waiting for nobody; returns the log's pages.
fn checkpoint(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))
}

#[allow(clippy::wildcard_enum_match_arm)] // foreign enum
fn is_harmless(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
