//! sipp plays the desk phone, called by the gateway or registered at it.

mod digest;
mod process;
mod tls;

use std::net::Ipv4Addr;

use tests::capture::{Capture, SESSION};
use tests::certificates::Authority;
use tests::gateway::{RunningGateway, dialling};
use tests::peer;
use tests::receiver::Receiver;

use self::process::Sipp;
use self::tls::Terminator;

/// What sipp plays, and how it is reached.
#[derive(Clone, Copy)]
struct Case {
    scenario: &'static Scenario,
    transport: Transport,
    login: Option<Login>,
    /// The phone lives in another domain; sipp is the proxy before it and stays in the way.
    proxy: bool,
    /// The phone registers at the gateway, which calls it back on that registration.
    registers: bool,
}

/// A file of `fixtures/sip/`, and what must come of it.
struct Scenario {
    file: &'static str,
    dial: Option<Dial>,
    /// The requests that the receiver gets, in this order and no others.
    requests: &'static [&'static str],
    /// The root elements of all CSTA messages, the gateway's and the phone's.
    elements: &'static [&'static str],
}

/// A command URL that is requested when the phone is ready, the status it must get, and a word that the answer must have.
struct Dial {
    number: &'static str,
    status: u16,
    says: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
    /// Debian's sipp is built without TLS: socat stands between, and sipp itself speaks TCP.
    Tls,
}

/// What sipp asks for before it takes the INVITE: `401` as the phone, `407` as the proxy.
#[derive(Clone, Copy)]
struct Login {
    status: &'static str,
    challenge: &'static str,
}

const USERNAME: &str = "987";
const PASSWORD: &str = "correct horse";

/// As many phones still ask: RFC 2069, which knows no `qop`.
const OLD_MD5: &str = r#"realm="desk phone", nonce="5b1e74ac", algorithm=MD5"#;
const MD5: &str = r#"realm="desk phone", nonce="5b1e74ac", qop="auth", opaque="0f", algorithm=MD5"#;
/// RFC 8760.
const SHA_256: &str = r#"realm="desk phone", nonce="5b1e74ac", qop="auth", opaque="0f", algorithm=SHA-256"#;

static INBOUND_CALL: Scenario = Scenario {
    file: "inbound_call.xml",
    dial: None,
    requests: &[
        "GET /inbound?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=off_hold&result=",
        "GET /connected?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=off_hold&result=",
        "GET /hold?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=on_hold&result=",
        "GET /hold?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=off_hold&result=",
        "GET /disconnected?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=off_hold&result=answered",
    ],
    elements: &[
        "RequestSystemStatus",
        "RequestSystemStatusResponse",
        "MonitorStart",
        "MonitorStartResponse",
        "SnapshotDevice",
        "SnapshotDeviceResponse",
        "DeliveredEvent",
        "EstablishedEvent",
        "HeldEvent",
        "RetrievedEvent",
        "ConnectionClearedEvent",
        "MonitorStop",
        "MonitorStopResponse",
    ],
};

static MAKE_CALL: Scenario = Scenario {
    file: "make_call.xml",
    dial: Some(Dial { number: "+493099887766", status: 200, says: "accepted" }),
    requests: &[
        "GET /outbound?direction=outbound&remote=%2B493099887766&name=&hold=off_hold&result=",
        "GET /connected?direction=outbound&remote=%2B493099887766&name=&hold=off_hold&result=",
        "GET /disconnected?direction=outbound&remote=%2B493099887766&name=&hold=off_hold&result=answered",
    ],
    elements: &[
        "RequestSystemStatus",
        "RequestSystemStatusResponse",
        "MonitorStart",
        "MonitorStartResponse",
        "SnapshotDevice",
        "SnapshotDeviceResponse",
        "MakeCall",
        "MakeCallResponse",
        "ServiceInitiatedEvent",
        "OriginatedEvent",
        "DeliveredEvent",
        "EstablishedEvent",
        "ConnectionClearedEvent",
        "MonitorStop",
        "MonitorStopResponse",
    ],
};

static MAKE_CALL_REFUSED: Scenario = Scenario {
    file: "make_call_refused.xml",
    dial: Some(Dial { number: "+493099887766", status: 502, says: "invalidCalledDeviceID" }),
    requests: &[],
    elements: &[
        "RequestSystemStatus",
        "RequestSystemStatusResponse",
        "MonitorStart",
        "MonitorStartResponse",
        "SnapshotDevice",
        "SnapshotDeviceResponse",
        "MakeCall",
        "CSTAErrorCode",
        "MonitorStop",
        "MonitorStopResponse",
    ],
};

#[tokio::test]
async fn inbound_call_over_udp() {
    check(Case::new(&INBOUND_CALL, Transport::Udp)).await;
}

#[tokio::test]
async fn inbound_call_over_tcp() {
    check(Case::new(&INBOUND_CALL, Transport::Tcp)).await;
}

#[tokio::test]
async fn inbound_call_over_tls() {
    check(Case::new(&INBOUND_CALL, Transport::Tls)).await;
}

#[tokio::test]
async fn inbound_call_of_a_phone_that_registers_over_udp() {
    check(Case::new(&INBOUND_CALL, Transport::Udp).registering()).await;
}

#[tokio::test]
async fn inbound_call_of_a_phone_that_registers_over_tcp() {
    check(Case::new(&INBOUND_CALL, Transport::Tcp).registering()).await;
}

#[tokio::test]
async fn inbound_call_of_a_phone_that_registers_over_tls() {
    check(Case::new(&INBOUND_CALL, Transport::Tls).registering()).await;
}

#[tokio::test]
async fn phone_asks_for_md5_without_qop() {
    check(Case::new(&INBOUND_CALL, Transport::Udp).login("401", OLD_MD5)).await;
}

#[tokio::test]
async fn phone_asks_for_md5_over_udp() {
    check(Case::new(&INBOUND_CALL, Transport::Udp).login("401", MD5)).await;
}

#[tokio::test]
async fn phone_asks_for_md5_over_tcp() {
    check(Case::new(&INBOUND_CALL, Transport::Tcp).login("401", MD5)).await;
}

#[tokio::test]
async fn phone_asks_for_sha_256_over_udp() {
    check(Case::new(&INBOUND_CALL, Transport::Udp).login("401", SHA_256)).await;
}

#[tokio::test]
async fn phone_asks_for_sha_256_over_tcp() {
    check(Case::new(&INBOUND_CALL, Transport::Tcp).login("401", SHA_256)).await;
}

#[tokio::test]
async fn phone_behind_a_proxy() {
    check(Case::new(&INBOUND_CALL, Transport::Udp).proxied()).await;
}

#[tokio::test]
async fn proxy_asks_for_a_login() {
    check(Case::new(&INBOUND_CALL, Transport::Tcp).proxied().login("407", SHA_256)).await;
}

#[tokio::test]
async fn make_call_over_udp() {
    check(Case::new(&MAKE_CALL, Transport::Udp)).await;
}

#[tokio::test]
async fn make_call_over_tcp() {
    check(Case::new(&MAKE_CALL, Transport::Tcp)).await;
}

#[tokio::test]
async fn make_call_refused_by_the_phone() {
    check(Case::new(&MAKE_CALL_REFUSED, Transport::Udp)).await;
}

#[tokio::test]
async fn captured_inbound_call_over_udp() {
    check_capture(Case::new(&INBOUND_CALL, Transport::Udp)).await;
}

#[tokio::test]
async fn captured_make_call_over_tcp() {
    check_capture(Case::new(&MAKE_CALL, Transport::Tcp)).await;
}

/// Between socat and sipp.
#[tokio::test]
async fn captured_make_call_over_tls() {
    check_capture(Case::new(&MAKE_CALL, Transport::Tls)).await;
}

#[tokio::test]
async fn captured_make_call_of_a_phone_that_registers_over_udp() {
    check_capture(Case::new(&MAKE_CALL, Transport::Udp).registering()).await;
}

#[tokio::test]
async fn captured_make_call_of_a_phone_that_registers_over_tcp() {
    check_capture(Case::new(&MAKE_CALL, Transport::Tcp).registering()).await;
}

#[tokio::test]
async fn captured_make_call_of_a_phone_that_registers_over_tls() {
    check_capture(Case::new(&MAKE_CALL, Transport::Tls).registering()).await;
}

#[tokio::test]
async fn captured_refusal_over_tcp() {
    check_capture(Case::new(&MAKE_CALL_REFUSED, Transport::Tcp)).await;
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

/// A gateway and a phone from the first INVITE to the BYE.
async fn play(case: Case, port: u16) {
    let mut receiver = Receiver::start().await;
    let authority = Authority::new("the phone's and the gateway's authority");
    let (gateway, mut phone, _tls) = match case.registers {
        true => called_back(case, port, &authority, &receiver).await,
        false => called(case, port, &authority, &receiver).await,
    };
    if let Some(dial) = &case.scenario.dial {
        phone.logs("ready").await;
        let number = dial.number.replace('+', "%2B");
        let (status, text) = gateway.get(&format!("/?action=make_call&target={number}")).await;
        assert_eq!((status, text.contains(dial.says)), (dial.status, true), "{text}");
    }
    let requests = receiver.next(case.scenario.requests.len()).await;
    assert_eq!(requests, case.scenario.requests, "{}", phone.story());
    phone.logs("done").await;
    gateway.stop().await;
    phone.succeeded().await;
    assert_eq!(receiver.rest(), Vec::<String>::new());
    check_requests(case, port, &phone);
}

/// The gateway calls the phone.
async fn called(
    case: Case,
    port: u16,
    authority: &Authority,
    receiver: &Receiver,
) -> (RunningGateway, Sipp, Option<Terminator>) {
    let phone = Sipp::start(case, port, None);
    let tls = match case.transport {
        Transport::Tls => Some(Terminator::before(port, &authority.issue("127.0.0.1")).await),
        Transport::Udp | Transport::Tcp => None,
    };
    let at = tls.as_ref().map_or(port, Terminator::port);
    let gateway = RunningGateway::start(&case.config(at, authority, receiver)).await;
    (gateway, phone, tls)
}

/// The phone registers first.
async fn called_back(
    case: Case,
    port: u16,
    authority: &Authority,
    receiver: &Receiver,
) -> (RunningGateway, Sipp, Option<Terminator>) {
    let gateway = RunningGateway::start(&case.config(port, authority, receiver)).await;
    let (udp, tcp) = gateway.sip();
    let (registrar, tls) = match case.transport {
        Transport::Udp => (udp[0], None),
        Transport::Tcp => (tcp[0], None),
        Transport::Tls => {
            let tls = Terminator::towards(gateway.sip_over_tls()[0], authority).await;
            ((Ipv4Addr::LOCALHOST, tls.port()).into(), Some(tls))
        }
    };
    let phone = Sipp::start(case, port, Some(registrar));
    (gateway, phone, tls)
}

/// What the gateway asked for was proven, and went through the proxy, as RFC 3261 wants it.
fn check_requests(case: Case, port: u16, phone: &Sipp) {
    let requests = phone.received();
    assert_eq!(requests.first().map(|request| request.method()), Some("INVITE"));
    match case.login {
        Some(login) => digest::check(&requests, login.challenge, USERNAME, PASSWORD),
        None => assert!(requests.iter().all(|request| request.login().is_none()), "{}", phone.story()),
    }
    if let Some(Login { status: "401", challenge: OLD_MD5 | MD5 }) = case.login {
        assert_eq!(
            phone.log(),
            ["verifyauth false", "verifyauth true", "done"],
            "sipp itself finds the answer to MD5 wrong"
        );
    }
    if case.proxy {
        for request in requests {
            let route = request.header("Route").unwrap_or_default();
            assert!(route.contains(&format!("sip:127.0.0.1:{port};")) && route.contains(";lr"), "{request}");
        }
    }
}

impl Case {
    const fn new(scenario: &'static Scenario, transport: Transport) -> Self {
        Self { scenario, transport, login: None, proxy: false, registers: false }
    }

    const fn login(self, status: &'static str, challenge: &'static str) -> Self {
        Self { login: Some(Login { status, challenge }), ..self }
    }

    const fn proxied(self) -> Self {
        Self { proxy: true, ..self }
    }

    const fn registering(self) -> Self {
        Self { registers: true, ..self }
    }

    fn has_peers(&self) -> bool {
        let sipp = peer::find("sipp", "sip-tester").is_some();
        sipp && (self.transport != Transport::Tls || peer::find("socat", "socat").is_some())
    }

    /// The gateway's configuration, for a phone or proxy at this port that has its certificate from this authority.
    fn config(&self, port: u16, authority: &Authority, receiver: &Receiver) -> String {
        let near = format!("127.0.0.1:{port}{}", self.transport.parameter());
        let address = match (self.proxy, self.registers) {
            (_, true) => "register = true".to_owned(),
            (true, false) => format!("uri = \"sip:987@phone.example.com\"\nproxy = \"sip:{near}\""),
            (false, false) => format!("uri = \"sip:987@{near}\""),
        };
        let has_login = self.login.is_some() || self.registers;
        let login = has_login.then(|| format!("username = \"{USERNAME}\"\npassword = \"{PASSWORD}\""));
        let believed = match (self.transport, self.registers) {
            (Transport::Tls, false) => format!("tls = {{ ca = {:?} }}", authority.file()),
            (Transport::Tls, true) | (Transport::Udp | Transport::Tcp, _) => String::new(),
        };
        let gateway = authority.issue("127.0.0.1");
        format!(
            r#"
            numbering = {{ country = "DE", area = "30" }}
            [sip]
            listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0", "tls:127.0.0.1:0"]
            digest = ["md5", "sha-256"] # sipp looks at the first challenge and no further
            tls = {{ certificate = {certificate:?}, key = {{ file = {key:?} }} }}
            [[link]]
            name = "desk"
            kind = "uacsta"
            reconnect = {{ first = "200ms", max = "1s" }}
            {address}
            {login}
            {believed}
            [[line]]
            number = "987"
            domain = "phone.example.com"
            link = "desk"
            [[action_url]]
            on = ["inbound", "outbound", "connected", "hold", "disconnected"]
            url = "http://{receiver}/<$action>?direction=<$call_direction>&remote=<$remote_party>&name=<$remote_alias>&hold=<$hold_state>&result=<$call_result>"
            {dialling}
            "#,
            certificate = gateway.certificate,
            key = gateway.key,
            login = login.unwrap_or_default(),
            dialling = dialling(&["987"]),
            receiver = receiver.address,
        )
    }
}
