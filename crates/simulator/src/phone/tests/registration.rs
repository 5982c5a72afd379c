//! The phone's own registration.

use std::time::Duration;

use super::gateway::{World, flow};
use crate::{Credentials, PhoneConfig, Registration};

fn world(password: &str) -> World {
    let credentials = Credentials { username: "101".to_owned(), password: password.to_owned() };
    let registrar = flow(false).remote;
    let registration = Registration { registrar, credentials, expires: Duration::from_secs(120) };
    World::new(PhoneConfig { registration: Some(registration), ..PhoneConfig::default() })
}

#[test]
fn it_is_refreshed_at_half_time_and_made_anew_after_a_restart() {
    let mut world = world("geheim");
    world.act(|phone, now| phone.connect(now, flow(false)));
    assert_eq!((world.phone.registration_status(), world.registers), (Some(200), 2));
    let binding = world.registered[0].binding.clone().expect("a binding");
    assert_eq!(binding.flow.remote, flow(false).local);
    assert_eq!(binding.contact.user(), Some("101"));
    world.wait(Duration::from_secs(599));
    assert_eq!(world.registered.len(), 1, "a refresh is no news");
    // Every 60 s, and once more with a new nonce where the old one is older than five minutes.
    assert_eq!(world.registers, 2 + 9 + 1);
    world.act(|phone, now| phone.reboot(now));
    let again = world.registered[1].binding.clone().expect("a binding");
    assert_eq!((again.contact, again.flow), (binding.contact, binding.flow));
    assert_ne!(again.call_id, binding.call_id);
}

#[test]
fn a_refused_registration_is_tried_again() {
    let mut world = world("falsch");
    world.act(|phone, now| phone.connect(now, flow(false)));
    assert_eq!((world.phone.registration_status(), world.registers), (Some(401), 2));
    world.wait(Duration::from_secs(5));
    assert_eq!(world.registers, 4);
    assert!(world.registered.is_empty());
}

#[test]
fn a_phone_without_an_account_does_not_register() {
    let mut world = World::new(PhoneConfig::default());
    world.act(|phone, now| phone.connect(now, flow(false)));
    assert_eq!((world.phone.registration_status(), world.registers), (None, 0));
}
