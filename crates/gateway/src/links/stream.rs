//! SIP over streams, plain or inside TLS: connections by their peers, used both ways.
//!
//! Whoever connects is a stranger until the hub says otherwise: until an account has registered over the connection, or a
//! request has come that belongs to a dialog. Strangers have few places and little time.

mod serve;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::Arrival;
use super::complaints::Complaints;
use super::strangers::{Seat, Strangers};

/// So many connections may stand, ours and the phones'.
const MAX_CONNECTIONS: usize = 16_384;

/// So many messages may wait for one connection; a peer that does not read is cut off.
const SEND_QUEUE: usize = 256;

/// So many bytes may wait for a stranger. What is answered repeats what was asked, and so may be long.
const MOST_FOR_STRANGER: usize = 64 * 1024;

/// A phone that does not answer a SYN by then is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Whoever is still a stranger then, is sent away.
const STRANGER_TIMEOUT: Duration = Duration::from_secs(60);

/// So many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// Listens for connections of one address family.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    #[cfg(unix)]
    socket.set_reuse_address(true)?; // a restart need not wait for the connections of before
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// A connection is known by how it speaks and to whom.
type Key = (sip::Transport, SocketAddr);

/// All connections of SIP.
#[derive(Clone)]
pub(super) struct Connections {
    /// Held for one look-up, never across a call's transition.
    standing: Arc<Mutex<HashMap<Key, Standing>>>,
    arrivals: mpsc::Sender<Arrival>,
    room: Arc<Semaphore>,
    strangers: Strangers,
    complaints: Arc<Complaints>,
    stop: CancellationToken,
}

/// A connection that stands, or is being opened.
struct Standing {
    sender: mpsc::Sender<Bytes>,
    /// Bytes that wait in its queue.
    waiting: Arc<AtomicUsize>,
    /// As long as its peer is a stranger.
    seat: Option<Seat>,
}

/// What waits to be written on a connection.
pub(super) struct Queue {
    messages: mpsc::Receiver<Bytes>,
    waiting: Arc<AtomicUsize>,
}

/// A TCP connection within the bound of all.
pub(super) struct Connected {
    pub stream: TcpStream,
    /// Its peer is a stranger, for it has come by itself.
    pub seat: Option<Seat>,
    pub room: OwnedSemaphorePermit,
}

impl Connections {
    pub(super) fn new(arrivals: mpsc::Sender<Arrival>, stop: CancellationToken) -> Self {
        Self {
            standing: Arc::default(),
            arrivals,
            room: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            strangers: Strangers::default(),
            complaints: Arc::default(),
            stop,
        }
    }

    /// A connection to this peer is known, whether it stands already or is being opened.
    pub(super) fn has(&self, transport: sip::Transport, remote: SocketAddr) -> bool {
        self.standing().get(&(transport, remote)).is_some_and(|standing| !standing.sender.is_closed())
    }

    /// Makes a connection known: from now on messages to its peer are queued for it.
    pub(super) fn add(&self, flow: sip::Flow, seat: Option<Seat>) -> Queue {
        let (sender, messages) = mpsc::channel(SEND_QUEUE);
        let waiting = Arc::<AtomicUsize>::default();
        let standing = Standing { sender, waiting: waiting.clone(), seat };
        self.standing().insert((flow.transport, flow.remote), standing);
        Queue { messages, waiting }
    }

    /// The peer is one of ours: it is no stranger any more.
    pub(super) fn recognise(&self, flow: sip::Flow) {
        if let Some(standing) = self.standing().get_mut(&(flow.transport, flow.remote)) {
            standing.seat = None;
        }
    }

    fn is_stranger(&self, flow: sip::Flow) -> bool {
        self.standing().get(&(flow.transport, flow.remote)).is_some_and(|standing| standing.seat.is_some())
    }

    /// Queues a message for the connection to its peer. Without one the flow has failed.
    pub(super) fn send(&self, flow: sip::Flow, bytes: Bytes) {
        let mut standing = self.standing();
        let key = (flow.transport, flow.remote);
        if standing.get(&key).is_none_or(|standing| !standing.takes(bytes)) {
            // None, closed, or a peer that does not read: its tasks end when the last sender is gone.
            standing.remove(&key);
            let arrivals = self.arrivals.clone();
            tokio::spawn(async move { arrivals.send(Arrival::Failed(flow)).await });
        }
    }

    /// Closes the connection to a peer: its tasks end when the last sender is gone.
    pub(super) fn close(&self, flow: sip::Flow) {
        self.standing().remove(&(flow.transport, flow.remote));
    }

    /// Takes connections until the gateway stops. What `take` makes of one is done in a task of its own: no peer makes
    /// others wait.
    pub(super) async fn accept<T>(
        self,
        listener: TcpListener,
        transport: sip::Transport,
        take: impl Fn(Connected, sip::Flow) -> T,
    ) where
        T: Future<Output = ()> + Send + 'static,
    {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, remote)) => {
                    let Ok(local) = stream.local_addr() else { continue };
                    let flow = sip::Flow { transport, local, remote };
                    match self.admit(stream, remote) {
                        Ok(connected) => {
                            let taken = take(connected, flow);
                            tokio::spawn(self.stop.clone().run_until_cancelled_owned(taken));
                        }
                        Err(why) => self.complain(flow, &why),
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a SIP connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Somebody has connected: a stranger.
    fn admit(&self, stream: TcpStream, remote: SocketAddr) -> io::Result<Connected> {
        let seat = self.strangers.admit(remote.ip());
        let seat = seat.ok_or_else(|| io::Error::other("too many others that nobody knows are connected"))?;
        Ok(Connected { seat: Some(seat), ..self.within_bound(stream)? })
    }

    /// Says that a connection was closed, and why; of many one now and then.
    pub(super) fn complain(&self, flow: sip::Flow, why: &dyn std::fmt::Display) {
        let sip::Flow { transport, remote, .. } = flow;
        if let Some(unsaid) = self.complaints.next(Instant::now()) {
            let transport = transport.name();
            tracing::warn!(%remote, transport, %why, unsaid, "a SIP connection is closed (unsaid: others since the last such line)");
        }
    }

    /// Opens a TCP connection.
    pub(super) async fn connect(&self, remote: SocketAddr) -> io::Result<Connected> {
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(remote)).await??;
        self.within_bound(stream)
    }

    fn within_bound(&self, stream: TcpStream) -> io::Result<Connected> {
        let room = self.room.clone().try_acquire_owned();
        let room = room.map_err(|_| io::Error::other(format!("{MAX_CONNECTIONS} connections stand already")))?;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        Ok(Connected { stream, seat: None, room })
    }

    /// One plain connection, until either side ends it.
    pub(super) async fn serve_plain(self, connected: Connected, flow: sip::Flow, queue: Queue) {
        let Connected { stream, room, .. } = connected;
        self.serve(stream, room, flow, queue).await;
    }

    /// One connection of any kind, until either side ends it.
    pub(super) async fn serve<S>(self, stream: S, room: OwnedSemaphorePermit, flow: sip::Flow, queue: Queue)
    where
        S: AsyncRead + AsyncWrite,
    {
        let (reader, writer) = tokio::io::split(stream);
        tokio::select! {
            ended = serve::read(reader, flow, &self.arrivals) => {
                ended.unwrap_or_else(|why| self.complain(flow, &why));
            }
            () = serve::write(writer, queue) => {}
            () = self.stranger_stays(flow) => self.complain(flow, &"nobody registered on it, and nothing came that belongs to a session"),
            () = self.stop.cancelled() => {}
        }
        drop(room);
        self.forget(flow).await;
    }

    /// Ends when a stranger has had his time.
    async fn stranger_stays(&self, flow: sip::Flow) {
        if self.is_stranger(flow) {
            tokio::time::sleep(STRANGER_TIMEOUT).await;
            if self.is_stranger(flow) {
                return;
            }
        }
        std::future::pending().await
    }

    /// The connection is gone; one that the peer has opened since from the same port stays.
    async fn forget(&self, flow: sip::Flow) {
        self.report(flow, Arrival::Failed(flow)).await;
    }

    /// There is no connection, and what waited for it is dropped.
    pub(super) async fn refused(&self, flow: sip::Flow, queue: Queue) {
        drop(queue);
        self.report(flow, Arrival::Refused(flow)).await;
    }

    async fn report(&self, flow: sip::Flow, end: Arrival) {
        {
            let mut standing = self.standing();
            let key = (flow.transport, flow.remote);
            if standing.get(&key).is_some_and(|standing| standing.sender.is_closed()) {
                standing.remove(&key);
            }
        }
        // Nobody listens any more when the gateway is stopping.
        let _ = self.arrivals.send(end).await;
    }

    fn standing(&self) -> MutexGuard<'_, HashMap<Key, Standing>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    /// Queues a message, unless too much waits already.
    fn takes(&self, bytes: Bytes) -> bool {
        let waiting = self.waiting.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
        (self.seat.is_none() || waiting <= MOST_FOR_STRANGER) && self.sender.try_send(bytes).is_ok()
    }
}

impl Queue {
    /// The next message, as soon as there is one; `None` when nobody can queue any more.
    async fn next(&mut self) -> Option<Bytes> {
        let message = self.messages.recv().await;
        message.map(|message| self.taken(message))
    }

    /// The next message, if there is one already.
    fn ready(&mut self) -> Option<Bytes> {
        let message = self.messages.try_recv().ok();
        message.map(|message| self.taken(message))
    }

    fn taken(&self, message: Bytes) -> Bytes {
        self.waiting.fetch_sub(message.len(), Ordering::Relaxed);
        message
    }
}
