//! Phones on real sockets, with a gateway made of a bare SIP agent.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use csta::{Edition, Message, MonitorStart, Request, xml};
use simulator::{Fleet, Handset, PhoneConfig};
use sip::{Agent, Answer, Body, Config, Flow, Invite, Method, Output, Transport, frame};
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

    async fn receive(&mut self) -> (SocketAddr, BytesMut) {
        match self {
            Self::Udp(socket) => {
                let mut buffer = BytesMut::zeroed(65_536);
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                (from, buffer.split_to(length))
            }
            Self::Tcp(stream, buffer) => loop {
                if let Some(length) = frame::frame_len(buffer).unwrap() {
                    return (stream.peer_addr().unwrap(), buffer.split_to(length));
                }
                assert!(stream.read_buf(buffer).await.unwrap() > 0, "the phone hung up");
            },
        }
    }
}

/// Opens a session with each phone, starts a monitor, and acknowledges all reports for as long as it is polled.
async fn gateway(mut socket: Socket, local: SocketAddr, phones: Vec<Handset>) {
    let mut agent = Agent::new(Config::default(), Box::new(|bytes| getrandom::fill(bytes).unwrap()));
    let transport = if matches!(socket, Socket::Udp(_)) { Transport::Udp } else { Transport::Tcp };
    let mut out = Vec::new();
    for phone in &phones {
        let flow = Flow { transport, local, remote: phone.address() };
        let body = csta_body(Request::RequestSystemStatus(Default::default()));
        let invite = Invite { body: Some(body), ..Invite::new(flow, phone.uri(), "sip:gateway@127.0.0.1".parse().unwrap()) };
        agent.invite(Instant::now(), invite, &mut out);
    }
    loop {
        let now = Instant::now();
        for output in std::mem::take(&mut out) {
            match output {
                Output::Transmit { flow, bytes } => socket.send(flow.remote, &bytes).await,
                Output::Event(sip::Event::Accepted { dialog, .. }) => {
                    // The number behind any domain will do: the phone looks at its own user only.
                    let user = phones[usize::try_from(asked(&phones)).unwrap()].look(|phone| phone.config().user.clone());
                    let _ = user;
                    agent.request(now, dialog, 1, Method::INFO, Some(csta_body(monitor())), &mut out);
                }
                Output::Event(sip::Event::Requested { transaction, body, .. }) => {
                    let message = xml::decode(&body.unwrap().bytes);
                    assert!(matches!(message, Ok(Message::Event(_))), "{message:?}");
                    agent.respond(now, transaction, Answer::new(200), &mut out);
                }
                Output::Event(sip::Event::Answered { answer, .. }) => assert_eq!(answer.status, 200),
                Output::Event(other) => panic!("{other:?}"),
                Output::Discarded { reason, .. } => panic!("{reason}"),
            }
        }
    }
}
