//! Some phones, and the configuration of a gateway for them.

use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use csta::{Message, SubjectDevice};
use simulator::{CallId, Handset, PhoneConfig};
use tempfile::TempDir;

use crate::within;

/// Phones of a house, with one gateway's folder.
pub struct Building {
    pub phones: Vec<Handset>,
    pub folder: PathBuf,
    receiver: SocketAddr,
    /// Where the gateway listens, each time: a phone knows it by its address.
    port: u16,
    _folder: TempDir,
}

/// A call that stands.
pub struct OpenCall {
    pub line: String,
    pub remote: String,
    pub call: CallId,
    phone: Handset,
}

/// An event that the gateway said it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub line: String,
    pub remote: String,
    pub action: &'static str,
}

impl Building {
    /// So many phones, from 101 on, all configured.
    pub async fn new(phones: u32, receiver: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut building =
            Self { phones: Vec::new(), folder: folder.path().into(), receiver, port: free_port(), _folder: folder };
        for number in 101..101 + phones {
            building.phones.push(Handset::udp(PhoneConfig::new(number.to_string())).await.unwrap());
        }
        building.configure(&building.phones);
        building
    }

    /// Writes a configuration for these phones.
    pub fn configure(&self, phones: &[Handset]) {
        let (port, receiver) = (self.port, self.receiver);
        let mut text = format!(
            r#"
            state_dir = "state"
            [sip]
            listen = ["udp:127.0.0.1:{port}"]
            [[action_url]]
            on = ["inbound", "outbound", "connected", "hold", "disconnected"]
            url = "http://{receiver}/<$line>/<$remote_party>/<$action>/<$event_id>?sequence=<$event_sequence>&result=<$call_result>&synthetic=<$synthetic>"
            "#
        );
        for phone in phones {
            let (number, uri) = (user(phone), phone.uri());
            text += &format!(
                r#"
                [[link]]
                name = "desk-{number}"
                kind = "uacsta"
                uri = "{uri}"
                reconnect = {{ first = "200ms", max = "1s" }}
                [[line]]
                number = "{number}"
                domain = "example.com"
                link = "desk-{number}"
                "#
            );
        }
        fs::write(self.folder.join("hookswitch.toml"), text).unwrap();
    }

    /// Until no phone has a session.
    pub async fn wait_unmonitored(&self) {
        for phone in &self.phones {
            within("the end of a session", phone.wait_unmonitored()).await;
        }
    }

    /// Until the gateway has acknowledged so many reports of all phones together.
    pub async fn wait_acknowledged_in_all(&self, count: usize) {
        let enough = async {
            while self.acknowledged().len() < count {
                tokio::task::yield_now().await;
            }
        };
        within("enough reports", enough).await;
    }

    /// A call at each phone, answered; the gateway has both events.
    pub async fn open_calls(&self, remote: &str) -> Vec<OpenCall> {
        let mut open = Vec::new();
        for phone in &self.phones {
            let acknowledged = phone.look(|phone| phone.counters().acknowledged);
            let call = phone.ring(remote, None);
            assert!(phone.answer(call));
            within("the acknowledgement", phone.wait_acknowledged(acknowledged + 2)).await;
            open.push(OpenCall { line: user(phone), remote: remote.to_owned(), call, phone: phone.clone() });
        }
        open
    }

    /// The users hang up.
    pub fn hang_up(&self, calls: &[OpenCall]) {
        for OpenCall { phone, call, .. } in calls {
            assert!(phone.hang_up(*call));
        }
    }

    /// Ten whole calls at each phone at once, from numbers that begin so.
    pub fn many_calls(&self, prefix: &str) {
        for phone in &self.phones {
            for n in 10..20 {
                let call = phone.ring(&format!("{prefix}{n}"), None);
                assert!(phone.answer(call) && phone.hold(call) && phone.retrieve(call) && phone.hang_up(call));
            }
        }
    }

    /// All that the gateway said it has, in the order of each phone.
    pub fn acknowledged(&self) -> Vec<Acknowledged> {
        self.phones.iter().flat_map(acknowledged_by).collect()
    }
}

fn acknowledged_by(phone: &Handset) -> Vec<Acknowledged> {
    let (line, mut callers) = (user(phone), HashMap::new());
    let reports = phone.acknowledged().into_iter().map(|report| {
        let Ok(Message::Event(event)) = csta::xml::decode(&report.xml) else { panic!("{report:?}") };
        let call = event.connection.and_then(|connection| connection.call_id).unwrap();
        // ConnectionCleared names the call, but not who called.
        if let Some(caller) = event.calling.as_ref().and_then(SubjectDevice::device) {
            callers.insert(call.clone(), csta::device::parse(&caller.text).number.into_owned());
        }
        Acknowledged { line: line.clone(), remote: callers[&call].clone(), action: action(&report.event) }
    });
    reports.collect()
}

/// What an incoming call's event must lead to.
fn action(event: &str) -> &'static str {
    match event {
        "DeliveredEvent" => "inbound",
        "EstablishedEvent" => "connected",
        "HeldEvent" | "RetrievedEvent" => "hold",
        "ConnectionClearedEvent" => "disconnected",
        other => panic!("{other}"),
    }
}

fn user(phone: &Handset) -> String {
    phone.look(|phone| phone.config().user.clone())
}

/// A port that the system gives to nobody who does not ask for it (Linux: those from 32768 on).
fn free_port() -> u16 {
    const RANGE: u16 = 10_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() as u16 % RANGE;
    let mut ports = (0..RANGE).map(|_| 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % RANGE);
    ports.find(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).unwrap()
}
