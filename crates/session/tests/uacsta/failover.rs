//! A name with several servers, one after the other (RFC 3263 4.3).

use std::net::SocketAddr;

use session::{Dialect, State, UacstaConfig};

use crate::phone::Reply;
use crate::world::{World, config, flow};

fn server(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 5060))
}

fn world(servers: &[SocketAddr], dead: &[SocketAddr]) -> World {
    let mut world = World::new(config());
    (world.servers, world.dead) = (servers.to_vec(), dead.to_vec());
    world
}

fn down(world: &World) -> &str {
    match world.states.last() {
        Some(State::Down(why)) => why,
        other => panic!("not down but {other:?}"),
    }
}

#[test]
fn the_next_server_is_tried_before_the_link_is_called_down() {
    let mut world = world(&[server(11), server(12), flow().remote], &[server(11), server(12)]);
    world.run(60.0);
    assert_eq!(world.attempts(), [0.0, 4.0, 8.0]);
    assert_eq!(world.states, [State::Up]);
}

#[test]
fn what_worked_is_taken_again_until_it_fails() {
    let mut world = world(&[server(11), flow().remote], &[server(11)]);
    world.run(60.0);
    world.phone_hangs_up_the_session();
    world.run(1.0);
    assert_eq!(world.attempts(), [0.0, 4.0, 60.0], "straight to the one that answered");
    // It dies, and the other one lives: the phone answers at both.
    world.run(60.0);
    (world.dead, world.states) = (vec![flow().remote], Vec::new());
    world.run(60.0);
    assert_eq!(world.states.last(), Some(&State::Up));
    assert_eq!(world.attempts().len(), 5, "{:?}", world.attempts());
}

#[test]
fn when_all_are_dead_the_link_is_down_and_all_are_tried_again() {
    let servers = [server(11), server(12)];
    let mut world = world(&servers, &servers);
    world.run(8.0);
    assert_eq!(
        down(&world),
        "the phone does not answer: is it on, and are address and port right? (2 addresses were tried)"
    );
    world.run(10.0);
    assert_eq!(world.attempts().len(), 4, "{:?}", world.attempts());
    assert_eq!(world.states.len(), 1, "told once");
}

#[test]
fn the_others_may_be_gone_from_the_dns_meanwhile() {
    let mut world = world(&[server(11), server(12)], &[server(11)]);
    world.run(1.0);
    world.servers = vec![server(11)];
    world.run(4.0);
    assert_eq!(down(&world), "the phone does not answer: is it on, and are address and port right?");
}

#[test]
fn an_overloaded_server_is_passed_over_and_any_other_refusal_stands() {
    for (status, attempts) in [(503, 2), (486, 1)] {
        let mut world = world(&[server(11), flow().remote], &[]);
        world.phone.once("INVITE", Reply::Sip(sip::Answer::new(status)));
        world.run(0.5);
        assert_eq!(world.attempts().len(), attempts, "{status}");
    }
}

#[test]
fn a_phone_that_wants_to_be_left_alone_is() {
    let busy = |retry_after| Reply::Sip(sip::Answer { retry_after, ..sip::Answer::new(503) });
    for (retry_after, at_least, at_most) in [(Some(20), 20.0, 20.1), (Some(u32::MAX), 3600.0, 3600.1), (None, 0.7, 1.1)]
    {
        let mut world = World::new(config());
        world.phone.once("INVITE", busy(retry_after));
        world.run(4000.0);
        let second = world.attempts()[1];
        assert!((at_least..at_most).contains(&second), "{retry_after:?}: {second}");
    }
    let mut world = World::new(config());
    world.phone.once("INVITE", busy(Some(20)));
    world.run(1.0);
    assert_eq!(
        down(&world),
        "the phone refuses the session: 503 Service Unavailable, and asks to be left alone for 20 s"
    );
}

/// A phone that is met outside of sessions has servers, too.
#[test]
fn a_phone_without_sessions_is_looked_for_at_each_server() {
    let mut world = World::new(UacstaConfig { dialect: Dialect::named("openstage"), ..config() });
    (world.servers, world.dead) = (vec![server(11), server(12), flow().remote], vec![server(11), server(12)]);
    world.run(60.0);
    let greeted: Vec<_> =
        world.transmissions("OPTIONS ").into_iter().filter(|at| [0.0, 4.0, 8.0].contains(at)).collect();
    assert_eq!(greeted, [0.0, 4.0, 8.0]);
    let state = State::Degraded("can be dialled, reports no calls".into());
    assert_eq!(world.states, [state], "and it stays so");
}
