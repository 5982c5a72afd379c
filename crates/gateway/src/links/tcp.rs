//! SIP over TCP: connections are opened when there is something to send, and used both ways.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
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

type Senders = Arc<Mutex<HashMap<SocketAddr, mpsc::Sender<Bytes>>>>;

/// All TCP listeners and connections.
pub(super) struct Streams {
    shared: Shared,
    addresses: Vec<SocketAddr>,
}

#[derive(Clone)]
struct Shared {
    /// The connections by the peer's address. Held for one look-up, never across a call's transition.
    senders: Senders,
    arrivals: mpsc::Sender<Arrival>,
    room: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Streams {
    pub(super) fn new(arrivals: mpsc::Sender<Arrival>, stop: CancellationToken) -> Self {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        Self { shared: Shared { senders: Senders::default(), arrivals, room, stop }, addresses: Vec::new() }
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.iter().copied()
    }

    pub(super) async fn listen(&mut self, address: SocketAddr) -> io::Result<()> {
        let listener = TcpListener::bind(address).await?;
        self.addresses.push(listener.local_addr()?);
        tokio::spawn(accept(listener, self.shared.clone()));
        Ok(())
    }

    pub(super) fn send(&self, flow: sip::Flow, bytes: Bytes) {
        let mut senders = self.shared.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = senders.entry(flow.remote).or_insert_with(|| {
            let (sender, queue) = mpsc::channel(SEND_QUEUE);
            tokio::spawn(open(flow, queue, self.shared.clone()));
            sender
        });
        if sender.try_send(bytes).is_err() {
            // Closed, or a peer that does not read: its tasks end when the last sender is gone.
            senders.remove(&flow.remote);
            let arrivals = self.shared.arrivals.clone();
            tokio::spawn(async move { arrivals.send(Arrival::Failed(flow)).await });
        }
    }
}

async fn accept(listener: TcpListener, shared: Shared) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, remote)) => {
                let Ok(local) = stream.local_addr() else { continue };
                let Ok(permit) = shared.room.clone().try_acquire_owned() else {
                    tracing::warn!(%remote, "too many SIP connections: this one is closed");
                    continue;
                };
                let flow = sip::Flow { transport: sip::Transport::Tcp, local, remote };
                let (sender, queue) = mpsc::channel(SEND_QUEUE);
                shared.senders.lock().unwrap_or_else(PoisonError::into_inner).insert(remote, sender);
                tokio::spawn(serve(stream, flow, queue, permit, shared.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a SIP connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn open(flow: sip::Flow, queue: mpsc::Receiver<Bytes>, shared: Shared) {
    let permit = shared.room.clone().try_acquire_owned();
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(flow.remote)).await;
    match (connected, permit) {
        (Ok(Ok(stream)), Ok(permit)) => serve(stream, flow, queue, permit, shared).await,
        (connected, _) => {
            tracing::debug!(remote = %flow.remote, ?connected, "no connection");
            drop(queue);
            shared.forget(flow).await;
        }
    }
}

/// One connection, until either side ends it.
async fn serve(
    stream: TcpStream,
    flow: sip::Flow,
    queue: mpsc::Receiver<Bytes>,
    _room: OwnedSemaphorePermit,
    shared: Shared,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let (reader, writer) = stream.into_split();
    tokio::select! {
        () = read(reader, flow, &shared.arrivals) => {}
        () = write(writer, queue) => {}
        () = shared.stop.cancelled() => {}
    }
    shared.forget(flow).await;
}

impl Shared {
    /// The connection is gone; one that the peer has opened since from the same port stays.
    async fn forget(&self, flow: sip::Flow) {
        {
            let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
            if senders.get(&flow.remote).is_some_and(mpsc::Sender::is_closed) {
                senders.remove(&flow.remote);
            }
        }
        // Nobody listens any more when the gateway is stopping.
        let _ = self.arrivals.send(Arrival::Failed(flow)).await;
    }
}

async fn read(reader: OwnedReadHalf, flow: sip::Flow, arrivals: &mpsc::Sender<Arrival>) {
    let mut frames = FramedRead::new(reader, Messages);
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(message) => {
                if arrivals.send(Arrival::Received(flow, message)).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(remote = %flow.remote, %error, "a SIP connection is closed: its framing is lost");
                return;
            }
        }
    }
}

async fn write(writer: OwnedWriteHalf, mut queue: mpsc::Receiver<Bytes>) {
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
struct Messages;

impl Decoder for Messages {
    type Item = Bytes;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
        let length =
            sip::frame::frame_len(buffer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(length.map(|length| buffer.split_to(length).freeze()))
    }
}
