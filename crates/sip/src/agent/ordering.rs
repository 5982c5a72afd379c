//! Requests that have overtaken others of their dialog. Over UDP an INFO may arrive before the one that was sent first,
//! and the first one, once its number is passed, must be refused (RFC 3261 12.2.2): its event would be lost. So a
//! request that leaves a gap waits for what is missing until that has been repeated twice (500 and 1,500 ms later).
//!
//! A peer may also skip numbers. Then nothing is missing, and the wait was in vain: from then on its requests are
//! taken as they come, until one arrives late after all.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;

use super::incoming::Request;
use super::{Agent, Output};
use crate::Flow;
use crate::dialog::{DialogId, Place};
use crate::message::{Kind, Message};
use crate::transaction::{Table, Timed};

/// So many dialogs have requests that wait.
const MOST_DIALOGS: usize = 256;

/// The requests that have overtaken others, by their dialogs.
pub(super) type Overtakers = Table<DialogId, Waiting>;

/// What waits in one dialog.
pub(super) struct Waiting {
    until: Instant,
    /// As they came, by CSeq: no more than numbers are called missing.
    requests: BTreeMap<u32, (Flow, Bytes)>,
}

impl Agent {
    /// The request leaves a gap, and waits for what is missing. Its repetition is the same request, and waits with it.
    pub(super) fn waits(&mut self, now: Instant, id: DialogId, request: &Request<'_>) -> bool {
        let number = request.message.cseq.number;
        let place = self.dialogs.get(&id).map(|dialog| dialog.place(number));
        let may_overtake = !request.flow.transport.is_reliable();
        if place != Some(Place::Early) || !may_overtake {
            return false;
        }
        if self.overtakers.get(id).is_none() {
            if self.overtakers.len() >= MOST_DIALOGS {
                return false;
            }
            let until = now + self.requests.config.timers.t1 * 4;
            self.overtakers.insert(id, Waiting { until, requests: BTreeMap::new() });
        }
        self.overtakers.update(id, |waiting| {
            let as_it_came = || (request.flow, Bytes::copy_from_slice(request.bytes));
            waiting.requests.entry(number).or_insert_with(as_it_came);
        });
        true
    }

    /// What was missing has come: those whose turn it is now follow.
    pub(super) fn release(&mut self, now: Instant, id: DialogId, out: &mut Vec<Output>) {
        while let Some((flow, bytes)) = self.next_in_turn(id) {
            self.take_up(now, id, flow, &bytes, out);
        }
    }

    /// What was missing has not come: the peer skips numbers.
    pub(super) fn waited_in_vain(&mut self, now: Instant, id: DialogId, out: &mut Vec<Output>) {
        let Some(waiting) = self.overtakers.remove(id) else { return };
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.skips = true;
        }
        for (flow, bytes) in waiting.requests.into_values() {
            self.take_up(now, id, flow, &bytes, out);
        }
    }

    fn next_in_turn(&mut self, id: DialogId) -> Option<(Flow, Bytes)> {
        let first = self.overtakers.get(id)?.requests.keys().next().copied();
        let dialog = self.dialogs.get(&id)?;
        let next = first.filter(|number| dialog.place(*number) != Place::Early);
        let next = next.and_then(|number| self.overtakers.update(id, |waiting| waiting.requests.remove(&number))?);
        if first.is_none() {
            self.overtakers.remove(id);
        }
        next
    }

    fn take_up(&mut self, now: Instant, id: DialogId, flow: Flow, bytes: &[u8], out: &mut Vec<Output>) {
        let Ok(message) = Message::parse(bytes) else { return };
        if let Kind::Request { method, uri } = &message.kind {
            let request = Request { flow, message: &message, method, uri, bytes };
            self.receive_in_dialog(now, id, &request, out);
        }
    }
}

impl Timed for Waiting {
    fn deadline(&self) -> Option<Instant> {
        Some(self.until)
    }
}
