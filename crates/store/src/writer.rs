//! The one thread that writes. It takes whatever waits in its queue, commits it as one transaction, and only then
//! says so: natural group commit.

mod room;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use call_model::{DestinationId, Rendered};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Attempt, AuditError, DialId, DialRecord, PhoneRecord, Settings, StoreEvent, Submission, audit, bell::Bells, calls,
    housekeeper::Housekeeper, outbox, phones, reserve::Reserve, schema::FolderLock, wal,
};
pub(crate) use room::Want;

/// The most jobs in one transaction.
const BATCH: usize = 512;
/// And about the most bytes: a transaction must fit onto a small disk, and into the reserve.
const BATCH_BYTES: usize = 1 << 18;
/// The most rows that one job of bulk work touches, so that no commit is held up by it.
const BULK: u32 = 500;
/// One thing to write.
pub(crate) enum Job {
    Submit(Submission),
    Settle(Attempt, oneshot::Sender<()>),
    Hasten(DestinationId, oneshot::Sender<usize>),
    Abandon(DestinationId, String, oneshot::Sender<usize>),
    Dial(DialRecord, oneshot::Sender<Result<DialId, AuditError>>),
    DialOutcome(DialId, String),
    Dialog(String, Option<String>),
    Phone(Box<PhoneRecord>),
    Prune,
    /// The disk failed elsewhere: stop.
    Fail(String),
    Close(oneshot::Sender<()>),
}

/// What a job gave, known once its transaction is committed.
enum Receipt {
    Nothing,
    Rows(usize),
    Dial(DialId),
}

pub(crate) struct Writer {
    pub(crate) db: Connection,
    /// The connection's `synchronous`.
    pub(crate) level: &'static str,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) events: mpsc::Sender<StoreEvent>,
    pub(crate) bells: Bells,
    pub(crate) settings: Settings,
    /// Dials are refused while this is set.
    pub(crate) full: Arc<AtomicBool>,
    pub(crate) housekeeper: Housekeeper,
    pub(crate) reserve: Reserve,
    pub(crate) want: Want,
    pub(crate) lock: FolderLock,
}

impl Writer {
    pub(crate) fn run(mut self) {
        while let Some(first) = self.jobs.blocking_recv() {
            let mut batch = self.gather(first);
            match self.commit_when_possible(&mut batch) {
                Ok(receipts) => {
                    let closing = self.acknowledge(batch, receipts);
                    if !closing.is_empty() {
                        return self.close(closing);
                    }
                }
                Err(reason) => {
                    tracing::error!(%reason, "the store stops: what is on disk is unknown");
                    let _ = self.events.blocking_send(StoreEvent::Fatal { reason });
                    return;
                }
            }
        }
        self.close(Vec::new());
    }

    /// Everything that waits already, up to a bound.
    fn gather(&mut self, first: Job) -> Vec<Job> {
        let mut bytes = first.bytes();
        let mut batch = vec![first];
        while batch.len() < BATCH && bytes < BATCH_BYTES && !matches!(batch.last(), Some(Job::Close(_))) {
            let Ok(job) = self.jobs.try_recv() else { break };
            bytes += job.bytes();
            batch.push(job);
        }
        batch
    }

    /// Commits the batch, again and again while there is no room for it; an error is final.
    fn commit_when_possible(&mut self, batch: &mut Vec<Job>) -> Result<Vec<Receipt>, String> {
        if let Some(reason) = failure(batch) {
            return Err(reason);
        }
        self.housekeeper
            .before_commit(&self.db)
            .map_err(|error| format!("a checkpoint of the store failed: {error}"))?;
        loop {
            #[cfg(test)]
            let _ = self.settings.page_limit.apply(&self.db);
            let error = match self.commit_making_room(batch) {
                Ok(receipts) => {
                    self.housekeeper.committed(&self.db);
                    if self.full.swap(false, Ordering::Relaxed) {
                        let _ = self.events.blocking_send(StoreEvent::Ready);
                    }
                    return Ok(receipts);
                }
                Err(error) => error,
            };
            if !wal::can_be_retried(&error) {
                return Err(format!("writing the store failed: {error}"));
            }
            if self.jobs.is_closed() {
                return Err(format!("closed without room to write: {error}"));
            }
            self.wait_for_room(batch, &error);
        }
    }

    fn commit(&mut self, batch: &[Job]) -> rusqlite::Result<Vec<Receipt>> {
        // What nobody waits for is written without an fsync of its own. The next durable commit, or the housekeeper
        // a second later, syncs the whole log: a power cut before that costs a duplicate, never an event.
        let level = if batch.iter().any(Job::must_be_durable) { "FULL" } else { "NORMAL" };
        if self.level != level {
            self.db.pragma_update(None, "synchronous", level)?;
            self.level = level;
        }
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let now_ms = Timestamp::now().as_millisecond();
        let receipts =
            batch.iter().map(|job| write(&transaction, job, now_ms, &self.settings)).collect::<Result<_, _>>()?;
        transaction.commit()?;
        Ok(receipts)
    }

    /// Tells everybody who waits for this batch; returns who waits for the store to close.
    fn acknowledge(&self, batch: Vec<Job>, receipts: Vec<Receipt>) -> Vec<oneshot::Sender<()>> {
        let (mut up_to, mut closing) = (None, Vec::new());
        for (job, receipt) in batch.into_iter().zip(receipts) {
            match (job, receipt) {
                (Job::Submit(submission), _) => {
                    up_to = Some(submission.token);
                    self.bells.ring(submission.deliveries.iter().map(|rendered| &rendered.destination));
                }
                (Job::Settle(_, reply), _) => drop(reply.send(())),
                (Job::Hasten(_, reply) | Job::Abandon(_, _, reply), Receipt::Rows(rows)) => drop(reply.send(rows)),
                (Job::Dial(_, reply), Receipt::Dial(id)) => drop(reply.send(Ok(id))),
                (Job::Close(reply), _) => closing.push(reply),
                (Job::Prune, Receipt::Rows(rows)) => self.keep_house(rows),
                (Job::Hasten(..) | Job::Abandon(..) | Job::Dial(..), _) => {} // the reply is dropped: it reads as closed
                (Job::DialOutcome(..) | Job::Dialog(..) | Job::Phone(_) | Job::Prune | Job::Fail(_), _) => {}
            }
        }
        if let Some(up_to) = up_to {
            let _ = self.events.blocking_send(StoreEvent::Durable { up_to });
        }
        closing
    }

    /// The reserve is taken again if there was no room for it; a pruning that found something is repeated.
    fn keep_house(&self, pruned: usize) {
        self.reserve.hold();
        if pruned > 0 {
            self.housekeeper.prune_more();
        }
    }

    /// Everything on disk, everything released, and only then the answer.
    fn close(self, waiting: Vec<oneshot::Sender<()>>) {
        let Self { db, lock, housekeeper, jobs, .. } = self;
        drop(jobs); // a housekeeper that waits for room in the queue must not be waited for
        housekeeper.stop();
        if let Err(error) = wal::empty(&db) {
            tracing::warn!(%error, "the last checkpoint failed; the next start repeats it");
        }
        drop(db);
        drop(lock);
        for reply in waiting {
            let _ = reply.send(());
        }
    }
}

impl Job {
    /// What it adds that may be large.
    fn bytes(&self) -> usize {
        let Self::Submit(submission) = self else { return 0 };
        let text = |rendered: &Rendered| rendered.url.len() + rendered.body.as_ref().map_or(0, String::len);
        submission.deliveries.iter().map(text).sum()
    }

    /// Somebody acts on this only once it is on disk.
    const fn must_be_durable(&self) -> bool {
        match self {
            Self::Submit(_) | Self::Dial(..) => true,
            Self::Settle(..) | Self::Hasten(..) | Self::Abandon(..) | Self::DialOutcome(..) => false,
            Self::Dialog(..) | Self::Phone(_) | Self::Prune | Self::Fail(_) | Self::Close(_) => false,
        }
    }
}

fn write(db: &Connection, job: &Job, now_ms: i64, settings: &Settings) -> rusqlite::Result<Receipt> {
    match job {
        Job::Submit(submission) => {
            for rendered in &submission.deliveries {
                outbox::insert(db, rendered, now_ms, settings)?;
            }
            for change in &submission.calls {
                calls::change(db, change)?;
            }
        }
        Job::Settle(attempt, _) => outbox::settle(db, attempt, now_ms)?,
        Job::Hasten(to, _) => return outbox::hasten(db, to, now_ms, BULK).map(Receipt::Rows),
        Job::Abandon(to, reason, _) => return outbox::abandon(db, to, reason, now_ms, BULK).map(Receipt::Rows),
        // Whoever asked has given up already: the dial will not be sent.
        Job::Dial(_, reply) if reply.is_closed() => {}
        Job::Dial(dial, _) => return audit::record(db, dial).map(Receipt::Dial),
        Job::DialOutcome(dial, outcome) => audit::conclude(db, *dial, outcome)?,
        Job::Dialog(link, text) => calls::note_dialog(db, link, text.as_deref())?,
        Job::Phone(phone) => phones::note(db, phone)?,
        Job::Prune => return outbox::prune(db, now_ms, settings, BULK).map(Receipt::Rows),
        Job::Fail(_) | Job::Close(_) => {}
    }
    Ok(Receipt::Nothing)
}

fn failure(batch: &[Job]) -> Option<String> {
    batch.iter().find_map(|job| if let Job::Fail(reason) = job { Some(reason.clone()) } else { None })
}
