//! Services: what is asked of a device or switch, and what it answers (ECMA-269).

mod call;
mod system;

pub use call::*;
pub use system::*;

use super::SystemStatus;

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
