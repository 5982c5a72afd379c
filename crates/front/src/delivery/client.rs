//! HTTP/1.1 to one destination: connections are kept, and each leads to an address that was checked.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, body::Incoming, client::conn::http1, header::HeaderValue};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

use super::{address, target::Target};

/// What is read of an answer; its status is all that counts.
const BODY_LIMIT: usize = 64 * 1024;
/// How long the rest of an answer may take before its connection is given up instead.
const BODY_PATIENCE: Duration = Duration::from_millis(500);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);
/// How long one of several addresses may take to connect.
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);

type Sender = http1::SendRequest<Full<Bytes>>;

pub(super) struct Client {
    tls: TlsConnector,
    allow: Vec<IpNet>,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    authority: HeaderValue,
    secure: bool,
    since: Instant,
    sender: Sender,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("{host} cannot be found: {source}")]
    Lookup { host: String, source: io::Error },
    #[error("{host} is at {address}: {reason}")]
    Refused { host: String, address: IpAddr, reason: address::Refused },
    #[error("{host} has no address")]
    NoAddress { host: String },
    #[error("no connection to {address}: {source}")]
    Connect { address: SocketAddr, source: io::Error },
    #[error("no TLS with {host}: {source}")]
    Tls { host: String, source: io::Error },
    #[error("the connection failed: {0}")]
    Http(#[from] hyper::Error),
}

/// TLS as every destination uses it: at least 1.2, against the machine's own certificate authorities, read once.
pub(super) async fn tls() -> Result<TlsConnector, rustls::Error> {
    let native = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await.unwrap_or_default();
    for error in &native.errors {
        tracing::warn!(%error, "a certificate authority of this machine was left out");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(native.certs);
    trusting(roots)
}

fn trusting(roots: RootCertStore) -> Result<TlsConnector, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Client {
    pub(super) const fn new(tls: TlsConnector, allow: Vec<IpNet>) -> Self {
        Self { tls, allow, idle: Mutex::new(Vec::new()) }
    }

    /// Sends the request and returns the answer's head; its body is read, within limits, and dropped. Redirects are
    /// answers like any other.
    pub(super) async fn send(
        &self,
        target: &Target,
        request: &Request<Full<Bytes>>,
    ) -> Result<Response<()>, SendError> {
        // A kept connection may be closed by the other side at this very moment: that says nothing about the endpoint,
        // so it is asked once more. At worst its answer was lost, and the repeat carries the same event id.
        if let Some(mut sender) = self.take_idle(target)
            && let Ok(response) = sender.send_request(request.clone()).await
        {
            return Ok(self.finish(target, sender, response).await);
        }
        let mut sender = self.connect(target).await?;
        let response = sender.send_request(request.clone()).await?;
        Ok(self.finish(target, sender, response).await)
    }

    fn take_idle(&self, target: &Target) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < IDLE && idle.sender.is_ready());
        let index = idle.iter().rposition(|idle| idle.secure == target.secure && idle.authority == target.authority)?;
        Some(idle.swap_remove(index).sender)
    }

    /// Reads the rest of a short answer, so that its connection can be used again.
    async fn finish(&self, target: &Target, mut sender: Sender, response: Response<Incoming>) -> Response<()> {
        let (head, body) = response.into_parts();
        let rest = async { Limited::new(body, BODY_LIMIT).collect().await.is_ok() && sender.ready().await.is_ok() };
        if let Ok(true) = tokio::time::timeout(BODY_PATIENCE, rest).await {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let Target { authority, secure, .. } = target;
            idle.push(Idle { authority: authority.clone(), secure: *secure, since: Instant::now(), sender });
        }
        Response::from_parts(head, ())
    }

    async fn connect(&self, target: &Target) -> Result<Sender, SendError> {
        let stream = self.dial(target).await?;
        stream.set_nodelay(true).unwrap_or_default(); // slower without, not wrong
        let stream =
            if target.secure { Either::Left(self.encrypt(target, stream).await?) } else { Either::Right(stream) };
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with its sender, or with the other side.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// Connects to the first permitted address that answers.
    async fn dial(&self, target: &Target) -> Result<TcpStream, SendError> {
        let mut failure = SendError::NoAddress { host: target.host.clone() };
        for address in resolve(target).await? {
            if let Err(reason) = address::check(address.ip(), &target.host, &self.allow) {
                failure = SendError::Refused { host: target.host.clone(), address: address.ip(), reason };
                continue;
            }
            match tokio::time::timeout(CONNECT_PATIENCE, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(source)) => failure = SendError::Connect { address, source },
                Err(_) => failure = SendError::Connect { address, source: io::ErrorKind::TimedOut.into() },
            }
        }
        Err(failure)
    }

    async fn encrypt(
        &self,
        target: &Target,
        stream: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, SendError> {
        let tls = |source| SendError::Tls { host: target.host.clone(), source };
        let name = ServerName::try_from(target.host.clone()).map_err(|error| tls(io::Error::other(error)))?;
        self.tls.connect(name, stream).await.map_err(tls)
    }
}

async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, SendError> {
    match lookup_host((target.host.as_str(), target.port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(source) => Err(SendError::Lookup { host: target.host.clone(), source }),
    }
}

#[cfg(test)]
mod tests {
    use rustls::{ServerConfig, pki_types::PrivateKeyDer};
    use tokio::{io::AsyncWriteExt, net::TcpListener};
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// Answers 200 to whatever comes over TLS; returns its URL and the authority to trust.
    async fn secure_endpoint() -> (String, RootCertStore) {
        let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(identity.cert.der().clone()).unwrap();
        let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
                let _ = stream.shutdown().await;
            }
        });
        (url, roots)
    }

    async fn send(url: &str, roots: RootCertStore) -> Result<u16, SendError> {
        let target = Target::parse(url).unwrap();
        let client = Client::new(trusting(roots).unwrap(), Vec::new());
        let mut request = Request::new(Full::default());
        *request.uri_mut() = target.origin.clone();
        client.send(&target, &request).await.map(|response| response.status().as_u16())
    }

    #[tokio::test]
    async fn a_certificate_is_checked() {
        let (url, roots) = secure_endpoint().await;
        assert_eq!(send(&url, roots.clone()).await.unwrap(), 200);
        let nobody = RootCertStore::empty();
        assert!(matches!(send(&url, nobody).await, Err(SendError::Tls { .. })), "an unknown authority");
        let other_name = url.replace("localhost", "127.0.0.1");
        assert!(matches!(send(&other_name, roots).await, Err(SendError::Tls { .. })), "another name");
    }
}
