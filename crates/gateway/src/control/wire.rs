//! An entry of the trace as a line of JSON.

use std::net::SocketAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sip::Transport;

use crate::trace::{self, Entry, What};

/// A message that went by, or the end of its connection. Made only with its secrets masked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flowing {
    number: u64,
    at: Timestamp,
    transport: String,
    local: SocketAddr,
    remote: SocketAddr,
    #[serde(flatten)]
    what: Happened,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Happened {
    /// Bytes in base64.
    Received(String),
    Sent(String),
    Failed(()),
}

impl From<&Entry> for Flowing {
    fn from(entry: &Entry) -> Self {
        let shown = |bytes: &Bytes| STANDARD.encode(trace::masked(bytes));
        let what = match &entry.what {
            What::Received(bytes) => Happened::Received(shown(bytes)),
            What::Sent(bytes) => Happened::Sent(shown(bytes)),
            What::Failed => Happened::Failed(()),
        };
        let sip::Flow { transport, local, remote } = entry.flow;
        Self { number: entry.number, at: entry.at, transport: transport.name().to_owned(), local, remote, what }
    }
}

impl Flowing {
    /// The entry again; `None` if this is none.
    #[must_use]
    pub fn entry(self) -> Option<Entry> {
        let transport = Transport::named(&self.transport)?;
        let bytes = |text: String| STANDARD.decode(text).ok().map(Bytes::from);
        let what = match self.what {
            Happened::Received(text) => What::Received(bytes(text)?),
            Happened::Sent(text) => What::Sent(bytes(text)?),
            Happened::Failed(()) => What::Failed,
        };
        let flow = sip::Flow { transport, local: self.local, remote: self.remote };
        Some(Entry { number: self.number, at: self.at, flow, what })
    }
}
