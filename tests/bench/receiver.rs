//! Reads requests and notes when each came.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Arrivals;
use super::phones::nanoseconds;

/// An HTTP server that answers 204 to everything.
pub struct Receiver {
    address: SocketAddr,
    arrivals: Arrivals,
    _runtime: tokio::runtime::Runtime,
}

impl Receiver {
    /// Expects this many events.
    pub fn start(count: usize) -> Self {
        let arrivals: Arrivals = Arc::new((0..count).map(|_| AtomicU64::new(0)).collect());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let noted = arrivals.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, noted.clone()));
            }
        });
        Self { address, arrivals, _runtime: runtime }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn arrivals(&self) -> Arrivals {
        self.arrivals.clone()
    }
}

async fn serve(mut stream: TcpStream, arrivals: Arrivals) {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        match stream.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        while let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let now = nanoseconds();
            if let Some(event) = event_number(&String::from_utf8_lossy(&buffer[..end])) {
                arrivals[event].store(now, Ordering::Release);
            }
            buffer.drain(..end + 4);
            if stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_err() {
                return;
            }
        }
    }
}

/// The remote number (or, of the floor, the callID) is the call's number; each call has two events.
fn event_number(head: &str) -> Option<usize> {
    let target = head.split(' ').nth(1)?;
    let value = |key: &str| target.split(['?', '&']).find_map(|pair| pair.strip_prefix(key)).filter(|v| !v.is_empty());
    let call: usize = value("remote=").or_else(|| value("call="))?.parse().ok()?;
    let ended = usize::from(value("action=")? == "disconnected");
    Some(super::phones::event_of(call, ended))
}
