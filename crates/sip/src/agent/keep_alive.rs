//! Keep-alives on streams (RFC 5626 4.4.1): a connection that carries a dialog and says nothing is forgotten by the NATs and
//! firewalls on its way, and then the phone's next event is lost.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Agent, Output};
use crate::Flow;
use crate::dialog::DialogId;
use crate::transaction::{Table, Timed};

/// What asks for a pong.
const PING: &[u8] = b"\r\n\r\n";

/// The pong.
const PONG: &[u8] = b"\r\n";

/// The connections of dialogs that are up.
pub(super) struct KeepAlives {
    /// A connection that was silent for so long is sent a ping.
    interval: Duration,
    watched: Table<DialogId, Watch>,
    /// When a connection was last heard from, or sent a ping.
    heard: HashMap<Flow, Instant>,
}

/// The connection of one dialog, and when it is to be looked at.
struct Watch {
    flow: Flow,
    at: Instant,
}

impl KeepAlives {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, watched: Table::new(), heard: HashMap::new() }
    }

    /// The dialog is up on this flow.
    pub(super) fn watch(&mut self, now: Instant, id: DialogId, flow: Flow) {
        let known = self.watched.get(id).is_some_and(|watch| watch.flow == flow);
        if flow.transport.is_reliable() && !known {
            self.forget(id);
            self.heard.insert(flow, now);
            self.watched.insert(id, Watch { flow, at: now + self.interval });
        }
    }

    /// The dialog is over. Should another one have the same connection, that is only looked at as if it had been silent.
    pub(super) fn forget(&mut self, id: DialogId) {
        if let Some(watch) = self.watched.remove(id) {
            self.heard.remove(&watch.flow);
        }
    }

    /// Something came in.
    pub(super) fn heard(&mut self, now: Instant, flow: Flow) {
        if let Some(heard) = self.heard.get_mut(&flow) {
            *heard = now;
        }
    }

    /// Asks the connections that were silent for too long.
    pub(super) fn timeout(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some(id) = self.watched.due(now) {
            let Some(flow) = self.watched.get(id).map(|watch| watch.flow) else { return };
            let silent = self.heard.get(&flow).is_none_or(|heard| *heard + self.interval <= now);
            if silent {
                out.push(Output::Transmit { flow, bytes: Bytes::from_static(PING) });
                self.heard.insert(flow, now);
            }
            let next = self.heard.get(&flow).copied().unwrap_or(now) + self.interval;
            self.watched.update(id, |watch| watch.at = next);
        }
    }

    /// When [`timeout`](Self::timeout) is to be called next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.watched.deadline()
    }
}

impl Timed for Watch {
    fn deadline(&self) -> Option<Instant> {
        Some(self.at)
    }
}

impl Agent {
    /// The dialog is up, or has moved to another connection.
    pub(super) fn keep_alive(&mut self, now: Instant, id: DialogId) {
        if let Some(dialog) = self.dialogs.get(&id).filter(|dialog| dialog.is_up()) {
            self.keep_alives.watch(now, id, dialog.flow);
        }
    }
}

/// Line breaks between messages: those of a ping are answered. Over UDP there are none to answer.
pub(super) fn answer(flow: Flow, bytes: &[u8], out: &mut Vec<Output>) {
    if bytes.starts_with(PING) && flow.transport.is_reliable() {
        out.push(Output::Transmit { flow, bytes: Bytes::from_static(PONG) });
    }
}
