//! The SIP messages of the last minutes, kept in memory for whoever asks why a phone does not ring through.
//!
//! ```text
//!   driver ──► Recorder ──► control socket ──► Ladder   text, one ladder a dialog
//!  (the tap)    (a ring)    (masked bytes)  └─► Pcap    packets for Wireshark
//! ```
//!
//! The left half runs in the daemon and formats nothing; the right half runs in `hookswitch sip-trace`.

mod course;
mod label;
mod ladder;
mod mask;
mod owners;
mod pcap;
mod ring;
mod text;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Notify;

pub use self::ladder::Ladder;
pub use self::mask::masked;
pub use self::owners::Owners;
pub use self::pcap::Pcap;
use self::ring::Ring;

/// Something that happened on a flow.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place among all that was recorded since the start, from 1 on.
    pub number: u64,
    /// When the gateway saw it.
    pub at: Timestamp,
    /// Where.
    pub flow: sip::Flow,
    /// What.
    pub what: What,
}

/// What happened on a flow.
#[derive(Clone, Debug)]
pub enum What {
    /// A message came in.
    Received(Bytes),
    /// A message was given to the socket.
    Sent(Bytes),
    /// The connection broke, or could not be opened.
    Failed,
}

impl What {
    /// The message, if it is one.
    #[must_use]
    pub fn message(&self) -> Option<&Bytes> {
        match self {
            Self::Received(bytes) | Self::Sent(bytes) => Some(bytes),
            Self::Failed => None,
        }
    }
}

/// Keeps the last messages of each peer, within a bound for all. Clones are handles to the same.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    /// Held for one entry, or for a few that are copied out; never across a call's transition.
    ring: Mutex<Ring>,
    news: Notify,
    keeps: bool,
}

/// Where a reader stands.
#[derive(Debug)]
pub struct Cursor {
    /// The last entry it has passed.
    passed: u64,
    /// The newest entry when it began, and how many up to there it has not seen yet.
    began: u64,
    due: u64,
}

/// Some entries in the order of time.
#[derive(Debug, Default)]
pub struct Batch {
    /// What is to be shown next; empty at the end of what is kept.
    pub entries: Vec<Entry>,
    /// So many were dropped before the reader came to them.
    pub missed: u64,
}

impl Recorder {
    /// Keeps at most so many bytes, with what it costs to keep them; `None` keeps nothing.
    #[must_use]
    pub fn new(budget: Option<usize>) -> Self {
        let ring = Mutex::new(Ring::new(budget.unwrap_or_default()));
        Self(Arc::new(Inner { ring, news: Notify::new(), keeps: budget.is_some() }))
    }

    /// Whether anything is kept at all.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.0.keeps
    }

    /// Notes a message that came in.
    pub fn received(&self, flow: sip::Flow, bytes: &[u8]) {
        self.note(flow, || What::Received(own(bytes)));
    }

    /// Notes a message that goes out.
    pub fn sent(&self, flow: sip::Flow, bytes: &[u8]) {
        self.note(flow, || What::Sent(own(bytes)));
    }

    /// Notes that a connection broke.
    pub fn failed(&self, flow: sip::Flow) {
        self.note(flow, || What::Failed);
    }

    /// So many bytes are in use.
    #[must_use]
    pub fn used(&self) -> usize {
        self.ring().used()
    }

    /// A reader at the beginning of what is kept.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let ring = self.ring();
        Cursor { passed: 0, began: ring.newest(), due: ring.len() as u64 }
    }

    /// The next entries for a reader.
    #[must_use]
    pub fn next(&self, cursor: &mut Cursor, most: usize) -> Batch {
        let entries = self.ring().after(cursor.passed, most);
        let missed = cursor.pass(&entries);
        Batch { entries, missed }
    }

    /// Waits until something is recorded. Whatever is recorded after the call (not only after the first poll) counts.
    pub fn news(&self) -> impl Future<Output = ()> + '_ {
        self.0.news.notified()
    }

    fn note(&self, flow: sip::Flow, what: impl FnOnce() -> What) {
        if self.0.keeps {
            let (at, what) = (Timestamp::now(), what());
            self.ring().push(at, flow, what);
            self.0.news.notify_waiters();
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cursor {
    /// Goes behind these entries; gives how many were dropped on the way.
    fn pass(&mut self, entries: &[Entry]) -> u64 {
        let old = entries.iter().take_while(|entry| entry.number <= self.began).count() as u64;
        self.due = self.due.saturating_sub(old);
        let mut missed = 0;
        for entry in entries.iter().filter(|entry| entry.number > self.began) {
            missed += std::mem::take(&mut self.due) + entry.number - self.passed.max(self.began) - 1;
            self.passed = entry.number;
        }
        self.passed = entries.last().map_or(self.passed, |last| last.number);
        missed
    }
}

/// The Call-ID of a message, if it has one that can be read.
#[must_use]
pub fn call_id(entry: &Entry) -> Option<String> {
    label::Reading::of(entry.what.message()?).call_id()
}

/// Bytes of their own, as long as they need to be. To share those of the sockets would keep whole read buffers alive
/// for the sake of one message, and the bound would be none.
fn own(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
