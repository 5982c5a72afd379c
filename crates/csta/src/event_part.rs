//! The parts of an event, as the tables of both encodings name them.

use crate::model::{EventKind, Forwarding, Joined};

/// A part of an event.
#[derive(Clone, Copy)]
pub(crate) enum Part {
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

/// Every kind of event, still empty.
pub(crate) static KINDS: [EventKind; 20] = [
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

/// Defines which member of an event a part is: once to write it, once to read it. `Member` is the encoding's own trait.
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
                // No member as it stands, or one of another kind of event.
                (
                    Part::PlainDevice
                    | Part::NewDestination
                    | Part::NumberQueued
                    | Part::CallsInFront
                    | Part::SecondaryOldCall
                    | Part::Party
                    | Part::Connections
                    | Part::DoNotDisturbOn
                    | Part::ForwardingType
                    | Part::ForwardStatus
                    | Part::ForwardTo,
                    _,
                ) => return None,
            })
        }
    };
}

pub(crate) use member_of;
