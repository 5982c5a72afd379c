//! sipp plays the desk phone, called by the gateway or registered at it.

mod case;
mod digest;
mod play;
mod process;
mod scenario;
mod tls;

use tests::capture::{Capture, SESSION};
use tests::peer;

use self::case::{Case, MD5, OLD_MD5, SHA_256, Transport};
use self::play::play;
use self::scenario::{INBOUND_CALL, MAKE_CALL, MAKE_CALL_REFUSED};

/// A test for each case.
macro_rules! cases {
    ($check:ident: $($name:ident: $case:expr;)*) => { $(#[tokio::test] async fn $name() { $check($case).await; })* };
}

cases! { check:
    inbound_call_over_udp: Case::new(&INBOUND_CALL, Transport::Udp);
    inbound_call_over_tcp: Case::new(&INBOUND_CALL, Transport::Tcp);
    inbound_call_over_tls: Case::new(&INBOUND_CALL, Transport::Tls);
    inbound_call_of_a_phone_that_registers_over_udp: Case::new(&INBOUND_CALL, Transport::Udp).registering();
    inbound_call_of_a_phone_that_registers_over_tcp: Case::new(&INBOUND_CALL, Transport::Tcp).registering();
    inbound_call_of_a_phone_that_registers_over_tls: Case::new(&INBOUND_CALL, Transport::Tls).registering();
    phone_asks_for_md5_without_qop: Case::new(&INBOUND_CALL, Transport::Udp).login("401", OLD_MD5);
    phone_asks_for_md5_over_udp: Case::new(&INBOUND_CALL, Transport::Udp).login("401", MD5);
    phone_asks_for_md5_over_tcp: Case::new(&INBOUND_CALL, Transport::Tcp).login("401", MD5);
    phone_asks_for_sha_256_over_udp: Case::new(&INBOUND_CALL, Transport::Udp).login("401", SHA_256);
    phone_asks_for_sha_256_over_tcp: Case::new(&INBOUND_CALL, Transport::Tcp).login("401", SHA_256);
    phone_behind_a_proxy: Case::new(&INBOUND_CALL, Transport::Udp).proxied();
    proxy_asks_for_a_login: Case::new(&INBOUND_CALL, Transport::Tcp).proxied().login("407", SHA_256);
    make_call_over_udp: Case::new(&MAKE_CALL, Transport::Udp);
    make_call_over_tcp: Case::new(&MAKE_CALL, Transport::Tcp);
    make_call_refused_by_the_phone: Case::new(&MAKE_CALL_REFUSED, Transport::Udp);
}

cases! { check_capture:
    captured_inbound_call_over_udp: Case::new(&INBOUND_CALL, Transport::Udp);
    captured_make_call_over_tcp: Case::new(&MAKE_CALL, Transport::Tcp);
    captured_make_call_over_tls: Case::new(&MAKE_CALL, Transport::Tls);
    captured_make_call_of_a_phone_that_registers_over_udp: Case::new(&MAKE_CALL, Transport::Udp).registering();
    captured_make_call_of_a_phone_that_registers_over_tcp: Case::new(&MAKE_CALL, Transport::Tcp).registering();
    captured_make_call_of_a_phone_that_registers_over_tls: Case::new(&MAKE_CALL, Transport::Tls).registering();
    captured_refusal_over_tcp: Case::new(&MAKE_CALL_REFUSED, Transport::Tcp);
}

/// sipp and the receiver must see exactly what the scenario says.
async fn check(case: Case) {
    if case.has_peers() {
        play(case, peer::free_port()).await;
    }
}

/// tshark must find the root element of every CSTA message of a session, in order, and nothing malformed.
async fn check_capture(case: Case) {
    if !case.has_peers() {
        return;
    }
    let port = peer::free_port();
    let Some(capture) = Capture::start(&[port], &[]).await else { return };
    play(case, port).await;
    let seen = capture.stop().await;
    assert_eq!(seen.elements(port).await, case.scenario.elements);
    seen.assert_sound(&SESSION).await;
}
