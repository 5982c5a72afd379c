//! What a phone played by sipp is like, how it is reached, and the gateway that is set up for it.

use tests::certificates::Authority;
use tests::gateway::dialling;
use tests::peer;
use tests::receiver::Receiver;

use super::scenario::Scenario;

/// What sipp plays, and how it is reached.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) scenario: &'static Scenario,
    pub(super) transport: Transport,
    pub(super) login: Option<Login>,
    /// The phone lives in another domain; sipp is the proxy before it and stays in the way.
    pub(super) proxy: bool,
    /// The phone registers at the gateway, which calls it back on that registration.
    pub(super) registers: bool,
}

/// What the phone and the gateway speak over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
    /// Debian's sipp is built without TLS: socat stands between, and sipp itself speaks TCP; that is what tshark
    /// sees.
    Tls,
}

/// What sipp asks for before it takes the INVITE: `401` as the phone, `407` as the proxy.
#[derive(Clone, Copy)]
pub(super) struct Login {
    pub(super) status: &'static str,
    pub(super) challenge: &'static str,
}

pub(super) const USERNAME: &str = "987";
pub(super) const PASSWORD: &str = "correct horse";

/// As many phones still ask: RFC 2069, which knows no `qop`.
pub(super) const OLD_MD5: &str = r#"realm="desk phone", nonce="5b1e74ac", algorithm=MD5"#;
pub(super) const MD5: &str = r#"realm="desk phone", nonce="5b1e74ac", qop="auth", opaque="0f", algorithm=MD5"#;
/// RFC 8760.
pub(super) const SHA_256: &str = r#"realm="desk phone", nonce="5b1e74ac", qop="auth", opaque="0f", algorithm=SHA-256"#;

impl Case {
    pub(super) const fn new(scenario: &'static Scenario, transport: Transport) -> Self {
        Self { scenario, transport, login: None, proxy: false, registers: false }
    }

    pub(super) const fn login(self, status: &'static str, challenge: &'static str) -> Self {
        Self { login: Some(Login { status, challenge }), ..self }
    }

    pub(super) const fn proxied(self) -> Self {
        Self { proxy: true, ..self }
    }

    pub(super) const fn registering(self) -> Self {
        Self { registers: true, ..self }
    }

    pub(super) fn has_peers(&self) -> bool {
        let sipp = peer::find("sipp", "sip-tester").is_some();
        sipp && (self.transport != Transport::Tls || peer::find("socat", "socat").is_some())
    }

    /// The gateway's configuration, for a phone or proxy at this port that has its certificate from this authority.
    pub(super) fn config(&self, port: u16, authority: &Authority, receiver: &Receiver) -> String {
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

impl Transport {
    /// How sipp names it.
    pub(super) fn mode(self) -> &'static str {
        match self {
            Self::Udp => "u1",
            Self::Tcp | Self::Tls => "t1",
        }
    }

    /// Of a SIP URI.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Udp => "",
            Self::Tcp => ";transport=tcp",
            Self::Tls => ";transport=tls",
        }
    }
}
