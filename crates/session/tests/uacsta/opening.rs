//! INVITE, MonitorStart, SnapshotDevice; and what an INVITE that comes to nothing is followed by.

use std::time::Duration;

use csta::{RequestSystemStatusResponse, Response, SystemStatus};
use session::{Input, Reach, Reconnect, State, UacstaConfig};

use crate::phone::{Reply, csta};
use crate::world::{World, config, two_lines, way};

fn down(world: &World) -> &str {
    match world.states.last() {
        Some(State::Down(why)) => why,
        other => panic!("not down but {other:?}"),
    }
}

#[test]
fn one_line_is_monitored_then_compared_with_a_snapshot() {
    let mut world = World::new(config());
    world.run(0.0);
    let device = "sip:987@192.0.2.20";
    assert_eq!(world.heard(), ["INVITE", &format!("MonitorStart {device}"), &format!("SnapshotDevice {device}")]);
    assert_eq!(world.states, [State::Up]);
    assert_eq!(world.snapshots.len(), 1);
}

#[test]
fn the_lines_of_a_phone_come_one_after_the_other() {
    let mut world = World::new(two_lines());
    world.run(0.0);
    let expected = [
        "INVITE",
        "MonitorStart sip:987@pbx",
        "SnapshotDevice sip:987@pbx",
        "MonitorStart sip:988@pbx",
        "SnapshotDevice sip:988@pbx",
    ];
    assert_eq!(world.heard(), expected);
    assert_eq!(world.states, [State::Up], "told once, when all lines run");
}

#[test]
fn an_answer_without_a_status_is_as_good_as_normal() {
    let bodies = [
        None,
        Some(csta(&Response::RequestSystemStatus(RequestSystemStatusResponse { status: None }).into())),
        Some(csta(&csta::CstaError::service_not_supported().into())),
        Some(sip::Body::csta("rubbish")),
    ];
    for body in bodies {
        let mut world = World::new(config());
        world.phone.once("INVITE", Reply::Sip(sip::Answer { body, ..sip::Answer::new(200) }));
        world.run(0.0);
        assert_eq!(world.states, [State::Up]);
    }
}

#[test]
fn a_phone_whose_status_is_not_normal_is_left_and_asked_again() {
    let mut world = World::new(config());
    let status = Some(SystemStatus::Initializing);
    let answer = Response::RequestSystemStatus(RequestSystemStatusResponse { status });
    world.phone.once("INVITE", Reply::Csta(answer.into()));
    world.run(0.0);
    assert_eq!(world.heard(), ["INVITE", "BYE"]);
    assert_eq!(down(&world), "the phone's system status is initializing, not normal");
    world.run(1.0);
    assert_eq!(world.states.last(), Some(&State::Up));
}

#[test]
fn a_phone_that_asks_for_a_password() {
    let right = Some(("987", "secret"));
    let cases = [
        (right, None),
        (Some(("987", "wrong")), Some("the phone refuses the username or password of this link")),
        (None, Some("the phone asks for a login: set username and password of this link")),
    ];
    for (credentials, words) in cases {
        let credentials = credentials
            .map(|(username, password)| sip::Credentials { username: username.into(), password: password.into() });
        let mut world = World::new(UacstaConfig { credentials, ..config() });
        world.phone.login = right;
        world.run(0.0);
        match words {
            None => assert_eq!(world.states, [State::Up]),
            Some(words) => assert_eq!(down(&world), words),
        }
    }
}

#[test]
fn a_refusal_says_what_to_look_at() {
    let cases = [
        (403, "the phone refuses the session: 403 Forbidden"),
        (404, "404 Not Found: the phone does not know this address, or is not registered"),
        (480, "480 Temporarily Unavailable: the phone does not know this address, or is not registered"),
        (486, "the phone refuses the session: 486 Busy Here"),
        (488, "488 Request Failure: the phone does not take CSTA; is uaCSTA switched on in its settings?"),
        (603, "the phone refuses the session: 603 Decline"),
    ];
    for (status, words) in cases {
        let mut world = World::new(config());
        world.phone.always("INVITE", move || Reply::Sip(sip::Answer::new(status)));
        world.run(0.0);
        assert_eq!(down(&world), words);
        world.phone.as_usual("INVITE");
        world.run(1.0);
        assert_eq!(world.states.last(), Some(&State::Up), "{status} is not for ever");
    }
}

#[test]
fn a_phone_that_says_ringing_and_nothing_more_is_given_up_and_asked_anew() {
    let mut world = World::new(config());
    world.phone.once("INVITE", Reply::Sip(sip::Answer::new(180)));
    world.run(9.9);
    assert!(world.states.is_empty(), "{:?}", world.states);
    world.run(0.2);
    assert_eq!(down(&world), "the phone neither takes nor refuses the session");
    world.run(5.0);
    assert_eq!(world.states.last(), Some(&State::Up));
}

#[test]
fn a_phone_that_is_off_is_given_up_after_four_seconds_and_asked_ever_slower() {
    let reconnect = Reconnect { first: Duration::from_secs(1), max: Duration::from_secs(8) };
    let mut world = World::new(UacstaConfig { reconnect, ..config() });
    world.phone.off = true;
    world.run(3.9);
    assert!(world.states.is_empty());
    world.run(0.2);
    assert!(down(&world).starts_with("the phone does not answer"), "{:?}", world.states);
    world.run(95.9);
    let attempts = world.attempts();
    let waits: Vec<f64> = attempts.windows(2).map(|pair| pair[1] - pair[0] - 4.0).collect();
    assert!(waits.len() >= 8, "{waits:?}");
    for (wait, full) in waits.iter().zip([1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0]) {
        assert!((0.75 * full - 0.001..=full + 0.001).contains(wait), "{wait} of {full} s: {waits:?}");
    }
    assert!(waits[4] != waits[5], "jitter");
}

#[test]
fn a_phone_that_was_long_away_is_taken_at_once_and_counts_from_the_start_again() {
    let mut world = World::new(config());
    world.phone.off = true;
    world.run(600.0);
    world.phone.off = false;
    world.run(35.0);
    assert_eq!(world.states.last(), Some(&State::Up));
    // It is still booting: its first session does not last. That is no reason to wait half a minute.
    world.phone_hangs_up_the_session();
    world.run(1.0);
    assert_eq!(world.states.last(), Some(&State::Up));
}

#[test]
fn an_address_that_is_not_found() {
    let mut world = World::new(config());
    world.unreachable = Some("no such host");
    world.run(0.0);
    assert_eq!(down(&world), "cannot reach sip:987@192.0.2.20: no such host");
    world.unreachable = None;
    world.run(1.0);
    assert_eq!(world.states.last(), Some(&State::Up));
}

#[test]
fn a_lookup_that_never_ends_is_given_up() {
    let mut world = World::new(config());
    world.lost_lookup = true;
    world.run(60.0);
    assert_eq!(down(&world), "cannot reach sip:987@192.0.2.20: its address is not found");
    world.lost_lookup = false;
    world.run(1.0);
    assert_eq!(world.states, [State::Down(down_words()), State::Up]);
    // The answer to a question that nobody asks any more.
    world.give(Input::Reachable(way()));
    world.give(Input::Unreachable("late".into()));
    assert_eq!(world.when("INVITE").len(), 1);
    assert_eq!(world.states.len(), 2);
}

fn down_words() -> String {
    "cannot reach sip:987@192.0.2.20: its address is not found".into()
}

#[test]
fn through_a_proxy() {
    let credentials = Some(sip::Credentials { username: "gw".into(), password: "secret".into() });
    for proxy in ["sip:pbx.example.com;lr", "sip:pbx.example.com"] {
        let (uri, proxy) = ("sip:987@192.0.2.20".parse().unwrap(), Some(proxy.parse().unwrap()));
        let reach = Reach::At { uri, proxy };
        let mut world = World::new(UacstaConfig { reach, credentials: credentials.clone(), ..config() });
        world.run(0.0);
        assert_eq!(world.states, [State::Up]);
        let invite = &world.sent[0].1;
        assert!(invite.starts_with("INVITE sip:987@192.0.2.20 SIP/2.0\r\n"), "{invite}");
        assert!(invite.contains("\r\nRoute: <sip:pbx.example.com;lr>\r\n"), "{invite}");
        assert!(invite.contains("\r\nFrom: <sip:gw@pbx.example.com>"), "{invite}");
        assert!(invite.contains("\r\nContent-Disposition: signal;handling=required\r\n"), "{invite}");
    }
}

#[test]
fn an_agent_without_room_is_asked_again_later() {
    // The INVITE and its MonitorStart fill it; the snapshot finds no room.
    let mut world = World::bounded(config(), 2);
    world.run(100.0);
    assert!(down(&world).ends_with("503 Service Unavailable"), "{:?}", world.states);
    assert!(!world.states.contains(&State::Up));
    assert!((5..20).contains(&world.attempts().len()), "{:?}", world.attempts());
    assert!(world.unverified.is_empty(), "the phone said nothing about its calls");
}
