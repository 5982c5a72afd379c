//! Which elements each kind of event has, in the order of the schema (ECMA-323).

use crate::model::{EventKind, Forwarding, Joined};

/// How a kind of event is written.
pub(in crate::xml) struct Layout {
    /// Its root element.
    pub root: &'static str,
    /// The kind, still empty.
    pub kind: EventKind,
    /// Its elements in the order of the schema.
    pub(super) elements: &'static [Element],
}

/// An element of an event: its name, the part of the event it holds, and what stands there if the event has none.
pub(super) struct Element(pub &'static str, pub Part, pub Absent);

/// What is written for a part that the event does not have. ECMA-285 says which may be left out; ECMA-323 cannot.
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

const fn layout(root: &'static str, kind: EventKind, elements: &'static [Element]) -> Layout {
    Layout { root, kind, elements }
}

const fn optional(name: &'static str, part: Part) -> Element {
    Element(name, part, Absent::LeftOut)
}

const fn connection(name: &'static str) -> Element {
    Element(name, Part::Connection, Absent::LeftOut)
}

const fn device(name: &'static str) -> Element {
    party(name, Part::Device)
}

/// A device that ECMA-285 does not allow to be left out.
const fn party(name: &'static str, part: Part) -> Element {
    Element(name, part, Absent::NotKnown)
}

const CROSS_REF: Element = optional("monitorCrossRefID", Part::CrossRef);
const CALLING: Element = party("callingDevice", Part::Calling);
const CALLING_IF_KNOWN: Element = optional("callingDevice", Part::Calling);
const CALLED: Element = party("calledDevice", Part::Called);
const CALLED_IF_KNOWN: Element = optional("calledDevice", Part::Called);
const REDIRECTION: Element = Element("lastRedirectionDevice", Part::LastRedirection, Absent::NotRequired);
const LOCAL_INFO: Element = optional("localConnectionInfo", Part::LocalConnectionInfo);
const CORRELATOR: Element = optional("correlatorData", Part::CorrelatorData);
const USER_DATA: Element = optional("userData", Part::UserData);
const CAUSE: Element = Element("cause", Part::Cause, Absent::Normal);
const CAUSE_IF_KNOWN: Element = optional("cause", Part::Cause);
const NET_CALLING: Element = optional("networkCallingDevice", Part::NetworkCalling);
const NET_CALLED: Element = optional("networkCalledDevice", Part::NetworkCalled);
const ASSOC_CALLING: Element = optional("associatedCallingDevice", Part::AssociatedCalling);
const ASSOC_CALLED: Element = optional("associatedCalledDevice", Part::AssociatedCalled);
const MARKS: Element = optional("callCharacteristics", Part::CallCharacteristics);
const LINKAGE: Element = optional("callLinkageData", Part::CallLinkage);
const LINKAGES: Element = optional("callLinkageDataList", Part::CallLinkageList);

const FORWARDING: Forwarding = Forwarding { forwarding_type: None, on: false, forward_to: None };
const JOINED: Joined = Joined { secondary_old_call: None, party: None, connections: Vec::new() };

#[rustfmt::skip] // one event a paragraph
pub(in crate::xml) static LAYOUTS: [Layout; 20] = [
    layout("DeliveredEvent", EventKind::Delivered, &[
        CROSS_REF, connection("connection"), device("alertingDevice"), CALLING, CALLED, REDIRECTION,
        LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS,
        LINKAGE,
    ]),
    layout("EstablishedEvent", EventKind::Established, &[
        CROSS_REF, connection("establishedConnection"), device("answeringDevice"), CALLING, CALLED,
        REDIRECTION, LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING,
        ASSOC_CALLED, MARKS, LINKAGE,
    ]),
    layout("ConnectionClearedEvent", EventKind::ConnectionCleared, &[
        CROSS_REF, connection("droppedConnection"), device("releasingDevice"), LOCAL_INFO, CORRELATOR,
        USER_DATA, CAUSE, MARKS, LINKAGE,
    ]),
    layout("CallClearedEvent", EventKind::CallCleared, &[
        CROSS_REF, connection("clearedCall"), CORRELATOR, USER_DATA, CAUSE, MARKS, LINKAGE,
    ]),
    layout("ServiceInitiatedEvent", EventKind::ServiceInitiated, &[
        CROSS_REF, connection("initiatedConnection"), device("initiatingDevice"),
        optional("calledDevice", Part::CalledEd6), LOCAL_INFO, CORRELATOR, CAUSE, MARKS, NET_CALLING,
        NET_CALLED, ASSOC_CALLING, LINKAGE,
    ]),
    layout("OriginatedEvent", EventKind::Originated, &[
        CROSS_REF, connection("originatedConnection"), CALLING, CALLED,
        optional("originatingDevice", Part::PlainDevice), LOCAL_INFO, CORRELATOR, CAUSE, NET_CALLING,
        NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE,
    ]),
    layout("NetworkReachedEvent", EventKind::NetworkReached, &[
        CROSS_REF, connection("outboundConnection"), device("networkInterfaceUsed"), CALLING, CALLED,
        REDIRECTION, LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS, NET_CALLING, NET_CALLED, ASSOC_CALLING,
        LINKAGE,
    ]),
    layout("OfferedEvent", EventKind::Offered, &[
        CROSS_REF, connection("offeredConnection"), device("offeredDevice"), CALLING, CALLED, REDIRECTION,
        LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS,
        LINKAGE,
    ]),
    layout("HeldEvent", EventKind::Held, &[
        CROSS_REF, connection("heldConnection"), device("holdingDevice"), LOCAL_INFO, CORRELATOR, CAUSE, MARKS,
        LINKAGE,
    ]),
    layout("RetrievedEvent", EventKind::Retrieved, &[
        CROSS_REF, connection("retrievedConnection"), device("retrievingDevice"), LOCAL_INFO, CORRELATOR,
        CAUSE, MARKS, LINKAGE,
    ]),
    layout("DivertedEvent", EventKind::Diverted { new_destination: None }, &[
        CROSS_REF, connection("connection"), device("divertingDevice"),
        party("newDestination", Part::NewDestination), CALLING_IF_KNOWN, CALLED_IF_KNOWN, REDIRECTION,
        LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED,
        LINKAGE,
    ]),
    layout("QueuedEvent", EventKind::Queued { number_queued: None, calls_in_front: None }, &[
        CROSS_REF, connection("queuedConnection"), device("queue"), CALLING, CALLED, REDIRECTION,
        optional("numberQueued", Part::NumberQueued), optional("callsInFront", Part::CallsInFront), LOCAL_INFO,
        CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE,
    ]),
    layout("FailedEvent", EventKind::Failed, &[
        CROSS_REF, connection("failedConnection"), device("failingDevice"), CALLING, CALLED, REDIRECTION,
        LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS,
        LINKAGE,
    ]),
    layout("TransferedEvent", EventKind::Transferred(JOINED), &[
        CROSS_REF, connection("primaryOldCall"), optional("secondaryOldCall", Part::SecondaryOldCall),
        device("transferringDevice"), party("transferredToDevice", Part::Party),
        optional("transferredConnections", Part::Connections), LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS,
        LINKAGES,
    ]),
    layout("ConferencedEvent", EventKind::Conferenced(JOINED), &[
        CROSS_REF, connection("primaryOldCall"), optional("secondaryOldCall", Part::SecondaryOldCall),
        device("conferencingDevice"), party("addedParty", Part::Party),
        optional("conferenceConnections", Part::Connections), LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS,
        LINKAGES,
    ]),
    layout("CallInformationEvent", EventKind::CallInformation, &[
        CROSS_REF, connection("connection"), device("device"), CALLING_IF_KNOWN, CORRELATOR, USER_DATA,
        LINKAGES, MARKS,
    ]),
    layout("DoNotDisturbEvent", EventKind::DoNotDisturb { on: false }, &[
        CROSS_REF, device("device"), optional("doNotDisturbOn", Part::DoNotDisturbOn),
    ]),
    layout("ForwardingEvent", EventKind::Forwarding(FORWARDING), &[
        CROSS_REF, device("device"), optional("forwardingType", Part::ForwardingType),
        optional("forwardStatus", Part::ForwardStatus), optional("forwardTo", Part::ForwardTo),
    ]),
    layout("BackInServiceEvent", EventKind::BackInService, &[
        CROSS_REF, device("device"), CAUSE_IF_KNOWN,
    ]),
    layout("OutOfServiceEvent", EventKind::OutOfService, &[
        CROSS_REF, device("device"), CAUSE_IF_KNOWN,
    ]),
];

impl Layout {
    /// The layout of the event with this root element.
    pub(in crate::xml) fn of_root(root: &str) -> Option<&'static Self> {
        // The schema misspells it; peers that do not are understood.
        let root = if root == "TransferredEvent" { "TransferedEvent" } else { root };
        LAYOUTS.iter().find(|layout| layout.root == root)
    }

    /// The layout of a kind of event.
    pub(in crate::xml) fn of_kind(kind: &EventKind) -> &'static Self {
        let same = |layout: &&Self| std::mem::discriminant(&layout.kind) == std::mem::discriminant(kind);
        LAYOUTS.iter().find(same).unwrap_or(&LAYOUTS[0]) // there is one of each: a test counts them
    }
}
