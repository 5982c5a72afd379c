//! Messages as a phase can say them: what the generators of XML make, less what BER has no way to write.

#![allow(clippy::wildcard_enum_match_arm)] // what is not named stays as it is

use crate::{ber::Phase, model::*};

/// The message with identifiers that are octets, numbers where numbers are due, and without what the phase leaves out.
pub(super) fn message(message: Message, phase: Phase) -> Message {
    Plain { phase, seven_bits: false }.message(message)
}

/// The same in seven bits.
pub(super) fn ascii_message(message: Message, phase: Phase) -> Message {
    Plain { phase, seven_bits: true }.message(message)
}

struct Plain {
    phase: Phase,
    seven_bits: bool,
}

impl Plain {
    fn message(&self, message: Message) -> Message {
        match message {
            Message::Event(event) => self.event(event).into(),
            Message::Request(request) => self.request(request).into(),
            Message::Response(response) => self.response(response).into(),
            Message::Error(error) => self.error(error).into(),
        }
    }
}

fn hex(text: &str) -> compact_str::CompactString {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

impl Plain {
    fn is_new(&self) -> bool {
        self.phase == Phase::Three
    }

    fn device(&self, mut device: DeviceId) -> DeviceId {
        if self.seven_bits {
            device.text.retain(|c| c.is_ascii());
        }
        match device.type_of_number {
            Some(TypeOfNumber::DialingNumber | TypeOfNumber::Dynamic) => device.type_of_number = None,
            Some(TypeOfNumber::DeviceNumber) => device.text = device.text.len().to_string().into(),
            Some(TypeOfNumber::Other) => device.text.retain(|c| u8::try_from(c).is_ok()),
            Some(_) | None => {}
        }
        device
    }

    fn local(&self, device: DeviceId) -> DeviceId {
        if device.type_of_number == Some(TypeOfNumber::Dynamic) {
            return DeviceId { text: hex(&device.text), ..device };
        }
        let device = self.device(device);
        match device.type_of_number {
            Some(TypeOfNumber::ImplicitPublic) if !self.is_new() => DeviceId { type_of_number: None, ..device },
            Some(_) | None => device,
        }
    }

    fn connection(&self, id: ConnectionId) -> ConnectionId {
        ConnectionId {
            call_id: id.call_id.filter(|id| !id.is_empty()).map(|id| hex(&id)),
            device_id: id.device_id.map(|device| self.local(device)),
        }
    }

    fn subject(&self, subject: SubjectDevice) -> SubjectDevice {
        match subject {
            SubjectDevice::Device(device) => SubjectDevice::Device(self.device(device)),
            SubjectDevice::Restricted if self.is_new() => SubjectDevice::Restricted,
            SubjectDevice::NotKnown | SubjectDevice::Restricted => SubjectDevice::NotKnown,
        }
    }

    fn redirection(&self, redirection: RedirectionDevice) -> RedirectionDevice {
        match redirection {
            RedirectionDevice::NumberDialed(device) => RedirectionDevice::NumberDialed(self.device(device)),
            RedirectionDevice::NotRequired => RedirectionDevice::NotRequired,
            RedirectionDevice::NotKnown => RedirectionDevice::NotKnown,
            other @ (RedirectionDevice::NotSpecified | RedirectionDevice::Restricted) => {
                if self.is_new() {
                    other
                } else {
                    RedirectionDevice::NotKnown
                }
            }
        }
    }

    fn connections(&self, list: Vec<ConnectionListItem>) -> Vec<ConnectionListItem> {
        list.into_iter()
            .map(|item| {
                let mut item = ConnectionListItem {
                    new_connection: item.new_connection.map(|id| self.connection(id)),
                    old_connection: item.old_connection.map(|id| self.connection(id)),
                    endpoint: item.endpoint.map(|end| self.subject(end)),
                    associated_nid: item.associated_nid.map(|end| self.subject(end)).filter(|_| self.is_new()),
                };
                if !self.is_new() && item.new_connection.is_none() {
                    // Told apart by their order alone.
                    item.new_connection = item.old_connection.take();
                }
                item
            })
            .collect()
    }

    fn joined(&self, joined: Joined) -> Joined {
        Joined {
            secondary_old_call: joined.secondary_old_call.map(|id| self.connection(id)),
            party: joined.party.map(|party| self.subject(party)),
            connections: self.connections(joined.connections),
        }
    }

    fn kind(&self, kind: EventKind) -> EventKind {
        match kind {
            EventKind::Diverted { new_destination } => {
                EventKind::Diverted { new_destination: new_destination.map(|device| self.subject(device)) }
            }
            EventKind::Queued { .. } if !self.is_new() => {
                EventKind::Queued { number_queued: None, calls_in_front: None }
            }
            EventKind::Transferred(joined) => EventKind::Transferred(self.joined(joined)),
            EventKind::Conferenced(joined) => EventKind::Conferenced(self.joined(joined)),
            EventKind::Forwarding(forwarding) => EventKind::Forwarding(Forwarding {
                forward_to: forwarding.forward_to.map(|device| self.device(device)),
                ..forwarding
            }),
            other => other,
        }
    }

    fn linkage(&self, linkage: Option<CallLinkageId>) -> Option<CallLinkageId> {
        linkage.filter(|_| self.is_new()).map(|linkage| match linkage {
            CallLinkageId::GloballyUnique(id) => CallLinkageId::GloballyUnique(hex(&id)),
            CallLinkageId::SubDomain(id) => CallLinkageId::SubDomain(hex(&id)),
        })
    }

    fn event(&self, event: Event) -> Event {
        let subject = |subject: Option<SubjectDevice>| subject.map(|subject| self.subject(subject));
        let new =
            |subject: Option<SubjectDevice>| subject.map(|subject| self.subject(subject)).filter(|_| self.is_new());
        let is_originated = event.kind == EventKind::Originated;
        Event {
            cross_ref: CrossRefId(hex(&event.cross_ref.0)),
            connection: event.connection.map(|id| self.connection(id)).filter(|_| !about_device(&event.kind)),
            device: if is_originated { new(event.device) } else { subject(event.device) },
            calling: subject(event.calling),
            called: subject(event.called),
            last_redirection: event.last_redirection.map(|device| self.redirection(device)),
            local_connection_info: event.local_connection_info,
            correlator_data: event.correlator_data.filter(|_| self.is_new()),
            user_data: event.user_data.filter(|_| self.is_new()),
            cause: event.cause,
            network_calling: new(event.network_calling),
            network_called: new(event.network_called),
            associated_calling: new(event.associated_calling),
            associated_called: new(event.associated_called),
            call_characteristics: event.call_characteristics.filter(|_| self.is_new()),
            call_linkage: self.linkage(event.call_linkage),
            kind: self.kind(event.kind),
        }
    }

    fn request(&self, request: Request) -> Request {
        use Request::*;
        let device = |device: DeviceId| self.device(device);
        let id = |id: ConnectionId| self.connection(id);
        let register =
            |id: Option<SystemRegisterId>| id.map(|id| SystemRegisterId(hex(&id.0))).filter(|_| self.is_new());
        let reason = |reason: Option<EventCause>| reason.filter(|_| self.is_new());
        match request {
            RequestSystemStatus(r) => {
                RequestSystemStatus(crate::RequestSystemStatus { register_id: register(r.register_id) })
            }
            SystemStatus(r) => SystemStatus(SystemStatusReport { register_id: register(r.register_id), ..r }),
            MonitorStart(r) => MonitorStart(crate::MonitorStart {
                object: match r.object {
                    MonitorObject::Device(object) => MonitorObject::Device(device(object)),
                    MonitorObject::Call(object) => MonitorObject::Call(id(object)),
                },
                ..r
            }),
            MonitorStop(r) => MonitorStop(crate::MonitorStop { cross_ref: CrossRefId(hex(&r.cross_ref.0)) }),
            SnapshotDevice(r) => SnapshotDevice(crate::SnapshotDevice { object: device(r.object) }),
            SnapshotCall(r) => SnapshotCall(crate::SnapshotCall { object: id(r.object) }),
            MakeCall(r) => MakeCall(crate::MakeCall {
                calling_device: device(r.calling_device),
                called_directory_number: device(r.called_directory_number),
                auto_originate: r.auto_originate.filter(|_| self.is_new()),
                correlator_data: r.correlator_data.filter(|_| self.is_new()),
                user_data: r.user_data.filter(|_| self.is_new()),
                call_characteristics: r.call_characteristics.filter(|_| self.is_new()),
            }),
            AnswerCall(r) => AnswerCall(crate::AnswerCall { call_to_be_answered: id(r.call_to_be_answered) }),
            ClearConnection(r) => ClearConnection(crate::ClearConnection {
                connection_to_be_cleared: id(r.connection_to_be_cleared),
                reason: reason(r.reason),
            }),
            HoldCall(r) => HoldCall(crate::HoldCall { call_to_be_held: id(r.call_to_be_held) }),
            RetrieveCall(r) => RetrieveCall(crate::RetrieveCall { call_to_be_retrieved: id(r.call_to_be_retrieved) }),
            ConsultationCall(r) => ConsultationCall(crate::ConsultationCall {
                existing_call: id(r.existing_call),
                consulted_device: device(r.consulted_device),
            }),
            TransferCall(r) => {
                TransferCall(crate::TransferCall { held_call: id(r.held_call), active_call: id(r.active_call) })
            }
            SingleStepTransferCall(r) => SingleStepTransferCall(crate::SingleStepTransferCall {
                active_call: id(r.active_call),
                transferred_to: device(r.transferred_to),
            }),
            DeflectCall(r) => DeflectCall(crate::DeflectCall {
                call_to_be_diverted: id(r.call_to_be_diverted),
                new_destination: device(r.new_destination),
                reason: reason(r.reason),
            }),
            GenerateDigits(r) => GenerateDigits(crate::GenerateDigits {
                connection_to_send_digits: id(r.connection_to_send_digits),
                characters_to_send: r.characters_to_send.chars().filter(|c| !self.seven_bits || c.is_ascii()).collect(),
                ..r
            }),
            SetDoNotDisturb(r) => SetDoNotDisturb(crate::SetDoNotDisturb { device: device(r.device), ..r }),
            GetDoNotDisturb(r) => GetDoNotDisturb(crate::GetDoNotDisturb { device: device(r.device) }),
            SetForwarding(r) => SetForwarding(crate::SetForwarding {
                device: device(r.device),
                forward_dn: r.forward_dn.map(device),
                ..r
            }),
            GetForwarding(r) => GetForwarding(crate::GetForwarding { device: device(r.device) }),
            other @ (SystemRegister(_) | GetCstaFeatures(_)) => other,
        }
    }

    fn response(&self, response: Response) -> Response {
        use Response::*;
        let transferred = |r: TransferredCall| TransferredCall {
            transferred_call: self.connection(r.transferred_call),
            connections: if self.is_new() { self.connections(r.connections) } else { Vec::new() },
        };
        match response {
            SystemRegister(r) => {
                SystemRegister(SystemRegisterResponse { register_id: SystemRegisterId(hex(&r.register_id.0)) })
            }
            MonitorStart(r) => MonitorStart(MonitorStartResponse { cross_ref: CrossRefId(hex(&r.cross_ref.0)), ..r }),
            SnapshotDevice(r) => SnapshotDevice(SnapshotDeviceResponse {
                data: self.snapshot(r.data, |info| {
                    let states = info.local_call_state.map(|CallState(mut states)| {
                        states.truncate(if self.is_new() { states.len() } else { 1 });
                        CallState(states)
                    });
                    SnapshotDeviceInfo {
                        connection: self.connection(info.connection),
                        endpoint: info.endpoint.map(|end| self.subject(end)),
                        local_call_state: states.filter(|states| self.is_new() || !states.0.is_empty()),
                    }
                }),
            }),
            SnapshotCall(r) => SnapshotCall(SnapshotCallResponse {
                data: self.snapshot(r.data, |info| SnapshotCallInfo {
                    device: match info.device.map(|device| self.subject(device)) {
                        None if self.is_new() => Some(SubjectDevice::NotKnown),
                        device => device,
                    },
                    connection: info.connection.map(|id| self.connection(id)),
                    local_connection_info: info.local_connection_info,
                }),
                calling: r.calling.map(|device| self.subject(device)),
                called: r.called.map(|device| self.subject(device)),
            }),
            GetCstaFeatures(_) => GetCstaFeatures(GetCstaFeaturesResponse::default()),
            MakeCall(r) => MakeCall(MakeCallResponse {
                calling_device: self.connection(r.calling_device),
                call_linkage: self.linkage(r.call_linkage),
            }),
            ConsultationCall(r) => {
                ConsultationCall(ConsultationCallResponse { initiated_call: self.connection(r.initiated_call) })
            }
            TransferCall(r) => TransferCall(transferred(r)),
            SingleStepTransferCall(r) => SingleStepTransferCall(transferred(r)),
            GetForwarding(r) => GetForwarding(GetForwardingResponse {
                forwarding_list: r
                    .forwarding_list
                    .into_iter()
                    .map(|item| ForwardListItem {
                        forward_dn: item.forward_dn.map(|device| self.device(device)),
                        ..item
                    })
                    .collect(),
            }),
            other => other,
        }
    }

    fn snapshot<T>(&self, data: SnapshotData<T>, item: impl Fn(T) -> T) -> SnapshotData<T> {
        match data {
            SnapshotData::Here(items) => SnapshotData::Here(items.into_iter().map(item).collect()),
            SnapshotData::Later(id) => SnapshotData::Later(ServiceCrossRefId(hex(&id.0))),
        }
    }

    fn error(&self, error: CstaError) -> CstaError {
        match error.category {
            ErrorCategory::PrivateErrorCode => CstaError::default(),
            ErrorCategory::Security | ErrorCategory::PrivateData if !self.is_new() => CstaError::default(),
            _ => error,
        }
    }
}

fn about_device(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::DoNotDisturb { .. } | EventKind::Forwarding(_) | EventKind::BackInService | EventKind::OutOfService
    )
}
