//! Dialogs that a crash left behind on the phones, ended by the gateway that comes after it.

use std::time::{Duration, Instant};

use call_model::{Locale, Moment, Numbering};
use gateway::hub::{Hub, Input, LinkIndex, Output, Parts};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use session::{Reach, Reconnect, UacstaConfig, Way};
use sip::{Flow, Transport};

const OURS: &str = "192.0.2.1:5061";
const PHONE: &str = "192.0.2.20:5061";

fn flow(transport: Transport, local: &str) -> Flow {
    Flow { transport, local: local.parse().expect("an address"), remote: PHONE.parse().expect("an address") }
}

/// A line as the gateway before wrote it.
fn remembered(transport: &str) -> (String, String) {
    let line = format!(
        "dialog/1 {transport} {OURS} {PHONE} 000102030405060708090a0b0c0d0e0f tag call-1 3 \
         sip:hookswitch@{OURS} sips:987@{PHONE} sips:987@{PHONE}"
    );
    ("desk".into(), line)
}

struct Gateway(Hub, Moment);

impl Gateway {
    fn new() -> Self {
        let link = UacstaConfig {
            name: "desk".into(),
            reach: Reach::At { uri: format!("sips:987@{PHONE}").parse().expect("a URI"), proxy: None },
            credentials: None,
            lines: Vec::new(),
            heartbeat: Duration::from_secs(30),
            request_timeout: Duration::from_secs(5),
            reconnect: Reconnect::default(),
            dialect: None,
            known: None,
        };
        let parts = Parts {
            links: vec![link],
            unlinked: Vec::new(),
            destinations: Vec::new(),
            locale: Locale { zone: TimeZone::UTC, numbering: Numbering::default() },
            sip: sip::Config::default(),
            sip_entropy: Box::new(|bytes| bytes.fill(7)),
            call_entropy: Box::new(|bytes| bytes.fill(7)),
        };
        let now = Moment { at: Instant::now(), wall: Timestamp::UNIX_EPOCH };
        Self(Hub::new(parts, now), now)
    }

    /// The first words of what is sent, and where.
    fn end(&mut self, dialogs: &[(String, String)]) -> Vec<(String, Flow)> {
        let mut out = Vec::new();
        self.0.end_remembered(self.1, dialogs, &mut out);
        sent(&out)
    }

    fn handle(&mut self, input: Input<'_>) -> Vec<Output> {
        let mut out = Vec::new();
        self.0.handle(self.1, input, &mut out);
        out
    }

    /// The session asks for a way, and there is one.
    fn reached(&mut self, flow: Flow) -> Vec<(String, Flow)> {
        let asked = self.handle(Input::Timeout);
        let link = asked.iter().find_map(|output| if let Output::Reach(link, _) = output { Some(*link) } else { None });
        let link: LinkIndex = link.expect("the session asks");
        sent(&self.handle(Input::Reached(link, Ok(Way { flow, others: false }))))
    }
}

fn sent(out: &[Output]) -> Vec<(String, Flow)> {
    let what =
        |bytes: &[u8]| String::from_utf8_lossy(bytes.split(|byte| *byte == b' ').next().unwrap_or(b"")).into_owned();
    out.iter()
        .filter_map(|output| if let Output::Transmit(flow, bytes) = output { Some((what(bytes), *flow)) } else { None })
        .collect()
}

#[test]
fn over_udp_it_is_ended_at_once() {
    let mut gateway = Gateway::new();
    assert_eq!(gateway.end(&[remembered("UDP")]), [("BYE".to_owned(), flow(Transport::Udp, OURS))]);
}

/// The connection of before is gone, and nothing is said on one that was not proved: so it waits for the session's own.
#[test]
fn over_tls_it_is_ended_on_the_next_sessions_connection_and_before_that_begins() {
    let mut gateway = Gateway::new();
    assert_eq!(gateway.end(&[remembered("TLS")]), []);
    let new = flow(Transport::Tls, "192.0.2.1:40001");
    assert_eq!(gateway.reached(new), [("BYE".to_owned(), new), ("INVITE".to_owned(), new)]);
}

#[test]
fn what_was_said_over_tls_is_not_ended_over_udp() {
    let mut gateway = Gateway::new();
    gateway.end(&[remembered("TLS")]);
    assert_eq!(gateway.reached(flow(Transport::Udp, OURS)), []);
}

#[test]
fn a_link_that_is_gone_from_the_configuration() {
    let mut gateway = Gateway::new();
    let (_, line) = remembered("UDP");
    assert_eq!(gateway.end(&[("gone".into(), line), ("desk".into(), "rubbish".into())]).len(), 1);
}
