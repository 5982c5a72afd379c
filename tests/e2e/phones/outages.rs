//! Phones that are away, come back, or never were there.

use std::time::Duration;

use simulator::{Handset, PhoneConfig};
use sip::Transport;

use super::{Desk, House, phone_of, within};

#[tokio::test]
async fn a_reboot_over_udp() {
    check_reboot(Transport::Udp).await;
}

#[tokio::test]
async fn a_reboot_over_tcp() {
    check_reboot(Transport::Tcp).await;
}

/// The phone answers the heartbeat with 481: the call it had is lost, and it is monitored anew.
async fn check_reboot(transport: Transport) {
    let phone = phone_at("127.0.0.1:0", transport).await;
    let mut house = House::open(&[Desk::of(&phone)]).await;
    house.wait_up(&phone).await;
    let call = phone.ring("0301234", None);
    assert!(phone.answer(call));
    house.expect(&["987/inbound 0301234", "987/connected 0301234"]).await;
    phone.reboot();
    house.expect(&["987/disconnected 0301234 lost synthetic"]).await;
    check_heard(&phone, &mut house).await;
    house.close().await;
}

#[tokio::test]
async fn off_at_the_start_over_udp() {
    check_off_at_the_start(Transport::Udp).await;
}

#[tokio::test]
async fn off_at_the_start_over_tcp() {
    check_off_at_the_start(Transport::Tcp).await;
}

async fn check_off_at_the_start(transport: Transport) {
    let phone = phone_at("127.0.0.1:0", transport).await;
    let (address, desk) = (phone.address().to_string(), Desk::of(&phone));
    switch_off(phone).await;
    let mut house = House::open(&[desk]).await;
    let reason = match transport {
        Transport::Tcp | Transport::Tls => "nothing listens at the phone's address",
        Transport::Udp => "the phone does not answer",
    };
    house.dial_until("987", reason).await;
    let phone = phone_at(&address, transport).await;
    check_heard(&phone, &mut house).await;
    house.close().await;
}

#[tokio::test]
async fn switched_off_in_a_call_over_udp() {
    check_switched_off(Transport::Udp).await;
}

#[tokio::test]
async fn switched_off_in_a_call_over_tcp() {
    check_switched_off(Transport::Tcp).await;
}

/// Whoever dials meanwhile is told that there is no session; the call is lost when the phone is back without it.
async fn check_switched_off(transport: Transport) {
    let phone = phone_at("127.0.0.1:0", transport).await;
    let (address, desk) = (phone.address().to_string(), Desk::of(&phone));
    let mut house = House::open(&[desk]).await;
    house.wait_up(&phone).await;
    phone.ring("0301234", None);
    house.expect(&["987/inbound 0301234"]).await;
    switch_off(phone).await;
    house.dial_until("987", "There is no link").await;
    let phone = phone_at(&address, transport).await;
    house.expect(&["987/disconnected 0301234 lost synthetic"]).await;
    check_heard(&phone, &mut house).await;
    house.close().await;
}

/// Two calls stand when the cable comes out. One ends meanwhile; the other is still there afterwards, and is the same.
#[tokio::test]
async fn a_silent_phone_is_noticed_and_its_calls_are_compared() {
    let phone = phone_at("127.0.0.1:0", Transport::Udp).await;
    let mut house = House::open(&[Desk::of(&phone)]).await;
    house.wait_up(&phone).await;
    let ending = phone.ring("0301", None);
    house.expect(&["987/inbound 0301"]).await;
    let staying = phone.ring("0302", None);
    house.expect(&["987/inbound 0302"]).await;

    phone.go_silent(Duration::from_secs(6));
    assert!(phone.hang_up(ending));
    house.dial_until("987", "no answer within").await;
    house.expect(&["987/disconnected 0301 lost synthetic"]).await;
    assert!(phone.answer(staying) && phone.hang_up(staying));
    house.expect(&["987/connected 0302", "987/disconnected 0302 answered"]).await;
    house.close().await;
}

/// Nobody can vouch for a call from before a new session with a phone that gives no snapshot.
#[tokio::test]
async fn a_phone_without_snapshots() {
    let phone = Handset::udp(PhoneConfig { snapshot_supported: false, ..phone_of("987") }).await.unwrap();
    let mut house = House::open(&[Desk::of(&phone)]).await;
    house.wait_up(&phone).await;
    let call = phone.ring("0301234", None);
    assert!(phone.answer(call));
    house.expect(&["987/inbound 0301234", "987/connected 0301234"]).await;
    phone.act(|phone, now| phone.end_session(now));
    house.expect(&["987/disconnected 0301234 lost synthetic"]).await;
    check_heard(&phone, &mut house).await;
    house.close().await;
}

async fn phone_at(address: &str, transport: Transport) -> Handset {
    Handset::start(phone_of("987"), transport, address.parse().unwrap()).await.unwrap()
}

/// With its last handle a phone is off; its socket is free when its tasks have run once more.
async fn switch_off(phone: Handset) {
    let address = phone.address();
    drop(phone);
    let free = async {
        while std::net::UdpSocket::bind(address).is_err() || std::net::TcpListener::bind(address).is_err() {
            tokio::task::yield_now().await;
        }
    };
    within("the end of the phone", free).await;
}

/// The phone is monitored, and a call of it is told.
async fn check_heard(phone: &Handset, house: &mut House) {
    house.wait_up(phone).await;
    let call = phone.ring("0307777", None);
    assert!(phone.hang_up(call));
    house.expect(&["987/inbound 0307777", "987/disconnected 0307777 missed"]).await;
}
