//! How each kind of event is written: its root element, and the table of its elements.

use super::elements;
use crate::model::{EventKind, Forwarding, Joined};

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

/// Every kind of event, still empty.
pub(in crate::xml) static KINDS: [EventKind; 20] = [
    EventKind::Delivered,
    EventKind::Established,
    EventKind::ConnectionCleared,
    EventKind::CallCleared,
    EventKind::ServiceInitiated,
    EventKind::Originated,
    EventKind::NetworkReached,
    EventKind::Offered,
    EventKind::Held,
    EventKind::Retrieved,
    EventKind::Diverted { new_destination: None },
    EventKind::Queued { number_queued: None, calls_in_front: None },
    EventKind::Failed,
    EventKind::Transferred(NOT_JOINED),
    EventKind::Conferenced(NOT_JOINED),
    EventKind::CallInformation,
    EventKind::DoNotDisturb { on: false },
    EventKind::Forwarding(NO_FORWARDING),
    EventKind::BackInService,
    EventKind::OutOfService,
];

const NO_FORWARDING: Forwarding = Forwarding { forwarding_type: None, on: false, forward_to: None };
const NOT_JOINED: Joined = Joined { secondary_old_call: None, party: None, connections: Vec::new() };

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

/// A part of an event.
#[derive(Clone, Copy)]
pub(super) enum Part {
    CrossRef,
    Connection,
    Device,
    /// The device as a bare DeviceID.
    PlainDevice,
    Calling,
    Called,
    /// Who is called, where only edition 6 says so.
    CalledEd6,
    LastRedirection,
    LocalConnectionInfo,
    CorrelatorData,
    UserData,
    Cause,
    NetworkCalling,
    NetworkCalled,
    AssociatedCalling,
    AssociatedCalled,
    CallCharacteristics,
    CallLinkage,
    /// The linkage of the new call, beside that of the old one.
    CallLinkageList,
    NewDestination,
    NumberQueued,
    CallsInFront,
    SecondaryOldCall,
    Party,
    Connections,
    DoNotDisturbOn,
    ForwardingType,
    ForwardStatus,
    ForwardTo,
}
