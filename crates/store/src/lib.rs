//! What must survive a crash: the outbox of action URLs, the open calls, the audit of dials. SQLite inside.
//!
//! [`Store::submit`] hands over what an event gave; [`StoreEvent::Durable`] says when it is on disk, and only then may
//! the event be acknowledged. Whoever delivers meets the rows here and nowhere else: [`Store::due`] reads them,
//! [`Store::settle`] writes down what came of an attempt.
//!
//! One thread owns the writing connection and commits whatever has gathered as one transaction; another reads; a third
//! keeps the log short. A full disk is waited out, with a little room kept back so that waiting can end. A failed fsync is not: after it nobody knows what is on disk.
#![forbid(unsafe_code)]

mod audit;
mod bell;
mod calls;
mod checksum;
mod delivery;
mod error;
mod housekeeper;
mod outbox;
mod phones;
mod reader;
mod reserve;
mod schema;
#[cfg(test)]
mod tests;
mod wal;
mod writer;

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use call_model::{DestinationId, Profile, Rendered, SavedCall};
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, oneshot};

pub use audit::{AuditError, DialId, DialRecord};
pub use calls::CallChange;
pub use delivery::{Attempt, Delivery, DeliveryId, DeliveryRecord, DeliveryState, Due, Verdict};
pub use error::{Closed, OpenError, ReadError};
pub use phones::{FeatureRecord, PhoneRecord, phones};

use bell::Bells;
use housekeeper::Housekeeper;
use reader::Reader;
use reserve::Reserve;
use schema::FolderLock;
use writer::{Job, Want, Writer};

/// Events that may wait to be read before the writer waits too.
const EVENTS: usize = 1_024;

/// A handle to the store of one state folder. Clones share it.
#[derive(Clone)]
pub struct Store {
    dir: Arc<Path>,
    jobs: mpsc::Sender<Job>,
    reader: Reader,
    bells: Bells,
    full: Arc<AtomicBool>,
}

/// What an event gave: all of it becomes durable at once, or none of it.
pub struct Submission {
    /// Comes back in [`StoreEvent::Durable`]; ascending.
    pub token: u64,
    /// The requests to make.
    pub deliveries: Vec<Rendered>,
    /// What became of the calls.
    pub calls: Vec<CallChange>,
}

impl fmt::Debug for Submission {
    /// Without the URLs: they carry telephone numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token, deliveries, calls } = self;
        write!(f, "Submission({token}: {} deliveries, {} calls)", deliveries.len(), calls.len())
    }
}

/// What the store has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    /// Every submission up to this token is on disk.
    Durable {
        /// The token.
        up_to: u64,
    },
    /// There is no room to write. Nothing is lost and nothing becomes durable until [`StoreEvent::Ready`].
    Full {
        /// What an administrator can do.
        reason: String,
    },
    /// There is room again.
    Ready,
    /// The disk failed: nothing will become durable any more. The program must end.
    Fatal {
        /// What happened.
        reason: String,
    },
}

/// How long things are kept, and how many may wait.
#[derive(Clone, Debug)]
pub struct Settings {
    /// After this a screen pop is given up: late is worse than never.
    pub pop_expires: Duration,
    /// After this a log entry is given up.
    pub log_expires: Duration,
    /// How long a delivery is kept after it was stored, once it is delivered.
    pub keep_delivered: Duration,
    /// The same for one that was given up.
    pub keep_dead: Duration,
    /// Jobs that may wait for the writer.
    pub queue: usize,
    /// The database may not grow beyond this: a disk that is full when a test wants it.
    #[cfg(test)]
    page_limit: tests::PageLimit,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            pop_expires: Duration::from_secs(15),
            log_expires: 3 * DAY,
            keep_delivered: 7 * DAY,
            keep_dead: 90 * DAY,
            queue: 4_096,
            #[cfg(test)]
            page_limit: tests::PageLimit::default(),
        }
    }
}

impl Settings {
    fn expiry_ms(&self, profile: Profile) -> i64 {
        millis(match profile {
            Profile::Pop => self.pop_expires,
            Profile::Log => self.log_expires,
        })
    }
}

impl Store {
    /// Opens the store of a state folder, which is created if need be, with the default [`Settings`].
    pub fn open(dir: &Path) -> Result<(Self, mpsc::Receiver<StoreEvent>), OpenError> {
        Self::open_with(dir, Settings::default())
    }

    /// Opens the store. The events must be read: the writer waits for their reader.
    pub fn open_with(dir: &Path, settings: Settings) -> Result<(Self, mpsc::Receiver<StoreEvent>), OpenError> {
        let lock = FolderLock::take(dir)?;
        let reserve = Reserve::of(dir);
        let db = schema::open(dir, &reserve)?;
        let reader = Reader::start(dir)?;
        let (jobs, queue) = mpsc::channel(settings.queue);
        let (events, listener) = mpsc::channel(EVENTS);
        let (bells, full) = (Bells::default(), Arc::new(AtomicBool::new(false)));
        let housekeeper = Housekeeper::start(dir, &jobs)?;
        let (rung, seen) = (bells.clone(), Arc::clone(&full));
        let writer = Writer {
            db,
            level: "FULL",
            jobs: queue,
            events,
            bells: rung,
            settings,
            full: seen,
            housekeeper,
            reserve,
            want: Want::default(),
            lock,
        };
        spawn(dir, "store-writer", move || writer.run())?;
        Ok((Self { dir: dir.into(), jobs, reader, bells, full }, listener))
    }

    /// Hands over what an event gave; [`StoreEvent::Durable`] follows. Gives it back if the queue is full or the
    /// store is closed.
    pub fn submit(&self, submission: Submission) -> Result<(), Submission> {
        match self.jobs.try_reserve() {
            Ok(place) => place.send(Job::Submit(submission)),
            Err(_) => return Err(submission),
        }
        Ok(())
    }

    /// The calls that were open when their last change became durable, oldest first. Blocks; meant for the start.
    pub fn open_calls(&self) -> Result<Vec<SavedCall>, ReadError> {
        Ok(calls::open_calls(&schema::connect_to_read(&self.dir)?)?)
    }

    /// Records a dial; it is on disk on return. Without this it must not be sent.
    pub async fn audit_dial(&self, dial: DialRecord) -> Result<DialId, AuditError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(AuditError::Full);
        }
        let recorded = async {
            let (reply, answer) = oneshot::channel();
            self.jobs.send(Job::Dial(dial, reply)).await.map_err(|_| AuditError::Closed)?;
            answer.await.unwrap_or(Err(AuditError::Closed))
        };
        tokio::time::timeout(AUDIT_TIMEOUT, recorded).await.unwrap_or(Err(AuditError::Slow))
    }

    /// Records what came of a dial; best effort. A dial without an outcome is `unknown` after a restart.
    pub fn audit_outcome(&self, dial: DialId, outcome: &str) {
        if self.jobs.try_send(Job::DialOutcome(dial, outcome.to_owned())).is_err() {
            tracing::warn!("the outcome of a dial was not recorded: the store is busy or closed");
        }
    }

    /// Remembers (or forgets) the SIP dialog of a link, so that it can be ended after a crash; best effort.
    pub fn note_dialog(&self, link: &str, dialog: Option<String>) {
        if self.jobs.try_send(Job::Dialog(link.to_owned(), dialog)).is_err() {
            tracing::warn!(link, "the dialog of a link was not recorded: the store is busy or closed");
        }
    }

    /// Remembers what is known of the phone of a line; best effort.
    pub fn note_phone(&self, phone: PhoneRecord) {
        if let Err(error) = self.jobs.try_send(Job::Phone(Box::new(phone))) {
            let line = if let Job::Phone(phone) = error.into_inner() { phone.line.to_string() } else { String::new() };
            tracing::warn!(line, "what a phone can do was not recorded: the store is busy or closed");
        }
    }

    /// What was remembered of the phones. Blocks; meant for the start.
    #[must_use]
    pub fn phones(&self) -> Vec<PhoneRecord> {
        phones::phones(&self.dir).unwrap_or_else(|error| {
            tracing::warn!(%error, "what the phones can do is not known: they are asked anew");
            Vec::new()
        })
    }

    /// The dialogs that were remembered, with their links. Blocks; meant for the start.
    #[must_use]
    pub fn noted_dialogs(&self) -> Vec<(String, String)> {
        let dialogs = schema::connect_to_read(&self.dir).and_then(|db| calls::noted_dialogs(&db));
        dialogs.unwrap_or_else(|error| {
            tracing::warn!(%error, "the dialogs of before are not known; the phones will end them by themselves");
            Vec::new()
        })
    }

    /// Commits what is queued, brings everything to disk, releases the folder, and returns then. While there is no
    /// room to write it waits: whoever is in a hurry sets a timeout.
    pub async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        if self.jobs.send(Job::Close(reply)).await.is_ok() {
            let _ = answer.await;
        }
    }
}

/// The side of the delivery tasks.
impl Store {
    /// Rung when something new became durable for this destination. It carries nothing: ask [`Store::due`].
    #[must_use]
    pub fn bell(&self, destination: &DestinationId) -> Arc<Notify> {
        self.bells.of(destination)
    }

    /// Up to `limit` deliveries of a destination that are due at `horizon`, at most one a call: the heads of lanes,
    /// the longest waiting first. A damaged record is buried here, reported, and costs nothing else.
    pub async fn due(&self, destination: &DestinationId, horizon: Timestamp, limit: u32) -> Result<Due, ReadError> {
        let (id, horizon_ms) = (destination.clone(), horizon.as_millisecond());
        let (due, damaged) = self.reader.ask(move |db| outbox::due(db, &id, horizon_ms, limit)).await?;
        for outbox::Damaged(delivery) in damaged {
            tracing::error!(destination = %destination.0, row = delivery.0, "a delivery is damaged and cannot be sent");
            let error = Some("damaged: the record does not match its checksum".to_owned());
            self.settle(Attempt { delivery, verdict: Verdict::Buried, status: None, error }).await?;
        }
        Ok(due)
    }

    /// Writes down what came of an attempt; on return [`Store::due`] knows. It reaches the disk with the next durable
    /// commit or a second later: a power cut before that repeats the attempt.
    pub async fn settle(&self, attempt: Attempt) -> Result<(), Closed> {
        self.request(|reply| Job::Settle(attempt, reply)).await
    }

    /// Makes everything that waits for a later attempt due now: the destination is back.
    pub async fn hasten(&self, destination: &DestinationId) -> Result<usize, Closed> {
        self.in_portions(|reply| Job::Hasten(destination.clone(), reply)).await
    }

    /// Buries everything that waits for a destination; returns how many deliveries that were.
    pub async fn abandon(&self, destination: &DestinationId, reason: &str) -> Result<usize, Closed> {
        self.in_portions(|reply| Job::Abandon(destination.clone(), reason.to_owned(), reply)).await
    }

    /// Every destination that has something waiting.
    pub async fn waiting_destinations(&self) -> Result<Vec<DestinationId>, ReadError> {
        self.reader.ask(outbox::waiting_destinations).await
    }

    /// The newest deliveries in a state, for an administrator's eyes.
    pub async fn deliveries(&self, state: DeliveryState, limit: u32) -> Result<Vec<DeliveryRecord>, ReadError> {
        self.reader.ask(move |db| outbox::newest(db, state, limit)).await
    }

    /// Repeats a job of bulk work until nothing is left, so that commits of events come in between.
    async fn in_portions(&self, job: impl Fn(oneshot::Sender<usize>) -> Job) -> Result<usize, Closed> {
        let mut sum = 0;
        loop {
            match self.request(&job).await? {
                0 => return Ok(sum),
                rows => sum += rows,
            }
        }
    }

    async fn request<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, Closed> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).await.map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}

/// A dial that waits longer would surprise whoever asked for it.
const AUDIT_TIMEOUT: Duration = Duration::from_secs(5);

fn spawn(dir: &Path, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    let thread = thread::Builder::new().name(name.into()).spawn(run);
    thread.map(drop).map_err(|source| OpenError::Folder { dir: dir.to_owned(), source })
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
