//! A rendered action URL on its way to its destination, and what may become of it.

use std::fmt;

use call_model::{DestinationId, Rendered};
use jiff::Timestamp;

/// A delivery in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId(pub(crate) i64);

/// A delivery that waits for its (next) attempt: the head of its lane.
#[derive(Clone, PartialEq)]
pub struct Delivery {
    /// Its name in the store.
    pub id: DeliveryId,
    /// What to send, as it was rendered when the event was accepted.
    pub rendered: Rendered,
    /// When it was stored.
    pub created: Timestamp,
    /// When it is given up.
    pub expires: Timestamp,
    /// Attempts made so far.
    pub attempts: u32,
}

impl fmt::Debug for Delivery {
    /// Without the URL: it carries telephone numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, rendered, attempts, .. } = self;
        write!(f, "Delivery({} of event {}, {attempts} attempts)", id.0, rendered.event_id)
    }
}

/// What is due at a destination.
#[derive(Debug)]
pub struct Due {
    /// The heads of lanes whose time has come, the longest waiting first.
    pub deliveries: Vec<Delivery>,
    /// When the next one after the asked time is due.
    pub next: Option<Timestamp>,
}

/// What came of an attempt, or of the decision to make no more.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The delivery it was for.
    pub delivery: DeliveryId,
    /// What follows.
    pub verdict: Verdict,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What went wrong, in words for an administrator.
    pub error: Option<String>,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The endpoint took it.
    Delivered,
    /// Try again then, or look at it again when it expires; its lane waits.
    Retry(Timestamp),
    /// Never try again: it is kept as a dead letter, and its lane goes on.
    Dead,
    /// Dead without an attempt: its time is over, or nobody can send it. Without an error, the last one stays.
    Buried,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It waits for its turn or for another attempt.
    Pending,
    /// The endpoint took it.
    Delivered,
    /// It was given up.
    Dead,
}

/// A delivery as an administrator may see it: without its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Where to.
    pub destination: DestinationId,
    /// Of which event: `guid:sequence`.
    pub event_id: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts made.
    pub attempts: u32,
    /// The status of the last answer, if the last attempt had one.
    pub last_status: Option<u16>,
    /// What went wrong last.
    pub last_error: Option<String>,
}
