//! The bytes of known messages.

use crate::{
    DeviceId, MakeCall, Message, Request, RequestSystemStatusResponse, Response,
    ber::{Apdu, InvokeId, Phase, decode, encode, read::Reader, tag::Tag, write::Writer},
};

fn bytes(hex: &str) -> Vec<u8> {
    super::fixtures::bytes(hex)
}

#[track_caller]
fn check(hex: &str, id: i32, message: impl Into<Message>, phase: Phase) {
    let apdu = Apdu::Csta { invoke_id: InvokeId(id), message: message.into(), private_data: Vec::new() };
    assert_eq!(encode(&apdu, phase).unwrap(), bytes(hex));
    assert_eq!(decode(&bytes(hex), phase).map(|decoded| decoded.apdu), Ok(apdu));
}

#[test]
fn a_call_is_made() {
    let call = MakeCall::do_not_prompt("200", "0401234567");
    let hex = "a120 020101 02010a 3018 3005 8003323030 300c 800a30343031323334353637 830101";
    check(hex, 1, Request::MakeCall(call), Phase::Three);
}

/// Heartbeats of phase II.
#[test]
fn a_heartbeat() {
    let status = crate::SystemStatusReport { register_id: None, status: Some(crate::SystemStatus::Normal) };
    check("a10a02027f010201340a0102", 0x7F01, Request::SystemStatus(status), Phase::Two);
    check("a20b02027f013005 020134 0500", 0x7F01, Response::SystemStatus(crate::NoResult), Phase::Two);
}

#[test]
fn monitors_before_phase_iii() {
    let start = crate::MonitorStart::device("29707");
    check("a10f020101020147300780053239373037", 1, Request::MonitorStart(start), Phase::Two);
    let snapshot = crate::SnapshotDevice { object: DeviceId::new("29707") };
    check("a10d02010302014a80053239373037", 3, Request::SnapshotDevice(snapshot), Phase::Two);
}

#[test]
fn a_status_without_one_is_normal() {
    let response = Response::RequestSystemStatus(RequestSystemStatusResponse { status: None });
    let apdu = Apdu::Csta { invoke_id: InvokeId(1), message: response.into(), private_data: Vec::new() };
    assert_eq!(encode(&apdu, Phase::Three).unwrap(), bytes("a20e 020101 3009 020200d2 3003 0a0102"));
}

/// The shortest forms (X.690 8.1.3, 8.3.2, 10.1).
#[test]
fn numbers_are_short() {
    let written = |value: i64| {
        let mut out = Writer::new(Phase::Three);
        out.integer(Tag::INTEGER, value);
        out.finish()
    };
    assert_eq!(written(0), [2, 1, 0]);
    assert_eq!(written(127), [2, 1, 127]);
    assert_eq!(written(128), [2, 2, 0, 128]);
    assert_eq!(written(-128), [2, 1, 128]);
    assert_eq!(written(-129), [2, 2, 0xFF, 0x7F]);
    assert_eq!(written(i64::MIN).len(), 10);
    for value in [0, 1, -1, 127, 128, 255, 256, 65_535, -32_768, i64::MAX, i64::MIN] {
        let bytes = written(value);
        let element = Reader::new(&bytes, Phase::Three).next().unwrap().unwrap();
        assert_eq!(element.integer(), Ok(Some(value)));
    }
}

#[test]
fn long_tags_and_lengths() {
    let mut out = Writer::new(Phase::Three);
    out.primitive(Tag::context(1000), &[7; 300]);
    let bytes = out.finish();
    assert_eq!(bytes[..6], [0x9F, 0x87, 0x68, 0x82, 0x01, 0x2C]);
    let element = Reader::new(&bytes, Phase::Three).next().unwrap().unwrap();
    assert_eq!((element.tag, element.octets().unwrap().len()), (Tag::context(1000), 300));
}

#[test]
fn operations_have_codes_of_their_own() {
    let codes = |phase| {
        let codes = crate::ber::service::all().into_iter().filter_map(move |(request, response, _)| {
            let code = crate::ber::service::operation_of_request(&request, phase);
            assert_eq!(code, crate::ber::service::operation_of_response(&response, phase));
            code
        });
        codes.collect::<Vec<_>>()
    };
    for (phase, count) in [(Phase::One, 12), (Phase::Two, 12), (Phase::Three, 22)] {
        let distinct: std::collections::BTreeSet<_> = codes(phase).into_iter().collect();
        assert_eq!((codes(phase).len(), distinct.len()), (count, count));
    }
}
