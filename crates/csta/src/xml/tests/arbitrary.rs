//! Arbitrary messages: all that an edition can say.

use compact_str::CompactString;
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use crate::{model::*, xml::Edition};

pub(crate) fn message(edition: Edition) -> BoxedStrategy<Message> {
    prop_oneof![
        6 => event(edition).prop_map(Message::Event),
        3 => request(edition).prop_map(Message::Request),
        3 => response(edition).prop_map(Message::Response),
        1 => error().prop_map(Message::Error),
    ]
    .boxed()
}

// ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────

fn event(edition: Edition) -> impl Strategy<Value = Event> {
    let who = (subject(), subject(), subject(), redirection(), cause());
    let network = (option::of(subject()), option::of(subject()), option::of(subject()), option::of(subject()));
    let data = (option::of(state()), option::of(correlator()), option::of(user_data()), option::of(linkage()));
    (text(), kind(), connection(), who, network, data, option::of(marks(edition))).prop_map(
        move |(cross_ref, kind, connection, who, network, data, call_characteristics)| {
            let (device, calling, called, last_redirection, cause) = who;
            let (network_calling, network_called, associated_calling, associated_called) = network;
            let (local_connection_info, correlator_data, user_data, call_linkage) = data;
            let event = Event {
                cross_ref: CrossRefId(cross_ref),
                kind,
                connection: Some(connection),
                device: Some(device),
                calling: Some(calling),
                called: Some(called),
                last_redirection: Some(last_redirection),
                local_connection_info,
                correlator_data,
                user_data,
                cause: Some(cause),
                network_calling,
                network_called,
                associated_calling,
                associated_called,
                call_characteristics,
                call_linkage,
            };
            only_what_it_has(event, edition)
        },
    )
}

fn kind() -> impl Strategy<Value = EventKind> {
    use EventKind::*;
    prop_oneof![
        10 => select(vec![
            ServiceInitiated, Originated, NetworkReached, Offered, Delivered, Established, Held, Retrieved, Failed,
            ConnectionCleared, CallCleared, CallInformation, BackInService, OutOfService,
        ]),
        1 => subject().prop_map(|device| Diverted { new_destination: Some(device) }),
        1 => (option::of(any::<u32>()), option::of(any::<u32>()))
            .prop_map(|(number_queued, calls_in_front)| Queued { number_queued, calls_in_front }),
        1 => joined().prop_map(Transferred),
        1 => joined().prop_map(Conferenced),
        1 => any::<bool>().prop_map(|on| DoNotDisturb { on }),
        1 => (option::of(forwarding_type()), any::<bool>(), option::of(device()))
            .prop_map(|(forwarding_type, on, forward_to)| Forwarding(crate::Forwarding { forwarding_type, on, forward_to })),
    ]
}

fn joined() -> impl Strategy<Value = Joined> {
    (option::of(connection()), subject(), connections()).prop_map(|(secondary_old_call, party, connections)| Joined {
        secondary_old_call,
        party: Some(party),
        connections,
    })
}

/// Leaves out what the standard gives no place in this kind of event.
fn only_what_it_has(event: Event, edition: Edition) -> Event {
    use EventKind::*;
    let Event { cross_ref, kind, device, cause, .. } = event.clone();
    let bare = Event { device, ..Event::new(cross_ref, kind) };
    match event.kind {
        DoNotDisturb { .. } | Forwarding(_) => bare,
        BackInService | OutOfService => Event { cause, ..bare },
        NetworkReached => Event { associated_called: None, ..event },
        Offered | Delivered | Established | Failed | Queued { .. } | Diverted { .. } => event,
        ServiceInitiated => {
            let called = event.called.clone().filter(|_| edition >= Edition::Ed6);
            let (calling, last_redirection) = (None, None);
            Event { calling, called, last_redirection, user_data: None, associated_called: None, ..event }
        }
        Originated => {
            let device = event.device.clone().filter(|device| device.device().is_some());
            Event { device, last_redirection: None, user_data: None, ..event }
        }
        Held | Retrieved => Event { user_data: None, ..without_parties(event) },
        ConnectionCleared | Transferred(_) | Conferenced(_) => without_parties(event),
        CallCleared => Event { device: None, local_connection_info: None, ..without_parties(event) },
        CallInformation => {
            let calling = event.calling.clone();
            Event { calling, cause: None, local_connection_info: None, ..without_parties(event) }
        }
    }
}

fn without_parties(event: Event) -> Event {
    let (calling, called, last_redirection) = (None, None, None);
    let (network_calling, network_called, associated_calling, associated_called) = (None, None, None, None);
    Event {
        calling,
        called,
        last_redirection,
        network_calling,
        network_called,
        associated_calling,
        associated_called,
        ..event
    }
}

// ── services ─────────────────────────────────────────────────────────────────────────────────────────────────────

fn request(edition: Edition) -> BoxedStrategy<Request> {
    let reason = || option::of(cause());
    prop_oneof![
        register_id().prop_map(|register_id| Request::RequestSystemStatus(RequestSystemStatus { register_id })),
        (register_id(), status()).prop_map(|(register_id, status)| Request::SystemStatus(SystemStatusReport {
            register_id,
            status: Some(status)
        })),
        request_types().prop_map(|request_types| Request::SystemRegister(SystemRegister { request_types })),
        Just(Request::GetCstaFeatures(GetCstaFeatures)),
        (monitor_object(), option::of(select(MonitorType::ALL)))
            .prop_map(|(object, monitor_type)| Request::MonitorStart(MonitorStart { object, monitor_type })),
        text().prop_map(|text| Request::MonitorStop(MonitorStop { cross_ref: CrossRefId(text) })),
        device().prop_map(|object| Request::SnapshotDevice(SnapshotDevice { object })),
        connection().prop_map(|object| Request::SnapshotCall(SnapshotCall { object })),
        make_call(edition).prop_map(Request::MakeCall),
        connection().prop_map(|call_to_be_answered| Request::AnswerCall(AnswerCall { call_to_be_answered })),
        (connection(), reason()).prop_map(|(connection_to_be_cleared, reason)| {
            Request::ClearConnection(ClearConnection { connection_to_be_cleared, reason })
        }),
        connection().prop_map(|call_to_be_held| Request::HoldCall(HoldCall { call_to_be_held })),
        connection().prop_map(|call_to_be_retrieved| Request::RetrieveCall(RetrieveCall { call_to_be_retrieved })),
        (connection(), device()).prop_map(|(existing_call, consulted_device)| {
            Request::ConsultationCall(ConsultationCall { existing_call, consulted_device })
        }),
        (connection(), connection())
            .prop_map(|(held_call, active_call)| Request::TransferCall(TransferCall { held_call, active_call })),
        (connection(), device()).prop_map(|(active_call, transferred_to)| {
            Request::SingleStepTransferCall(SingleStepTransferCall { active_call, transferred_to })
        }),
        (connection(), device(), reason()).prop_map(|(call_to_be_diverted, new_destination, reason)| {
            Request::DeflectCall(DeflectCall { call_to_be_diverted, new_destination, reason })
        }),
        (connection(), option::of(select(DigitMode::ALL)), text()).prop_map(
            |(connection_to_send_digits, digit_mode, characters_to_send)| {
                Request::GenerateDigits(GenerateDigits { connection_to_send_digits, digit_mode, characters_to_send })
            }
        ),
        (device(), any::<bool>()).prop_map(|(device, on)| Request::SetDoNotDisturb(SetDoNotDisturb { device, on })),
        device().prop_map(|device| Request::GetDoNotDisturb(GetDoNotDisturb { device })),
        (device(), option::of(forwarding_type()), any::<bool>(), option::of(device())).prop_map(
            |(device, forwarding_type, activate_forward, forward_dn)| {
                Request::SetForwarding(SetForwarding { device, forwarding_type, activate_forward, forward_dn })
            }
        ),
        device().prop_map(|device| Request::GetForwarding(GetForwarding { device })),
    ]
    .boxed()
}

fn make_call(edition: Edition) -> impl Strategy<Value = MakeCall> {
    let data = (option::of(correlator()), option::of(user_data()), option::of(marks(edition)));
    (device(), device(), option::of(select(AutoOriginate::ALL)), data).prop_map(
        |(
            calling_device,
            called_directory_number,
            auto_originate,
            (correlator_data, user_data, call_characteristics),
        )| {
            MakeCall {
                calling_device,
                called_directory_number,
                auto_originate,
                correlator_data,
                user_data,
                call_characteristics,
            }
        },
    )
}

/// Some of what a desk phone may list, in the order of the schema.
fn features() -> impl Strategy<Value = GetCstaFeaturesResponse> {
    let list = |group: &'static str, names: &'static [&'static str]| {
        let some = subsequence(names, 0..=names.len());
        some.prop_map(move |names| FeatureList {
            group: group.into(),
            features: names.into_iter().map(CompactString::const_new).collect(),
        })
    };
    let services = (
        list("monitoringServList", &["monitorStart", "monitorStop"]),
        list("snapshotServList", &["snapshotCall", "snapshotDevice"]),
        list("callControlServList", &["answerCall", "clearConnection", "holdCall", "makeCall", "singleStepTransfer"]),
    );
    let events = list("callControlEvtsList", &["connectionCleared", "delivered", "netwReached", "transferred"]);
    (option::of(services), option::of(events)).prop_map(|(services, events)| GetCstaFeaturesResponse {
        services: services.into_iter().flat_map(|(a, b, c)| [a, b, c]).collect(),
        events: events.into_iter().collect(),
    })
}

fn response(edition: Edition) -> BoxedStrategy<Response> {
    use Response::*;
    let done = select(vec![
        SystemStatus(NoResult),
        MonitorStop(NoResult),
        AnswerCall(NoResult),
        ClearConnection(NoResult),
        HoldCall(NoResult),
        RetrieveCall(NoResult),
        DeflectCall(NoResult),
        GenerateDigits(NoResult),
        SetDoNotDisturb(NoResult),
        SetForwarding(NoResult),
    ]);
    let transferred = || {
        (connection(), connections())
            .prop_map(|(transferred_call, connections)| TransferredCall { transferred_call, connections })
    };
    let linkage = if edition >= Edition::Ed6 { option::of(linkage()).boxed() } else { Just(None).boxed() };
    prop_oneof![
        3 => done,
        1 => status().prop_map(|status| RequestSystemStatus(RequestSystemStatusResponse { status: Some(status) })),
        1 => text().prop_map(|id| SystemRegister(SystemRegisterResponse { register_id: SystemRegisterId(id) })),
        1 => (text(), option::of(any::<bool>())).prop_map(|(id, monitor_existing_calls)| {
            MonitorStart(MonitorStartResponse { cross_ref: CrossRefId(id), monitor_existing_calls })
        }),
        1 => snapshot(device_info()).prop_map(|data| SnapshotDevice(SnapshotDeviceResponse { data })),
        1 => (snapshot(call_info()), option::of(subject()), option::of(subject()))
            .prop_map(|(data, calling, called)| SnapshotCall(SnapshotCallResponse { data, calling, called })),
        1 => (connection(), linkage)
            .prop_map(|(calling_device, call_linkage)| MakeCall(MakeCallResponse { calling_device, call_linkage })),
        1 => features().prop_map(GetCstaFeatures),
        1 => connection().prop_map(|initiated_call| ConsultationCall(ConsultationCallResponse { initiated_call })),
        1 => transferred().prop_map(TransferCall),
        1 => transferred().prop_map(SingleStepTransferCall),
        1 => any::<bool>().prop_map(|on| GetDoNotDisturb(GetDoNotDisturbResponse { on })),
        1 => vec(forward_item(), 0..3)
            .prop_map(|forwarding_list| GetForwarding(GetForwardingResponse { forwarding_list })),
    ]
    .boxed()
}

fn snapshot<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = SnapshotData<T>> {
    prop_oneof![
        vec(item, 0..3).prop_map(SnapshotData::Here),
        text().prop_map(|id| SnapshotData::Later(ServiceCrossRefId(id))),
    ]
}

fn device_info() -> impl Strategy<Value = SnapshotDeviceInfo> {
    let states = vec(state(), 0..3).prop_map(CallState);
    (connection(), option::of(subject()), option::of(states)).prop_map(|(connection, endpoint, local_call_state)| {
        SnapshotDeviceInfo { connection, endpoint, local_call_state }
    })
}

fn call_info() -> impl Strategy<Value = SnapshotCallInfo> {
    (option::of(subject()), option::of(connection()), option::of(state())).prop_map(
        |(device, connection, local_connection_info)| SnapshotCallInfo { device, connection, local_connection_info },
    )
}

fn forward_item() -> impl Strategy<Value = ForwardListItem> {
    (option::of(forwarding_type()), any::<bool>(), option::of(device())).prop_map(
        |(forwarding_type, forward_status, forward_dn)| ForwardListItem { forwarding_type, forward_status, forward_dn },
    )
}

fn error() -> impl Strategy<Value = CstaError> {
    use ErrorCategory::*;
    let known = select(vec![
        CstaError::new(Operation, "invalidCalledDeviceID"),
        CstaError::service_not_supported(),
        CstaError::new(Security, "sequenceNumberViolated"),
        CstaError::new(StateIncompatibility, "noCallToAnswer"),
        CstaError::new(SystemResourceAvailability, "resourceBusy"),
        CstaError::new(SubscribedResourceAvailability, "outstandingReqLimitExceeded"),
        CstaError::new(PerformanceManagement, "performanceLimitExceeded"),
        CstaError::new(PrivateData, "cSTAPrivateDataInfoError"),
        CstaError::default(),
    ]);
    prop_oneof![4 => known, 1 => text().prop_map(|text| CstaError::new(PrivateErrorCode, text))]
}

// ── parameters ───────────────────────────────────────────────────────────────────────────────────────────────────

/// Any text that XML can carry, with what makes it hard to.
fn text() -> impl Strategy<Value = CompactString> {
    "[ -~\\t\\n\\r<>&;\\]'\"äß€\u{85}\u{2028}📞]{0,30}".prop_map(CompactString::from)
}

fn device() -> impl Strategy<Value = DeviceId> {
    // Dynamic is for the devices of connections.
    let kinds: Vec<_> = TypeOfNumber::ALL.iter().copied().filter(|kind| *kind != TypeOfNumber::Dynamic).collect();
    (text(), option::of(select(kinds))).prop_map(|(text, type_of_number)| DeviceId { text, type_of_number })
}

fn local_device() -> impl Strategy<Value = DeviceId> {
    let dynamic = text().prop_map(|text| DeviceId { text, type_of_number: Some(TypeOfNumber::Dynamic) });
    prop_oneof![4 => device(), 1 => dynamic]
}

fn subject() -> impl Strategy<Value = SubjectDevice> {
    prop_oneof![
        4 => device().prop_map(SubjectDevice::Device),
        1 => Just(SubjectDevice::NotKnown),
        1 => Just(SubjectDevice::Restricted),
    ]
}

fn redirection() -> impl Strategy<Value = RedirectionDevice> {
    use RedirectionDevice::*;
    prop_oneof![device().prop_map(NumberDialed), select(vec![NotKnown, NotRequired, NotSpecified, Restricted])]
}

fn connection() -> impl Strategy<Value = ConnectionId> {
    (option::of(text()), option::of(local_device()))
        .prop_map(|(call_id, device_id)| ConnectionId { call_id, device_id })
}

fn connections() -> impl Strategy<Value = Vec<ConnectionListItem>> {
    // In a connection list ECMA-323 knows no restricted network interface.
    let nid = subject().prop_map(|nid| if nid == SubjectDevice::Restricted { SubjectDevice::NotKnown } else { nid });
    let item = (option::of(connection()), option::of(connection()), option::of(subject()), option::of(nid)).prop_map(
        |(new_connection, old_connection, endpoint, associated_nid)| ConnectionListItem {
            new_connection,
            old_connection,
            endpoint,
            associated_nid,
        },
    );
    vec(item, 0..3)
}

fn monitor_object() -> impl Strategy<Value = MonitorObject> {
    prop_oneof![device().prop_map(MonitorObject::Device), connection().prop_map(MonitorObject::Call)]
}

fn register_id() -> impl Strategy<Value = Option<SystemRegisterId>> {
    option::of(text().prop_map(SystemRegisterId))
}

fn request_types() -> impl Strategy<Value = RequestTypes> {
    any::<[bool; 4]>().prop_map(|[status, request, capabilities, devices]| RequestTypes {
        system_status: status,
        request_system_status: request,
        switching_function_caps_changed: capabilities,
        switching_function_devices_changed: devices,
    })
}

fn status() -> impl Strategy<Value = SystemStatus> {
    select(SystemStatus::ALL)
}

fn state() -> impl Strategy<Value = LocalConnectionState> {
    select(LocalConnectionState::ALL)
}

fn forwarding_type() -> impl Strategy<Value = ForwardingType> {
    select(ForwardingType::ALL)
}

fn cause() -> impl Strategy<Value = EventCause> {
    select(vec![EventCause::NORMAL, EventCause::NEW_CALL, EventCause::ENTERING_DISTRIBUTION, EventCause::CALL_PICKUP])
}

fn marks(edition: Edition) -> impl Strategy<Value = CallCharacteristics> {
    let all = [
        CallCharacteristics::ACD_CALL,
        CallCharacteristics::LOW_PRIORITY_CALL,
        CallCharacteristics::MAINTENANCE_CALL,
        CallCharacteristics::CONFIDENTIAL_CALL,
        CallCharacteristics::ENCRYPTED_CALL,
    ];
    let known = if edition >= Edition::Ed6 { &all[..] } else { &all[..4] };
    vec(select(known.to_vec()), 0..4)
        .prop_map(|marks| marks.into_iter().fold(CallCharacteristics::default(), CallCharacteristics::with))
}

fn correlator() -> impl Strategy<Value = CorrelatorData> {
    vec(any::<u8>(), 0..8).prop_map(|octets| CorrelatorData(octets.into()))
}

fn user_data() -> impl Strategy<Value = UserData> {
    vec(any::<u8>(), 0..8).prop_map(|octets| UserData(octets.into()))
}

fn linkage() -> impl Strategy<Value = CallLinkageId> {
    prop_oneof![text().prop_map(CallLinkageId::GloballyUnique), text().prop_map(CallLinkageId::SubDomain)]
}
