//! What the gateway may ask of the phone (ECMA-269, in the profile of a desk phone).

use std::time::Instant;

use csta::{
    AutoOriginate, ConsultationCall, ConsultationCallResponse, CrossRefId, CstaError, DeviceId, ErrorCategory,
    EventCause, EventKind, GetDoNotDisturbResponse, MakeCall, MakeCallResponse, MonitorObject, MonitorStartResponse,
    NoResult, Request, Response, SingleStepTransferCall, SnapshotData, SnapshotDeviceResponse, SubjectDevice,
    SystemRegisterId, SystemRegisterResponse, TransferCall, TransferredCall,
};

use super::Phone;
use super::calls::number_of;
use super::manner::Features;

impl Phone {
    /// Does what a request asks. The events it causes are reported after its answer.
    pub(super) fn serve(&mut self, now: Instant, request: Request) -> Result<Response, CstaError> {
        match request {
            Request::RequestSystemStatus(_) => Ok(Response::normal_status()),
            Request::SystemStatus(_) => Ok(Response::SystemStatus(NoResult)),
            Request::SystemRegister(_) => Ok(self.system_register()),
            Request::MonitorStart(start) => self.start_monitor(&start.object),
            Request::MonitorStop(stop) => self.stop_monitor(&stop.cross_ref),
            Request::SnapshotDevice(snapshot) => self.snapshot(&snapshot.object),
            Request::MakeCall(make) => self.make_call(now, &make),
            Request::AnswerCall(answer) => {
                let call = self.calls.named(&answer.call_to_be_answered)?;
                self.calls.answer(now, call).map(|()| Response::AnswerCall(NoResult))
            }
            Request::ClearConnection(clear) => {
                let call = self.calls.named(&clear.connection_to_be_cleared)?;
                self.calls.hang_up(call).map(|()| Response::ClearConnection(NoResult))
            }
            Request::HoldCall(hold) => {
                let call = self.calls.named(&hold.call_to_be_held)?;
                self.calls.hold(call, EventCause::NORMAL).map(|()| Response::HoldCall(NoResult))
            }
            Request::RetrieveCall(retrieve) => {
                let call = self.calls.named(&retrieve.call_to_be_retrieved)?;
                self.calls.retrieve(call).map(|()| Response::RetrieveCall(NoResult))
            }
            Request::DeflectCall(deflect) => {
                let call = self.calls.named(&deflect.call_to_be_diverted)?;
                let to = SubjectDevice::Device(deflect.new_destination);
                self.calls.divert(call, to, EventCause::REDIRECTED).map(|()| Response::DeflectCall(NoResult))
            }
            Request::SingleStepTransferCall(transfer) => self.single_step_transfer(&transfer),
            Request::ConsultationCall(consultation) => self.consultation_call(now, &consultation),
            Request::TransferCall(transfer) => self.transfer_call(&transfer),
            Request::SetDoNotDisturb(set) => {
                self.switch_do_not_disturb(set.on);
                Ok(Response::SetDoNotDisturb(NoResult))
            }
            Request::GetDoNotDisturb(_) => {
                Ok(Response::GetDoNotDisturb(GetDoNotDisturbResponse { on: self.do_not_disturb }))
            }
            Request::GetCstaFeatures(_) => match self.config.manner.features {
                Features::Refused => Err(CstaError::service_not_supported()),
                Features::Listed => Ok(Response::GetCstaFeatures(self.config.manner.list())),
                Features::Nonsense => Ok(Response::normal_status()),
            },
            Request::SnapshotCall(_)
            | Request::GenerateDigits(_)
            | Request::SetForwarding(_)
            | Request::GetForwarding(_) => Err(CstaError::service_not_supported()),
        }
    }

    /// Snom gives registrations and monitors numbers of their own that may be alike.
    fn system_register(&mut self) -> Response {
        self.registrations += 1;
        let register_id = SystemRegisterId(self.registrations.to_string().into());
        Response::SystemRegister(SystemRegisterResponse { register_id })
    }

    /// A new monitor replaces the old one.
    fn start_monitor(&mut self, object: &MonitorObject) -> Result<Response, CstaError> {
        let mine = match object {
            MonitorObject::Device(device) => self.is_me(device),
            MonitorObject::Call(_) => false,
        };
        let wrong = || CstaError::new(ErrorCategory::Operation, "invalidMonitorObject");
        let session = self.session.as_mut().filter(|_| mine).ok_or_else(wrong)?;
        self.monitors += 1;
        let cross_ref = CrossRefId(self.monitors.to_string().into());
        session.monitor = Some(cross_ref.clone());
        Ok(Response::MonitorStart(MonitorStartResponse { cross_ref, monitor_existing_calls: Some(true) }))
    }

    fn stop_monitor(&mut self, cross_ref: &CrossRefId) -> Result<Response, CstaError> {
        let unknown = || CstaError::new(ErrorCategory::Operation, "invalidMonitorCrossRefID");
        let session = self.session.as_mut().filter(|session| session.monitor.as_ref() == Some(cross_ref));
        session.ok_or_else(unknown)?.monitor = None;
        Ok(Response::MonitorStop(NoResult))
    }

    fn snapshot(&self, device: &DeviceId) -> Result<Response, CstaError> {
        if !self.config.snapshot_supported {
            return Err(CstaError::service_not_supported());
        }
        if !self.is_me(device) || !self.config.manner.snapshot_name.fits(&device.text) {
            return Err(CstaError::new(ErrorCategory::Operation, "invalidDeviceID"));
        }
        let data = SnapshotData::Here(self.calls.snapshot());
        Ok(Response::SnapshotDevice(SnapshotDeviceResponse { data }))
    }

    fn make_call(&mut self, now: Instant, make: &MakeCall) -> Result<Response, CstaError> {
        if !self.is_me(&make.calling_device) || !self.config.manner.make_call_name.fits(&make.calling_device.text) {
            return Err(CstaError::new(ErrorCategory::Operation, "invalidCallingDeviceID"));
        }
        // The standard's default is to prompt (ECMA-269 clause 17).
        let prompt = make.auto_originate.unwrap_or(AutoOriginate::Prompt) == AutoOriginate::Prompt;
        let call = self.calls.make_call(now, number_of(&make.called_directory_number.text), prompt)?;
        let calling_device = self.calls.connection(call);
        Ok(Response::MakeCall(MakeCallResponse { calling_device, call_linkage: None }))
    }

    fn single_step_transfer(&mut self, transfer: &SingleStepTransferCall) -> Result<Response, CstaError> {
        let call = self.calls.named(&transfer.active_call)?;
        self.calls.single_step_transfer(call, &transfer.transferred_to.text)?;
        let transferred_call = self.calls.connection(call);
        Ok(Response::SingleStepTransferCall(TransferredCall { transferred_call, connections: Vec::new() }))
    }

    fn consultation_call(&mut self, now: Instant, consultation: &ConsultationCall) -> Result<Response, CstaError> {
        let call = self.calls.named(&consultation.existing_call)?;
        let call = self.calls.consult(now, call, number_of(&consultation.consulted_device.text))?;
        let initiated_call = self.calls.connection(call);
        Ok(Response::ConsultationCall(ConsultationCallResponse { initiated_call }))
    }

    fn transfer_call(&mut self, transfer: &TransferCall) -> Result<Response, CstaError> {
        let (held, active) = (self.calls.named(&transfer.held_call)?, self.calls.named(&transfer.active_call)?);
        self.calls.transfer(held, active)?;
        let transferred_call = self.calls.connection(active);
        Ok(Response::TransferCall(TransferredCall { transferred_call, connections: Vec::new() }))
    }

    pub(super) fn switch_do_not_disturb(&mut self, on: bool) {
        if self.do_not_disturb != on {
            self.do_not_disturb = on;
            self.calls.tell_of_phone(EventKind::DoNotDisturb { on });
        }
    }

    /// The identifier names this phone's line, however it is written.
    fn is_me(&self, device: &DeviceId) -> bool {
        number_of(&device.text) == self.config.user
    }
}
