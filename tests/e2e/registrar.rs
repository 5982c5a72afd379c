//! Phones that register at the gateway, on real sockets: simulated ones, and sipp.

mod sipp;

use std::net::SocketAddr;
use std::time::Duration;

use simulator::{Credentials, Handset, PhoneConfig, Registration};
use sip::Transport;
use tests::gateway::{RunningGateway, dialling};
use tests::peer;
use tests::receiver::Receiver;

/// So long a phone may take to get what it waits for.
const PATIENCE: Duration = Duration::from_secs(20);

const PASSWORD: &str = "correct horse";

fn config(receiver: &Receiver) -> String {
    format!(
        r#"
        [sip]
        listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]
        [[link]]
        name = "desk"
        kind = "uacsta"
        register = true
        username = "988"
        password = "{PASSWORD}"
        [[line]]
        number = "988"
        domain = "example.com"
        link = "desk"
        [[action_url]]
        on = ["inbound", "connected", "disconnected"]
        url = "http://{}/<$action>?line=<$local_party>&remote=<$remote_party>&result=<$call_result>"
        {dialling}
        "#,
        receiver.address,
        dialling = dialling(&["988"]),
    )
}

/// Where the gateway is reached over this transport.
fn registrar(gateway: &RunningGateway, transport: Transport) -> SocketAddr {
    let (udp, tcp) = gateway.sip();
    *if transport == Transport::Udp { udp } else { tcp }.first().expect("a listener")
}

async fn phone(transport: Transport, registrar: SocketAddr, password: &str) -> Handset {
    let credentials = Credentials { username: "988".into(), password: password.into() };
    let registration = Registration { registrar, credentials, expires: Duration::from_secs(60) };
    let config = PhoneConfig { registration: Some(registration), ..PhoneConfig::new("988") };
    Handset::start(config, transport, "127.0.0.1:0".parse().expect("an address")).await.expect("a socket")
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("not in good time")
}

#[tokio::test]
async fn a_phone_that_registers_over_udp_has_a_session_and_after_a_restart_a_new_one() {
    whole_story(Transport::Udp).await;
}

#[tokio::test]
async fn a_phone_that_registers_over_tcp_is_called_on_its_own_connection() {
    whole_story(Transport::Tcp).await;
}

async fn whole_story(transport: Transport) {
    let mut receiver = Receiver::start().await;
    let gateway = RunningGateway::start(&config(&receiver)).await;
    let (status, text) = gateway.get("/?action=make_call&target=03055512345").await;
    assert_eq!((status, text.contains("has not registered yet")), (503, true), "{text}");

    let phone = phone(transport, registrar(&gateway, transport), PASSWORD).await;
    soon(phone.wait_monitored()).await;
    phone.ring("0301234567", None);
    let requests = receiver.next(1).await;
    assert_eq!(requests, ["GET /inbound?line=988%40example.com&remote=0301234567&result="]);

    phone.reboot();
    soon(phone.wait_monitored()).await;
    let requests = receiver.next(1).await;
    assert_eq!(requests, ["GET /disconnected?line=988%40example.com&remote=0301234567&result=lost"]);
    let call = phone.ring("0307654321", None);
    phone.answer(call);
    phone.hang_up(call);
    let requests = receiver.next(3).await.join("\n");
    assert!(requests.contains("/inbound?") && requests.ends_with("remote=0307654321&result=answered"), "{requests}");
    gateway.stop().await;
    assert_eq!(receiver.rest(), Vec::<String>::new());
}

#[tokio::test]
async fn a_phone_whose_connection_is_lost_registers_on_the_next_one() {
    let receiver = Receiver::start().await;
    let gateway = RunningGateway::start(&config(&receiver)).await;
    let registrar = registrar(&gateway, Transport::Tcp);
    let first = phone(Transport::Tcp, registrar, PASSWORD).await;
    soon(first.wait_monitored()).await;
    drop(first);
    let down = async {
        while !gateway.get("/?action=make_call&target=03055512345").await.1.contains("not registered any more") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon(down).await;
    let second = phone(Transport::Tcp, registrar, PASSWORD).await;
    soon(second.wait_monitored()).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_phone_with_a_wrong_password_has_no_session() {
    let receiver = Receiver::start().await;
    let gateway = RunningGateway::start(&config(&receiver)).await;
    for transport in [Transport::Udp, Transport::Tcp] {
        let phone = phone(transport, registrar(&gateway, transport), "correct hearse").await;
        soon(phone.wait_registration(401)).await;
        let (status, text) = gateway.get("/?action=make_call&target=03055512345").await;
        assert_eq!((status, text.contains("has not registered yet")), (503, true), "{text}");
        assert!(!phone.look(simulator::Phone::has_session));
    }
    gateway.stop().await;
}

/// Somebody else's idea of a registration and of digest authentication. sipp knows MD5 alone and reads the first challenge
/// only: over UDP its request is so short that MD5 is all that fits into an answer of no more bytes.
#[tokio::test]
async fn sipp_registers_refreshes_and_leaves() {
    let Some(_) = peer::find("sipp", "sip-tester") else { return };
    let receiver = Receiver::start().await;
    let gateway = RunningGateway::start(&config(&receiver)).await;
    sipp::register(registrar(&gateway, Transport::Udp), PASSWORD).await;
    let (status, text) = gateway.get("/?action=make_call&target=03055512345").await;
    assert_eq!((status, text.contains("not registered any more")), (503, true), "{text}");
    gateway.stop().await;
}
