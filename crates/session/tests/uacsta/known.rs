//! What is known of a phone: by its make, by its own word, by trying; and what follows from it.

use call_model::{CallRef, LineId, Outcome};
use csta::{CstaError, ErrorCategory, FeatureList, GetCstaFeaturesResponse, Request, Response};
use session::{Dialect, Finding, Input, Known, Service, Source, State, UacstaConfig};

use crate::phone::{Reply, csta};
use crate::world::{World, config, line};

fn list(group: &str, features: &[&str]) -> FeatureList {
    FeatureList { group: group.into(), features: features.iter().map(|name| (*name).into()).collect() }
}

fn features(services: Vec<FeatureList>, events: Vec<FeatureList>) -> Reply {
    Reply::Csta(Response::GetCstaFeatures(GetCstaFeaturesResponse { services, events }).into())
}

/// The 200 to an INVITE of a phone that calls itself so.
fn called(agent: &str) -> Reply {
    let status = csta(&Response::normal_status().into());
    Reply::Sip(sip::Answer::new(200).with_body(status).with_header("Server", agent))
}

/// A session with a phone that calls itself so, which is up.
fn up_with(agent: &'static str, config: UacstaConfig) -> World {
    let mut world = World::new(config);
    world.phone.always("INVITE", move || called(agent));
    world.run(0.0);
    assert_eq!(world.states, [State::Up]);
    world.states.clear();
    world
}

fn last(world: &World) -> &Known {
    world.learnt.last().expect("something was learnt")
}

fn finding(world: &World, service: Service) -> Option<Finding> {
    last(world).services.get(&service).copied()
}

const NOT_SUPPORTED: fn() -> Reply = || Reply::Csta(CstaError::service_not_supported().into());

#[test]
fn what_the_phone_does_and_lists_is_told_once() {
    let mut world = World::new(config());
    let list = || features(vec![list("callControlServList", &["makeCall", "holdCall"])], vec![]);
    world.phone.once("GetCSTAFeatures", list());
    world.run(0.0);
    let tried = Some(Finding { can: true, by: Source::Tried });
    assert_eq!(finding(&world, Service::MONITOR_START), tried);
    assert_eq!(finding(&world, Service::SNAPSHOT_DEVICE), tried);
    assert_eq!(finding(&world, Service::MAKE_CALL), None, "nobody knows");
    assert_eq!(last(&world).edition, Some(csta::Edition::Ed5), "what it answers in, not what it is asked in");
    world.run(100.0);
    assert_eq!(world.learnt.len(), 2);
    assert_eq!(finding(&world, Service::MAKE_CALL), Some(Finding { can: true, by: Source::Phone }));
    let answer_call = Service::named("AnswerCall").unwrap();
    assert_eq!(finding(&world, answer_call), Some(Finding { can: false, by: Source::Phone }), "its group is listed");
    assert_eq!(finding(&world, Service::named("GenerateDigits").unwrap()), None, "its group is not");
}

#[test]
fn an_event_is_known_when_it_was_seen() {
    let mut world = World::up(config());
    for _ in 0..2 {
        world.phone_says(crate::events::delivered("42", "9", "sip:987@192.0.2.20"));
    }
    assert_eq!(world.learnt.len(), 2, "told when the session came up, and once more");
    let names: Vec<_> = last(&world).events.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["Delivered"]);
}

#[test]
fn a_phone_that_lists_no_make_call_is_not_asked_to_dial() {
    let mut world = World::up(config());
    world.phone.once("GetCSTAFeatures", features(vec![list("callControlServList", &["answerCall"])], vec![]));
    world.run(31.0);
    world.dial(1, "987", "0301234");
    let reason = "the phone does not list MakeCall among its services".into();
    assert_eq!(world.outcomes, [(1, Outcome::NotSupported { reason })]);
    assert_eq!(world.when("MakeCall 0301234"), [] as [f64; 0]);
}

#[test]
fn a_list_that_denies_what_the_phone_just_did_is_not_believed() {
    let mut world = World::up(config());
    let nonsense = vec![list("callControlServList", &[]), list("snapshotServList", &[])];
    world.phone.once("GetCSTAFeatures", features(nonsense, vec![]));
    world.run(31.0);
    assert_eq!(finding(&world, Service::MAKE_CALL), None);
    world.give(Input::Snapshot(LineId("987".into())));
    assert_eq!(world.when("SnapshotDevice sip:987@192.0.2.20").len(), 1);
}

#[test]
fn whatever_is_no_list_is_none_and_not_asked_for_again() {
    let replies: [fn() -> Reply; 4] = [
        NOT_SUPPORTED,
        || Reply::Csta(Response::normal_status().into()),
        || Reply::Sip(sip::Answer::new(200)),
        || Reply::Sip(sip::Answer::new(400)),
    ];
    for reply in replies {
        let mut world = World::up(config());
        world.phone.always("GetCSTAFeatures", reply);
        world.run(100.0);
        assert_eq!(world.when("GetCSTAFeatures").len(), 1);
        assert_eq!(world.states, [], "that is no reason to end a session");
    }
}

#[test]
fn a_phone_that_dies_of_the_question_is_asked_once_only() {
    let mut world = World::up(config());
    world.phone.always("GetCSTAFeatures", || Reply::Silence);
    world.run(300.0);
    assert_eq!(world.when("GetCSTAFeatures").len(), 1);
    assert_eq!(world.states.last(), Some(&State::Up));
}

#[test]
fn a_make_call_that_is_not_supported_is_asked_for_once() {
    let mut world = World::up(config());
    world.phone.once("MakeCall", NOT_SUPPORTED());
    world.dial(1, "987", "1");
    world.dial(2, "987", "1");
    let refused = Outcome::Refused { reason: "operation/serviceNotSupported".into() };
    let reason = "the phone has refused MakeCall before, as not supported".into();
    assert_eq!(world.outcomes, [(1, refused), (2, Outcome::NotSupported { reason })]);
    assert_eq!(world.when("MakeCall 1").len(), 1);
    // It was restarted, and may have been set otherwise.
    world.phone_hangs_up_the_session();
    world.run(2.0);
    world.phone.once("MakeCall", Reply::Csta(CstaError::new(ErrorCategory::Operation, "generic").into()));
    world.dial(3, "987", "1");
    assert_eq!(world.when("MakeCall 1").len(), 2);
}

#[test]
fn a_refusal_for_another_reason_says_nothing_about_the_next_time() {
    let mut world = World::up(config());
    for id in 1..=2 {
        let error = CstaError::new(ErrorCategory::Operation, "invalidCalledDeviceID");
        world.phone.once("MakeCall", Reply::Csta(error.into()));
        world.dial(id, "987", "1");
    }
    assert_eq!(world.when("MakeCall 1").len(), 2);
}

#[test]
fn a_phone_without_snapshots_is_not_asked_each_time() {
    let mut world = World::new(config());
    world.phone.always("SnapshotDevice", NOT_SUPPORTED);
    world.run(0.0);
    assert_eq!((world.unverified.len(), world.notes.len()), (1, 1));
    for _ in 0..3 {
        world.give(Input::Snapshot(LineId("987".into())));
    }
    assert_eq!(world.when("SnapshotDevice sip:987@192.0.2.20").len(), 1);
    assert_eq!((world.unverified.len(), world.notes.len()), (1, 1));
    let learnt = world.learnt.len();
    world.phone_hangs_up_the_session();
    world.run(2.0);
    assert_eq!(world.when("SnapshotDevice sip:987@192.0.2.20").len(), 2, "it may have been set otherwise");
    assert_eq!(world.learnt.len(), learnt, "it was not: that is no news");
}

#[test]
fn what_was_known_before_a_restart_holds_for_a_phone_of_the_same_name() {
    let mut known = Known { agent: "Phone 1.0".into(), ..Known::default() };
    let refused = Finding { can: false, by: Source::Tried };
    known.services.insert(Service::SNAPSHOT_DEVICE, refused);
    known.services.insert(Service::GET_CSTA_FEATURES, refused);
    let config = || UacstaConfig { known: Some(Box::new(known.clone())), ..config() };

    let mut same = up_with("Phone 1.0", config());
    assert_eq!(same.when("SnapshotDevice sip:987@192.0.2.20"), [] as [f64; 0]);
    assert_eq!(same.unverified.len(), 1, "nobody vouches for its calls");
    same.run(31.0);
    assert_eq!(same.when("GetCSTAFeatures"), [] as [f64; 0]);

    let mut updated = up_with("Phone 2.0", config());
    assert_eq!(updated.when("SnapshotDevice sip:987@192.0.2.20").len(), 1);
    updated.run(31.0);
    assert_eq!(updated.when("GetCSTAFeatures").len(), 1);
    assert_eq!(last(&updated).agent, "Phone 2.0");
}

#[test]
fn a_make_is_recognised_by_its_name_and_spoken_to_in_its_way() {
    let mut world = up_with("snom870/8.7.5.35", config());
    assert_eq!(world.heard()[1..], ["MonitorStart sip:987@192.0.2.20", "SnapshotDevice 987@192.0.2.20"]);
    let edition = |service: &str| {
        let sent = world.sent.iter().find(|(_, text)| text.contains(service)).expect("it was sent");
        sent.1.split("/csta/").nth(1).map(|rest| rest[..3].to_owned())
    };
    assert_eq!(edition("<RequestSystemStatus").as_deref(), Some("ed3"), "before it was recognised");
    assert_eq!(edition("<MonitorStart").as_deref(), Some("ed5"));
    assert_eq!(last(&world).dialect, "snom");
    assert_eq!(finding(&world, Service::MAKE_CALL), Some(Finding { can: true, by: Source::Make }));
    world.phone_says(Request::RequestSystemStatus(Default::default()));
}

#[test]
fn a_dialect_that_is_configured_wins() {
    let dialect = Dialect::named("generic");
    let world = up_with("snom870/8.7.5.35", UacstaConfig { dialect, ..config() });
    assert_eq!(world.heard()[1..], ["MonitorStart sip:987@192.0.2.20", "SnapshotDevice sip:987@192.0.2.20"]);
    assert_eq!(last(&world).dialect, "generic");
}

#[test]
fn a_device_that_somebody_wrote_is_sent_as_written() {
    let lines = vec![line("987", "sip:987@pbx")];
    let world = up_with("snom870/8.7.5.35", UacstaConfig { lines, ..config() });
    assert_eq!(world.heard()[1..], ["MonitorStart sip:987@pbx", "SnapshotDevice sip:987@pbx"]);
}

#[test]
fn what_a_make_is_known_to_lack_is_not_asked_of_it() {
    let world = up_with("PolycomVVX-VVX_410-UA/5.9.0.9373", config());
    let transfer = Service::named("TransferCall").unwrap();
    assert_eq!(finding(&world, transfer), Some(Finding { can: false, by: Source::Make }));
    assert_eq!(world.when("SnapshotDevice sip:987@192.0.2.20").len(), 1, "that it lacks this is a guess: it is asked");
}

/// An answer without a name says nothing about it: the phone's SIP stack may have written it.
#[test]
fn a_name_is_kept_until_another_one_comes() {
    let mut world = up_with("snom870/8.7.5.35", config());
    world.phone.as_usual("INVITE");
    world.phone_hangs_up_the_session();
    world.run(2.0);
    assert_eq!((last(&world).agent.as_str(), last(&world).dialect), ("snom870/8.7.5.35", "snom"));
    world.phone.always("INVITE", || called("Something else"));
    world.phone_hangs_up_the_session();
    world.run(5.0);
    assert_eq!((last(&world).agent.as_str(), last(&world).dialect), ("Something else", "generic"));
}

// ── phones without sessions ──────────────────────────────────────────────────────────────────────────────────────

fn openstage() -> UacstaConfig {
    UacstaConfig { dialect: Dialect::named("openstage"), ..config() }
}

fn no_events() -> State {
    State::Degraded("can be dialled, reports no calls".into())
}

#[test]
fn a_phone_that_has_no_sessions_can_be_dialled_and_reports_no_calls() {
    let mut world = World::new(openstage());
    world.run(0.0);
    assert_eq!(world.states, [no_events()]);
    assert_eq!(world.unverified, [LineId("987".into())]);
    assert_eq!(world.heard(), [] as [&str; 0], "no session, no monitor, no snapshot");
    world.phone.once("MakeCall", Reply::Sip(sip::Answer::new(200)));
    world.dial(1, "987", "0301234");
    assert_eq!(world.outcomes, [(1, Outcome::Accepted { call: CallRef("".into()) })]);
    let notify = &world.sent.iter().find(|(_, text)| text.starts_with("NOTIFY")).expect("a NOTIFY").1;
    assert!(notify.starts_with("NOTIFY sip:987@192.0.2.20 SIP/2.0\r\n"), "{notify}");
    assert!(
        notify.contains("\r\nEvent: uaCSTA\r\n") && notify.contains("<callingDevice>987</callingDevice>"),
        "{notify}"
    );
    world.run(300.0);
    assert_eq!(world.states, [no_events()], "it is greeted again and again, and nothing changes");
    assert_eq!(world.events, []);
}

#[test]
fn a_phone_without_sessions_that_refuses_or_is_silent() {
    let refusals = [
        (
            Reply::Csta(CstaError::new(ErrorCategory::Operation, "invalidDestination").into()),
            "operation/invalidDestination",
        ),
        (Reply::Sip(sip::Answer::new(481)), "481 Call/Transaction Does Not Exist"),
        (Reply::Sip(sip::Answer::new(489)), "489 Request Failure"),
    ];
    for (reply, reason) in refusals {
        let mut world = World::new(openstage());
        world.run(0.0);
        world.phone.once("MakeCall", reply);
        world.dial(1, "987", "1");
        assert_eq!(world.outcomes, [(1, Outcome::Refused { reason: reason.into() })]);
        world.run(1.0);
        assert_eq!(world.states, [no_events()]);
    }
    let mut world = World::new(openstage());
    world.run(0.0);
    world.phone.once("MakeCall", Reply::Silence);
    world.dial(1, "987", "1");
    world.run(60.0);
    assert_eq!(world.outcomes, [(1, Outcome::NoAnswer)]);
    assert_eq!(world.states.last(), Some(&no_events()));
}

#[test]
fn a_phone_without_sessions_that_is_off() {
    let mut world = World::new(openstage());
    world.phone.off = true;
    world.run(30.0);
    let State::Down(why) = world.states.last().expect("a state") else { panic!("{:?}", world.states) };
    assert!(why.starts_with("the phone does not answer"), "{why}");
    world.phone.off = false;
    world.run(35.0);
    assert_eq!(world.states.last(), Some(&no_events()));
    world.phone.off = true;
    world.run(60.0);
    assert!(matches!(world.states.last(), Some(State::Down(_))), "{:?}", world.states);
}

#[test]
fn a_phone_that_refuses_the_session_and_says_what_it_is_is_recognised() {
    let mut world = World::new(config());
    world.phone.always("INVITE", || Reply::Sip(sip::Answer::new(488).with_header("Server", "OpenStage_40_V3 R5.15.0")));
    world.run(10.0);
    assert_eq!(world.heard(), ["INVITE"], "it is not invited again");
    assert_eq!(world.states.last(), Some(&no_events()));
}
