//! Thousands of connections from the gateway, plain or inside TLS.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc as queue;
use tokio_rustls::TlsAcceptor;

/// A message with both ends of its connection, ours first.
type Arrival = (SocketAddr, SocketAddr, Bytes);

/// The connections, and what has come in on any of them.
pub(super) struct Streams {
    port: u16,
    arrivals: mpsc::Receiver<Arrival>,
    writers: Writers,
    _runtime: tokio::runtime::Runtime,
}

/// What waits to be written, by the peer.
type Writers = Arc<Mutex<HashMap<SocketAddr, queue::UnboundedSender<Bytes>>>>;

impl Streams {
    /// Listens on all loopback addresses.
    pub(super) fn listen(acceptor: Option<TlsAcceptor>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind(([0, 0, 0, 0], 0).into())?;
            socket.listen(4096)
        });
        let listener = listener.expect("a TCP port");
        let port = listener.local_addr().expect("its address").port();
        let (sender, arrivals) = mpsc::channel();
        let writers = Writers::default();
        runtime.spawn(accept(listener, acceptor, sender, writers.clone()));
        Self { port, arrivals, writers, _runtime: runtime }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn send(&self, remote: SocketAddr, bytes: &[u8]) {
        if let Some(writer) = self.writers.lock().expect("no panic before").get(&remote) {
            let _ = writer.send(Bytes::copy_from_slice(bytes));
        }
    }

    pub(super) fn receive(&self, patience: Duration) -> Option<Arrival> {
        self.arrivals.recv_timeout(patience).ok()
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    arrivals: mpsc::Sender<Arrival>,
    writers: Writers,
) {
    while let Ok((stream, remote)) = listener.accept().await {
        let (acceptor, arrivals, writers) = (acceptor.clone(), arrivals.clone(), writers.clone());
        tokio::spawn(async move {
            let Ok(local) = stream.local_addr() else { return };
            let _ = stream.set_nodelay(true);
            match acceptor {
                None => serve(stream, local, remote, arrivals, writers).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, local, remote, arrivals, writers).await;
                    }
                }
            }
        });
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite,
    local: SocketAddr,
    remote: SocketAddr,
    arrivals: mpsc::Sender<Arrival>,
    writers: Writers,
) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let (sender, mut waiting) = queue::unbounded_channel::<Bytes>();
    writers.lock().expect("no panic before").insert(remote, sender);
    let read = async {
        let (mut buffer, mut frames) = (BytesMut::new(), sip::frame::Frames::default());
        while reader.read_buf(&mut buffer).await.is_ok_and(|length| length > 0) {
            while let Ok(Some(message)) = frames.next(&mut buffer) {
                if arrivals.send((local, remote, message.freeze())).is_err() {
                    return;
                }
            }
        }
    };
    let write = async {
        while let Some(bytes) = waiting.recv().await {
            if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
    };
    tokio::select! { () = read => {} () = write => {} }
    writers.lock().expect("no panic before").remove(&remote);
}
