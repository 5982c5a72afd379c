//! Calls of phones that are there.

use simulator::{Challenge, Fleet, Handset, Outcome, PhoneConfig};
use sip::Transport;
use sip::digest::Algorithm;

use super::{Desk, House, phone_of, within};

const USERNAME: &str = "987";
const PASSWORD: &str = "correct horse";

/// What a phone asks for: never, for the INVITE, for every request.
#[derive(Clone, Copy)]
enum Asks {
    Never,
    Once(Algorithm),
    Always(Algorithm),
}

#[tokio::test]
async fn without_a_login_over_udp() {
    check(Transport::Udp, Asks::Never).await;
}

#[tokio::test]
async fn without_a_login_over_tcp() {
    check(Transport::Tcp, Asks::Never).await;
}

#[tokio::test]
async fn md5_over_udp() {
    check(Transport::Udp, Asks::Once(Algorithm::MD5)).await;
}

#[tokio::test]
async fn md5_over_tcp_for_every_request() {
    check(Transport::Tcp, Asks::Always(Algorithm::MD5)).await;
}

#[tokio::test]
async fn sha_256_over_tcp() {
    check(Transport::Tcp, Asks::Once(Algorithm::SHA_256)).await;
}

#[tokio::test]
async fn sha_256_over_udp_for_every_request() {
    check(Transport::Udp, Asks::Always(Algorithm::SHA_256)).await;
}

/// An incoming call that is held, a missed one, one that the phone dials, and one that the gateway dials.
async fn check(transport: Transport, asks: Asks) {
    let digest = |algorithm, every_request| {
        Some(Challenge { algorithm, username: USERNAME.into(), password: PASSWORD.into(), every_request })
    };
    let digest = match asks {
        Asks::Never => None,
        Asks::Once(algorithm) => digest(algorithm, false),
        Asks::Always(algorithm) => digest(algorithm, true),
    };
    let config = PhoneConfig { digest, ..phone_of("987") };
    let phone = Handset::start(config, transport, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let desk = match asks {
        Asks::Never => Desk::of(&phone),
        Asks::Once(_) | Asks::Always(_) => Desk::of(&phone).login(USERNAME, PASSWORD),
    };
    let mut house = House::open(&[desk]).await;
    house.wait_up(&phone).await;

    let call = phone.ring("0301234", None);
    house.expect(&["987/inbound 0301234"]).await;
    assert!(phone.answer(call) && phone.hold(call) && phone.retrieve(call) && phone.caller_hangs_up(call));
    house.expect(&["987/connected 0301234", "987/hold 0301234 on_hold", "987/hold 0301234"]).await;
    house.expect(&["987/disconnected 0301234 answered"]).await;

    let call = phone.ring("0301235", None);
    assert!(phone.hang_up(call));
    house.expect(&["987/inbound 0301235", "987/disconnected 0301235 missed"]).await;

    let call = phone.dial("0301236");
    assert!(phone.far_answers(call) && phone.hang_up(call));
    let outbound = ["987/outbound 0301236", "987/connected 0301236", "987/disconnected 0301236 answered"];
    house.expect(&outbound).await;

    let (status, text) = house.gateway.get("/?action=make_call&target=0301237").await;
    assert_eq!(status, 200, "{text}");
    let call = phone.wait_dialled().await;
    assert!(phone.far_answers(call) && phone.hang_up(call));
    let outbound = ["987/outbound 0301237", "987/connected 0301237", "987/disconnected 0301237 answered"];
    house.expect(&outbound).await;
    house.close().await;
    within("the BYE", phone.wait_unmonitored()).await;
}

#[tokio::test]
async fn a_wrong_password_is_named_to_whoever_dials() {
    let digest = Challenge {
        algorithm: Algorithm::SHA_256,
        username: USERNAME.into(),
        password: PASSWORD.into(),
        every_request: false,
    };
    let phone = Handset::udp(PhoneConfig { digest: Some(digest), ..phone_of("987") }).await.unwrap();
    let house = House::open(&[Desk::of(&phone).login(USERNAME, "correct hoarse")]).await;
    house.dial_until("987", "refuses the username or password").await;
    assert!(!phone.look(|phone| phone.has_session()));
    house.close().await;

    let house = House::open(&[Desk::of(&phone)]).await;
    house.dial_until("987", "set username and password").await;
    house.close().await;
}

/// Each of these costs itself alone: how it is answered, and the call that follows is heard.
#[tokio::test]
async fn what_nobody_can_read_costs_itself_alone() {
    let nested = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    let cases = [
        ("", 200),
        ("no XML at all", 400),
        ("<HeldEvent>", 400),
        ("<!DOCTYPE x [<!ENTITY a \"b\">]><HeldEvent>&a;</HeldEvent>", 400),
        ("<HeldEvent xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed5\"/>", 200),
        (nested.as_str(), 400),
        (
            "<FutureEvent xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed5\"><monitorCrossRefID>{XREF}</monitorCrossRefID></FutureEvent>",
            200,
        ),
    ];
    let phone = Handset::tcp(phone_of("987")).await.unwrap();
    let mut house = House::open(&[Desk::of(&phone)]).await;
    house.wait_up(&phone).await;
    for (number, (xml, status)) in (10..).zip(cases) {
        phone.send_raw(xml);
        let call = phone.ring(&format!("0301{number}"), None);
        assert!(phone.hang_up(call));
        let (inbound, missed) = (format!("987/inbound 0301{number}"), format!("987/disconnected 0301{number} missed"));
        house.expect(&[&inbound, &missed]).await;
        let reports: Vec<_> = phone.look(|phone| phone.reports().cloned().collect());
        let raw = reports
            .iter()
            .rev()
            .find(|report| report.event != "DeliveredEvent" && report.event != "ConnectionClearedEvent");
        assert_eq!(raw.map(|report| report.outcome), Some(Outcome::Answered(status)), "{xml:.80}");
    }
    house.close().await;
}

#[tokio::test]
async fn two_hundred_phones_come_up_and_each_is_heard() {
    let fleet = Fleet::start(200, PhoneConfig::new("1000")).await.unwrap();
    let desks: Vec<Desk> = fleet.handsets().iter().map(Desk::of).collect();
    let mut house = House::open(&desks).await;
    for phone in fleet.handsets() {
        within("the session", phone.wait_monitored()).await;
    }
    for phone in fleet.handsets() {
        phone.ring("0301234", None);
    }
    let mut expected: Vec<String> = (1000..1200).map(|line| format!("{line}/inbound 0301234")).collect();
    let mut came: Vec<String> = house.receiver.next(200).await.iter().map(|line| super::shortened(line)).collect();
    came.iter_mut().for_each(|line| *line = line.replace(" synthetic", "")); // rang before its phone was compared
    expected.sort();
    came.sort();
    assert_eq!(came, expected);
    house.close().await;
}
