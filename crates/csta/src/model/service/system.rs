//! System status, capabilities, monitors, snapshots.

use compact_str::CompactString;

use crate::model::{
    CallState, ConnectionId, CrossRefId, DeviceId, LocalConnectionState, MonitorObject, MonitorType, ServiceCrossRefId,
    SubjectDevice, SystemRegisterId, SystemStatus,
};

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

/// What the peer can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetCstaFeaturesResponse {
    /// The services it serves.
    pub services: Vec<FeatureList>,
    /// The events it reports.
    pub events: Vec<FeatureList>,
}

/// What a peer says of one group of services or events. The group is listed: what is missing in it is not supported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeatureList {
    /// The group's name in ECMA-323: `callControlServList`.
    pub group: CompactString,
    /// What is supported of it, by the names there: `makeCall`. The details of each are not read.
    pub features: Vec<CompactString>,
}

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
