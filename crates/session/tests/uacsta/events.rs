//! What the phone sends by itself, and what it is answered.

use call_model::{LineId, News};
use csta::{
    ConnectionId, CrossRefId, DeviceId, Event, EventKind, LocalConnectionState, NoResult, Request, Response,
    SubjectDevice,
};
use session::Input;

use crate::world::{Store, World, config, two_lines};

/// The line rings.
pub fn delivered(cross_ref: &str, call: &str, device: &str) -> Event {
    Event {
        connection: Some(ConnectionId::new(call, device)),
        device: Some(SubjectDevice::Device(DeviceId::new(device))),
        local_connection_info: Some(LocalConnectionState::Alerting),
        ..Event::new(CrossRefId(cross_ref.into()), EventKind::Delivered)
    }
}

fn ringing() -> Event {
    delivered("42", "7", "sip:987@192.0.2.20")
}

#[test]
fn an_event_is_acknowledged_when_it_is_durable() {
    let mut world = World::up(config());
    let answer = world.phone_says(ringing()).unwrap();
    assert_eq!((answer.status, answer.body), (200, None));
    assert_eq!(world.events[0].1.news, News::Alerting { here: true });

    world.store = Store::Slow;
    assert_eq!(world.phone_says(ringing()), None);
    world.run(0.3);
    let ack = world.waiting.pop().unwrap();
    world.give(Input::Durable(ack));
    assert_eq!(world.answer_to(2).unwrap().status, 200);
    assert_eq!(world.events.len(), 2, "each event is told once");
}

#[test]
fn an_event_that_the_store_cannot_take_shall_come_again() {
    let mut world = World::up(config());
    world.store = Store::Full;
    let answer = world.phone_says(ringing()).unwrap();
    assert_eq!((answer.status, answer.retry_after), (503, Some(5)));
}

#[test]
fn an_event_is_acknowledged_even_if_its_session_ended_meanwhile() {
    let mut world = World::up(config());
    world.store = Store::Slow;
    world.phone_says(ringing());
    let ack = world.waiting.pop().unwrap();
    world.give(Input::Stop);
    let before = world.sent.len();
    world.give(Input::Durable(ack));
    assert!(world.sent[before..].iter().any(|(_, text)| text.starts_with("SIP/2.0 200") && text.contains("INFO")));
}

#[test]
fn events_without_news_of_a_call_are_acknowledged_at_once() {
    let mut world = World::up(two_lines());
    world.store = Store::Slow;
    let cross_ref = CrossRefId("42".into());
    let silent = [
        delivered("4711", "7", "sip:987@pbx"),
        Event::new(cross_ref.clone(), EventKind::DoNotDisturb { on: true }),
        Event::new(cross_ref.clone(), EventKind::BackInService),
        Event::new(cross_ref, EventKind::Delivered),
    ];
    for event in silent {
        let answer = world.phone_says(event.clone()).unwrap_or_else(|| panic!("no answer to {event:?}"));
        assert_eq!(answer.status, 200);
    }
    assert!(world.events.is_empty());
}

#[test]
fn each_line_gets_its_own_events() {
    let mut world = World::up(two_lines());
    for (cross_ref, line) in [("42", "987"), ("43", "988")] {
        world.phone_says(delivered(cross_ref, "7", &format!("sip:{line}@pbx")));
        assert_eq!(world.events.last().unwrap().0, LineId(line.into()));
    }
}

#[test]
fn a_phone_with_one_line_may_name_its_monitor_as_it_likes() {
    let mut world = World::up(config());
    for cross_ref in ["042", ""] {
        world.phone_says(delivered(cross_ref, "7", "sip:987@192.0.2.20"));
    }
    assert_eq!(world.events.len(), 2);
}

#[test]
fn a_body_is_answered_after_what_it_is() {
    let cases: [(&str, &str, u16); 9] = [
        ("application/csta+xml", "<DeliveredEvent><monitorCrossRefID>42", 400),
        ("application/csta+xml", "rubbish", 400),
        ("application/csta+xml", " ", 400),
        ("application/csta+xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><DeliveredEvent/>", 400),
        ("application/csta+xml", "<HookswitchStatusEvent/>", 200),
        ("Application/CSTA+XML; charset=utf-8", "<HookswitchStatusEvent/>", 200),
        ("application/csta+xml", "<MakeCallResponse/>", 200),
        ("application/dtmf-relay", "Signal=1", 415),
        ("text/xml", "<DeliveredEvent/>", 415),
    ];
    let mut world = World::up(config());
    for (content_type, text, status) in cases {
        let body = sip::Body { content_type: content_type.into(), ..sip::Body::csta(text) };
        let answer = world.phone_sends(Some(body)).unwrap();
        assert_eq!(answer.status, status, "{content_type}: {text}");
    }
    assert_eq!(world.phone_sends(None).unwrap().status, 200, "a keep-alive without a body");
    let notes = world.notes.iter().filter(|note| note.starts_with("a message that cannot be read: "));
    assert_eq!(notes.count(), 4, "{:?}", world.notes);
    assert!(world.sent.iter().any(|(_, text)| text.contains("415") && text.contains("Accept: application/csta+xml")));
    assert_eq!(world.phone_says(ringing()).unwrap().status, 200, "the session goes on");
    assert_eq!(world.states, []);
}

#[test]
fn the_phones_own_requests_are_served_or_refused() {
    let cases: [(Request, csta::Message); 4] = [
        (Request::SystemStatus(Default::default()), Response::SystemStatus(NoResult).into()),
        (Request::RequestSystemStatus(Default::default()), Response::normal_status().into()),
        (Request::MonitorStop(Default::default()), Response::MonitorStop(NoResult).into()),
        (Request::MakeCall(Default::default()), csta::CstaError::service_not_supported().into()),
    ];
    let mut world = World::up(config());
    for (request, expected) in cases {
        let answer = world.phone_says(request).unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(csta::xml::decode(&answer.body.unwrap().bytes), Ok(expected));
    }
    assert_eq!(world.states, []);
}
