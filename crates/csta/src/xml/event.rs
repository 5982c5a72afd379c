//! Events as XML. All kinds share one form, so a table says which elements each has, in the order of the schema
//! (ECMA-323); decoder and encoder both follow it.

use super::{
    DecodeError, Edition,
    scan::Scanner,
    value::{Member, Value},
    write::Writer,
};
use crate::model::{DeviceId, Event, EventCause, EventKind, Forwarding, Joined, RedirectionDevice, SubjectDevice};

/// How a kind of event is written.
pub(super) struct Layout {
    /// Its root element.
    pub root: &'static str,
    /// The kind, still empty.
    pub kind: EventKind,
    /// Its elements in the order of the schema.
    elements: &'static [Element],
}

/// An element of an event: its name, the part of the event it holds, and what stands there if the event has none.
struct Element(&'static str, Part, Absent);

/// What is written for a part that the event does not have. ECMA-285 says which may be left out; ECMA-323 cannot.
#[derive(Clone, Copy)]
enum Absent {
    LeftOut,
    /// The child `notKnown`.
    NotKnown,
    /// The child `notRequired`: no redirection.
    NotRequired,
    /// The cause `normal`.
    Normal,
}

#[derive(Clone, Copy)]
enum Part {
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

const fn optional(name: &'static str, part: Part) -> Element {
    Element(name, part, Absent::LeftOut)
}

const fn connection(name: &'static str) -> Element {
    Element(name, Part::Connection, Absent::LeftOut)
}

const fn device(name: &'static str) -> Element {
    Element(name, Part::Device, Absent::NotKnown)
}

const CROSS_REF: Element = optional("monitorCrossRefID", Part::CrossRef);
const CALLING: Element = Element("callingDevice", Part::Calling, Absent::NotKnown);
const CALLING_IF_KNOWN: Element = optional("callingDevice", Part::Calling);
const CALLED: Element = Element("calledDevice", Part::Called, Absent::NotKnown);
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

const JOINED: Joined = Joined { secondary_old_call: None, party: None, connections: Vec::new() };

#[rustfmt::skip] // one event a paragraph
pub(super) static LAYOUTS: [Layout; 20] = [
    Layout { root: "DeliveredEvent", kind: EventKind::Delivered, elements: &[
        CROSS_REF, connection("connection"), device("alertingDevice"), CALLING, CALLED, REDIRECTION, LOCAL_INFO, CORRELATOR,
        USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE] },
    Layout { root: "EstablishedEvent", kind: EventKind::Established, elements: &[
        CROSS_REF, connection("establishedConnection"), device("answeringDevice"), CALLING, CALLED, REDIRECTION, LOCAL_INFO,
        CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE] },
    Layout { root: "ConnectionClearedEvent", kind: EventKind::ConnectionCleared, elements: &[
        CROSS_REF, connection("droppedConnection"), device("releasingDevice"), LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE,
        MARKS, LINKAGE] },
    Layout { root: "CallClearedEvent", kind: EventKind::CallCleared, elements: &[
        CROSS_REF, connection("clearedCall"), CORRELATOR, USER_DATA, CAUSE, MARKS, LINKAGE] },
    Layout { root: "ServiceInitiatedEvent", kind: EventKind::ServiceInitiated, elements: &[
        CROSS_REF, connection("initiatedConnection"), device("initiatingDevice"), optional("calledDevice", Part::CalledEd6),
        LOCAL_INFO, CORRELATOR, CAUSE, MARKS, NET_CALLING, NET_CALLED, ASSOC_CALLING, LINKAGE] },
    Layout { root: "OriginatedEvent", kind: EventKind::Originated, elements: &[
        CROSS_REF, connection("originatedConnection"), CALLING, CALLED, optional("originatingDevice", Part::PlainDevice),
        LOCAL_INFO, CORRELATOR, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE] },
    Layout { root: "NetworkReachedEvent", kind: EventKind::NetworkReached, elements: &[
        CROSS_REF, connection("outboundConnection"), device("networkInterfaceUsed"), CALLING, CALLED, REDIRECTION, LOCAL_INFO,
        CORRELATOR, USER_DATA, CAUSE, MARKS, NET_CALLING, NET_CALLED, ASSOC_CALLING, LINKAGE] },
    Layout { root: "OfferedEvent", kind: EventKind::Offered, elements: &[
        CROSS_REF, connection("offeredConnection"), device("offeredDevice"), CALLING, CALLED, REDIRECTION, LOCAL_INFO,
        CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE] },
    Layout { root: "HeldEvent", kind: EventKind::Held, elements: &[
        CROSS_REF, connection("heldConnection"), device("holdingDevice"), LOCAL_INFO, CORRELATOR, CAUSE, MARKS, LINKAGE] },
    Layout { root: "RetrievedEvent", kind: EventKind::Retrieved, elements: &[
        CROSS_REF, connection("retrievedConnection"), device("retrievingDevice"), LOCAL_INFO, CORRELATOR, CAUSE, MARKS,
        LINKAGE] },
    Layout { root: "DivertedEvent", kind: EventKind::Diverted { new_destination: None }, elements: &[
        CROSS_REF, connection("connection"), device("divertingDevice"), Element("newDestination", Part::NewDestination, Absent::NotKnown),
        CALLING_IF_KNOWN, CALLED_IF_KNOWN, REDIRECTION, LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS, NET_CALLING, NET_CALLED,
        ASSOC_CALLING, ASSOC_CALLED, LINKAGE] },
    Layout { root: "QueuedEvent", kind: EventKind::Queued { number_queued: None, calls_in_front: None }, elements: &[
        CROSS_REF, connection("queuedConnection"), device("queue"), CALLING, CALLED, REDIRECTION,
        optional("numberQueued", Part::NumberQueued), optional("callsInFront", Part::CallsInFront), LOCAL_INFO, CORRELATOR,
        USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE] },
    Layout { root: "FailedEvent", kind: EventKind::Failed, elements: &[
        CROSS_REF, connection("failedConnection"), device("failingDevice"), CALLING, CALLED, REDIRECTION, LOCAL_INFO,
        CORRELATOR, USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, MARKS, LINKAGE] },
    Layout { root: "TransferedEvent", kind: EventKind::Transferred(JOINED), elements: &[
        CROSS_REF, connection("primaryOldCall"), optional("secondaryOldCall", Part::SecondaryOldCall),
        device("transferringDevice"), Element("transferredToDevice", Part::Party, Absent::NotKnown),
        optional("transferredConnections", Part::Connections), LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS, LINKAGES] },
    Layout { root: "ConferencedEvent", kind: EventKind::Conferenced(JOINED), elements: &[
        CROSS_REF, connection("primaryOldCall"), optional("secondaryOldCall", Part::SecondaryOldCall),
        device("conferencingDevice"), Element("addedParty", Part::Party, Absent::NotKnown),
        optional("conferenceConnections", Part::Connections), LOCAL_INFO, CORRELATOR, USER_DATA, CAUSE, MARKS, LINKAGES] },
    Layout { root: "CallInformationEvent", kind: EventKind::CallInformation, elements: &[
        CROSS_REF, connection("connection"), device("device"), CALLING_IF_KNOWN, CORRELATOR, USER_DATA, LINKAGES, MARKS] },
    Layout { root: "DoNotDisturbEvent", kind: EventKind::DoNotDisturb { on: false }, elements: &[
        CROSS_REF, device("device"), optional("doNotDisturbOn", Part::DoNotDisturbOn)] },
    Layout { root: "ForwardingEvent", kind: EventKind::Forwarding(Forwarding { forwarding_type: None, on: false, forward_to: None }),
        elements: &[
        CROSS_REF, device("device"), optional("forwardingType", Part::ForwardingType),
        optional("forwardStatus", Part::ForwardStatus), optional("forwardTo", Part::ForwardTo)] },
    Layout { root: "BackInServiceEvent", kind: EventKind::BackInService, elements: &[CROSS_REF, device("device"), CAUSE_IF_KNOWN] },
    Layout { root: "OutOfServiceEvent", kind: EventKind::OutOfService, elements: &[CROSS_REF, device("device"), CAUSE_IF_KNOWN] },
];

/// The layout of the event with this root element.
pub(super) fn layout(root: &str) -> Option<&'static Layout> {
    // The schema misspells it; peers that do not are understood.
    let root = if root == "TransferredEvent" { "TransferedEvent" } else { root };
    LAYOUTS.iter().find(|layout| layout.root == root)
}

/// Reads the content of an event's root element.
pub(super) fn read(layout: &Layout, xml: &mut Scanner<'_>) -> Result<Event, DecodeError> {
    let mut event = Event::new(Default::default(), layout.kind.clone());
    // Nearly all peers keep to the order of the schema, so the element that follows is looked for first.
    let mut next = 0;
    while let Some(name) = xml.child()? {
        let (before, after) = layout.elements.split_at(next);
        match after.iter().chain(before).position(|element| element.0 == name) {
            Some(steps) => {
                let place = (next + steps) % layout.elements.len();
                read_part(&mut event, layout.elements[place].1, xml)?;
                next = place + 1;
            }
            None => xml.skip()?,
        }
    }
    Ok(event)
}

fn read_part(event: &mut Event, part: Part, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
    match (part, member_mut(event, part)) {
        (_, Some(member)) => member.read(xml),
        (Part::PlainDevice, None) => {
            event.device = DeviceId::from_xml(xml)?.map(SubjectDevice::Device);
            Ok(())
        }
        (_, None) => xml.skip(),
    }
}

/// Writes the content of an event's root element; answers nothing, for it cannot fail.
pub(super) fn write(event: &Event, layout: &Layout, out: &mut Writer) {
    for Element(name, part, absent) in layout.elements {
        match (part, &event.device, &event.call_linkage) {
            (Part::CalledEd6, _, _) if out.edition < Edition::Ed6 => {}
            (Part::PlainDevice, Some(SubjectDevice::Device(device)), _) => device.to_xml(name, out),
            (Part::CallLinkageList, _, Some(linkage)) => {
                out.element(name, |out| linkage.to_xml("newCallLinkageData", out));
            }
            (Part::PlainDevice | Part::CallLinkageList, _, _) => {}
            _ => match member(event, *part) {
                Some(member) if member.is_there() => member.write(name, out),
                Some(_) | None => write_absent(name, *absent, out),
            },
        }
    }
}

fn write_absent(name: &str, absent: Absent, out: &mut Writer) {
    match absent {
        Absent::LeftOut => {}
        Absent::NotKnown => SubjectDevice::NotKnown.to_xml(name, out),
        Absent::NotRequired => RedirectionDevice::NotRequired.to_xml(name, out),
        Absent::Normal => EventCause::NORMAL.to_xml(name, out),
    }
}

/// Defines which member of an event a part is: once to write it, once to read it.
macro_rules! member_of {
    ($name:ident, $($mutable:tt)?) => {
        fn $name(event: &$($mutable)? Event, part: Part) -> Option<&$($mutable)? dyn Member> {
            let Event { cross_ref, kind, connection, device, .. } = event;
            Some(match (part, kind) {
                (Part::CrossRef, _) => cross_ref,
                (Part::Connection, _) => connection,
                (Part::Device, _) => device,
                (Part::Calling, _) => &$($mutable)? event.calling,
                (Part::Called | Part::CalledEd6, _) => &$($mutable)? event.called,
                (Part::LastRedirection, _) => &$($mutable)? event.last_redirection,
                (Part::LocalConnectionInfo, _) => &$($mutable)? event.local_connection_info,
                (Part::CorrelatorData, _) => &$($mutable)? event.correlator_data,
                (Part::UserData, _) => &$($mutable)? event.user_data,
                (Part::Cause, _) => &$($mutable)? event.cause,
                (Part::NetworkCalling, _) => &$($mutable)? event.network_calling,
                (Part::NetworkCalled, _) => &$($mutable)? event.network_called,
                (Part::AssociatedCalling, _) => &$($mutable)? event.associated_calling,
                (Part::AssociatedCalled, _) => &$($mutable)? event.associated_called,
                (Part::CallCharacteristics, _) => &$($mutable)? event.call_characteristics,
                (Part::CallLinkage | Part::CallLinkageList, _) => &$($mutable)? event.call_linkage,
                (Part::NewDestination, EventKind::Diverted { new_destination }) => new_destination,
                (Part::NumberQueued, EventKind::Queued { number_queued, .. }) => number_queued,
                (Part::CallsInFront, EventKind::Queued { calls_in_front, .. }) => calls_in_front,
                (Part::SecondaryOldCall, EventKind::Transferred(joined) | EventKind::Conferenced(joined)) => {
                    &$($mutable)? joined.secondary_old_call
                }
                (Part::Party, EventKind::Transferred(joined) | EventKind::Conferenced(joined)) => {
                    &$($mutable)? joined.party
                }
                (Part::Connections, EventKind::Transferred(joined) | EventKind::Conferenced(joined)) => {
                    &$($mutable)? joined.connections
                }
                (Part::DoNotDisturbOn, EventKind::DoNotDisturb { on }) => on,
                (Part::ForwardingType, EventKind::Forwarding(forwarding)) => &$($mutable)? forwarding.forwarding_type,
                (Part::ForwardStatus, EventKind::Forwarding(forwarding)) => &$($mutable)? forwarding.on,
                (Part::ForwardTo, EventKind::Forwarding(forwarding)) => &$($mutable)? forwarding.forward_to,
                _ => return None,
            })
        }
    };
}

member_of!(member,);
member_of!(member_mut, mut);

/// The layout of a kind of event.
pub(super) fn layout_of(kind: &EventKind) -> &'static Layout {
    let same = |layout: &&Layout| std::mem::discriminant(&layout.kind) == std::mem::discriminant(kind);
    LAYOUTS.iter().find(same).unwrap_or(&LAYOUTS[0])
}
