//! ECMA-269 as types: the services, events and parameters that the gateway and its simulator speak.
//!
//! Names are the standard's own. Sets that vendors extend ([`EventCause`]) are text with named constants; sets that are
//! closed ([`LocalConnectionState`]) are enums, and a value outside of them counts as absent: it never costs the message.

pub(crate) mod closed_set;
mod error;
mod event;
mod identifier;
mod parameter;
mod service;

pub use error::{CstaError, ErrorCategory};
pub use event::{ConnectionListItem, Event, EventKind, Forwarding, Joined};
pub use identifier::{
    ConnectionId, CrossRefId, DeviceId, MonitorObject, RedirectionDevice, ServiceCrossRefId, SubjectDevice,
    SystemRegisterId, TypeOfNumber,
};
pub use parameter::{
    AutoOriginate, CallCharacteristics, CallLinkageId, CallState, CorrelatorData, DigitMode, EventCause,
    ForwardingType, LocalConnectionState, MonitorType, SystemStatus, UserData,
};
pub use service::{
    AnswerCall, ClearConnection, ConsultationCall, ConsultationCallResponse, DeflectCall, FeatureList, ForwardListItem,
    GenerateDigits, GetCstaFeatures, GetCstaFeaturesResponse, GetDoNotDisturb, GetDoNotDisturbResponse, GetForwarding,
    GetForwardingResponse, HoldCall, MakeCall, MakeCallResponse, MonitorStart, MonitorStartResponse, MonitorStop,
    NoResult, Request, RequestSystemStatus, RequestSystemStatusResponse, RequestTypes, Response, RetrieveCall,
    SetDoNotDisturb, SetForwarding, SingleStepTransferCall, SnapshotCall, SnapshotCallInfo, SnapshotCallResponse,
    SnapshotData, SnapshotDevice, SnapshotDeviceInfo, SnapshotDeviceResponse, SystemRegister, SystemRegisterResponse,
    SystemStatusReport, TransferCall, TransferredCall,
};

/// One CSTA message, whatever carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // nearly all that arrives is an event: boxing it would cost more than it saves
pub enum Message {
    /// Something happened to a monitored object; never answered by a CSTA message.
    Event(Event),
    /// A service request: it wants a response or an error.
    Request(Request),
    /// The positive answer to a request.
    Response(Response),
    /// The negative answer to a request.
    Error(CstaError),
}

impl From<Event> for Message {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

impl From<CstaError> for Message {
    fn from(error: CstaError) -> Self {
        Self::Error(error)
    }
}
