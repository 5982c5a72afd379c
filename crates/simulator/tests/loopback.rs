//! Phones on real sockets, with a gateway made of a bare SIP agent.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)] // a test names what it expects, and may panic

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use csta::{Edition, Message, MonitorStart, Request, RequestSystemStatus, xml};
use simulator::{Fleet, Handset, PhoneConfig};
use sip::frame::Frames;
use sip::{Agent, Answer, Body, Config, DialogId, Flow, Invite, Method, Output, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Nothing here takes long; this only keeps a broken run from hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// One socket of the gateway.
enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream, BytesMut),
}

impl Socket {
    async fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        match self {
            Self::Udp(socket) => drop(socket.send_to(bytes, to).await.unwrap()),
            Self::Tcp(stream, _) => stream.write_all(bytes).await.unwrap(),
        }
    }

    async fn receive(&mut self) -> (Flow, BytesMut) {
        match self {
            Self::Udp(socket) => {
                let mut buffer = BytesMut::zeroed(65_536);
                let (length, remote) = socket.recv_from(&mut buffer).await.unwrap();
                let flow = Flow { transport: Transport::Udp, local: socket.local_addr().unwrap(), remote };
                (flow, buffer.split_to(length))
            }
            Self::Tcp(stream, buffer) => loop {
                if let Some(message) = Frames::default().next(buffer).unwrap() {
                    let (local, remote) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
                    return (Flow { transport: Transport::Tcp, local, remote }, message);
                }
                assert!(stream.read_buf(buffer).await.unwrap() > 0, "the phone hung up");
            },
        }
    }
}

/// A gateway that watches phones and acknowledges what they report.
struct Gateway {
    agent: Agent,
    socket: Socket,
    pending: Vec<Output>,
    /// Whom to watch in which dialog.
    phones: HashMap<DialogId, String>,
}

impl Gateway {
    /// Opens a session with each phone.
    fn call(socket: Socket, transport: Transport, local: SocketAddr, phones: &[Handset]) -> Self {
        let mut agent = Agent::new(Config::default(), Box::new(|bytes| getrandom::fill(bytes).unwrap()));
        let mut pending = Vec::new();
        let invite = |phone: &Handset| {
            let flow = Flow { transport, local, remote: phone.address() };
            let body = Some(csta_body(Request::RequestSystemStatus(RequestSystemStatus::default())));
            let from = "sip:gateway@127.0.0.1".parse().unwrap();
            let invite = Invite { body, ..Invite::new(flow, phone.uri(), from) };
            let user = phone.look(|phone| phone.config().user.clone());
            (agent.invite(Instant::now(), invite, &mut pending), user)
        };
        let phones = phones.iter().map(invite).collect();
        Self { agent, socket, pending, phones }
    }

    async fn run(mut self) {
        loop {
            for output in std::mem::take(&mut self.pending) {
                match output {
                    Output::Transmit { flow, bytes } => self.socket.send(flow.remote, &bytes).await,
                    Output::Event(event) => self.handle(event),
                    Output::Discarded { reason, .. } => panic!("{reason}"),
                    Output::Disconnect { .. } | Output::Recognised { .. } | Output::Registered(_) => {}
                }
            }
            if self.pending.is_empty() {
                let due = self.agent.deadline().map_or(PATIENCE, |at| at.saturating_duration_since(Instant::now()));
                match timeout(due, self.socket.receive()).await {
                    Ok((flow, bytes)) => self.agent.receive(Instant::now(), flow, &bytes, &mut self.pending),
                    Err(_) => self.agent.timeout(Instant::now(), &mut self.pending),
                }
            }
        }
    }

    fn handle(&mut self, event: sip::Event) {
        match event {
            sip::Event::Accepted { dialog, .. } => {
                let start = Request::MonitorStart(MonitorStart::device(self.phones[&dialog].as_str()));
                let body = Some(csta_body(start));
                self.agent.request(Instant::now(), dialog, 1, Method::INFO, body, &mut self.pending);
            }
            sip::Event::Requested { transaction, body, .. } => {
                let message = xml::decode(&body.unwrap().bytes);
                assert!(matches!(message, Ok(Message::Event(_))), "{message:?}");
                self.agent.respond(Instant::now(), transaction, Answer::new(200), &mut self.pending);
            }
            sip::Event::Answered { answer, .. } => assert_eq!(answer.status, 200),
            other => panic!("{other:?}"),
        }
    }
}

fn csta_body(request: Request) -> Body {
    Body::csta(xml::encode(&request.into(), Edition::Ed3))
}

/// A call's life on a phone that a gateway watches.
async fn live(phone: &Handset) {
    phone.wait_monitored().await;
    let call = phone.ring("0301234", Some("Anna"));
    assert!(phone.answer(call) && phone.hold(call) && phone.hang_up(call));
    phone.wait_acknowledged(4).await;
    let events: Vec<_> = phone.acknowledged().into_iter().map(|report| report.event).collect();
    assert_eq!(events, ["DeliveredEvent", "EstablishedEvent", "HeldEvent", "ConnectionClearedEvent"]);
}

async fn udp_gateway(phones: &[Handset]) -> Gateway {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let local = socket.local_addr().unwrap();
    Gateway::call(Socket::Udp(socket), Transport::Udp, local, phones)
}

/// Runs the test beside the gateway, which runs for ever.
async fn beside(gateway: Gateway, test: impl Future<Output = ()>) {
    tokio::select! {
        () = gateway.run() => {}
        done = timeout(PATIENCE, test) => done.unwrap(),
    }
}

#[tokio::test]
async fn a_phone_on_udp() {
    let phone = Handset::udp(PhoneConfig::default()).await.unwrap();
    let gateway = udp_gateway(std::slice::from_ref(&phone)).await;
    beside(gateway, live(&phone)).await;
}

#[tokio::test]
async fn a_phone_on_tcp() {
    let phone = Handset::tcp(PhoneConfig::default()).await.unwrap();
    assert_eq!(phone.uri().param("transport"), Some("tcp"));
    let stream = TcpStream::connect(phone.address()).await.unwrap();
    let local = stream.local_addr().unwrap();
    let socket = Socket::Tcp(stream, BytesMut::new());
    let gateway = Gateway::call(socket, Transport::Tcp, local, std::slice::from_ref(&phone));
    beside(gateway, live(&phone)).await;
}

#[tokio::test]
async fn a_building_behind_one_socket() {
    let fleet = Fleet::start(40, PhoneConfig::new("098")).await.unwrap();
    let gateway = udp_gateway(fleet.handsets()).await;
    let test = async {
        for phone in fleet.handsets() {
            live(phone).await;
        }
        let users = [0, 1, 39].map(|n| fleet.handsets()[n].look(|phone| phone.config().user.clone()));
        assert_eq!(users, ["098", "099", "137"]);
    };
    beside(gateway, test).await;
}

#[tokio::test]
async fn the_far_end_answers_in_its_own_time() {
    let config = PhoneConfig { auto_far_answer: Some(Duration::from_millis(5)), ..PhoneConfig::default() };
    let phone = Handset::udp(config).await.unwrap();
    let gateway = udp_gateway(std::slice::from_ref(&phone)).await;
    let test = async {
        phone.wait_monitored().await;
        let call = phone.dial("0301234");
        assert_eq!(phone.wait_dialled().await, call);
        phone.wait_acknowledged(4).await;
    };
    beside(gateway, test).await;
}

#[tokio::test]
async fn a_phone_without_handles_is_off() {
    let phone = Handset::udp(PhoneConfig::default()).await.unwrap();
    let address = phone.address();
    let other = phone.clone();
    drop(phone);
    assert!(UdpSocket::bind(address).await.is_err(), "one handle is left");
    drop(other);
    // The tasks let go of the socket when they run next.
    let free = async {
        while UdpSocket::bind(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, free).await.unwrap();
}
