//! How each kind of event is written: its root element, and the table of its elements.

use super::elements;
use crate::event_part::{KINDS, Part};
use crate::model::EventKind;

/// How a kind of event is written.
pub(in crate::xml) struct Layout {
    /// Its root element.
    pub root: &'static str,
    /// Its elements in the order of the schema.
    pub(super) elements: &'static [Element],
}

impl Layout {
    /// How this kind of event is written.
    pub(in crate::xml) fn of(kind: &EventKind) -> Self {
        let (root, elements) = match kind {
            EventKind::Delivered => ("DeliveredEvent", elements::DELIVERED),
            EventKind::Established => ("EstablishedEvent", elements::ESTABLISHED),
            EventKind::ConnectionCleared => ("ConnectionClearedEvent", elements::CONNECTION_CLEARED),
            EventKind::CallCleared => ("CallClearedEvent", elements::CALL_CLEARED),
            EventKind::ServiceInitiated => ("ServiceInitiatedEvent", elements::SERVICE_INITIATED),
            EventKind::Originated => ("OriginatedEvent", elements::ORIGINATED),
            EventKind::NetworkReached => ("NetworkReachedEvent", elements::NETWORK_REACHED),
            EventKind::Offered => ("OfferedEvent", elements::OFFERED),
            EventKind::Held => ("HeldEvent", elements::HELD),
            EventKind::Retrieved => ("RetrievedEvent", elements::RETRIEVED),
            EventKind::Diverted { .. } => ("DivertedEvent", elements::DIVERTED),
            EventKind::Queued { .. } => ("QueuedEvent", elements::QUEUED),
            EventKind::Failed => ("FailedEvent", elements::FAILED),
            EventKind::Transferred(_) => ("TransferedEvent", elements::TRANSFERED),
            EventKind::Conferenced(_) => ("ConferencedEvent", elements::CONFERENCED),
            EventKind::CallInformation => ("CallInformationEvent", elements::CALL_INFORMATION),
            EventKind::DoNotDisturb { .. } => ("DoNotDisturbEvent", elements::DO_NOT_DISTURB),
            EventKind::Forwarding(_) => ("ForwardingEvent", elements::FORWARDING),
            EventKind::BackInService => ("BackInServiceEvent", elements::BACK_IN_SERVICE),
            EventKind::OutOfService => ("OutOfServiceEvent", elements::OUT_OF_SERVICE),
        };
        Self { root, elements }
    }
}

/// The kind of event with this root element, still empty.
pub(in crate::xml) fn kind_of(root: &str) -> Option<&'static EventKind> {
    // The schema misspells it; peers that do not are understood.
    let root = if root == "TransferredEvent" { "TransferedEvent" } else { root };
    KINDS.iter().find(|kind| Layout::of(kind).root == root)
}

/// An element of an event: its name, the part of the event it holds, and what stands there if the event has none.
pub(super) struct Element(pub &'static str, pub Part, pub Absent);

/// What is written for a part that the event does not have. Which parts are mandatory is ECMA-285's to say.
#[derive(Clone, Copy)]
pub(super) enum Absent {
    LeftOut,
    /// The child `notKnown`.
    NotKnown,
    /// The child `notRequired`: no redirection.
    NotRequired,
    /// The cause `normal`.
    Normal,
}
