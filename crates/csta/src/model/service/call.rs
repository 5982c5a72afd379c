//! Call control, and the features of devices.

use compact_str::CompactString;

use crate::model::{
    AutoOriginate, CallCharacteristics, CallLinkageId, ConnectionId, ConnectionListItem, CorrelatorData, DeviceId,
    DigitMode, EventCause, ForwardingType, UserData,
};

/// Dials (ECMA-269, call control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MakeCall {
    /// Who dials.
    pub calling_device: DeviceId,
    /// What is dialled.
    pub called_directory_number: DeviceId,
    /// Whether the calling device rings first; the standard's default is that it does.
    pub auto_originate: Option<AutoOriginate>,
    /// Data tied to the call.
    pub correlator_data: Option<CorrelatorData>,
    /// Data that travels with the call.
    pub user_data: Option<UserData>,
    /// What marks the call.
    pub call_characteristics: Option<CallCharacteristics>,
}

impl MakeCall {
    /// The device dials at once.
    pub fn do_not_prompt(calling: impl Into<CompactString>, number: impl Into<CompactString>) -> Self {
        Self {
            calling_device: DeviceId::new(calling),
            called_directory_number: DeviceId::new(number),
            auto_originate: Some(AutoOriginate::DoNotPrompt),
            ..Self::default()
        }
    }
}

/// The new call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MakeCallResponse {
    /// The calling device's connection in it.
    pub calling_device: ConnectionId,
    /// What ties it to others; since edition 6.
    pub call_linkage: Option<CallLinkageId>,
}

/// Answers a ringing call (ECMA-269, call control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerCall {
    /// The ringing connection.
    pub call_to_be_answered: ConnectionId,
}

/// Takes a device out of a call (ECMA-269, call control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClearConnection {
    /// The device's connection.
    pub connection_to_be_cleared: ConnectionId,
    /// Why.
    pub reason: Option<EventCause>,
}

/// Puts a call on hold (ECMA-269, call control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldCall {
    /// The connection.
    pub call_to_be_held: ConnectionId,
}

/// Takes a call off hold (ECMA-269, call control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetrieveCall {
    /// The held connection.
    pub call_to_be_retrieved: ConnectionId,
}

/// Holds a call and dials another (ECMA-269, call control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsultationCall {
    /// The call to hold.
    pub existing_call: ConnectionId,
    /// Whom to ask.
    pub consulted_device: DeviceId,
}

/// The second call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsultationCallResponse {
    /// The device's connection in it.
    pub initiated_call: ConnectionId,
}

/// Joins the held call and the active one, and leaves both (ECMA-269, call control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferCall {
    /// The call on hold.
    pub held_call: ConnectionId,
    /// The other call.
    pub active_call: ConnectionId,
}

/// Hands a call on without asking first (ECMA-269, call control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SingleStepTransferCall {
    /// The call.
    pub active_call: ConnectionId,
    /// To whom.
    pub transferred_to: DeviceId,
}

/// The call that came out of a transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferredCall {
    /// Its connection.
    pub transferred_call: ConnectionId,
    /// How the old connections map to the new ones.
    pub connections: Vec<ConnectionListItem>,
}

/// Sends a ringing call elsewhere (ECMA-269, call control).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeflectCall {
    /// The ringing connection.
    pub call_to_be_diverted: ConnectionId,
    /// To whom; edition 6 allows several, of which the first is read.
    pub new_destination: DeviceId,
    /// Why.
    pub reason: Option<EventCause>,
}

/// Sends digits into a call (ECMA-269, call associated features).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GenerateDigits {
    /// The connection.
    pub connection_to_send_digits: ConnectionId,
    /// Pulses or tones.
    pub digit_mode: Option<DigitMode>,
    /// The digits.
    pub characters_to_send: CompactString,
}

/// Switches do-not-disturb (ECMA-269, logical device features).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetDoNotDisturb {
    /// Where.
    pub device: DeviceId,
    /// On.
    pub on: bool,
}

/// Is do-not-disturb on? (ECMA-269, logical device features)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetDoNotDisturb {
    /// Where.
    pub device: DeviceId,
}

/// Whether it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetDoNotDisturbResponse {
    /// On.
    pub on: bool,
}

/// Switches forwarding (ECMA-269, logical device features).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetForwarding {
    /// Where.
    pub device: DeviceId,
    /// Which calls.
    pub forwarding_type: Option<ForwardingType>,
    /// On.
    pub activate_forward: bool,
    /// To whom.
    pub forward_dn: Option<DeviceId>,
}

/// How does a device forward? (ECMA-269, logical device features)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetForwarding {
    /// The device.
    pub device: DeviceId,
}

/// How it forwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetForwardingResponse {
    /// One entry a kind of forwarding.
    pub forwarding_list: Vec<ForwardListItem>,
}

/// One kind of forwarding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForwardListItem {
    /// Which calls.
    pub forwarding_type: Option<ForwardingType>,
    /// On.
    pub forward_status: bool,
    /// To whom.
    pub forward_dn: Option<DeviceId>,
}
