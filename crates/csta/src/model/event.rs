//! Events: what a monitor reports (ECMA-269).

use super::{
    CallCharacteristics, CallLinkageId, ConnectionId, CorrelatorData, CrossRefId, DeviceId, EventCause, ForwardingType,
    LocalConnectionState, RedirectionDevice, SubjectDevice, UserData,
};

/// One event. All kinds share one form: the connection it is about, the device that did it, and the parties.
/// A parameter that the kind does not have, or that the peer left out, is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The monitor that asked for it.
    pub cross_ref: CrossRefId,
    /// What happened.
    pub kind: EventKind,
    /// The connection it is about (`connection`, `establishedConnection`, `droppedConnection`, `clearedCall` …);
    /// of [`EventKind::Transferred`] and [`EventKind::Conferenced`] the primaryOldCall. Events about devices have none.
    pub connection: Option<ConnectionId>,
    /// The device that did it (`alertingDevice`, `answeringDevice`, `holdingDevice`, `queue`, `transferringDevice` …).
    pub device: Option<SubjectDevice>,
    /// Who calls.
    pub calling: Option<SubjectDevice>,
    /// Who is called.
    pub called: Option<SubjectDevice>,
    /// Who redirected the call last.
    pub last_redirection: Option<RedirectionDevice>,
    /// The state of the monitored device's own connection; optional in every event of the standard.
    pub local_connection_info: Option<LocalConnectionState>,
    /// Data tied to the call.
    pub correlator_data: Option<CorrelatorData>,
    /// Data that travels with the call.
    pub user_data: Option<UserData>,
    /// Why it happened.
    pub cause: Option<EventCause>,
    /// Who calls, as the network knows it.
    pub network_calling: Option<SubjectDevice>,
    /// Who is called, as the network knows it.
    pub network_called: Option<SubjectDevice>,
    /// The device inside that stands for an outside caller (a trunk, for example).
    pub associated_calling: Option<SubjectDevice>,
    /// The device inside that stands for an outside called party.
    pub associated_called: Option<SubjectDevice>,
    /// What marks the call.
    pub call_characteristics: Option<CallCharacteristics>,
    /// What ties the call to others; after a transfer or a conference the new one.
    pub call_linkage: Option<CallLinkageId>,
}

/// What happened, with what only this kind of event has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Off-hook, or prompted by MakeCall.
    ServiceInitiated,
    /// A call was dialled.
    Originated,
    /// The call left for another network.
    NetworkReached,
    /// The call is offered to a device that may still refuse it.
    Offered,
    /// A device rings.
    Delivered,
    /// A device answered.
    Established,
    /// A device put the call on hold.
    Held,
    /// A device took the call off hold.
    Retrieved,
    /// The call went away from a device.
    Diverted {
        /// To this one.
        new_destination: Option<SubjectDevice>,
    },
    /// The call waits in a queue.
    Queued {
        /// How many calls are in the queue.
        number_queued: Option<u32>,
        /// How many of them come first.
        calls_in_front: Option<u32>,
    },
    /// The call cannot be completed.
    Failed,
    /// A call was handed on (ECMA-323 spells it Transfered).
    Transferred(Joined),
    /// Two calls became one.
    Conferenced(Joined),
    /// A device left the call.
    ConnectionCleared,
    /// The call ended for all.
    CallCleared,
    /// More is known about the call.
    CallInformation,
    /// Do-not-disturb was switched.
    DoNotDisturb {
        /// It is on.
        on: bool,
    },
    /// Forwarding was switched.
    Forwarding(Forwarding),
    /// The device is back.
    BackInService,
    /// The device is gone.
    OutOfService,
}

/// What a transfer or a conference did; the primary old call is [`Event::connection`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// The other old call, if there was one.
    pub secondary_old_call: Option<ConnectionId>,
    /// The party that came in: transferredToDevice or addedParty.
    pub party: Option<SubjectDevice>,
    /// How the old connections map to the new ones.
    pub connections: Vec<ConnectionListItem>,
}

/// One connection of a transferred call or a conference (ConnectionListItem).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionListItem {
    /// Its name from now on.
    pub new_connection: Option<ConnectionId>,
    /// Its name so far.
    pub old_connection: Option<ConnectionId>,
    /// The device at its end.
    pub endpoint: Option<SubjectDevice>,
    /// The network interface that stands for the device.
    pub associated_nid: Option<SubjectDevice>,
}

/// How a device forwards calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarding {
    /// Which calls; `None` where the device has only one kind of forwarding.
    pub forwarding_type: Option<ForwardingType>,
    /// It is on.
    pub on: bool,
    /// To whom.
    pub forward_to: Option<DeviceId>,
}

impl Event {
    /// An event that says nothing but its kind.
    #[must_use]
    pub const fn new(cross_ref: CrossRefId, kind: EventKind) -> Self {
        Self {
            cross_ref,
            kind,
            connection: None,
            device: None,
            calling: None,
            called: None,
            last_redirection: None,
            local_connection_info: None,
            correlator_data: None,
            user_data: None,
            cause: None,
            network_calling: None,
            network_called: None,
            associated_calling: None,
            associated_called: None,
            call_characteristics: None,
            call_linkage: None,
        }
    }
}
