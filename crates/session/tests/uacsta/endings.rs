//! How a session ends, and how soon the next one stands.

use call_model::Outcome;
use csta::{Request, RequestSystemStatusResponse, Response, SystemStatus, SystemStatusReport};
use session::{Input, State};

use crate::phone::Reply;
use crate::world::{World, config, two_lines, way};

/// The session stood for a minute, then this happened: the next one stands within five seconds of the moment when
/// the gateway can know.
fn reopens(words: &str, knows_after: f64, happens: impl FnOnce(&mut World)) {
    let mut world = World::up(config());
    world.run(65.0);
    world.phone.heard.clear();
    happens(&mut world);
    world.run(knows_after);
    world.run(5.0);
    assert_eq!(world.states, [State::Down(words.into()), State::Up]);
    assert_eq!(world.when("INVITE").len(), 1, "{:?}", world.heard());
}

#[test]
fn a_session_that_ends_is_opened_again_within_five_seconds() {
    reopens("the phone ended the session", 0.0, World::phone_hangs_up_the_session);
    reopens("the phone does not know the session any more: it was restarted", 30.0, |world| world.phone.reboot());
    reopens("the phone does not answer any more", 30.0, |world| {
        world.phone.once("RequestSystemStatus", Reply::Sip(sip::Answer::new(408)));
    });
    reopens("no answer within 5 s", 35.0, |world| world.phone.once("RequestSystemStatus", Reply::Silence));
    reopens("the phone's system status is enabled, not normal", 30.0, |world| {
        let status = Some(SystemStatus::Enabled);
        let answer = Response::RequestSystemStatus(RequestSystemStatusResponse { status });
        world.phone.once("RequestSystemStatus", Reply::Csta(answer.into()));
    });
    reopens("the phone's system status is disabled, not normal", 0.0, |world| {
        let report = SystemStatusReport { status: Some(SystemStatus::Disabled), ..Default::default() };
        assert_eq!(world.phone_says(Request::SystemStatus(report)).unwrap().status, 200);
    });
}

#[test]
fn a_connection_that_is_lost_during_a_question() {
    reopens("the connection to the phone was lost", 0.0, |world| {
        world.phone.once("SnapshotDevice", Reply::Silence);
        world.give(Input::Snapshot(call_model::LineId("987".into())));
        world.flow_fails();
    });
}

#[test]
fn a_connection_that_is_lost_while_monitors_start() {
    let mut world = World::new(config());
    world.phone.once("MonitorStart", Reply::Silence);
    world.run(0.0);
    world.flow_fails();
    world.run(1.0);
    assert_eq!(world.states, [State::Down("the connection to the phone was lost".into()), State::Up]);
}

#[test]
fn a_silent_phone_is_asked_for_its_status_and_any_answer_will_do() {
    let replies: [fn() -> Reply; 4] = [
        || Reply::Csta(Response::normal_status().into()),
        || Reply::Csta(csta::CstaError::service_not_supported().into()),
        || Reply::Sip(sip::Answer::new(200)),
        || Reply::Sip(sip::Answer::new(501)),
    ];
    for reply in replies {
        let mut world = World::up(config());
        world.phone.always("RequestSystemStatus", reply);
        world.run(95.0);
        assert_eq!(world.when("GetCSTAFeatures"), [30.0], "asked once, in place of the first");
        assert_eq!(world.when("RequestSystemStatus"), [60.0, 90.0]);
        assert_eq!(world.states, []);
    }
}

#[test]
fn a_phone_that_talks_is_not_asked() {
    let mut world = World::up(config());
    for _ in 0..4 {
        world.run(20.0);
        world.phone_sends(None);
    }
    assert_eq!(world.when("RequestSystemStatus"), [] as [f64; 0]);
}

#[test]
fn a_phone_that_keeps_ending_its_sessions_is_asked_ever_slower_until_one_lasts() {
    let mut world = World::up(config());
    for full in [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
        world.phone.heard.clear();
        let ended = world.time();
        world.phone_hangs_up_the_session();
        world.run(full);
        let [invited] = world.when("INVITE")[..] else { panic!("{:?}", world.heard()) };
        assert!(invited - ended >= 0.75 * full - 0.001, "after {} of {full} s", invited - ended);
        assert_eq!(world.states.last(), Some(&State::Up));
    }
    world.run(31.0);
    let ended = world.time();
    world.phone.heard.clear();
    world.phone_hangs_up_the_session();
    assert_eq!(world.when("INVITE"), [ended], "a steady session is opened again at once");
    world.phone_hangs_up_the_session();
    world.run(1.0);
    assert_eq!(world.when("INVITE").len(), 2, "and the waits begin anew");
}

#[test]
fn the_end_in_order() {
    let mut world = World::up(two_lines());
    world.phone.always("MakeCall", || Reply::Silence);
    world.dial(7, "987", "100");
    world.phone.heard.clear();
    world.give(Input::Stop);
    assert_eq!(world.heard(), ["MonitorStop 42", "MonitorStop 43", "BYE"]);
    assert_eq!(world.outcomes, [(7, Outcome::NoAnswer)], "whoever waits is told");
    assert_eq!(world.session.deadline(), None);
    world.dial(8, "987", "100");
    assert_eq!(world.outcomes[1], (8, Outcome::NoLink { reason: "the gateway is stopping".into() }));
    world.give(Input::Unreachable("late".into()));
    world.give(Input::Reachable(way()));
    world.run(300.0);
    assert_eq!(world.when("INVITE"), [] as [f64; 0], "nothing wakes it up");
}

#[test]
fn the_end_before_there_was_a_session() {
    let mut world = World::new(config());
    world.phone.off = true;
    world.run(1.0);
    world.give(Input::Stop);
    world.phone.off = false;
    world.run(40.0);
    assert_eq!(world.session.deadline(), None);
    assert_eq!(world.phone.dialog, None, "an INVITE that was under way leaves no session behind: {:?}", world.heard());
}
