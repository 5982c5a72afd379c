//! Sockets: accepting, the deadlines of a connection, and the one request it serves.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use socket2::{Domain, Protocol, Socket, Type};
use store::Store;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    BindError, Dial, Settings,
    answer::Accept,
    crowd::{Crowd, Seat},
    gates::Gates,
    head::{self, HeadError},
    request::{Ends, Request},
    tls,
};

/// How long a client may take for its head: slow ones are not waited for.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long for the TLS handshake.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// How long for everything after the head, besides the phone's answer: body, audit, reading the answer.
const EXCHANGE_DEADLINE: Duration = Duration::from_secs(30);
/// How long a client may take to notice the end (RFC 9112 9.6).
const LINGER: Duration = Duration::from_millis(500);
/// How long the end of the program waits for requests in progress.
const DRAIN: Duration = Duration::from_secs(8);
/// Connections the system keeps until they are accepted.
const BACKLOG: i32 = 256;
/// hyper's buffer: a head that was percent-encoded is up to three times its size.
const BUFFER: usize = 64 * 1024;

/// The listener of command URLs.
pub struct CommandServer {
    plain: Vec<TcpListener>,
    secure: Vec<TcpListener>,
    acceptor: Option<TlsAcceptor>,
    gates: Arc<Gates>,
}

/// What every connection shares.
#[derive(Clone)]
struct Shared {
    gates: Arc<Gates>,
    /// No more requests.
    stop: CancellationToken,
}

impl CommandServer {
    pub(super) fn bind(settings: Settings, store: Store, hub: mpsc::Sender<Dial>) -> Result<Self, BindError> {
        let plain = settings.listen.iter().map(|address| listen(*address)).collect::<Result<Vec<_>, _>>()?;
        let https = settings.https.as_ref();
        let secure = https.map_or(&[][..], |https| &https.listen).iter();
        let secure = secure.map(|address| listen(*address)).collect::<Result<Vec<_>, _>>()?;
        if plain.is_empty() && secure.is_empty() {
            return Err(BindError::NoAddress);
        }
        let acceptor = https.map(|https| tls::acceptor(&https.identity)).transpose()?;
        let mut keys = [[0; 64]; 2];
        for key in &mut keys {
            getrandom::fill(key)?;
        }
        Ok(Self { plain, secure, acceptor, gates: Arc::new(Gates::new(settings, store, hub, keys)) })
    }

    /// Where it listens for HTTP.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.plain.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Where it listens for HTTPS.
    #[must_use]
    pub fn https_addrs(&self) -> Vec<SocketAddr> {
        self.secure.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Answers until `shutdown`, then lets requests in progress and dials end, for some seconds at most.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let shared = Shared { gates: self.gates, stop: CancellationToken::new() };
        let (crowd, connections, loops) = (Crowd::default(), TaskTracker::new(), TaskTracker::new());
        let plain = self.plain.into_iter().map(|listener| (listener, None));
        let secure = self.secure.into_iter().map(|listener| (listener, self.acceptor.clone()));
        for (listener, acceptor) in plain.chain(secure) {
            let (crowd, connections, shared) = (crowd.clone(), connections.clone(), shared.clone());
            let door = Door { listener, acceptor, crowd, connections, shared };
            loops.spawn(async move { door.shared.stop.run_until_cancelled(door.accept()).await });
        }
        shutdown.await;
        shared.stop.cancel();
        loops.close();
        loops.wait().await;
        connections.close();
        shared.gates.dials.close();
        let drained = async {
            connections.wait().await;
            shared.gates.dials.wait().await;
        };
        if timeout(DRAIN, drained).await.is_err() {
            tracing::warn!("some commands were still in progress at the end");
        }
    }
}

/// An IPv6 listener takes IPv6 alone, so that `0.0.0.0` and `[::]` go together and neither opens the other.
fn listen(address: SocketAddr) -> Result<TcpListener, BindError> {
    let open = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // On Unix this only skips the wait for connections of before (TIME_WAIT).
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    open().map_err(|source| BindError::Listen { address, source })
}

/// One listener at work.
struct Door {
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    crowd: Crowd,
    connections: TaskTracker,
    shared: Shared,
}

impl Door {
    async fn accept(&self) {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection for a command cannot be accepted");
                    sleep(Duration::from_millis(100)).await; // most likely out of file descriptors
                    continue;
                }
            };
            let Some(seat) = self.crowd.enter(peer.ip()) else {
                tracing::debug!(source = %peer.ip(), "too many connections for commands: one is turned away");
                let _ = stream
                    .try_write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n");
                continue;
            };
            let connection = connection(stream, peer, self.acceptor.clone(), self.shared.clone());
            self.connections.spawn(seated(seat, connection));
        }
    }
}

/// Holds the place as long as the connection lives.
async fn seated(seat: Seat, connection: impl Future<Output = ()>) {
    connection.await;
    drop(seat);
}

async fn connection(stream: TcpStream, peer: SocketAddr, acceptor: Option<TlsAcceptor>, shared: Shared) {
    let Ok(local) = stream.local_addr() else { return };
    let _ = stream.set_nodelay(true); // an answer is one small segment; without this it still arrives
    let ends = Ends { source: peer.ip(), local, secure: acceptor.is_some() };
    match acceptor {
        None => exchange(stream, ends, shared).await,
        Some(acceptor) => match timeout(HANDSHAKE_DEADLINE, handshake(stream, &acceptor)).await {
            Ok(Ok(stream)) => exchange(stream, ends, shared).await,
            Ok(Err(error)) => tracing::info!(source = %ends.source, %error, "no TLS connection for a command"),
            Err(_) => tracing::info!(source = %ends.source, "the TLS handshake took too long"),
        },
    }
}

/// TLS, unless the client speaks HTTP at once: then it is told.
async fn handshake(mut stream: TcpStream, acceptor: &TlsAcceptor) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0].is_ascii_alphabetic() {
        let text = "This port speaks HTTPS: write https:// or use the plain listener's port.";
        refuse(&mut stream, "400 Bad Request", text).await;
        return Err(io::Error::other("the client speaks plain HTTP on the HTTPS port"));
    }
    acceptor.accept(stream).await
}

/// The one request of a connection.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin + Send, ends: Ends, shared: Shared) {
    let Shared { gates, stop } = shared;
    let head = match stop.run_until_cancelled(timeout(HEAD_DEADLINE, head::read(&mut stream))).await {
        Some(Ok(Ok(head))) => head,
        Some(Ok(Err(error))) => return not_a_request(&mut stream, ends, &error).await,
        None => return,
        Some(Err(_)) => {
            return refuse(&mut stream, "408 Request Timeout", "The head of the request did not arrive in time.").await;
        }
    };
    let deadline = EXCHANGE_DEADLINE + gates.settings.answer_timeout;
    let (reader, writer) = tokio::io::split(stream);
    let io = TokioIo::new(tokio::io::join(io::Cursor::new(head).chain(reader), writer));
    let service = service_fn(|request| {
        let gates = Arc::clone(&gates);
        async move { Ok::<_, Infallible>(respond(request, ends, &gates).await) }
    });
    // Half-closed is not gone: `printf … | nc` ends its side before it reads.
    let serving = http1::Builder::new()
        .keep_alive(false)
        .half_close(true)
        .max_buf_size(BUFFER)
        .serve_connection(io, service)
        .without_shutdown();
    match timeout(deadline, serving).await {
        Ok(Ok(parts)) => linger(parts.io.into_inner()).await,
        Ok(Err(error)) => tracing::debug!(source = %ends.source, %error, "a connection for a command ended early"),
        Err(_) => tracing::debug!(source = %ends.source, "a connection for a command took too long"),
    }
}

async fn respond(
    request: hyper::Request<hyper::body::Incoming>,
    ends: Ends,
    gates: &Arc<Gates>,
) -> hyper::Response<http_body_util::Full<hyper::body::Bytes>> {
    let accept = Accept::of(request.headers());
    let answer = match Request::read(ends, request).await {
        Ok(request) => gates.answer(&request).await,
        Err(answer) => answer,
    };
    answer.into_response(accept)
}

async fn not_a_request(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), ends: Ends, error: &HeadError) {
    match error.status() {
        Some(status) => {
            tracing::info!(source = %ends.source, %error, "no request on a connection for commands");
            refuse(stream, status, &error.to_string()).await;
        }
        None => tracing::debug!(source = %ends.source, %error, "no request on a connection for commands"),
    }
}

/// Says why there is no exchange, to whoever may listen.
async fn refuse(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), status: &str, text: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Connection: close\r\n\r\n{text}\n",
        text.len() + 1
    );
    let said = timeout(LINGER, stream.write_all(answer.as_bytes())).await;
    if matches!(said, Ok(Ok(()))) {
        linger(stream).await;
    }
}

/// Closes without a reset: whatever the client still sends is read away, else it might never see the answer
/// (RFC 9112 9.6).
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let close = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(1024 * 1024), &mut tokio::io::sink()).await
    };
    let _ = timeout(LINGER, close).await; // gone or not, it is over
}
