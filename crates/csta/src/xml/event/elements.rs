//! The elements of each kind of event, in the order of the schema (ECMA-323).

use super::layout::{Absent, Element};
use crate::event_part::Part;

pub(super) const DELIVERED: &[Element] = &[
    CROSS_REF, connection("connection"), device("alertingDevice"), CALLING, CALLED, REDIRECTION, LOCAL_INFO,
    CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE,
];

pub(super) const ESTABLISHED: &[Element] = &[
    CROSS_REF, connection("establishedConnection"), device("answeringDevice"), CALLING, CALLED, REDIRECTION,
    LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS,
    LINKAGE,
];

pub(super) const CONNECTION_CLEARED: &[Element] = &[
    CROSS_REF, connection("droppedConnection"), device("releasingDevice"), LOCAL_INFO, CORRELATOR, USER_DATA,
    CAUSE, MARKS, LINKAGE,
];

pub(super) const CALL_CLEARED: &[Element] = &[
    CROSS_REF, connection("clearedCall"), CORRELATOR, USER_DATA, CAUSE, MARKS, LINKAGE,
];

pub(super) const SERVICE_INITIATED: &[Element] = &[
    CROSS_REF, connection("initiatedConnection"), device("initiatingDevice"),
    optional("calledDevice", Part::CalledEd6), LOCAL_INFO, CORRELATOR, CAUSE, MARKS, NET_CALLING, NET_CALLED,
    ASSOC_CALLING, LINKAGE,
];

pub(super) const ORIGINATED: &[Element] = &[
    CROSS_REF, connection("originatedConnection"), CALLING, CALLED,
    optional("originatingDevice", Part::PlainDevice), LOCAL_INFO, CORRELATOR, CAUSE, NET_CALLING, NET_CALLED,
    ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE,
];

pub(super) const NETWORK_REACHED: &[Element] = &[
    CROSS_REF, connection("outboundConnection"), device("networkInterfaceUsed"), CALLING, CALLED, REDIRECTION,
    LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS, NET_CALLING, NET_CALLED, ASSOC_CALLING, LINKAGE,
];

pub(super) const OFFERED: &[Element] = &[
    CROSS_REF, connection("offeredConnection"), device("offeredDevice"), CALLING, CALLED, REDIRECTION,
    LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS,
    LINKAGE,
];

pub(super) const HELD: &[Element] = &[
    CROSS_REF, connection("heldConnection"), device("holdingDevice"), LOCAL_INFO, CORRELATOR, CAUSE, MARKS,
    LINKAGE,
];

pub(super) const RETRIEVED: &[Element] = &[
    CROSS_REF, connection("retrievedConnection"), device("retrievingDevice"), LOCAL_INFO, CORRELATOR, CAUSE,
    MARKS, LINKAGE,
];

pub(super) const DIVERTED: &[Element] = &[
    CROSS_REF, connection("connection"), device("divertingDevice"),
    party("newDestination", Part::NewDestination), CALLING_IF_KNOWN, CALLED_IF_KNOWN, REDIRECTION, LOCAL_INFO,
    CORRELATOR, USER_DATA, CAUSE, MARKS, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, LINKAGE,
];

pub(super) const QUEUED: &[Element] = &[
    CROSS_REF, connection("queuedConnection"), device("queue"), CALLING, CALLED, REDIRECTION,
    optional("numberQueued", Part::NumberQueued), optional("callsInFront", Part::CallsInFront), LOCAL_INFO,
    CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE,
];

pub(super) const FAILED: &[Element] = &[
    CROSS_REF, connection("failedConnection"), device("failingDevice"), CALLING, CALLED, REDIRECTION,
    LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS,
    LINKAGE,
];

pub(super) const TRANSFERED: &[Element] = &[
    CROSS_REF, connection("primaryOldCall"), optional("secondaryOldCall", Part::SecondaryOldCall),
    device("transferringDevice"), party("transferredToDevice", Part::Party),
    optional("transferredConnections", Part::Connections), LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS,
    LINKAGES,
];

pub(super) const CONFERENCED: &[Element] = &[
    CROSS_REF, connection("primaryOldCall"), optional("secondaryOldCall", Part::SecondaryOldCall),
    device("conferencingDevice"), party("addedParty", Part::Party),
    optional("conferenceConnections", Part::Connections), LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS,
    LINKAGES,
];

pub(super) const CALL_INFORMATION: &[Element] = &[
    CROSS_REF, connection("connection"), device("device"), CALLING_IF_KNOWN, CORRELATOR, USER_DATA, LINKAGES,
    MARKS,
];

pub(super) const DO_NOT_DISTURB: &[Element] = &[
    CROSS_REF, device("device"), optional("doNotDisturbOn", Part::DoNotDisturbOn),
];

pub(super) const FORWARDING: &[Element] = &[
    CROSS_REF, device("device"), optional("forwardingType", Part::ForwardingType),
    optional("forwardStatus", Part::ForwardStatus), optional("forwardTo", Part::ForwardTo),
];

pub(super) const BACK_IN_SERVICE: &[Element] = &[
    CROSS_REF, device("device"), CAUSE_IF_KNOWN,
];

pub(super) const OUT_OF_SERVICE: &[Element] = &[
    CROSS_REF, device("device"), CAUSE_IF_KNOWN,
];

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
