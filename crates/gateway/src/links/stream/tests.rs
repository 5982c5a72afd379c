#![allow(clippy::unwrap_used)] // tests

use bytes::Bytes;
use sip::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::tcp::Tcp;
use super::*;

const OPTIONS: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n";

/// A listener, what arrives there, and somebody who has connected.
struct House {
    connections: Connections,
    arrivals: mpsc::Receiver<Arrival>,
    client: TcpStream,
}

impl House {
    async fn new() -> Self {
        let (sender, arrivals) = mpsc::channel(16);
        let connections = Connections::new(sender, CancellationToken::new());
        let mut tcp = Tcp::new(connections.clone());
        tcp.listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = TcpStream::connect(tcp.addresses()[0]).await.unwrap();
        Self { connections, arrivals, client }
    }

    /// The next message, and the connection it came on.
    async fn received(&mut self) -> (sip::Flow, Bytes) {
        match self.arrivals.recv().await.unwrap() {
            Arrival::Received(flow, bytes) => (flow, bytes),
            other @ (Arrival::Failed(_) | Arrival::Refused(_)) => panic!("{other:?}"),
        }
    }

    /// How long the connection stands from now on.
    async fn stands(&mut self) -> Duration {
        let now = Instant::now();
        assert!(matches!(self.client.read(&mut [0; 1]).await, Ok(0) | Err(_)));
        now.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_may_stay_a_minute_whatever_he_says() {
    let mut house = House::new().await;
    house.client.write_all(OPTIONS).await.unwrap();
    let (flow, bytes) = house.received().await;
    assert_eq!((flow.transport, &*bytes), (Transport::Tcp, OPTIONS));
    let stood = house.stands().await;
    assert!((STRANGER_TIMEOUT..STRANGER_TIMEOUT * 2).contains(&stood), "{stood:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_trusted_may_stay_and_be_silent() {
    let mut house = House::new().await;
    house.client.write_all(OPTIONS).await.unwrap();
    let (flow, _) = house.received().await;
    house.connections.recognise(flow);
    tokio::time::sleep(STRANGER_TIMEOUT * 60).await;
    house.connections.send(flow, Bytes::from_static(b"hello"));
    let mut hello = [0; 5];
    house.client.read_exact(&mut hello).await.unwrap();
    assert_eq!(&hello, b"hello");
    house.client.write_all(OPTIONS).await.unwrap();
    assert_eq!(house.received().await.1, OPTIONS);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_begun_must_end() {
    let mut house = House::new().await;
    house.client.write_all(OPTIONS).await.unwrap();
    let (flow, _) = house.received().await;
    house.connections.recognise(flow);
    let begun = Instant::now();
    for byte in OPTIONS {
        if house.client.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let stood = begun.elapsed();
    assert!(stood < Duration::from_secs(40), "one byte a second is too slow, and it stood {stood:?}");
    assert!(matches!(house.arrivals.recv().await, Some(Arrival::Failed(_))));
}

#[tokio::test]
async fn a_stream_is_cut_into_messages_however_it_arrives() {
    let mut house = House::new().await;
    let large = format!("INFO sip:a SIP/2.0\r\nContent-Length: 30000\r\n\r\n{}", "x".repeat(30_000));
    let sent = [OPTIONS, large.as_bytes(), OPTIONS, OPTIONS].concat();
    for piece in sent.chunks(7_001) {
        house.client.write_all(piece).await.unwrap();
    }
    for expected in [OPTIONS, large.as_bytes(), OPTIONS, OPTIONS] {
        assert_eq!(house.received().await.1, expected);
    }
}

/// A stranger who asks much and reads nothing is cut off; a phone may have that much waiting.
#[tokio::test]
async fn little_waits_for_a_stranger() {
    for (is_trusted, stands) in [(false, false), (true, true)] {
        let mut house = House::new().await;
        house.client.write_all(OPTIONS).await.unwrap();
        let (flow, _) = house.received().await;
        if is_trusted {
            house.connections.recognise(flow);
        }
        // None of this is written before the next wait.
        for _ in 0..3 {
            house.connections.send(flow, vec![b'x'; MOST_FOR_STRANGER / 2].into());
        }
        assert_eq!(house.connections.has(flow.transport, flow.remote), stands);
    }
}

#[tokio::test]
async fn strangers_have_few_places() {
    let mut house = House::new().await;
    let address = house.client.peer_addr().unwrap();
    let mut others = Vec::new();
    for _ in 0..200 {
        others.push(TcpStream::connect(address).await.unwrap());
    }
    let mut refused = 0;
    for other in &mut others {
        let closed = tokio::time::timeout(Duration::from_millis(5), other.read(&mut [0; 1])).await;
        refused += usize::from(closed.is_ok());
    }
    assert_eq!(refused, 200 - 127, "128 of one source may be there at once");
    drop(others);
    house.client.write_all(OPTIONS).await.unwrap();
    loop {
        match house.arrivals.recv().await.unwrap() {
            Arrival::Received(..) => break,
            Arrival::Failed(_) | Arrival::Refused(_) => {}
        }
    }
}
