//! Somebody who knows nearly all of a dialog, on a real socket: what is wrong in one point rings nothing.

use std::net::SocketAddr;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use simulator::{Handset, PhoneConfig};
use tests::gateway::RunningGateway;
use tests::receiver::Receiver;
use tokio::net::UdpSocket;

/// So long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Spoofed requests in all, and between two looks at the answers.
const SPOOFED: u32 = 100_000;
const BURST: u32 = 100;

/// A gateway and its phone.
struct House {
    gateway: RunningGateway,
    receiver: Receiver,
    phone: Handset,
}

impl House {
    async fn open() -> Self {
        let phone = Handset::udp(PhoneConfig::new("101")).await.expect("a socket");
        let receiver = Receiver::start().await;
        let config = format!(
            r#"
            [sip]
            listen = ["udp:127.0.0.1:0"]
            [[link]]
            name = "desk"
            kind = "uacsta"
            uri = "{}"
            [[line]]
            number = "101"
            domain = "example.com"
            link = "desk"
            [[action_url]]
            on = ["inbound", "connected", "disconnected"]
            url = "http://{}/<$remote_party>/<$action>"
            "#,
            phone.uri(),
            receiver.address,
        );
        let gateway = RunningGateway::start(&config).await;
        tokio::time::timeout(PATIENCE, phone.wait_monitored()).await.expect("a session");
        Self { gateway, receiver, phone }
    }

    /// A whole call, and what it requests.
    async fn call(&mut self, remote: &str) {
        let call = self.phone.ring(remote, None);
        assert!(self.phone.answer(call) && self.phone.hang_up(call));
        self.expect(remote).await;
    }

    async fn expect(&mut self, remote: &str) {
        let expected = ["inbound", "connected", "disconnected"].map(|action| format!("GET /{remote}/{action}"));
        assert_eq!(self.receiver.next(expected.len()).await, expected);
    }
}

/// What belongs to a dialog: its requests can be written by anybody who knows it all.
struct Dialog {
    gateway: SocketAddr,
    our_tag: String,
    tag: String,
    call_id: String,
}

impl Dialog {
    /// As the gateway has noted it, to end it after a crash.
    fn noted(gateway: &RunningGateway) -> Self {
        let database = std::fs::read_dir(gateway.state_dir()).expect("a folder").flatten().map(|entry| entry.path());
        let open = |file| Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).ok();
        let note = database.filter_map(open).find_map(|database| {
            database.query_row("SELECT text FROM link_dialog", [], |row| row.get::<_, String>(0)).ok()
        });
        let note = note.expect("the dialog is noted with the first event");
        let words: Vec<_> = note.split(' ').map(str::to_owned).collect();
        let [_, _, here, _, our_tag, tag, call_id, ..] = words.as_slice() else { panic!("{note}") };
        let gateway = here.parse().expect("an address");
        Self { gateway, our_tag: our_tag.clone(), tag: tag.clone(), call_id: call_id.clone() }
    }

    fn info(&self, number: u32, body: &str) -> String {
        let Self { gateway, our_tag, tag, call_id } = self;
        format!(
            "INFO sip:hookswitch@{gateway} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{number};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:101@127.0.0.1>;tag={tag}\r\nTo: <sip:hookswitch@{gateway}>;tag={our_tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {number} INFO\r\nContent-Type: application/csta+xml\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn with_our_tag(&self, guess: u32) -> Self {
        Self { our_tag: guessed(&self.our_tag, guess), ..self.copied() }
    }

    fn with_tag(&self, guess: u32) -> Self {
        Self { tag: guessed(&self.tag, guess), ..self.copied() }
    }

    fn copied(&self) -> Self {
        let Self { gateway, our_tag, tag, call_id } = self;
        Self { gateway: *gateway, our_tag: our_tag.clone(), tag: tag.clone(), call_id: call_id.clone() }
    }
}

/// All but the first digits are right.
fn guessed(tag: &str, guess: u32) -> String {
    let wrong = format!("{:05x}", guess % 0xf_ffff);
    let right = tag.get(wrong.len()..).expect("128 bits");
    if tag.starts_with(&wrong) { format!("xxxxx{right}") } else { wrong + right }
}

/// The answers that have come to this socket so far: their number and their bytes.
async fn refusals(socket: &UdpSocket, so_far: &mut (u64, usize)) {
    let mut answer = [0; 4096];
    while let Ok(Ok(length)) = tokio::time::timeout(Duration::from_millis(1), socket.recv(&mut answer)).await {
        assert!(answer.starts_with(b"SIP/2.0 481 "), "{}", String::from_utf8_lossy(&answer[..length]));
        (so_far.0, so_far.1) = (so_far.0 + 1, so_far.1 + length);
    }
}

#[tokio::test]
async fn a_hundred_thousand_spoofed_infos_ring_nothing() {
    let mut house = House::open().await;
    house.call("0301").await;
    let dialog = Dialog::noted(&house.gateway);
    // What the phone itself said of a call, now of another one.
    let reports: Vec<_> =
        house.phone.acknowledged().iter().map(|it| String::from_utf8_lossy(&it.xml).into_owned()).collect();
    let call_id = reports[0].split("<callID>").nth(1).and_then(|rest| rest.split('<').next()).expect("a call's id");
    let of_another = |report: &String| report.replace("0301", "0666").replace(&format!(">{call_id}<"), ">-666<");
    let [rings, talks, ends] = &reports.iter().map(of_another).collect::<Vec<_>>()[..] else { panic!("{reports:?}") };

    let near = UdpSocket::bind("127.0.0.1:0").await.expect("another port of the phone's host");
    let elsewhere = UdpSocket::bind("127.0.0.2:0").await.expect("another address");
    let (mut sent, mut answered) = (0, (0, 0));
    for number in 1_000..1_000 + SPOOFED {
        let (socket, info) = match number % 4 {
            0 => (&near, dialog.with_our_tag(number).info(number, rings)),
            1 => (&near, dialog.with_tag(number).info(number, rings)),
            _ => (&elsewhere, dialog.info(number, rings)),
        };
        socket.send_to(info.as_bytes(), dialog.gateway).await.expect("loopback");
        sent += info.len();
        if number % BURST == 0 {
            refusals(&near, &mut answered).await;
            refusals(&elsewhere, &mut answered).await;
        }
        if number % (SPOOFED / 10) == 0 {
            house.call(&format!("04{number}")).await;
        }
    }
    assert!(answered.0 > u64::from(SPOOFED) / 4, "only {answered:?} were answered: the rest proves little");
    assert!(answered.1 < sent, "no more bytes come back than were sent");
    assert_eq!(house.receiver.rest(), Vec::<String>::new());

    // With all right it does ring, also from another port of the host, and where one request overtakes another.
    for (number, body) in [(1_000_000, rings), (1_000_002, ends), (1_000_001, talks)] {
        near.send_to(dialog.info(number, body).as_bytes(), dialog.gateway).await.expect("loopback");
    }
    house.expect("0666").await;
    house.gateway.stop().await;
    assert_eq!(house.receiver.rest(), Vec::<String>::new());
}
