//! SIP over streams, plain or inside TLS: connections by their peers, used both ways.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufWriter};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::codec::{Decoder, FramedRead};
use tokio_util::sync::CancellationToken;

use super::Arrival;

/// So many connections may stand, ours and the phones'.
const MAX_CONNECTIONS: usize = 16_384;

/// So many messages may wait for one connection; a peer that does not read is cut off.
const SEND_QUEUE: usize = 256;

/// A phone that does not answer a SYN by then is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// A peer that takes none of our bytes for so long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

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
    senders: Arc<Mutex<HashMap<Key, mpsc::Sender<Bytes>>>>,
    arrivals: mpsc::Sender<Arrival>,
    room: Arc<Semaphore>,
    stop: CancellationToken,
}

/// What waits to be written on a connection.
pub(super) type Queue = mpsc::Receiver<Bytes>;

/// A TCP connection within the bound of all.
pub(super) struct Connected {
    pub stream: TcpStream,
    room: OwnedSemaphorePermit,
}

impl Connections {
    pub(super) fn new(arrivals: mpsc::Sender<Arrival>, stop: CancellationToken) -> Self {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        Self { senders: Arc::default(), arrivals, room, stop }
    }

    /// A connection to this peer is known, whether it stands already or is being opened.
    pub(super) fn has(&self, transport: sip::Transport, remote: SocketAddr) -> bool {
        self.senders().get(&(transport, remote)).is_some_and(|sender| !sender.is_closed())
    }

    /// Makes a connection known: from now on messages to its peer are queued for it.
    pub(super) fn add(&self, flow: sip::Flow) -> Queue {
        let (sender, queue) = mpsc::channel(SEND_QUEUE);
        self.senders().insert((flow.transport, flow.remote), sender);
        queue
    }

    /// Queues a message for the connection to its peer. Without one the flow has failed.
    pub(super) fn send(&self, flow: sip::Flow, bytes: Bytes) {
        let mut senders = self.senders();
        let key = (flow.transport, flow.remote);
        if senders.get(&key).is_none_or(|sender| sender.try_send(bytes).is_err()) {
            // None, closed, or a peer that does not read: its tasks end when the last sender is gone.
            senders.remove(&key);
            let arrivals = self.arrivals.clone();
            tokio::spawn(async move { arrivals.send(Arrival::Failed(flow)).await });
        }
    }

    /// Closes the connection to a peer: its tasks end when the last sender is gone.
    pub(super) fn close(&self, flow: sip::Flow) {
        self.senders().remove(&(flow.transport, flow.remote));
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
                    let Ok(connected) = self.within_bound(stream) else {
                        tracing::warn!(%remote, "too many SIP connections: this one is closed");
                        continue;
                    };
                    let taken = take(connected, sip::Flow { transport, local, remote });
                    tokio::spawn(self.stop.clone().run_until_cancelled_owned(taken));
                }
                Err(error) => {
                    tracing::warn!(%error, "a SIP connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Opens a TCP connection.
    pub(super) async fn connect(&self, remote: SocketAddr) -> io::Result<Connected> {
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(remote)).await??;
        self.within_bound(stream)
    }

    fn within_bound(&self, stream: TcpStream) -> io::Result<Connected> {
        let room = self.room.clone().try_acquire_owned().map_err(io::Error::other)?;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        Ok(Connected { stream, room })
    }

    /// One plain connection, until either side ends it.
    pub(super) async fn serve_plain(self, connected: Connected, flow: sip::Flow, queue: Queue) {
        let Connected { stream, room } = connected;
        self.serve(stream, room, flow, queue).await;
    }

    /// One connection of any kind, until either side ends it.
    pub(super) async fn serve<S>(self, stream: S, room: OwnedSemaphorePermit, flow: sip::Flow, queue: Queue)
    where
        S: AsyncRead + AsyncWrite,
    {
        let (reader, writer) = tokio::io::split(stream);
        tokio::select! {
            () = read(reader, flow, &self.arrivals) => {}
            () = write(writer, queue) => {}
            () = self.stop.cancelled() => {}
        }
        drop(room);
        self.forget(flow).await;
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
            let mut senders = self.senders();
            let key = (flow.transport, flow.remote);
            if senders.get(&key).is_some_and(mpsc::Sender::is_closed) {
                senders.remove(&key);
            }
        }
        // Nobody listens any more when the gateway is stopping.
        let _ = self.arrivals.send(end).await;
    }

    fn senders(&self) -> MutexGuard<'_, HashMap<Key, mpsc::Sender<Bytes>>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected {
    /// The stream by itself, for a handshake on it.
    pub(super) fn into_parts(self) -> (TcpStream, OwnedSemaphorePermit) {
        (self.stream, self.room)
    }
}

async fn read(reader: impl AsyncRead + Unpin, flow: sip::Flow, arrivals: &mpsc::Sender<Arrival>) {
    let mut frames = FramedRead::new(reader, Messages::default());
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(message) => {
                if arrivals.send(Arrival::Received(flow, message)).await.is_err() {
                    return;
                }
            }
            // Phones that are switched off end TLS in the middle.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return,
            Err(error) => {
                tracing::warn!(remote = %flow.remote, %error, "a SIP connection is closed");
                return;
            }
        }
    }
}

async fn write(writer: impl AsyncWrite + Unpin, mut queue: Queue) {
    let mut writer = BufWriter::new(writer);
    while let Some(bytes) = queue.recv().await {
        let sent = tokio::time::timeout(WRITE_TIMEOUT, async {
            writer.write_all(&bytes).await?;
            while let Ok(more) = queue.try_recv() {
                writer.write_all(&more).await?;
            }
            writer.flush().await
        });
        if !matches!(sent.await, Ok(Ok(()))) {
            return;
        }
    }
}

/// Cuts a stream into SIP messages (RFC 3261 18.3).
#[derive(Default)]
struct Messages(sip::frame::Frames);

impl Decoder for Messages {
    type Item = Bytes;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
        let lost = |error| io::Error::new(io::ErrorKind::InvalidData, format!("its framing is lost: {error}"));
        Ok(self.0.next(buffer).map_err(lost)?.map(BytesMut::freeze))
    }
}
