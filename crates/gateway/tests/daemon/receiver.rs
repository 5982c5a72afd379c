//! What the action URLs reach, and what must be true of all that came.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::building::{Acknowledged, OpenCall};
use crate::within;

/// An endpoint that is down until it listens.
pub struct Receiver {
    pub address: SocketAddr,
    /// All requests, as they came.
    pub seen: Vec<Request>,
    socket: Option<Socket>,
    sender: mpsc::UnboundedSender<Request>,
    arriving: mpsc::UnboundedReceiver<Request>,
}

/// One request, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub line: String,
    pub remote: String,
    pub action: String,
    pub event_id: String,
    pub sequence: u32,
    pub result: String,
    pub synthetic: bool,
}

impl Receiver {
    /// An address that is ours and refuses connections.
    pub fn reserve() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let (sender, arriving) = mpsc::unbounded_channel();
        Self { address, seen: Vec::new(), socket: Some(socket), sender, arriving }
    }

    /// From here on it answers 204.
    pub fn listen(&mut self) {
        let socket = self.socket.take().unwrap();
        socket.listen(128).unwrap();
        socket.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(socket.into()).unwrap();
        let sender = self.sender.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sender.clone()));
            }
        });
    }

    /// Waits until what has come is enough.
    pub async fn wait_for(&mut self, mut enough: impl FnMut(&[Request]) -> bool) {
        while !enough(&self.seen) {
            let next = within("a request", self.arriving.recv()).await;
            self.seen.extend(next);
        }
    }

    /// Waits until each of these calls was found lost.
    pub async fn wait_lost(&mut self, calls: &[OpenCall]) {
        for call in calls {
            let is_lost =
                |seen: &Request| seen.is_of(&call.line, &call.remote) && seen.result == "lost" && seen.synthetic;
            self.wait_for(|seen| seen.iter().any(is_lost)).await;
        }
    }

    /// Waits until every call that is known here or at the phones has ended.
    pub async fn wait_closed(&mut self, acknowledged: &[Acknowledged]) {
        let told: BTreeSet<_> = acknowledged.iter().map(|event| (event.line.clone(), event.remote.clone())).collect();
        self.wait_for(|seen| {
            let ended = seen.iter().filter(|request| request.action == "disconnected").map(Request::call);
            let ended: BTreeSet<_> = ended.collect();
            seen.iter().map(Request::call).chain(told.iter().cloned()).all(|call| ended.contains(&call))
        })
        .await;
    }

    /// The requests of one call, without repetitions.
    pub fn of(&self, line: &str, remote: &str) -> impl Iterator<Item = &Request> {
        let mut events = BTreeSet::new();
        let of_call = self.seen.iter().filter(move |request| request.is_of(line, remote));
        of_call.filter(move |request| events.insert(request.event_id.clone()))
    }

    /// What must be true of every call: its events came in order and without a gap under one guid, repeated ones were
    /// the same, `disconnected` came once and last, and nothing is missing that was acknowledged.
    pub fn check(&mut self, acknowledged: &[Acknowledged]) {
        self.seen.extend(std::iter::from_fn(|| self.arriving.try_recv().ok()));
        let mut told: BTreeMap<_, Vec<_>> = self.seen.iter().map(|request| (request.call(), Vec::new())).collect();
        for event in acknowledged {
            told.entry((event.line.clone(), event.remote.clone())).or_default().push(event.action);
        }
        for ((line, remote), told) in told {
            let story: Vec<_> = self.of(&line, &remote).collect();
            let (guid, _) = story[0].event_id.split_once("%3A").unwrap();
            for (request, sequence) in story.iter().zip(1..) {
                assert_eq!(request.event_id, format!("{guid}%3A{sequence}"), "{story:#?}");
                assert_eq!(request.sequence, sequence, "{story:#?}");
            }
            let actions: Vec<_> = story.iter().map(|request| request.action.as_str()).collect();
            assert!(actions.starts_with(&told), "{line} {remote}: acknowledged {told:?}, came {actions:?}");
            let end = actions.iter().position(|action| *action == "disconnected");
            assert_eq!(end, Some(actions.len() - 1), "{line} {remote}: {actions:?}");
        }
        for request in &self.seen {
            let first = self.seen.iter().find(|other| other.event_id == request.event_id).unwrap();
            assert_eq!(request, first, "one event id, one event");
        }
    }
}

impl Request {
    fn call(&self) -> (String, String) {
        (self.line.clone(), self.remote.clone())
    }

    fn is_of(&self, line: &str, remote: &str) -> bool {
        self.line == line && self.remote == remote
    }

    /// `GET /101/0301/inbound/guid%3A1?sequence=1&result=&synthetic=0 HTTP/1.1`
    fn parse(line: &str) -> Option<Self> {
        let (path, query) = line.split(' ').nth(1)?.split_once('?')?;
        let mut parts = path.split('/').skip(1).map(str::to_owned);
        let mut values = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
        Some(Self {
            line: parts.next()?,
            remote: parts.next()?,
            action: parts.next()?,
            event_id: parts.next()?,
            sequence: values.next()?.parse().ok()?,
            result: values.next()?.to_owned(),
            synthetic: values.next()? == "1",
        })
    }
}

async fn serve(mut stream: TcpStream, sender: mpsc::UnboundedSender<Request>) {
    let mut buffer = Vec::with_capacity(4096);
    while let Ok(1..) = stream.read_buf(&mut buffer).await {
        while let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            buffer.drain(..end + 4);
            let line = head.lines().next().unwrap_or_default();
            let _ = sender.send(Request::parse(line).unwrap_or_else(|| panic!("{line}")));
            if stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_err() {
                return;
            }
        }
    }
}
