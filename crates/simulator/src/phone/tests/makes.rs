//! The ways of the makes, each seen from outside.

use std::time::Instant;

use csta::{
    Edition, GetCstaFeatures, HoldCall, MakeCall, Message, MonitorStart, Request, Response, SnapshotDevice,
    SystemRegister, xml,
};

use super::gateway::{World, body, flow};
use crate::{CallId, Phone, PhoneConfig, makes};

fn make(name: &str) -> PhoneConfig {
    makes::phone(name, "101", "pbx").unwrap()
}

fn refusal(message: Message) -> String {
    match message {
        Message::Error(error) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// What a phone answers to a CSTA request that belongs to no session: the first line, if it answers.
fn outside(name: &str, method: &str, request: Request) -> (Option<String>, Phone) {
    let csta = body(request);
    let text = String::from_utf8(csta.bytes.to_vec()).unwrap();
    let message = format!(
        "{method} sip:101@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKoutside;rport\r\n\
         From: <sip:gateway@192.0.2.1>;tag=1\r\nTo: <sip:101@192.0.2.2>\r\nCall-ID: outside\r\nCSeq: 1 {method}\r\n\
         Max-Forwards: 70\r\nContent-Type: application/csta+xml\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let mut phone = Phone::new(make(name), Box::new(|bytes| bytes.fill(7)));
    phone.receive(Instant::now(), flow(false), message.as_bytes());
    let answer = phone.poll_transmit().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
    (answer.and_then(|answer| answer.lines().next().map(str::to_owned)), phone)
}

#[test]
fn outside_of_a_session_some_refuse_some_are_silent_and_one_obeys() {
    let dial = || Request::MakeCall(MakeCall::do_not_prompt("101", "0301234"));
    for (name, status) in [("snom", Some("481")), ("fanvil", Some("481")), ("yealink", None), ("grandstream", None)] {
        let (answer, phone) = outside(name, "INFO", dial());
        assert_eq!(answer.as_deref().and_then(|line| line.split(' ').nth(1)), status, "{name}");
        assert!(phone.calls().is_empty(), "{name}");
    }
    let (answer, phone) = outside("openstage", "NOTIFY", dial());
    assert_eq!((answer.as_deref(), phone.calls().len()), (Some("SIP/2.0 200 OK"), 1));
    let (answer, phone) =
        outside("openstage", "NOTIFY", Request::MakeCall(MakeCall::do_not_prompt("sip:101@pbx", "1")));
    assert_eq!((answer.as_deref(), phone.calls().len()), (Some("SIP/2.0 200 OK"), 0), "200 proves nothing");
    let (answer, _) = outside("yealink", "NOTIFY", dial());
    assert_eq!(answer, None);
}

#[test]
fn a_yealink_counts_from_32769_on() {
    let mut world = World::monitored(make("yealink"));
    assert_eq!(world.act(|phone, now| phone.ring(now, "0301", None)), CallId(32_769));
}

#[test]
fn a_snom_answers_edition_3_in_edition_5_and_numbers_all_alike() {
    let mut world = World::new(make("snom"));
    world.invite();
    let answer = world.ask_sip(Some(body(Request::MonitorStart(MonitorStart::device("sip:101@pbx")))));
    let bytes = answer.body.unwrap().bytes;
    assert_eq!(xml::edition(&bytes), Some(Edition::Ed5));
    let Ok(Message::Response(Response::MonitorStart(monitor))) = xml::decode(&bytes) else { panic!() };
    let registered = world.ask(Request::SystemRegister(SystemRegister::default()));
    let Message::Response(Response::SystemRegister(registered)) = registered else { panic!("{registered:?}") };
    assert_eq!(monitor.cross_ref.0, registered.register_id.0, "ids of two kinds with one number");
    assert_eq!(world.act(|phone, now| phone.ring(now, "0301", None)), CallId(-1));
    let by_uri = world.ask(Request::SnapshotDevice(SnapshotDevice::of("sip:101@pbx")));
    assert_eq!(refusal(by_uri), "operation/invalidDeviceID");
    let by_address = world.ask(Request::SnapshotDevice(SnapshotDevice::of("101@pbx")));
    assert!(matches!(by_address, Message::Response(Response::SnapshotDevice(_))), "{by_address:?}");
}

#[test]
fn a_poly_never_reports_network_reached_and_others_do() {
    for (name, reported) in [("poly", false), ("yealink", true)] {
        let mut world = World::monitored(make(name));
        world.act(|phone, now| phone.dial(now, "0301"));
        assert_eq!(world.events().iter().any(|event| event.starts_with("NetworkReached")), reported, "{name}");
    }
}

#[test]
fn a_gigaset_does_not_hold_by_command_and_lists_what_it_does() {
    let mut world = World::monitored(make("gigaset"));
    world.act(|phone, now| {
        let call = phone.ring(now, "0301", None);
        phone.answer(now, call)
    });
    let hold = world.ask(Request::HoldCall(HoldCall::default()));
    assert_eq!(refusal(hold), "operation/serviceNotSupported");
    let listed = world.ask(Request::GetCstaFeatures(GetCstaFeatures));
    let Message::Response(Response::GetCstaFeatures(features)) = listed else { panic!("{listed:?}") };
    let call_control = features.services.iter().find(|list| list.group == "callControlServList").unwrap();
    assert_eq!(call_control.features, ["answerCall", "clearConnection", "makeCall"]);
}

#[test]
fn a_mitel_writes_its_media_type_in_capitals() {
    let mut world = World::new(make("mitel"));
    world.invite();
    let answer = world.ask_sip(Some(body(Request::MonitorStart(MonitorStart::device("sip:101@pbx")))));
    assert_eq!(answer.body.unwrap().content_type, "application/CSTA+XML");
}

#[test]
fn each_make_says_what_it_is() {
    for name in makes::names().filter(|name| *name != "openstage") {
        let mut world = World::monitored(make(name));
        let answer = world.ask_sip(None);
        assert_eq!(answer.agent.as_deref(), Some(make(name).user_agent.as_str()));
    }
}
