//! Kamailio is the PBX between gateway and phone: the phone registers there, and the gateway calls it through there.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use simulator::{Credentials, Handset, PhoneConfig, Registration};
use sip::Transport;
use tests::capture::{Capture, SESSION};
use tests::certificates::{Authority, Issued};
use tests::kamailio::Kamailio;
use tests::peer;

use super::desk::{Desk, tried, within};

const PASSWORD: &str = "correct horse";

/// A PBX that is on or off, and stays at its ports.
struct Pbx {
    program: PathBuf,
    port: u16,
    tls_port: u16,
    authority: Authority,
    certificate: Issued,
    running: Option<Kamailio>,
}

/// How the gateway speaks with the PBX. The phone has UDP, or TCP where the gateway has it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Udp,
    Tcp,
    /// The PBX may connect to the gateway's own listener.
    Tls,
    /// The PBX has the gateway's connection and nothing else.
    TlsWithoutListener,
}

#[tokio::test]
async fn a_phone_behind_kamailio_over_udp() {
    check(Way::Udp).await;
}

#[tokio::test]
async fn a_phone_behind_kamailio_over_tcp() {
    check(Way::Tcp).await;
}

#[tokio::test]
async fn a_phone_behind_kamailio_over_tls() {
    check(Way::Tls).await;
}

#[tokio::test]
async fn a_phone_behind_kamailio_over_tls_without_a_listener() {
    check(Way::TlsWithoutListener).await;
}

#[tokio::test]
async fn kamailio_is_restarted_over_udp() {
    check_restart(Way::Udp).await;
}

#[tokio::test]
async fn kamailio_is_restarted_over_tcp() {
    check_restart(Way::Tcp).await;
}

#[tokio::test]
async fn kamailio_is_restarted_over_tls() {
    check_restart(Way::Tls).await;
}

#[tokio::test]
async fn kamailio_refuses_a_wrong_password() {
    let Some(pbx) = Pbx::start().await else { return };
    let mut desk = Desk::open(&pbx.listeners(Way::Udp), &pbx.link(Way::Udp, "correct hearse")).await;
    desk.says("the phone refuses the username or password of this link").await;
    desk.close().await;
    pbx.judges(&[]);
}

/// A session from before the phone is registered to the end of the gateway; all messages are captured.
async fn check(way: Way) {
    let Some(pbx) = Pbx::start().await else { return };
    let phone = SocketAddr::from((Ipv4Addr::LOCALHOST, peer::free_port()));
    let gateway = peer::free_port();
    let capture = match way.is_tls() {
        true => Capture::start(&[pbx.port, phone.port()], &[pbx.tls_port, gateway]).await,
        false => Capture::start(&[pbx.port, phone.port(), gateway], &[]).await,
    };
    let Some(capture) = capture else { return };
    let listeners = pbx.listeners(way).replace(":0\"", &format!(":{gateway}\""));
    let mut desk = Desk::open(&listeners, &pbx.link(way, PASSWORD)).await;
    desk.says("404 Not Found: the phone does not know this address, or is not registered").await;

    let phone = pbx.phone(way, phone).await;
    desk.is_up(&phone).await;
    desk.plays(&phone).await;
    desk.close().await;
    within("the end of the session", phone.wait_unmonitored()).await;
    pbx.judges(&["INFO", "BYE"]);

    let seen = capture.stop().await;
    seen.assert_sound(&SESSION).await;
    let between = seen.elements(phone.address().port()).await;
    for element in
        ["MonitorStart", "SnapshotDevice", "DeliveredEvent", "MakeCall", "ConnectionClearedEvent", "MonitorStop"]
    {
        assert!(between.iter().any(|seen| seen == element), "no {element} in {between:?}");
    }
    if way.is_tls() {
        assert_eq!(seen.elements(pbx.tls_port).await, Vec::<String>::new(), "nothing is said in the clear");
    }
}

/// The PBX forgets everything when it is restarted; the phone registers anew, and the gateway opens a new session by itself.
async fn check_restart(way: Way) {
    let Some(mut pbx) = Pbx::start().await else { return };
    let phone = pbx.phone(way, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
    let mut desk = Desk::open(&pbx.listeners(way), &pbx.link(way, PASSWORD)).await;
    desk.is_up(&phone).await;
    desk.plays(&phone).await;
    pbx.judges(&["INFO"]);

    pbx.stop();
    desk.says("There is no link").await;
    pbx.switch_on().await;
    desk.says("invalidCalledDeviceID").await;
    desk.plays(&phone).await;
    desk.close().await;
    within("the end of the session", phone.wait_unmonitored()).await;
    pbx.judges(&["INFO", "BYE"]);
}

impl Pbx {
    /// `None` where Kamailio is not installed.
    async fn start() -> Option<Self> {
        let program = peer::find("kamailio", "kamailio kamailio-tls-modules")?;
        let authority = Authority::new("the PBX's authority");
        let certificate = authority.issue("127.0.0.1");
        let (port, tls_port) = (peer::free_port(), peer::free_port());
        let mut pbx = Self { program, port, tls_port, authority, certificate, running: None };
        pbx.switch_on().await;
        Some(pbx)
    }

    async fn switch_on(&mut self) {
        let config = tests::root().join("fixtures/sip/kamailio.cfg");
        let quoted = |path: &PathBuf| format!("{path:?}");
        let defined = [
            ("PORT", self.port.to_string()),
            ("TLS_PORT", self.tls_port.to_string()),
            ("PASSWORD", format!("{PASSWORD:?}")),
            ("CERTIFICATE", quoted(&self.certificate.certificate)),
            ("PRIVATE_KEY", quoted(&self.certificate.key)),
        ];
        let defined = defined.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.running = Some(Kamailio::start(&self.program, &config, self.address(), &defined).await);
    }

    fn stop(&mut self) {
        self.running = None;
    }

    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The `[sip]` of a gateway that speaks with it.
    fn listeners(&self, way: Way) -> String {
        let transport = match way {
            Way::Udp => "udp",
            Way::Tcp => "tcp",
            Way::Tls => "tls",
            Way::TlsWithoutListener => return "listen = []".to_owned(),
        };
        let Issued { certificate, key, .. } = &self.certificate;
        format!(
            "listen = [\"{transport}:127.0.0.1:0\"]\ntls = {{ certificate = {certificate:?}, key = {{ file = {key:?} }} }}"
        )
    }

    /// The `[[link]]` through it.
    fn link(&self, way: Way, password: &str) -> String {
        let (port, tls_port, ca) = (self.port, self.tls_port, self.authority.file());
        let proxy = match way {
            Way::Udp => format!("proxy = \"sip:127.0.0.1:{port}\""),
            Way::Tcp => format!("proxy = \"sip:127.0.0.1:{port};transport=tcp\""),
            Way::Tls => format!("proxy = \"sips:127.0.0.1:{tls_port}\"\ntls = {{ ca = {ca:?} }}"),
            Way::TlsWithoutListener => {
                format!("proxy = \"sip:127.0.0.1:{tls_port};transport=tls\"\ntls = {{ ca = {ca:?} }}")
            }
        };
        format!("uri = \"sip:987@example.com\"\n{proxy}\nusername = \"gateway\"\npassword = {password:?}")
    }

    /// A phone that registers there, again every second: a PBX that was restarted soon knows it.
    async fn phone(&self, way: Way, at: SocketAddr) -> Handset {
        let credentials = Credentials { username: "987".into(), password: PASSWORD.into() };
        let registration = Registration { registrar: self.address(), credentials, expires: Duration::from_secs(2) };
        let config = PhoneConfig { registration: Some(registration), ..PhoneConfig::new("987") };
        let config = PhoneConfig { refuse: (0..5_000).map(tried).collect(), ..config };
        let transport = if way == Way::Tcp { Transport::Tcp } else { Transport::Udp };
        let phone = Handset::start(config, transport, at).await.expect("a socket");
        within("the registration", phone.wait_registration(200)).await;
        phone
    }

    /// It complains about nothing, and these requests came through it, from the gateway at least.
    fn judges(&self, methods: &[&str]) {
        let log = self.running.as_ref().map(Kamailio::log).unwrap_or_default();
        let bad = [" complaint: ", " WARNING: ", " ERROR: ", " CRITICAL: "];
        // Its children deal with messages; the first process speaks of its own start.
        let children = log.lines().filter(|line| !line.starts_with(" 0("));
        let complaints: Vec<&str> = children.filter(|line| bad.iter().any(|word| line.contains(word))).collect();
        assert_eq!(complaints, Vec::<&str>::new());
        for method in methods {
            assert!(log.contains(&format!("routed: {method} from ")), "no {method} in\n{log}");
        }
    }
}

impl Way {
    fn is_tls(self) -> bool {
        matches!(self, Self::Tls | Self::TlsWithoutListener)
    }
}
