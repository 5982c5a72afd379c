//! Who and what a message talks about: devices, calls, connections, monitors (ECMA-269 clause 10).

use compact_str::CompactString;

use super::closed_set::closed_set;

/// A device identifier as the peer wrote it; [`crate::device::parse`] reads its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeviceId {
    /// The identifier, raw.
    pub text: CompactString,
    /// What kind of identifier it is, if the peer said so; else it is a dialling number.
    pub type_of_number: Option<TypeOfNumber>,
}

impl DeviceId {
    /// A device identifier that does not say what type of number it is.
    pub fn new(text: impl Into<CompactString>) -> Self {
        Self { text: text.into(), type_of_number: None }
    }
}

closed_set! {
    /// The kinds of device identifiers (ECMA-269 DeviceID, ECMA-323 `typeOfNumber`).
    pub enum TypeOfNumber {
        /// Digits to be dialled; the default.
        DialingNumber = "dialingNumber",
        /// A number that names the device inside the switch only.
        DeviceNumber = "deviceNumber",
        /// Public, the numbering plan is implied by the digits.
        ImplicitPublic = "implicitPublic",
        /// Public, of an unknown kind.
        PublicUnknown = "explicitPublic:unknown",
        /// Public, international.
        PublicInternational = "explicitPublic:international",
        /// Public, national.
        PublicNational = "explicitPublic:national",
        /// Public, a number of the network's own.
        PublicNetworkSpecific = "explicitPublic:networkspecific",
        /// Public, local.
        PublicSubscriber = "explicitPublic:subscriber",
        /// Public, abbreviated.
        PublicAbbreviated = "explicitPublic:abbreviated",
        /// Private, the numbering plan is implied by the digits.
        ImplicitPrivate = "implicitPrivate",
        /// Private, of an unknown kind.
        PrivateUnknown = "explicitPrivate:unknown",
        /// Private, level 3 regional.
        PrivateLevel3 = "explicitPrivate:level3RegionalNumber",
        /// Private, level 2 regional.
        PrivateLevel2 = "explicitPrivate:level2RegionalNumber",
        /// Private, level 1 regional.
        PrivateLevel1 = "explicitPrivate:level1RegionalNumber",
        /// Private, a number of the network's own.
        PrivateSpecific = "explicitPrivate:pTNSpecificNumber",
        /// Private, local.
        PrivateLocal = "explicitPrivate:localNumber",
        /// Private, abbreviated.
        PrivateAbbreviated = "explicitPrivate:abbreviated",
        /// Something else.
        Other = "other",
        /// Names the device in one call only, given by the switch (LocalDeviceID; here the octets in hex).
        Dynamic = "dynamic",
    }
}

/// A device that takes part in a call: SubjectDeviceID, CallingDeviceID, CalledDeviceID and their network and
/// associated siblings all have this form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectDevice {
    /// This one.
    Device(DeviceId),
    /// There is one, but the switch does not know which.
    NotKnown,
    /// The switch knows, but does not tell.
    Restricted,
}

impl SubjectDevice {
    /// The device's identifier, if it is given.
    #[must_use]
    pub fn device(&self) -> Option<&DeviceId> {
        match self {
            Self::Device(device) => Some(device),
            Self::NotKnown | Self::Restricted => None,
        }
    }
}

/// The device that redirected a call last (RedirectionDeviceID).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectionDevice {
    /// This one.
    NumberDialed(DeviceId),
    /// The call was redirected, by whom is not known.
    NotKnown,
    /// The call was not redirected.
    NotRequired,
    /// Whether the call was redirected is not known.
    NotSpecified,
    /// The switch knows, but does not tell.
    Restricted,
}

impl RedirectionDevice {
    /// The device's identifier, if it is given.
    #[must_use]
    pub fn device(&self) -> Option<&DeviceId> {
        match self {
            Self::NumberDialed(device) => Some(device),
            Self::NotKnown | Self::NotRequired | Self::NotSpecified | Self::Restricted => None,
        }
    }
}

/// A device's part in a call. Either half may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    /// The call, opaque: a small number, a negative one, 32 hexadecimal digits … The octets of BER are written in hex.
    pub call_id: Option<CompactString>,
    /// The device, static or dynamic.
    pub device_id: Option<DeviceId>,
}

impl ConnectionId {
    /// A connection with both its halves.
    pub fn new(call_id: impl Into<CompactString>, device_id: impl Into<CompactString>) -> Self {
        Self { call_id: Some(call_id.into()), device_id: Some(DeviceId::new(device_id)) }
    }
}

/// Ties events to the monitor that asked for them (MonitorCrossRefID); empty if the peer left it out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CrossRefId(pub CompactString);

/// Ties later reports to a service whose answer comes in parts (ServiceCrossRefID).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ServiceCrossRefId(pub CompactString);

/// Names a registration for system status services (SysStatRegisterID).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SystemRegisterId(pub CompactString);

/// What a monitor watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MonitorObject {
    /// All calls of a device.
    Device(DeviceId),
    /// One call.
    Call(ConnectionId),
}

impl Default for MonitorObject {
    fn default() -> Self {
        Self::Device(DeviceId::default())
    }
}
