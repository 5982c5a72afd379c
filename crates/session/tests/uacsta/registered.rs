//! A phone that registers here, and the session that waits for it.

use std::time::Duration;

use call_model::Outcome;
use session::{Input, Reach, State, UacstaConfig};

use crate::phone::Reply;
use crate::world::{World, config, flow};

fn world() -> World {
    World::new(UacstaConfig { reach: Reach::Registered { user: "987".into() }, ..config() })
}

/// The phone registers from where it is; its own address is one behind a NAT.
fn register(world: &mut World, call_id: &str) {
    register_as(world, "sip:987@10.9.9.9:5060", call_id);
}

fn register_as(world: &mut World, contact: &str, call_id: &str) {
    let contact: sip::Uri = contact.parse().expect("a URI");
    #[allow(clippy::disallowed_methods)] // when it ends is for the registrar to know
    let expires_at = std::time::Instant::now() + Duration::from_secs(3600);
    let call_id = call_id.to_owned();
    world.give(Input::Registered(Some(sip::Binding {
        account: "sip:987@gateway.example.com".parse().expect("a URI"),
        contact,
        flow: flow(),
        expires_at,
        call_id,
    })));
}

fn down(why: &str) -> State {
    State::Down(why.into())
}

const NOT_YET: &str = "the phone has not registered yet";
const NOT_ANY_MORE: &str = "the phone is not registered any more";
const ANEW: &str = "the phone registered anew: it was restarted, or moved";

#[test]
fn it_waits_for_the_registration_and_opens_at_once() {
    let mut world = world();
    world.run(100.0);
    assert_eq!((world.states.as_slice(), world.heard().len()), ([down(NOT_YET)].as_slice(), 0));
    assert_eq!(world.session.deadline(), None, "there is nothing to try again");
    register(&mut world, "boot-1");
    assert_eq!(world.states, [down(NOT_YET), State::Up]);
    assert_eq!(world.when("INVITE"), [100.0]);
    let invite = &world.sent[0].1;
    assert!(invite.starts_with("INVITE sip:987@10.9.9.9:5060 SIP/2.0\r\n"), "{invite}");
    assert!(
        invite.contains("\r\nTo: <sip:987@gateway.example.com>\r\n"),
        "another account may have this contact: {invite}"
    );
}

#[test]
fn a_phone_that_registers_before_the_first_deadline_is_not_made_to_wait() {
    let mut world = world();
    register(&mut world, "boot-1");
    world.run(1.0);
    assert_eq!((world.states.as_slice(), world.when("INVITE").len()), ([State::Up].as_slice(), 1));
}

/// RFC 3261 26.2.2, whoever said where the phone is.
#[test]
fn a_sips_address_is_never_called_without_tls() {
    let mut world = world();
    register_as(&mut world, "sips:987@10.9.9.9", "boot-1");
    world.run(100.0);
    assert_eq!(world.heard(), Vec::<&str>::new());
    let Some(State::Down(why)) = world.states.last() else { panic!("{:?}", world.states) };
    assert!(why.contains("must be TLS"), "{why}");
}

#[test]
fn a_restarted_phone_gets_a_new_session_at_once() {
    let mut world = world();
    register(&mut world, "boot-1");
    world.run(1.0);
    world.phone.reboot();
    let old = world.session.dialog();
    register(&mut world, "boot-2");
    assert_eq!(world.states, [State::Up, down(ANEW), State::Up]);
    assert_eq!(world.when("INVITE"), [0.0, 1.0]);
    assert_ne!(world.session.dialog(), old);
}

#[test]
fn without_a_registration_there_is_no_session() {
    let mut world = world();
    register(&mut world, "boot-1");
    world.give(Input::Registered(None));
    assert_eq!(world.heard().last(), Some(&"BYE"));
    assert_eq!(world.states, [State::Up, down(NOT_ANY_MORE)]);
    assert_eq!((world.session.dialog(), world.session.deadline()), (None, None));
    world.dial(1, "987", "0301234");
    assert_eq!(world.outcomes, [(1, Outcome::NoLink { reason: NOT_ANY_MORE.into() })]);
    register(&mut world, "boot-2");
    assert_eq!(world.states.last(), Some(&State::Up));
}

#[test]
fn a_registered_phone_that_refuses_is_asked_again_where_it_is() {
    let mut world = world();
    world.phone.always("INVITE", || Reply::Sip(sip::Answer::new(486)));
    register(&mut world, "boot-1");
    world.run(10.0);
    let attempts = world.when("INVITE");
    assert!(attempts.len() > 2 && attempts[2] - attempts[1] > attempts[1], "{attempts:?}");
    world.phone.as_usual("INVITE");
    register(&mut world, "boot-2");
    assert_eq!(world.states.last(), Some(&State::Up), "a registration does not wait for the next attempt");
}

#[test]
fn a_phone_that_is_silent_is_called_anew_as_long_as_it_is_registered() {
    let mut world = world();
    register(&mut world, "boot-1");
    world.phone.off = true;
    world.run(60.0);
    world.phone.off = false;
    world.run(40.0);
    assert_eq!(world.states.last(), Some(&State::Up));
}

#[test]
fn a_session_that_was_stopped_stays_so() {
    let mut world = world();
    register(&mut world, "boot-1");
    world.give(Input::Stop);
    register(&mut world, "boot-2");
    world.give(Input::Registered(None));
    assert_eq!((world.states.as_slice(), world.when("INVITE").len()), ([State::Up].as_slice(), 1));
}
