//! An office: one desk phone, the gateway that drives it, and the server that its action URL reaches.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use gateway::config::Config;
use gateway::run::Gateway;
use simulator::{CallId, DeviceStyle, Handset, Phone, PhoneConfig};
use tempfile::TempDir;
use tests::receiver::Receiver;

/// So long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What every caller is known by: with a blank, a colon and an umlaut, for clients encode all of them.
pub const PASSWORD: &str = "grün: ja";
/// The same as it stands in a URL.
pub const PASSWORD_IN_URL: &str = "gr%C3%BCn%3A%20ja";
pub const TOKEN: &str = "4e1243bd22c66e76";

/// The phone of line 987 with its gateway. Line 988 has a link too, but nobody is at its other end.
pub struct Office {
    pub phone: Handset,
    gateway: Gateway,
    receiver: Receiver,
    folder: TempDir,
}

impl Office {
    /// With these callers.
    pub async fn start(callers: &str) -> Self {
        Self::start_with(|config| config + callers, Vec::new()).await
    }

    /// With a configuration that is changed at will, and a phone that refuses these numbers.
    pub async fn start_with(change: impl FnOnce(String) -> String, refuse: Vec<String>) -> Self {
        let persona = PhoneConfig { device_style: DeviceStyle::Digits, refuse, ..PhoneConfig::new("987") };
        let (phone, receiver) = (Handset::udp(persona).await.unwrap(), Receiver::start().await);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hookswitch.toml");
        std::fs::write(&file, change(config(&folder, &phone, &receiver))).unwrap();
        let config = Config::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let gateway = Gateway::start(config).await.unwrap_or_else(|error| panic!("{error}"));
        let office = Self { phone, gateway, receiver, folder };
        tokio::time::timeout(PATIENCE, office.ready()).await.expect("the phone is not monitored");
        office
    }

    /// A report that is acknowledged came behind the answer to MonitorStart: from then on the gateway dials.
    async fn ready(&self) {
        self.phone.wait_monitored().await;
        self.phone.act(|phone, now| phone.set_do_not_disturb(now, true));
        self.phone.wait_acknowledged(1).await;
    }

    /// Fills in where the gateway is, with the scheme (`{http}`) or without (`{host}`), the file of the certificate that
    /// it made for itself, and the secrets. `{lan}` is an address that is not loopback.
    pub fn fill(&self, text: &str) -> String {
        let Gateway { http, https, .. } = &self.gateway;
        let at = |all: &[SocketAddr], ip: IpAddr| {
            let found = all.iter().find(|address| address.ip() == ip);
            found.map_or_else(|| "(not listening)".to_owned(), ToString::to_string)
        };
        let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
        let certificate = self.folder.path().join("state/self-signed.pem");
        let known = [
            ("{http}", format!("http://{}", at(http, v4))),
            ("{http6}", format!("http://{}", at(http, v6))),
            ("{https}", format!("https://{}", at(https, v4))),
            ("{https6}", format!("https://{}", at(https, v6))),
            ("{lan}", format!("http://{}", at(http, own_address()))),
            ("{host}", at(http, v4)),
            ("{host6}", at(http, v6)),
            ("{https_host}", at(https, v4)),
            ("{lan_host}", at(http, own_address())),
            ("{certificate}", certificate.to_string_lossy().into_owned()),
            ("{token}", TOKEN.to_owned()),
            ("{password}", PASSWORD.to_owned()),
            ("{password_in_url}", PASSWORD_IN_URL.to_owned()),
        ];
        known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// The numbers that the phone has dialled since the last time, sorted. Each is hung up here, and for each, as for
    /// nothing else, the `outbound` action URL has been requested.
    pub async fn dialled(&mut self) -> Vec<String> {
        let calls = self.phone.look(calls);
        for (call, _) in &calls {
            self.phone.hang_up(*call);
        }
        let mut numbers: Vec<String> = calls.into_iter().map(|(_, number)| number).collect();
        numbers.sort();
        let mut requests = self.receiver.next(numbers.len()).await;
        requests.sort();
        let expected = |number: &String| {
            let encoded = number.replace('+', "%2B").replace('*', "%2A").replace('#', "%23");
            format!("GET /outbound?line=987&remote={encoded}&called={encoded}")
        };
        let mut expected: Vec<String> = numbers.iter().map(expected).collect();
        expected.sort();
        assert_eq!(requests, expected);
        numbers
    }

    /// Nothing was dialled but what was asked for, and the gateway ends in order.
    pub async fn close(mut self) {
        assert_eq!(self.dialled().await, Vec::<String>::new());
        self.gateway.stopper().cancel();
        let ended = tokio::time::timeout(PATIENCE, self.gateway.ended()).await;
        ended.expect("the gateway does not end").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(self.receiver.rest(), Vec::<String>::new());
    }
}

/// A `[[caller]]` on this machine that may use line 987, by this proof.
pub fn caller(name: &str, proof: &str, browser: &str) -> String {
    format!(
        r#"
        [[caller]]
        name = "{name}"
        networks = ["127.0.0.0/8", "::1/128", "{own}"]
        {proof}
        lines = ["987"]
        commands = ["make_call"]
        browser = "{browser}"
        "#,
        own = own_address(),
    )
}

/// A caller with a token.
pub fn token_caller() -> String {
    caller("crm", &format!("token = {TOKEN:?}"), "confirm")
}

/// A caller with a password, which a browser sends by itself once it knows it.
pub fn basic_caller(browser: &str) -> String {
    caller("add-on", &format!("basic = {{ username = \"987\", password = {PASSWORD:?} }}"), browser)
}

/// An address of this machine that is not loopback, if it has one: there browsers send no Fetch Metadata.
pub fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("192.0.2.1:9").map(|()| socket));
    socket.and_then(|socket| socket.local_addr()).map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}

/// Whether this machine has IPv6 at all.
pub fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// The calls that the phone dialled itself.
fn calls(phone: &Phone) -> Vec<(CallId, String)> {
    let outgoing = phone.calls().iter().filter(|call| !call.incoming);
    let number = |device: &csta::DeviceId| device.text.to_string();
    outgoing.map(|call| (call.id, call.remote.device().map(number).unwrap_or_default())).collect()
}

/// Without callers: nobody may command.
fn config(folder: &TempDir, phone: &Handset, receiver: &Receiver) -> String {
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST)];
    addresses.extend(has_ipv6().then_some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    addresses.extend(Some(own_address()).filter(|own| !own.is_loopback()));
    let listen: Vec<String> = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0).to_string()).collect();
    format!(
        r#"
        state_dir = {state:?}
        timezone = "UTC"
        numbering = {{ country = "DE", area = "30" }}
        [sip]
        listen = ["udp:127.0.0.1:0"]
        [[link]]
        name = "desk"
        kind = "uacsta"
        uri = "{uri}"
        request_timeout = "2s"
        [[line]]
        number = "987"
        link = "desk"
        [[link]]
        name = "nobody"
        kind = "uacsta"
        uri = "sip:988@127.0.0.1:9"
        request_timeout = "2s"
        [[line]]
        number = "988"
        link = "nobody"
        [[action_url]]
        on = "outbound"
        url = "http://{receiver}/outbound?line=<$line>&remote=<$remote_party>&called=<$called_party>"
        [action_urls]
        enabled = true
        [limits]
        dials_per_line = "1000/min"
        dials = "1000/min"
        logins = "1000/min"
        [commands]
        enabled = true
        listen = {listen:?}
        https = {{ listen = {listen:?}, self_signed = true }}
        make_call = {{ enabled = true }}
        "#,
        state = folder.path().join("state"),
        uri = phone.uri(),
        receiver = receiver.address,
    )
}
