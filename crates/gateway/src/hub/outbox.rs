//! What stands between an event and its acknowledgement: the store.

use std::collections::BTreeMap;

use call_model::{CallGuid, Rendered, SavedCall};
use store::{CallChange, Submission};

/// So many acknowledgements may wait for the store; beyond, phones are asked to come again.
const MAX_WAITING: usize = 8192;

/// Acknowledgements (of type `A`) that wait for their submission to become durable.
#[derive(Debug)]
pub(super) struct Outbox<A> {
    last_token: u64,
    durable_up_to: u64,
    waiting: BTreeMap<u64, Vec<A>>,
    /// How many acknowledgements that are.
    count: usize,
    full: bool,
}

/// What follows from one input, before it goes to the store.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) deliveries: Vec<Rendered>,
    calls: BTreeMap<CallGuid, Option<SavedCall>>,
}

/// A batch on its way.
#[derive(Debug)]
pub(super) enum Sealed<A> {
    /// To the store; its acknowledgement is kept until then.
    Submit(Submission),
    /// Nothing to store: acknowledge this at once, if there is something.
    Nothing(Option<A>),
}

impl<A> Outbox<A> {
    pub(super) const fn new() -> Self {
        Self { last_token: 0, durable_up_to: 0, waiting: BTreeMap::new(), count: 0, full: false }
    }

    pub(super) fn accepts(&self) -> bool {
        !self.full && self.count < MAX_WAITING
    }

    pub(super) fn seal(&mut self, batch: Batch, ack: Option<A>) -> Sealed<A> {
        let changes_nothing = batch.deliveries.is_empty() && batch.calls.is_empty();
        if changes_nothing && self.durable_up_to == self.last_token {
            return Sealed::Nothing(ack);
        }
        if !changes_nothing {
            self.last_token += 1;
        }
        // An event that changes nothing may repeat one whose record is still on its way: it waits for that.
        if let Some(ack) = ack {
            self.waiting.entry(self.last_token).or_default().push(ack);
            self.count += 1;
        }
        if changes_nothing {
            return Sealed::Nothing(None);
        }
        let calls = batch.calls.into_iter().map(|(guid, saved)| match saved {
            Some(saved) => CallChange::Open(saved),
            None => CallChange::Ended(guid),
        });
        Sealed::Submit(Submission { token: self.last_token, deliveries: batch.deliveries, calls: calls.collect() })
    }

    /// What may be acknowledged now.
    pub(super) fn durable(&mut self, up_to: u64) -> Vec<A> {
        self.durable_up_to = up_to;
        let later = self.waiting.split_off(&(up_to + 1));
        self.release(later)
    }

    /// The disk is full: what waits is refused, so that the phone comes again. The submissions themselves stay with
    /// the store, which writes them first when it can; the repeated event then changes nothing.
    pub(super) fn full(&mut self) -> Vec<A> {
        self.full = true;
        self.release(BTreeMap::new())
    }

    pub(super) fn ready(&mut self) {
        self.full = false;
    }

    /// Lets go of all that waits but `later`.
    fn release(&mut self, later: BTreeMap<u64, Vec<A>>) -> Vec<A> {
        let released: Vec<A> = std::mem::replace(&mut self.waiting, later).into_values().flatten().collect();
        self.count -= released.len();
        released
    }
}

impl Batch {
    /// The state of a call after this; `None` if it ended.
    pub(super) fn call(&mut self, guid: CallGuid, saved: Option<SavedCall>) {
        self.calls.insert(guid, saved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch that changes something: the end of a call.
    fn change() -> Batch {
        let mut batch = Batch::default();
        batch.call(CallGuid(uuid::Uuid::nil()), None);
        batch
    }

    #[test]
    fn what_changes_nothing_is_acknowledged_at_once_where_all_is_durable() {
        let mut outbox = Outbox::new();
        assert!(matches!(outbox.seal(Batch::default(), Some(1)), Sealed::Nothing(Some(1))));
        assert!(matches!(outbox.seal(change(), Some(2)), Sealed::Submit(Submission { token: 1, .. })));
        assert_eq!(outbox.durable(1), [2]);
        assert!(matches!(outbox.seal(Batch::default(), Some(3)), Sealed::Nothing(Some(3))));
    }

    #[test]
    fn a_repeated_event_waits_for_the_record_it_repeats() {
        let mut outbox = Outbox::new();
        assert!(matches!(outbox.seal(change(), Some("event")), Sealed::Submit(_)));
        assert!(matches!(outbox.seal(Batch::default(), Some("repeated")), Sealed::Nothing(None)));
        assert_eq!(outbox.durable(1), ["event", "repeated"]);
    }

    #[test]
    fn after_a_full_disk_a_repeated_event_still_waits_for_its_record() {
        let mut outbox = Outbox::new();
        assert!(matches!(outbox.seal(change(), Some("event")), Sealed::Submit(_)));
        assert_eq!(outbox.full(), ["event"]);
        assert!(!outbox.accepts());
        outbox.ready();
        assert!(outbox.accepts());
        assert!(matches!(outbox.seal(Batch::default(), Some("repeated")), Sealed::Nothing(None)));
        assert_eq!(outbox.durable(1), ["repeated"]);
    }

    #[test]
    fn the_acknowledgements_that_wait_are_bounded() {
        let mut outbox = Outbox::new();
        for n in 0..MAX_WAITING {
            assert!(outbox.accepts());
            let _ = outbox.seal(change(), Some(n));
        }
        assert!(!outbox.accepts());
        assert_eq!(outbox.durable(1).len(), 1);
        assert!(outbox.accepts());
    }
}
