//! Phones over TLS on real sockets: who is believed, and that nothing is said to anybody else.

mod listener;
mod testssl;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use gateway::certificates::Fingerprint;
use simulator::{Handset, PhoneConfig};
use tests::capture::{Capture, SESSION};
use tests::certificates::{Authority, Issued};
use tests::gateway::{RunningGateway, dialling};
use tests::receiver::Receiver;
use tests::tap::Tap;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

/// So long a phone may take to get what it waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The certificates of a small house: the gateway's and the phone's come from one authority.
struct House {
    authority: Authority,
    stranger: Authority,
    gateway: Issued,
    phone: Issued,
}

impl House {
    fn new() -> Self {
        let (authority, stranger) = (Authority::new("the PBX's authority"), Authority::new("a stranger"));
        let (gateway, phone) = (authority.issue("127.0.0.1"), authority.issue("phone.example.com"));
        Self { authority, stranger, gateway, phone }
    }

    async fn phone(&self, gateways_from: Option<&Authority>) -> Handset {
        self.phone_at("127.0.0.1:0", gateways_from).await
    }

    async fn phone_at(&self, at: &str, gateways_from: Option<&Authority>) -> Handset {
        let secure = self.phone.phone(gateways_from, &self.authority);
        let at = at.parse().expect("an address");
        Handset::tls(PhoneConfig::new("987"), secure, at).await.expect("a socket")
    }

    /// The configuration of a gateway with one phone; `link` says where it is and whom to believe there.
    fn config(&self, link: &str, receiver: Option<SocketAddr>) -> String {
        let receiver = receiver.unwrap_or_else(|| "127.0.0.1:9".parse().expect("an address"));
        format!(
            r#"
            [sip]
            listen = ["tls:127.0.0.1:0", "tls:[::1]:0"]
            {identity}
            [[link]]
            name = "desk"
            kind = "uacsta"
            reconnect = {{ first = "200ms", max = "1s" }}
            {link}
            [[line]]
            number = "987"
            domain = "example.com"
            link = "desk"
            [[action_url]]
            on = ["inbound"]
            url = "http://{receiver}/<$action>?remote=<$remote_party>"
            {dialling}
            "#,
            identity = shown("tls", &self.gateway),
            dialling = dialling(&["987"]),
        )
    }

    fn ca(&self) -> String {
        believing(&self.authority)
    }
}

fn shown(key: &str, identity: &Issued) -> String {
    format!("{key} = {{ certificate = {:?}, key = {{ file = {:?} }} }}", identity.certificate, identity.key)
}

fn believing(authority: &Authority) -> String {
    format!("ca = {:?}", Path::new(&authority.file()))
}

/// The link to a phone that has the name `phone.example.com`.
fn link(at: SocketAddr, tls: &str) -> String {
    format!("uri = \"sips:987@{at}\"\ntls = {{ server_name = \"phone.example.com\", {tls} }}")
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("not in good time")
}

/// Waits until a dial is refused with these words.
async fn refused(gateway: &RunningGateway, says: &str) {
    let mut last = (0, String::new());
    let asked = tokio::time::timeout(PATIENCE, async {
        // Another number each time: the same one would be a repeat.
        for number in 1_000.. {
            last = gateway.get(&format!("/?action=make_call&target=0305551{number}")).await;
            if last.0 == 503 && last.1.contains(says) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(asked.await.is_ok(), "not refused because of {says:?} but {last:?}");
}

/// Every byte that was sent is inside a TLS record (RFC 8446 5.1), and no SIP shows.
fn nothing_in_the_clear(tap: &Tap) {
    let connections = tap.heard();
    assert!(connections.iter().any(|bytes| !bytes.is_empty()), "the gateway has not even said hello");
    for bytes in connections {
        assert!(!bytes.windows(4).any(|word| word == b"SIP/"), "{bytes:?}");
        let mut rest = bytes.as_slice();
        while let [kind, 3, _, high, low, record @ ..] = rest {
            assert!((20..=23).contains(kind), "no TLS record: {rest:?}");
            rest = record.get(usize::from(u16::from_be_bytes([*high, *low]))..).unwrap_or_default();
        }
        assert!(rest.len() < 5, "no TLS record: {rest:?}");
    }
}

#[tokio::test]
async fn a_phone_rings_over_tls_and_its_url_is_requested() {
    for at in ["127.0.0.1:0", "[::1]:0"] {
        let (house, mut receiver) = (House::new(), Receiver::start().await);
        let phone = house.phone_at(at, None).await;
        let config = house.config(&link(phone.address(), &house.ca()), Some(receiver.address));
        let gateway = RunningGateway::start(&config).await;
        soon(phone.wait_monitored()).await;
        phone.ring("0301234567", None);
        assert_eq!(receiver.next(1).await, ["GET /inbound?remote=0301234567"]);
        gateway.stop().await;
        soon(phone.wait_unmonitored()).await;
    }
}

/// The phone gives its secrets away, so that tshark reads what only the two of them should.
#[tokio::test]
async fn tshark_finds_whole_dialogs_inside_tls() {
    let (house, mut receiver) = (House::new(), Receiver::start().await);
    let phone = house.phone(None).await;
    let port = phone.address().port();
    let Some(capture) = Capture::start(&[], &[port]).await else { return };
    let config = house.config(&link(phone.address(), &house.ca()), Some(receiver.address));
    // Without a listener, all that is said goes over the connection to the phone.
    let config = config.replace("\"tls:127.0.0.1:0\", \"tls:[::1]:0\"", "");
    let gateway = RunningGateway::start(&config).await;
    soon(phone.wait_monitored()).await;
    phone.ring("0301234567", None);
    assert_eq!(receiver.next(1).await, ["GET /inbound?remote=0301234567"]);
    gateway.stop().await;
    soon(phone.wait_unmonitored()).await;
    let seen = capture.stop().await.with_keys(&house.authority.keys());
    seen.assert_sound(&SESSION).await;
    let elements = seen.elements(port).await;
    assert!(elements.iter().any(|element| element == "DeliveredEvent"), "{elements:?}");
}

#[tokio::test]
async fn the_host_of_the_uri_is_the_name_unless_another_is_given() {
    let house = House::new();
    let secure = house.authority.issue("127.0.0.1").phone(None, &house.authority);
    let phone = Handset::tls(PhoneConfig::new("987"), secure, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let link = format!("uri = \"{}\"\ntls = {{ {} }}", phone.uri(), house.ca());
    assert!(link.contains(";transport=tls"));
    let gateway = RunningGateway::start(&house.config(&link, None)).await;
    soon(phone.wait_monitored()).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_pinned_certificate_is_believed_and_nothing_is_sent_in_the_clear() {
    let house = House::new();
    let phone = house.phone(None).await;
    let tap = Tap::before(phone.address()).await;
    let pinned = format!("fingerprint = \"{}\"", Fingerprint::of(&house.phone.der));
    let gateway = RunningGateway::start(&house.config(&link(tap.address, &pinned), None)).await;
    soon(phone.wait_monitored()).await;
    gateway.stop().await;
    nothing_in_the_clear(&tap);
}

#[tokio::test]
async fn a_connection_that_is_lost_is_opened_anew_and_so_is_the_session() {
    let (house, mut receiver) = (House::new(), Receiver::start().await);
    let phone = house.phone(None).await;
    let tap = Tap::before(phone.address()).await;
    let gateway = RunningGateway::start(&house.config(&link(tap.address, &house.ca()), Some(receiver.address))).await;
    soon(phone.wait_monitored()).await;
    tap.cut();
    soon(phone.wait_unmonitored()).await;
    soon(phone.wait_monitored()).await;
    phone.ring("0301234567", None);
    assert_eq!(receiver.next(1).await, ["GET /inbound?remote=0301234567"]);
    gateway.stop().await;
    nothing_in_the_clear(&tap);
}

#[tokio::test]
async fn who_is_not_believed_is_told_nothing() {
    let house = House::new();
    let (ca, other_ca) = (house.ca(), believing(&house.stranger));
    let other = Fingerprint::of(&house.gateway.der);
    let cases = [
        (format!("server_name = \"phone.example.com\", {other_ca}"), "authority that is not trusted here"),
        (format!("server_name = \"other.example.com\", {ca}"), "not for other.example.com"),
        (ca.clone(), "not for 127.0.0.1"),
        (format!("fingerprint = \"{other}\""), "its certificate is another one than the pinned one"),
    ];
    for (tls, says) in cases {
        let phone = house.phone(None).await;
        let tap = Tap::before(phone.address()).await;
        let link = format!("uri = \"sips:987@{}\"\ntls = {{ {tls} }}", tap.address);
        let gateway = RunningGateway::start(&house.config(&link, None)).await;
        refused(&gateway, says).await;
        assert!(!phone.look(simulator::Phone::has_session), "{says}");
        gateway.stop().await;
        nothing_in_the_clear(&tap);
    }
}

#[tokio::test]
async fn a_phone_without_tls_is_told_nothing() {
    let house = House::new();
    let phone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tap = Tap::before(phone.local_addr().unwrap()).await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = phone.accept().await {
            let _ = stream.write_all(b"SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let gateway = RunningGateway::start(&house.config(&link(tap.address, &house.ca()), None)).await;
    refused(&gateway, "what it answers is not TLS").await;
    gateway.stop().await;
    nothing_in_the_clear(&tap);
}

#[tokio::test]
async fn a_phone_that_wants_to_know_the_gateway_is_shown_its_certificate() {
    let house = House::new();
    let phone = house.phone(Some(&house.authority)).await;
    let own = house.authority.issue("gw.example.com");
    let certificate = format!("certificate = {:?}, key = {{ file = {:?} }}, {}", own.certificate, own.key, house.ca());
    let gateway = RunningGateway::start(&house.config(&link(phone.address(), &certificate), None)).await;
    soon(phone.wait_monitored()).await;
    gateway.stop().await;

    let gateway = RunningGateway::start(&house.config(&link(phone.address(), &house.ca()), None)).await;
    refused(&gateway, "the connection was lost").await;
    assert!(!phone.look(simulator::Phone::is_monitored));
    gateway.stop().await;
}

/// A gateway that has no listener for TLS is a client all the same: its Contact is the connection's own address.
#[tokio::test]
async fn without_a_listener_the_phone_reports_on_the_connection_it_is_called_on() {
    let (house, mut receiver) = (House::new(), Receiver::start().await);
    let phone = house.phone(None).await;
    let config = house.config(&link(phone.address(), &house.ca()), Some(receiver.address));
    let config = config.replace("\"tls:127.0.0.1:0\", \"tls:[::1]:0\"", "");
    let gateway = RunningGateway::start(&config).await;
    assert!(gateway.sip_over_tls().is_empty());
    soon(phone.wait_monitored()).await;
    phone.ring("0301234567", None);
    assert_eq!(receiver.next(1).await, ["GET /inbound?remote=0301234567"]);
    gateway.stop().await;
}

#[tokio::test]
async fn links_that_believe_the_same_share_a_connection_and_others_do_not() {
    let house = House::new();
    let phone = house.phone(None).await;
    let tap = Tap::before(phone.address()).await;
    let other = |name: &str, tls: &str| {
        let link = link(tap.address, tls).replace("987@", &format!("{name}@"));
        format!(
            "\n[[link]]\nname = \"{name}\"\nkind = \"uacsta\"\nreconnect = {{ first = \"200ms\", max = \"1s\" }}\n{link}\n"
        )
    };
    let mut config = house.config(&link(tap.address, &house.ca()), None);
    config += &other("988", &house.ca());
    config += &other("989", &believing(&house.stranger));
    config += "[[line]]\nnumber = \"988\"\nlink = \"988\"\n[[line]]\nnumber = \"989\"\nlink = \"989\"\n";
    let config = config.replace("lines = [\"987\"]", "lines = [\"989\"]");
    let gateway = RunningGateway::start(&config).await;
    soon(phone.wait_monitored()).await;
    refused(&gateway, "another link has a connection").await;
    let talks = tap.heard().iter().filter(|bytes| bytes.len() > 2_000).count();
    assert_eq!(talks, 1, "one connection for both links");
    gateway.stop().await;
    nothing_in_the_clear(&tap);
}
