//! What stands between an event and its acknowledgement: the store.

use std::collections::BTreeMap;

use call_model::{CallGuid, Rendered, SavedCall};
use session::Ack;
use store::{CallChange, Submission};

use super::LinkIndex;

/// So many acknowledgements may wait for the store; beyond, phones are asked to come again.
const MAX_WAITING: usize = 8192;

/// Acknowledgements that wait for their submission to become durable.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    last_token: u64,
    waiting: BTreeMap<u64, (LinkIndex, Ack)>,
    full: bool,
}

/// What follows from one input, before it goes to the store.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) deliveries: Vec<Rendered>,
    calls: BTreeMap<CallGuid, Option<SavedCall>>,
}

/// A batch on its way.
pub(super) enum Sealed {
    /// To the store; its acknowledgement is kept until then.
    Submit(Submission),
    /// Nothing to store: acknowledge at once.
    Nothing(Option<(LinkIndex, Ack)>),
}

impl Outbox {
    pub(super) fn accepts(&self) -> bool {
        !self.full && self.waiting.len() < MAX_WAITING
    }

    pub(super) fn batch(&self) -> Batch {
        Batch::default()
    }

    pub(super) fn seal(&mut self, batch: Batch, ack: Option<(LinkIndex, Ack)>) -> Sealed {
        if batch.deliveries.is_empty() && batch.calls.is_empty() {
            return Sealed::Nothing(ack);
        }
        self.last_token += 1;
        if let Some(ack) = ack {
            self.waiting.insert(self.last_token, ack);
        }
        let calls = batch.calls.into_iter().map(|(guid, saved)| match saved {
            Some(saved) => CallChange::Open(saved),
            None => CallChange::Ended(guid),
        });
        Sealed::Submit(Submission { token: self.last_token, deliveries: batch.deliveries, calls: calls.collect() })
    }

    /// What may be acknowledged now.
    pub(super) fn durable(&mut self, up_to: u64) -> impl Iterator<Item = (LinkIndex, Ack)> + use<> {
        let later = self.waiting.split_off(&(up_to + 1));
        std::mem::replace(&mut self.waiting, later).into_values()
    }

    /// The disk is full: what waits is refused, so that the phone comes again. The submissions themselves stay with
    /// the store, which writes them first when it can; the repeated event then changes nothing.
    pub(super) fn full(&mut self) -> impl Iterator<Item = (LinkIndex, Ack)> + use<> {
        self.full = true;
        std::mem::take(&mut self.waiting).into_values()
    }

    pub(super) fn ready(&mut self) {
        self.full = false;
    }
}

impl Batch {
    /// The state of a call after this; `None` if it ended.
    pub(super) fn call(&mut self, guid: CallGuid, saved: Option<SavedCall>) {
        self.calls.insert(guid, saved);
    }
}
