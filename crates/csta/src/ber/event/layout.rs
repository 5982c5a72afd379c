//! Where each kind of event stands in a report, and where its parts stand in it (ECMA-285). `-` in a table of numbers
//! would be a guess: there is no evidence of the form.

use super::Field;
use crate::ber::{
    Phase,
    fields::{CALLED as CALLED_TAG, CONNECTION as CONNECTION_TAG, LOCAL_STATE, SUBJECT as SUBJECT_TAG, Slot},
    private::COMMON,
    tag::Tag,
};
use crate::event_part::{KINDS, Part};
use crate::model::EventKind;

/// Where a kind of event stands.
pub(super) struct Place {
    /// Phase III: the tag of its category in EventSpecificInfo, and its own in there.
    three: (u32, u32),
    /// Phase II: its tag among the call events.
    two: Option<u32>,
    /// Phase I: its event type.
    one: Option<u32>,
}

const CALL_CONTROL: u32 = 0;
const CALL_ASSOCIATED: u32 = 1;
const LOGICAL_DEVICE: u32 = 4;
const MAINTENANCE: u32 = 5;

impl Place {
    pub(super) const fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::CallCleared => Self::call(1, 0),
            EventKind::Conferenced(_) => Self::call(2, 1),
            EventKind::ConnectionCleared => Self::call(3, 2),
            EventKind::Delivered => Self::call(4, 3),
            EventKind::Diverted { .. } => Self::call(6, 4),
            EventKind::Established => Self::call(7, 5),
            EventKind::Failed => Self::call(8, 6),
            EventKind::Held => Self::call(9, 7),
            EventKind::NetworkReached => Self::call(11, 8),
            EventKind::Originated => Self::call(13, 9),
            EventKind::Queued { .. } => Self::call(14, 10),
            EventKind::Retrieved => Self::call(15, 11),
            EventKind::ServiceInitiated => Self::call(16, 12),
            EventKind::Transferred(_) => Self::call(17, 13),
            EventKind::Offered => Self { three: (CALL_CONTROL, 12), two: None, one: None },
            EventKind::CallInformation => Self { three: (CALL_ASSOCIATED, 0), two: None, one: None },
            EventKind::DoNotDisturb { .. } => Self { three: (LOGICAL_DEVICE, 11), two: None, one: Some(102) },
            EventKind::Forwarding(_) => Self { three: (LOGICAL_DEVICE, 12), two: None, one: Some(103) },
            EventKind::BackInService => Self { three: (MAINTENANCE, 0), two: None, one: Some(301) },
            EventKind::OutOfService => Self { three: (MAINTENANCE, 2), two: None, one: Some(302) },
        }
    }

    /// A call event: phase I counts from 1 what phase II counts from 0.
    const fn call(three: u32, two: u32) -> Self {
        Self { three: (CALL_CONTROL, three), two: Some(two), one: Some(two + 1) }
    }

    /// The tags of the category and of the event in it; `None` if the phase has no such event.
    pub(super) const fn tags(&self, phase: Phase) -> Option<(u32, u32)> {
        match (phase, self.two) {
            (Phase::Three, _) => Some(self.three),
            (Phase::Two, Some(number)) => Some((CALL_CONTROL, number)),
            (Phase::Two, None) | (Phase::One, _) => None,
        }
    }

    /// The event type of phase I.
    pub(super) const fn type_number(&self) -> Option<u32> {
        self.one
    }
}

/// The kind of event with these tags in phases II and III.
pub(super) fn kind_of(category: u32, number: u32, phase: Phase) -> Option<&'static EventKind> {
    KINDS.iter().find(|kind| Place::of(kind).tags(phase) == Some((category, number)))
}

/// The kind of event with this type in phase I.
pub(super) fn kind_of_type(number: i64) -> Option<&'static EventKind> {
    KINDS.iter().find(|kind| Place::of(kind).one.is_some_and(|one| i64::from(one) == number))
}

/// The parts of each kind of event, in the order of the module. Those that stand between are not read, but for the
/// network interface's connection, which has the same tag as the first one.
pub(super) const fn fields_of(kind: &EventKind) -> &'static [Field] {
    match kind {
        EventKind::CallCleared => CALL_CLEARED,
        EventKind::Conferenced(_) => CONFERENCED,
        EventKind::ConnectionCleared => CONNECTION_CLEARED,
        EventKind::Delivered => DELIVERED,
        EventKind::Diverted { .. } => DIVERTED,
        EventKind::Established => ESTABLISHED,
        EventKind::Failed => DELIVERED, // the very same tags
        EventKind::Held | EventKind::Retrieved => HELD,
        EventKind::NetworkReached => NETWORK_REACHED,
        EventKind::Originated => ORIGINATED,
        EventKind::Queued { .. } => QUEUED,
        EventKind::ServiceInitiated => SERVICE_INITIATED,
        EventKind::Transferred(_) => TRANSFERRED,
        EventKind::Offered => OFFERED,
        EventKind::CallInformation => CALL_INFORMATION,
        EventKind::DoNotDisturb { .. } => DO_NOT_DISTURB,
        EventKind::Forwarding(_) => FORWARDING,
        EventKind::BackInService | EventKind::OutOfService => SERVICE,
    }
}

/// The tag of the common arguments in this kind of event.
pub(super) const fn common_tag(kind: &EventKind) -> Tag {
    match kind {
        EventKind::Conferenced(_) => Tag::context(5),
        EventKind::CallCleared
        | EventKind::ConnectionCleared
        | EventKind::Delivered
        | EventKind::Diverted { .. }
        | EventKind::Established
        | EventKind::Failed
        | EventKind::Held
        | EventKind::Retrieved
        | EventKind::NetworkReached
        | EventKind::Originated
        | EventKind::Queued { .. }
        | EventKind::ServiceInitiated
        | EventKind::Transferred(_)
        | EventKind::Offered
        | EventKind::CallInformation
        | EventKind::DoNotDisturb { .. }
        | EventKind::Forwarding(_)
        | EventKind::BackInService
        | EventKind::OutOfService => COMMON,
    }
}

/// Delivered, and Failed.
const DELIVERED: &[Field] = &[
    CONNECTION, SUBJECT, CALLING, CALLED, REDIRECTION, INTERFACE, LOCAL, correlator(0), USER_DATA, CAUSE,
    NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, marks(3), linkage(5),
];

const ESTABLISHED: &[Field] = &[
    CONNECTION, SUBJECT, CALLING, CALLED, REDIRECTION, INTERFACE, LOCAL, correlator(1), USER_DATA, CAUSE,
    NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, marks(4), linkage(6),
];

const OFFERED: &[Field] = &[
    CONNECTION, SUBJECT, CALLING, CALLED, REDIRECTION, INTERFACE, LOCAL,
    Field::optional(Slot::Own(Tag::OCTET_STRING), Part::CorrelatorData), USER_DATA, CAUSE,
    NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, marks(2), linkage(4),
];

const QUEUED: &[Field] = &[
    CONNECTION, SUBJECT, CALLING, CALLED, REDIRECTION, new(0, Part::NumberQueued), new(1, Part::CallsInFront),
    LOCAL, correlator(2), USER_DATA, CAUSE, NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, marks(5),
    linkage(7),
];

const DIVERTED: &[Field] = &[
    CONNECTION, SUBJECT, Field::device(SUBJECT_TAG, Part::NewDestination), CALLING_IF_KNOWN, CALLED_IF_KNOWN,
    REDIRECTION, LOCAL, correlator(0), USER_DATA, CAUSE, marks(3), NET_CALLING, NET_CALLED, ASSOC_CALLING,
    ASSOC_CALLED, linkage(5),
];

/// Held, and Retrieved.
const HELD: &[Field] = &[CONNECTION, SUBJECT, LOCAL, correlator(0), CAUSE, marks(3), linkage(5)];

const CONNECTION_CLEARED: &[Field] =
    &[CONNECTION, SUBJECT, LOCAL, correlator(0), USER_DATA, CAUSE, marks(4), linkage(6)];

const CALL_CLEARED: &[Field] = &[CONNECTION, correlator(1), USER_DATA, CAUSE, marks(3), linkage(4)];

const SERVICE_INITIATED: &[Field] = &[
    CONNECTION, SUBJECT, CALLED_IF_KNOWN, LOCAL, correlator(0), CAUSE, marks(3), NET_CALLING, NET_CALLED,
    ASSOC_CALLING, linkage(5),
];

/// Who calls is a SubjectDeviceID here.
const ORIGINATED: &[Field] = &[
    CONNECTION, Field::device(SUBJECT_TAG, Part::Calling), CALLED,
    Field::optional(Slot::New(Tag::SEQUENCE), Part::PlainDevice), LOCAL, correlator(2), CAUSE,
    NET_CALLING, NET_CALLED, ASSOC_CALLING, ASSOC_CALLED, marks(5), linkage(7),
];

const NETWORK_REACHED: &[Field] = &[
    CONNECTION, SUBJECT, CALLING, CALLED, REDIRECTION, INTERFACE, LOCAL, correlator(0), USER_DATA, CAUSE, marks(4),
    NET_CALLING, NET_CALLED, ASSOC_CALLING, linkage(6),
];

const TRANSFERRED: &[Field] = &[
    CONNECTION, Field::optional(Slot::Moved(Tag::context(0), CONNECTION_TAG), Part::SecondaryOldCall), SUBJECT,
    Field::device(SUBJECT_TAG, Part::Party),
    Field::optional(Slot::Moved(Tag::context(1), OLD_CONNECTIONS), Part::Connections), LOCAL, correlator(2),
    USER_DATA, CAUSE, marks(6), new(7, Part::CallLinkageList),
];

const CONFERENCED: &[Field] = &[
    CONNECTION, Field::optional(Slot::Own(CONNECTION_TAG), Part::SecondaryOldCall), SUBJECT,
    Field::device(SUBJECT_TAG, Part::Party),
    Field::optional(Slot::Moved(Tag::SEQUENCE, OLD_CONNECTIONS), Part::Connections), LOCAL, correlator(1),
    USER_DATA, CAUSE, marks(4), new(6, Part::CallLinkageList),
];

const CALL_INFORMATION: &[Field] = &[
    CONNECTION, SUBJECT, CALLING_IF_KNOWN, correlator(2), USER_DATA, new(5, Part::CallLinkageList), marks(6),
];

const DO_NOT_DISTURB: &[Field] = &[SUBJECT, Field::optional(Slot::Own(Tag::BOOLEAN), Part::DoNotDisturbOn)];

const FORWARDING: &[Field] = &[
    SUBJECT, Field::optional(Slot::Own(Tag::ENUMERATED), Part::ForwardingType),
    Field::optional(Slot::Own(Tag::BOOLEAN), Part::ForwardStatus), Field::optional(Slot::Device, Part::ForwardTo),
];

/// BackInService, and OutOfService.
const SERVICE: &[Field] = &[SUBJECT, Field::optional(Slot::Own(Tag::ENUMERATED), Part::Cause)];

/// ConnectionList before phase III.
const OLD_CONNECTIONS: Tag = Tag::application(12);

const CONNECTION: Field = Field::connection(Part::Connection);
const SUBJECT: Field = Field::device(SUBJECT_TAG, Part::Device);
const CALLING: Field = Field::device(Tag::application(1), Part::Calling);
const CALLING_IF_KNOWN: Field = own(Tag::application(1), Part::Calling);
const CALLED: Field = Field::device(CALLED_TAG, Part::Called);
const CALLED_IF_KNOWN: Field = own(CALLED_TAG, Part::Called);
const REDIRECTION: Field = Field::redirection(Tag::application(4));
const INTERFACE: Field = Field::skipped(CONNECTION_TAG);
const LOCAL: Field = own(LOCAL_STATE, Part::LocalConnectionInfo);
const USER_DATA: Field = own_new(Tag::application(29), Part::UserData);
const CAUSE: Field = Field::cause();
const NET_CALLING: Field = own_new(Tag::application(7), Part::NetworkCalling);
const NET_CALLED: Field = own_new(Tag::application(8), Part::NetworkCalled);
const ASSOC_CALLING: Field = own_new(Tag::application(5), Part::AssociatedCalling);
const ASSOC_CALLED: Field = own_new(Tag::application(6), Part::AssociatedCalled);

const fn own(tag: Tag, part: Part) -> Field {
    Field::optional(Slot::Own(tag), part)
}

const fn own_new(tag: Tag, part: Part) -> Field {
    Field::optional(Slot::New(tag), part)
}

const fn new(number: u32, part: Part) -> Field {
    Field::optional(Slot::New(Tag::context(number)), part)
}

const fn correlator(number: u32) -> Field {
    new(number, Part::CorrelatorData)
}

const fn marks(number: u32) -> Field {
    new(number, Part::CallCharacteristics)
}

const fn linkage(number: u32) -> Field {
    new(number, Part::CallLinkage)
}
