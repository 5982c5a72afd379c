//! The session: opened, guarded, lost; and reports that are acknowledged, or not.

use std::time::Duration;

use csta::{Edition, MakeCall, Message, Request, RequestSystemStatus, Response};
use sip::digest::Algorithm;

use super::gateway::{World, body};
use crate::{Challenge, Outcome, PhoneConfig};

fn outcomes(world: &World) -> Vec<(String, Outcome, u32)> {
    world.phone.reports().map(|report| (report.event.clone(), report.outcome, report.attempts)).collect()
}

fn report(event: &str, status: u16, attempts: u32) -> (String, Outcome, u32) {
    (event.to_owned(), Outcome::Answered(status), attempts)
}

#[test]
fn the_phone_answers_in_its_own_edition() {
    let mut world = World::new(PhoneConfig::default());
    assert_eq!(world.invite(), Some(200));
    let answer = world.ask_sip(Some(body(Request::RequestSystemStatus(RequestSystemStatus::default()))));
    let bytes = answer.body.unwrap().bytes;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(Edition::Ed5.namespace()), "{text}");
    let message = csta::xml::decode(&bytes).unwrap();
    assert_eq!(message, Message::Response(Response::normal_status()));
}

#[test]
fn an_invite_for_somebody_else_or_without_csta_is_refused() {
    let mut world = World::new(PhoneConfig::new("102"));
    assert_eq!(world.invite(), Some(404));
    let mut world = World::new(PhoneConfig::default());
    assert_eq!(world.invite_with(Request::MakeCall(MakeCall::default())), Some(415));
    assert!(!world.phone.has_session());
}

#[test]
fn nothing_is_reported_before_the_monitor() {
    let mut world = World::new(PhoneConfig::default());
    world.act(|phone, now| phone.ring(now, "21", None));
    world.invite();
    let call = world.act(|phone, now| phone.ring(now, "22", None));
    world.start_monitor();
    world.act(|phone, now| phone.answer(now, call));
    assert_eq!(world.events(), ["Established -2 by 101 22→101 connected newCall"]);
    assert_eq!(world.phone.counters().dropped, 2);
}

#[test]
fn the_password_is_asked_for_and_checked() {
    for algorithm in [Algorithm::MD5, Algorithm::SHA_256] {
        for every_request in [false, true] {
            let (username, password) = ("csta".to_owned(), "geheim".to_owned());
            let challenge = Challenge { algorithm, username, password, every_request };
            let config = PhoneConfig { digest: Some(challenge), ..PhoneConfig::default() };
            assert_eq!(World::new(config.clone()).invite(), Some(401), "without a password");
            assert_eq!(World::new(config.clone()).login("csta", "falsch").invite(), Some(401), "a wrong one");
            let mut world = World::new(config).login("csta", "geheim");
            assert_eq!(world.invite(), Some(200), "{algorithm}");
            world.start_monitor();
            world.act(|phone, now| phone.ring(now, "21", None));
            assert_eq!(world.events().len(), 1, "{algorithm}, every request: {every_request}");
        }
    }
}

#[test]
fn reports_wait_for_the_one_before() {
    let mut world = World::monitored(PhoneConfig::default());
    world.statuses.push_back(0);
    let call = world.act(|phone, now| phone.ring(now, "21", None));
    world.act(|phone, now| phone.answer(now, call));
    world.wait(Duration::from_secs(20));
    assert_eq!(world.events().len(), 1, "the second is not sent while the first is open");
    assert_eq!(world.phone.acknowledged().count(), 0);
    world.wait(Duration::from_secs(20));
    assert!(!world.phone.has_session(), "a gateway that does not answer is gone");
    let counters = world.phone.counters();
    assert_eq!((counters.unanswered, counters.dropped), (1, 1));
}

#[test]
fn a_busy_gateway_gets_the_report_again() {
    let mut world = World::monitored(PhoneConfig::default());
    world.statuses.extend([503, 503]);
    let call = world.act(|phone, now| phone.ring(now, "21", None));
    world.act(|phone, now| phone.answer(now, call));
    world.wait(Duration::from_millis(2999));
    assert_eq!(world.events().len(), 1, "Retry-After is 3");
    world.wait(Duration::from_secs(4));
    assert_eq!(outcomes(&world), [report("DeliveredEvent", 200, 3), report("EstablishedEvent", 200, 1)]);
    let delivered = "Delivered -1 by 101 21→101 alerting newCall";
    assert_eq!(world.events(), [delivered, delivered, "Established -1 by 101 21→101 connected newCall"]);
}

#[test]
fn a_report_is_not_sent_again_for_ever() {
    let mut world = World::monitored(PhoneConfig { max_attempts: 2, ..PhoneConfig::default() });
    world.statuses.extend([503, 503, 500]);
    world.act(|phone, now| phone.ring(now, "21", None));
    world.act(|phone, now| phone.send_raw(now, "<?xml version='1.0'?><x:SystemStatus xmlns:x='ed3'/>"));
    world.wait(Duration::from_secs(60));
    assert_eq!(outcomes(&world), [report("DeliveredEvent", 503, 2), report("SystemStatus", 500, 1)]);
    assert_eq!(world.phone.counters().refused, 2);
}

#[test]
fn the_queue_is_bounded() {
    let mut world = World::monitored(PhoneConfig { max_queue: 3, ..PhoneConfig::default() });
    world.statuses.push_back(503);
    world.act(|phone, now| (0..5).for_each(|_| phone.send_raw(now, "<SystemStatus/>")));
    world.wait(Duration::from_secs(10));
    let counters = world.phone.counters();
    assert_eq!((counters.acknowledged, counters.dropped), (3, 2));
}

#[test]
fn a_raw_event_names_the_monitor() {
    let mut world = World::monitored(PhoneConfig::default());
    world.act(|phone, now| {
        phone.send_raw(now, "<CallClearedEvent><monitorCrossRefID>{XREF}</monitorCrossRefID></CallClearedEvent>");
    });
    assert!(matches!(&world.heard[..], [Message::Event(event)] if event.cross_ref.0 == "43"), "{:?}", world.heard);
}

#[test]
fn a_reboot_forgets_the_session_and_the_calls() {
    let mut world = World::monitored(PhoneConfig::default());
    world.act(|phone, now| phone.ring(now, "21", None));
    world.act(|phone, now| phone.reboot(now));
    assert!(world.phone.calls().is_empty());
    assert_eq!(world.ask_sip(Some(body(Request::RequestSystemStatus(RequestSystemStatus::default())))).status, 481);
    assert_eq!(world.invite(), Some(200));
    world.start_monitor();
    world.events();
    world.act(|phone, now| phone.ring(now, "22", None));
    assert_eq!(world.events(), ["Delivered -1 by 101 22→101 alerting newCall"], "call ids start over");
}

#[test]
fn a_new_session_replaces_the_old_one() {
    let mut world = World::monitored(PhoneConfig::default());
    let old = world.dialog;
    assert_eq!(world.invite(), Some(200));
    let ended =
        world.news.iter().any(|event| matches!(event, sip::Event::Ended { dialog, .. } if Some(*dialog) == old));
    assert!(ended, "the old one is ended");
    assert!(world.phone.has_session() && !world.phone.is_monitored());
}

#[test]
fn the_phone_ends_the_session() {
    let mut world = World::monitored(PhoneConfig::default());
    world.act(|phone, now| phone.end_session(now));
    assert!(matches!(&world.news[..], [sip::Event::Ended { .. }]), "{:?}", world.news);
    assert!(!world.phone.has_session());
}

#[test]
fn a_silent_phone_loses_nothing_that_is_repeated_in_time() {
    let mut world = World::monitored(PhoneConfig::default());
    world.act(|phone, now| {
        phone.go_silent(now, Duration::from_secs(5));
        phone.ring(now, "21", None);
    });
    world.wait(Duration::from_secs(4));
    assert_eq!(world.events(), [""; 0]);
    world.wait(Duration::from_secs(8));
    assert_eq!(world.events().len(), 1);
    assert_eq!(world.phone.counters().acknowledged, 1);
}
