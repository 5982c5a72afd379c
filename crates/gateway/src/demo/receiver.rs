//! The web end of the demonstration: answers 200 to everything, and shows what came.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// So many requests may wait to be shown.
const QUEUE: usize = 1024;

/// A receiver of action URLs.
pub(super) struct Receiver {
    address: SocketAddr,
    requests: mpsc::Receiver<Received>,
}

/// One request.
pub(super) struct Received {
    method: Method,
    uri: Uri,
}

impl Receiver {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sender, requests) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let sender = sender.clone();
                    async move {
                        let received = Received { method: request.method().clone(), uri: request.uri().clone() };
                        // Nobody shows it any more when the demonstration ends.
                        let _ = sender.send(received).await;
                        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { address, requests })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next request.
    pub(super) async fn next(&mut self) -> Received {
        match self.requests.recv().await {
            Some(received) => received,
            None => std::future::pending().await,
        }
    }
}

impl Received {
    pub(super) fn line(&self) -> String {
        format!("{} {}", self.method, self.uri)
    }

    /// A value of the query, decoded; empty if it is not there.
    pub(super) fn value(&self, key: &str) -> String {
        let pairs = self.uri.query().unwrap_or_default().split('&');
        let value =
            pairs.filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key).map(|(_, value)| value);
        percent_decode_str(value.unwrap_or_default()).decode_utf8_lossy().into_owned()
    }
}
