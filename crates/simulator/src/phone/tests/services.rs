//! What the gateway asks, and what it is told.

use csta::{
    AnswerCall, AutoOriginate, ClearConnection, ConnectionId, DeflectCall, DeviceId, GetDoNotDisturb, GetForwarding,
    HoldCall, MakeCall, Message, MonitorStart, MonitorStop, Request, Response, RetrieveCall, SetDoNotDisturb,
    SingleStepTransferCall, SnapshotData, SnapshotDevice, SystemRegister,
};
use sip::Body;

use super::gateway::World;
use crate::PhoneConfig;

fn refused(world: &mut World, request: Request) -> String {
    match world.ask(request) {
        Message::Error(error) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn connection(call: &str) -> ConnectionId {
    ConnectionId::new(call, "sip:101@pbx")
}

#[test]
fn make_call_is_answered_before_its_events() {
    let mut world = World::monitored(PhoneConfig::default());
    let answer = world.ask(MakeCall::do_not_prompt("sip:101@elsewhere", "tel:0301234").into_request());
    let Message::Response(Response::MakeCall(made)) = answer else { panic!("{answer:?}") };
    assert_eq!(made.calling_device, connection("1"));
    assert_eq!(
        world.events(),
        [
            "ServiceInitiated 1 by 101 → initiated makeCall",
            "Originated 1 by 101 101→0301234 connected newCall",
            "Delivered 1 by 0301234 101→0301234 connected newCall",
        ]
    );
}

#[test]
fn make_call_prompts_unless_told_not_to() {
    let mut world = World::monitored(PhoneConfig::default());
    let prompt = MakeCall { auto_originate: None, ..MakeCall::do_not_prompt("101", "17") };
    world.ask(prompt.into_request());
    assert_eq!(world.events(), ["ServiceInitiated 1 by 101 → initiated makeCall"]);
    let call = world.phone.calls()[0].id;
    assert!(world.act(|phone, now| phone.answer(now, call)), "the user lifts the handset");
    assert_eq!(
        world.events(),
        ["Originated 1 by 101 101→17 connected newCall", "Delivered 1 by 17 101→17 connected newCall"]
    );
    let prompt = MakeCall { auto_originate: Some(AutoOriginate::Prompt), ..MakeCall::do_not_prompt("101", "18") };
    world.ask(prompt.into_request());
    assert_eq!(world.events().len(), 1);
}

#[test]
fn make_call_is_refused() {
    let config = PhoneConfig { refuse: vec!["0900".to_owned()], max_calls: 1, ..PhoneConfig::default() };
    let mut world = World::monitored(config);
    let make = |from: &str, to: &str| MakeCall::do_not_prompt(from, to).into_request();
    assert_eq!(refused(&mut world, make("102", "17")), "operation/invalidCallingDeviceID");
    assert_eq!(refused(&mut world, make("101", "0900")), "operation/invalidCalledDeviceID");
    world.ask(make("101", "17"));
    assert_eq!(refused(&mut world, make("101", "18")), "systemResourceAvailability/resourceBusy");
    assert_eq!(world.phone.calls().len(), 1);
}

#[test]
fn a_call_is_controlled_from_afar() {
    let mut world = World::monitored(PhoneConfig::default());
    let call = world.act(|phone, now| phone.ring(now, "21", None)).to_string();
    let named = || connection(&call);
    let steps = [
        (Request::AnswerCall(AnswerCall { call_to_be_answered: named() }), "Established"),
        (Request::HoldCall(HoldCall { call_to_be_held: named() }), "Held"),
        (Request::RetrieveCall(RetrieveCall { call_to_be_retrieved: named() }), "Retrieved"),
        (
            Request::ClearConnection(ClearConnection { connection_to_be_cleared: named(), reason: None }),
            "ConnectionCleared",
        ),
    ];
    world.events();
    for (request, event) in steps {
        assert!(matches!(world.ask(request), Message::Response(_)), "{event}");
        let heard = world.events();
        assert!(heard.len() == 1 && heard[0].starts_with(event), "{heard:?}");
    }
    world.act(|phone, now| phone.ring(now, "22", None));
    let deflect = DeflectCall {
        call_to_be_diverted: connection("-2"),
        new_destination: DeviceId::new("105"),
        ..DeflectCall::default()
    };
    world.ask(Request::DeflectCall(deflect));
    assert_eq!(world.events()[1], "Diverted -2 by 101 22→101 to 105 null redirected");
    let third = world.act(|phone, now| phone.ring(now, "23", None));
    world.act(|phone, now| phone.answer(now, third));
    let transferred_to = DeviceId::new("sip:106@pbx");
    let transfer = SingleStepTransferCall { active_call: connection("-3"), transferred_to };
    assert!(matches!(world.ask(Request::SingleStepTransferCall(transfer)), Message::Response(_)));
    assert_eq!(world.events()[2], "Transferred -3 by 101 → to 106 with  null singleStepTransfer");
}

#[test]
fn what_the_state_does_not_allow_is_refused() {
    let mut world = World::monitored(PhoneConfig::default());
    world.act(|phone, now| phone.ring(now, "21", None));
    let cases = [
        (Request::HoldCall(HoldCall { call_to_be_held: connection("-1") }), "stateIncompatibility/noActiveCall"),
        (
            Request::RetrieveCall(RetrieveCall { call_to_be_retrieved: connection("-1") }),
            "stateIncompatibility/noHeldCall",
        ),
        (Request::AnswerCall(AnswerCall { call_to_be_answered: connection("-2") }), "operation/invalidConnectionID"),
        (Request::AnswerCall(AnswerCall { call_to_be_answered: connection("x") }), "operation/invalidConnectionID"),
        (Request::MonitorStart(MonitorStart::device("sip:102@pbx")), "operation/invalidMonitorObject"),
        (
            Request::MonitorStop(MonitorStop { cross_ref: csta::CrossRefId("7".into()) }),
            "operation/invalidMonitorCrossRefID",
        ),
        (Request::GetForwarding(GetForwarding::default()), "operation/serviceNotSupported"),
    ];
    for (request, expected) in cases {
        assert_eq!(refused(&mut world, request), expected);
    }
    let unknown = world.ask_sip(Some(Body::csta("<ParkCall/>")));
    assert_eq!((unknown.status, unknown.body.is_some()), (200, true), "a service nobody knows");
    assert_eq!(world.ask_sip(Some(Body::csta("<ParkCall"))).status, 400);
    assert_eq!(world.ask_sip(None).status, 200, "an empty INFO is a sign of life");
}

#[test]
fn a_snapshot_shows_the_live_calls() {
    let mut world = World::monitored(PhoneConfig::default());
    let first = world.act(|phone, now| phone.ring(now, "21", Some("Anna")));
    world.act(|phone, now| phone.answer(now, first));
    world.act(|phone, now| phone.hold(now, first));
    world.act(|phone, now| phone.dial(now, "22"));
    let answer = world.ask(Request::SnapshotDevice(SnapshotDevice::of("101@pbx")));
    let Message::Response(Response::SnapshotDevice(snapshot)) = answer else { panic!("{answer:?}") };
    let SnapshotData::Here(calls) = snapshot.data else { panic!("later") };
    let shown = calls.iter().map(|call| {
        let states = call.local_call_state.clone().unwrap_or_default().0;
        let states: Vec<_> = states.iter().map(|state| state.as_str()).collect();
        let id = call.connection.call_id.clone().unwrap_or_default();
        format!("{id} {} {}", super::device(call.endpoint.as_ref()), states.join("/"))
    });
    let shown: Vec<_> = shown.collect();
    assert_eq!(shown, ["-1 N<21>Anna hold/connected", "2 sip:22@pbx connected/alerting"]);
}

#[test]
fn some_phones_know_no_snapshot() {
    let mut world = World::monitored(PhoneConfig { snapshot_supported: false, ..PhoneConfig::default() });
    let request = Request::SnapshotDevice(SnapshotDevice::of("101"));
    assert_eq!(refused(&mut world, request), "operation/serviceNotSupported");
}

#[test]
fn features_and_registrations() {
    let mut world = World::monitored(PhoneConfig::default());
    world.ask(Request::SetDoNotDisturb(SetDoNotDisturb { device: DeviceId::new("101"), on: true }));
    assert_eq!(world.events(), ["DoNotDisturb  by 101 → true  "]);
    let answer = world.ask(Request::GetDoNotDisturb(GetDoNotDisturb { device: DeviceId::new("101") }));
    assert!(matches!(answer, Message::Response(Response::GetDoNotDisturb(dnd)) if dnd.on));
    let answer = world.ask(Request::SystemRegister(SystemRegister::default()));
    assert!(matches!(answer, Message::Response(Response::SystemRegister(_))), "{answer:?}");
}

trait IntoRequest {
    fn into_request(self) -> Request;
}

impl IntoRequest for MakeCall {
    fn into_request(self) -> Request {
        Request::MakeCall(self)
    }
}
