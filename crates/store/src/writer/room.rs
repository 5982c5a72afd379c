//! What the writer does when the disk is full.
//!
//! The log must never hold rows for which the database has no room to grow, or nothing could go on even after files
//! were deleted. So nothing is committed on a full disk unless the [reserve](crate::reserve) lies there again.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::{Job, Receipt, Writer};
use crate::{AuditError, StoreEvent, wal};

/// How long to wait before a commit is tried again that found no room.
const RETRY: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 1_000 });
/// How often old rows are looked for while nothing else can be written.
const PRUNING: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 600 });
/// SQLite's own bound on the pages of a database.
const ANY_SIZE: u32 = u32::MAX - 1;

/// What the writer remembers about the lack of room.
#[derive(Default)]
pub(crate) struct Want {
    /// There was no room lately: the reserve comes before the next commit.
    cramped: bool,
    /// When old rows were last looked for to make room.
    pruned: Option<Instant>,
}

impl Writer {
    /// Commits, after making room if there is none. An error that can be retried means that there is still none.
    pub(super) fn commit_making_room(&mut self, batch: &[Job]) -> rusqlite::Result<Vec<Receipt>> {
        if !self.want.cramped {
            match self.commit(batch) {
                Err(error) if wal::lacks_room(&error) => self.want.cramped = true,
                done => return done,
            }
        }
        self.empty_log()?;
        if self.reserve.hold() {
            match self.commit(batch) {
                Err(error) if wal::lacks_room(&error) => {}
                done => {
                    self.want.cramped = done.is_err();
                    return done;
                }
            }
        }
        self.commit_in_reserve(batch)
    }

    /// Moves the log into the database, in the room of the reserve if there is no other.
    fn empty_log(&self) -> rusqlite::Result<()> {
        let _alone = self.housekeeper.pause();
        match wal::empty(&self.db) {
            Err(error) if wal::lacks_room(&error) => {
                self.reserve.release();
                wal::empty(&self.db)
            }
            done => done,
        }
    }

    /// Commits what fits into the database as it is, in pages that pruned rows left behind. It can be moved there
    /// without any room, so the log may take the room of the reserve for a moment: a disk full of old rows works on.
    fn commit_in_reserve(&mut self, batch: &[Job]) -> rusqlite::Result<Vec<Receipt>> {
        let prune = self.want.pruned.is_none_or(|at| at.elapsed() >= PRUNING);
        let adds = batch.iter().any(Job::must_be_durable);
        if adds && !prune && pragma(&self.db, "freelist_count")? == 0 {
            return Err(no_room());
        }
        self.reserve.release();
        limit_pages(&self.db, pragma(&self.db, "page_count")?)?;
        let pruned = if prune { self.prune() } else { Ok(()) };
        let done = pruned.and_then(|()| self.commit(batch));
        limit_pages(&self.db, ANY_SIZE)?;
        match self.empty_log() {
            Err(error) if !wal::can_be_retried(&error) => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.reserve.hold();
        done
    }

    /// Deletes what has been kept long enough; the job that would do it stands in the queue, behind the batch.
    fn prune(&mut self) -> rusqlite::Result<()> {
        self.want.pruned = Some(Instant::now());
        while matches!(self.commit(&[Job::Prune])?.first(), Some(Receipt::Rows(1..))) {
            self.empty_log()?;
        }
        Ok(())
    }

    /// Keeps the batch but refuses its dials: one that rings minutes later surprises somebody.
    pub(super) fn wait_for_room(&self, batch: &mut Vec<Job>, error: &rusqlite::Error) {
        for dial in batch.extract_if(.., |job| matches!(job, Job::Dial(..))) {
            if let Job::Dial(_, reply) = dial {
                let _ = reply.send(Err(AuditError::Full));
            }
        }
        if !self.full.swap(true, Ordering::Relaxed) {
            let reason = format!(
                "the store cannot be written ({error}): free some space (2 MiB or more) on the disk of state_dir"
            );
            tracing::error!(%reason, "nothing is accepted until there is room");
            let _ = self.events.blocking_send(StoreEvent::Full { reason });
        }
        thread::sleep(RETRY);
    }
}

fn pragma(db: &Connection, name: &str) -> rusqlite::Result<u32> {
    db.pragma_query_value(None, name, |row| row.get(0))
}

fn limit_pages(db: &Connection, pages: u32) -> rusqlite::Result<()> {
    db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
}

fn no_room() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None)
}
