//! Services: what is asked of a device or switch, and what it answers (ECMA-269).

use compact_str::CompactString;

use super::{
    AutoOriginate, CallCharacteristics, CallLinkageId, CallState, ConnectionId, ConnectionListItem, CorrelatorData,
    CrossRefId, DeviceId, DigitMode, EventCause, ForwardingType, LocalConnectionState, MonitorObject, MonitorType,
    ServiceCrossRefId, SubjectDevice, SystemRegisterId, SystemStatus, UserData,
};

/// A service request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each variant is the service of its name; its type tells more
pub enum Request {
    RequestSystemStatus(RequestSystemStatus),
    SystemStatus(SystemStatusReport),
    SystemRegister(SystemRegister),
    GetCstaFeatures(GetCstaFeatures),
    MonitorStart(MonitorStart),
    MonitorStop(MonitorStop),
    SnapshotDevice(SnapshotDevice),
    SnapshotCall(SnapshotCall),
    MakeCall(MakeCall),
    AnswerCall(AnswerCall),
    ClearConnection(ClearConnection),
    HoldCall(HoldCall),
    RetrieveCall(RetrieveCall),
    ConsultationCall(ConsultationCall),
    TransferCall(TransferCall),
    SingleStepTransferCall(SingleStepTransferCall),
    DeflectCall(DeflectCall),
    GenerateDigits(GenerateDigits),
    SetDoNotDisturb(SetDoNotDisturb),
    GetDoNotDisturb(GetDoNotDisturb),
    SetForwarding(SetForwarding),
    GetForwarding(GetForwarding),
}

/// The positive answer to the request of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each variant answers the service of its name; its type tells more
pub enum Response {
    RequestSystemStatus(RequestSystemStatusResponse),
    SystemStatus(NoResult),
    SystemRegister(SystemRegisterResponse),
    GetCstaFeatures(GetCstaFeaturesResponse),
    MonitorStart(MonitorStartResponse),
    MonitorStop(NoResult),
    SnapshotDevice(SnapshotDeviceResponse),
    SnapshotCall(SnapshotCallResponse),
    MakeCall(MakeCallResponse),
    AnswerCall(NoResult),
    ClearConnection(NoResult),
    HoldCall(NoResult),
    RetrieveCall(NoResult),
    ConsultationCall(ConsultationCallResponse),
    TransferCall(TransferredCall),
    SingleStepTransferCall(TransferredCall),
    DeflectCall(NoResult),
    GenerateDigits(NoResult),
    SetDoNotDisturb(NoResult),
    GetDoNotDisturb(GetDoNotDisturbResponse),
    SetForwarding(NoResult),
    GetForwarding(GetForwardingResponse),
}

impl Response {
    /// The answer to RequestSystemStatus when all is well.
    #[must_use]
    pub const fn normal_status() -> Self {
        Self::RequestSystemStatus(RequestSystemStatusResponse { status: Some(SystemStatus::Normal) })
    }
}

/// The answer to a service that has nothing to tell but that it was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoResult;

// ── system status, capabilities, monitors, snapshots ─────────────────────────────────────────────────────────────

/// How are you? Opens a uaCSTA session and keeps it alive (ECMA-269, system services, TR/87).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestSystemStatus {
    /// The registration it belongs to.
    pub register_id: Option<SystemRegisterId>,
}

/// How the peer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestSystemStatusResponse {
    /// Its status.
    pub status: Option<SystemStatus>,
}

/// A peer reports its own status; also used as a heartbeat, then often without content (ECMA-269, system services).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemStatusReport {
    /// The registration it belongs to.
    pub register_id: Option<SystemRegisterId>,
    /// Its status.
    pub status: Option<SystemStatus>,
}

/// Asks for system status services (ECMA-269, system services).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemRegister {
    /// Which ones.
    pub request_types: RequestTypes,
}

/// The system status services that can be registered for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestTypes {
    /// SystemStatus.
    pub system_status: bool,
    /// RequestSystemStatus.
    pub request_system_status: bool,
    /// SwitchingFunctionCapsChanged.
    pub switching_function_caps_changed: bool,
    /// SwitchingFunctionDevicesChanged.
    pub switching_function_devices_changed: bool,
}

/// The registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemRegisterResponse {
    /// Its name from now on.
    pub register_id: SystemRegisterId,
}

/// What can you do? (ECMA-269, capability exchange)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetCstaFeatures;

/// What the peer can do. The lists are not read: an attempt says more, and its refusal is an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetCstaFeaturesResponse;

/// Asks for the events of a device or call (ECMA-269, monitoring). No filter is sent: all events are welcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonitorStart {
    /// What to watch.
    pub object: MonitorObject,
    /// Whether to follow the call or stay at the device; the peer's choice if absent.
    pub monitor_type: Option<MonitorType>,
}

impl MonitorStart {
    /// Watches all calls of a device.
    pub fn device(device: impl Into<CompactString>) -> Self {
        Self { object: MonitorObject::Device(DeviceId::new(device)), monitor_type: None }
    }
}

/// The monitor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonitorStartResponse {
    /// Its name, which all its events carry.
    pub cross_ref: CrossRefId,
    /// Whether calls that were there before are watched too.
    pub monitor_existing_calls: Option<bool>,
}

/// Ends a monitor; both sides may (ECMA-269, monitoring).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonitorStop {
    /// Which one.
    pub cross_ref: CrossRefId,
}

/// Which calls are at a device? (ECMA-269, snapshots)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotDevice {
    /// The device.
    pub object: DeviceId,
}

impl SnapshotDevice {
    /// Asks for the calls of a device.
    pub fn of(device: impl Into<CompactString>) -> Self {
        Self { object: DeviceId::new(device) }
    }
}

/// Which devices are in a call? (ECMA-269, snapshots)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotCall {
    /// The call.
    pub object: ConnectionId,
}

/// What a snapshot found, or the promise to send it in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotData<T> {
    /// All of it.
    Here(Vec<T>),
    /// It comes later under this name.
    Later(ServiceCrossRefId),
}

impl<T> Default for SnapshotData<T> {
    fn default() -> Self {
        Self::Here(Vec::new())
    }
}

/// The calls of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotDeviceResponse {
    /// One entry a call.
    pub data: SnapshotData<SnapshotDeviceInfo>,
}

/// One call of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotDeviceInfo {
    /// The device's connection in it.
    pub connection: ConnectionId,
    /// A device at its other end.
    pub endpoint: Option<SubjectDevice>,
    /// The states of its connections.
    pub local_call_state: Option<CallState>,
}

/// The devices of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotCallResponse {
    /// One entry a device.
    pub data: SnapshotData<SnapshotCallInfo>,
    /// Who calls.
    pub calling: Option<SubjectDevice>,
    /// Who is called.
    pub called: Option<SubjectDevice>,
}

/// One device of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotCallInfo {
    /// The device.
    pub device: Option<SubjectDevice>,
    /// Its connection.
    pub connection: Option<ConnectionId>,
    /// Its connection's state.
    pub local_connection_info: Option<LocalConnectionState>,
}

// ── call control ─────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── digits and features ──────────────────────────────────────────────────────────────────────────────────────────

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
