//! Checkpoints and pruning, on a thread and a connection of their own so that no commit waits for them.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::mpsc::{Sender, WeakSender};

use crate::{OpenError, schema, wal, writer::Job};

/// How soon everything is on disk that was written without an fsync of its own.
const PAUSE: Duration = Duration::from_secs(1);
/// Pages by which the log may grow before a checkpoint does not wait for the pause (1 MiB): what is not in the database
/// yet should find room in the reserve.
const STEP: i64 = 256;
/// How often old rows are looked for.
const PRUNING: Duration = Duration::from_secs(600);

/// The writer's side of the housekeeper.
pub(crate) struct Housekeeper {
    kick: SyncSender<()>,
    flags: Arc<Flags>,
    /// The log's pages when the thread was last kicked.
    kicked_at: i64,
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
    /// Held during a checkpoint: SQLite refuses a second one.
    checkpoint: Mutex<()>,
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
        Ok(Self { kick, flags, kicked_at: 0, thread })
    }

    /// A passive checkpoint never catches up with a busy writer, so the log would grow for ever: once it is long, the
    /// writer itself copies the few pages that are left, and its next commit starts the log over.
    pub(crate) fn before_commit(&self, db: &Connection) -> rusqlite::Result<()> {
        if !self.flags.long.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let _alone = self.pause();
        wal::restart(db).or_else(|error| if wal::can_be_retried(&error) { Ok(()) } else { Err(error) })
    }

    /// Counts what the commit added to the log.
    pub(crate) fn committed(&mut self, db: &Connection) {
        self.flags.dirty.store(true, Ordering::Relaxed);
        let pages = wal::pages(db).unwrap_or(0); // unknown: the pause is short
        self.kicked_at = self.kicked_at.min(pages); // it started over
        if pages - self.kicked_at >= STEP {
            self.kicked_at = pages;
            let _ = self.kick.try_send(()); // full: it is awake already
        }
    }

    /// No checkpoint but the holder's own until the guard is dropped.
    pub(crate) fn pause(&self) -> MutexGuard<'_, ()> {
        self.flags.pause()
    }

    pub(crate) fn prune_more(&self) {
        self.flags.prune.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stop(self) {
        drop(self.kick);
        let _ = self.thread.join();
    }
}

impl Flags {
    fn pause(&self) -> MutexGuard<'_, ()> {
        self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner)
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
        let copied = {
            let _alone = self.flags.pause();
            wal::copy(&self.db)
        };
        match copied {
            Ok(pages) if pages >= wal::LONG => self.flags.long.store(true, Ordering::Relaxed),
            Ok(_) => {}
            // The log keeps everything; the checkpoint is tried again.
            Err(error) if wal::can_be_retried(&error) => {
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
