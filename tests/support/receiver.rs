//! An HTTP server that notes what it is asked for.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// So long a request may take to come.
const PATIENCE: Duration = Duration::from_secs(15);

/// Answers every request with 204.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    requests: mpsc::Receiver<String>,
}

impl Receiver {
    /// Starts to listen, on loopback.
    ///
    /// # Panics
    /// There is no loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let address = listener.local_addr().expect("its address");
        let (sender, requests) = mpsc::channel(1024);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sender.clone()));
            }
        });
        Self { address, requests }
    }

    /// The next requests, each as `GET /path?query`. Fewer, if no more came in good time.
    pub async fn next(&mut self, count: usize) -> Vec<String> {
        let mut requests = Vec::new();
        while requests.len() < count
            && let Ok(Some(request)) = tokio::time::timeout(PATIENCE, self.requests.recv()).await
        {
            requests.push(request);
        }
        requests
    }

    /// What has come and was not asked for yet.
    pub fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

async fn serve(mut stream: TcpStream, requests: mpsc::Sender<String>) {
    let mut buffer = Vec::with_capacity(4096);
    while let Ok(1..) = stream.read_buf(&mut buffer).await {
        while let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            buffer.drain(..end + 4);
            let request = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
            let _ = requests.send(request.to_owned()).await;
            if stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_err() {
                return;
            }
        }
    }
}
