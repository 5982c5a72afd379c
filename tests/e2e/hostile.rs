//! Idle, slow and noisy peers on every transport, many at once: the phones beside them lose nothing.

use std::net::SocketAddr;
use std::time::Duration;

use simulator::{Credentials, Handset, PhoneConfig, Registration};
use sip::Transport;
use tests::certificates::Authority;
use tests::chance::Chance;
use tests::gateway::{RunningGateway, dialling};
use tests::receiver::Receiver;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// So long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than the gateway may need for all that strangers send: 1,024 of them with half a message of 64 KiB each.
const MOST_MEMORY_KIB: u64 = 64 * 1024;

/// The phones, and how each registers.
const PHONES: [(&str, Transport); 3] = [("101", Transport::Udp), ("102", Transport::Tcp), ("103", Transport::Tls)];

/// Calls that each phone gets while the others make noise.
const CALLS: usize = 25;

/// A gateway with a listener for each transport, and its phones.
struct House {
    gateway: RunningGateway,
    receiver: Receiver,
    phones: Vec<Handset>,
}

impl House {
    async fn open() -> Self {
        let (authority, receiver) = (Authority::new("the PBX's authority"), Receiver::start().await);
        let identity = authority.issue("127.0.0.1");
        let desks: String = PHONES.iter().map(|(number, _)| desk(number)).collect();
        let config = format!(
            r#"
            [sip]
            listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0", "tls:127.0.0.1:0"]
            tls = {{ certificate = {:?}, key = {{ file = {:?} }} }}
            {desks}
            [[action_url]]
            on = ["inbound", "disconnected"]
            url = "http://{}/<$line>/<$action>?remote=<$remote_party>"
            {}
            "#,
            identity.certificate,
            identity.key,
            receiver.address,
            dialling(&["101", "102", "103"]),
        );
        let gateway = RunningGateway::start(&config).await;
        let mut phones = Vec::new();
        for (number, transport) in PHONES {
            let credentials = Credentials { username: number.into(), password: "correct horse".into() };
            let registrar = listener(&gateway, transport);
            let registration = Registration { registrar, credentials, expires: Duration::from_secs(60) };
            let config = PhoneConfig { registration: Some(registration), ..PhoneConfig::new(number) };
            let at = "127.0.0.1:0".parse().expect("an address");
            let phone = match transport {
                Transport::Tls => {
                    let secure = authority.issue("phone.example.com").phone(None, &authority);
                    Handset::tls(config, secure, at).await
                }
                Transport::Udp | Transport::Tcp => Handset::start(config, transport, at).await,
            };
            let phone = phone.expect("a socket");
            tokio::time::timeout(PATIENCE, phone.wait_monitored()).await.expect("a session");
            phones.push(phone);
        }
        Self { gateway, receiver, phones }
    }

    /// Each phone gets its calls; every URL is requested once, in the order of its call.
    async fn calls_go_on(&mut self) {
        for number in 0..CALLS {
            for phone in &self.phones {
                let call = phone.ring(&format!("030{number}"), None);
                phone.caller_hangs_up(call);
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        let requests = self.receiver.next(CALLS * 2 * PHONES.len()).await;
        for (line, _) in PHONES {
            for number in 0..CALLS {
                let of_this = |request: &&String| {
                    request.starts_with(&format!("GET /{line}/")) && request.ends_with(&format!("=030{number}"))
                };
                let urls: Vec<_> = requests.iter().filter(of_this).collect();
                let expected =
                    ["inbound", "disconnected"].map(|action| format!("GET /{line}/{action}?remote=030{number}"));
                assert_eq!(urls, expected.iter().collect::<Vec<_>>());
            }
        }
        assert_eq!(self.receiver.rest(), Vec::<String>::new());
    }
}

fn desk(number: &str) -> String {
    format!(
        "[[link]]\nname = \"desk-{number}\"\nkind = \"uacsta\"\nregister = true\nusername = \"{number}\"\n\
         password = \"correct horse\"\nheartbeat = \"5s\"\n\
         [[line]]\nnumber = \"{number}\"\ndomain = \"example.com\"\nlink = \"desk-{number}\"\n"
    )
}

fn listener(gateway: &RunningGateway, transport: Transport) -> SocketAddr {
    let (udp, tcp) = gateway.sip();
    *match transport {
        Transport::Udp => udp.first(),
        Transport::Tcp => tcp.first(),
        Transport::Tls => gateway.sip_over_tls().first(),
    }
    .expect("a listener")
}

/// Resident memory of this process, of which the gateway is a part.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// A connection from an address of this machine that no phone has.
async fn from(host: u8, to: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 1, host], 0))).expect("an address of loopback");
    socket.connect(to).await.ok()
}

/// Half a message, then one byte now and then, until the connection is closed.
async fn slow(mut stream: TcpStream) {
    let mut message = format!("INFO sip:a SIP/2.0\r\nX: {}", "x".repeat(20_000)).into_bytes();
    while stream.write_all(&message).await.is_ok() {
        message = b"y".to_vec();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Random bytes, and again on a new connection, so many times.
async fn noisy(host: u8, to: SocketAddr, mut chance: Chance) {
    for _ in 0..50 {
        let Some(mut stream) = from(host, to).await else { continue };
        let garbage: Vec<u8> = (0..2_000).map(|_| chance.bits() as u8).collect();
        let _ = stream.write_all(&garbage).await;
        let _ = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut [0; 64])).await;
    }
}

/// Datagrams of random bytes, of half messages, and of requests that belong to nothing.
async fn shouting(host: u8, to: SocketAddr, mut chance: Chance) {
    let socket = UdpSocket::bind(SocketAddr::from(([127, 0, 1, host], 0))).await.expect("a socket");
    for number in 0..20_000 {
        let datagram = match number % 3 {
            0 => (0..chance.below(1_200)).map(|_| chance.bits() as u8).collect(),
            1 => b"INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP".to_vec(),
            _ => format!(
                "INFO sip:hookswitch@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.1.1;branch=z9hG4bK{number}\r\n\
                 From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=0123456789abcdef0123456789abcdef\r\nCall-ID: {number}\r\n\
                 CSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n"
            )
            .into_bytes(),
        };
        let _ = socket.send_to(&datagram, to).await;
        if number % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phones_lose_nothing_beside_hostile_peers() {
    let mut house = House::open().await;
    let before = resident_kib();
    let (mut idle, mut busy, mut slow_ones) = (Vec::new(), JoinSet::new(), JoinSet::new());
    for transport in [Transport::Tcp, Transport::Tls] {
        let to = listener(&house.gateway, transport);
        for number in 0..200 {
            idle.extend(from(1, to).await);
            if number % 4 == 0 {
                slow_ones.extend(from(2, to).await.map(slow));
            }
        }
        (3..7).for_each(|host| drop(busy.spawn(noisy(host, to, Chance::new(u64::from(host))))));
    }
    let to = listener(&house.gateway, Transport::Udp);
    (7..10).for_each(|host| drop(busy.spawn(shouting(host, to, Chance::new(u64::from(host))))));
    house.calls_go_on().await;
    while busy.join_next().await.is_some() {}
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < MOST_MEMORY_KIB, "{grown} KiB more than before");
    assert!(idle.len() == 400, "the kernel has taken them all");
    let closed = idle.iter().filter(
        |stream| !matches!(stream.try_read(&mut [0; 1]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock),
    );
    assert_eq!(closed.count(), 400 - 128, "one source may have 128 strangers here");
    house.calls_go_on().await;
    house.gateway.stop().await;
}
