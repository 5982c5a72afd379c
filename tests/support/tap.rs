//! Reads along between the gateway and a phone on a stream.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Stands before a phone, and keeps what the gateway sends there: the bytes of each connection.
pub struct Tap {
    /// Where the gateway is to connect.
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    standing: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Tap {
    /// Before a phone at this address.
    ///
    /// # Panics
    /// There is no loopback.
    pub async fn before(phone: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let address = listener.local_addr().expect("its address");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let standing = Arc::new(Mutex::new(Vec::new()));
        let (connections, tasks) = (heard.clone(), standing.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if let Ok(far) = TcpStream::connect(phone).await {
                    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                    let there = tokio::spawn(tap(from_near, to_far, connections.clone()));
                    let back = tokio::spawn(tap(from_far, to_near, Arc::default()));
                    tasks.lock().expect("a tap that works").extend([there, back]);
                }
            }
        });
        Self { address, heard, standing }
    }

    /// Cuts the connections that stand.
    ///
    /// # Panics
    /// A task of the tap has panicked.
    pub fn cut(&self) {
        self.standing.lock().expect("a tap that works").drain(..).for_each(|task| task.abort());
    }

    /// What the gateway has sent so far, by connection.
    ///
    /// # Panics
    /// A task of the tap has panicked.
    #[must_use]
    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().expect("a tap that works").clone()
    }
}

async fn tap(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, heard: Arc<Mutex<Vec<Vec<u8>>>>) {
    let connection = {
        let mut heard = heard.lock().expect("a tap that works");
        heard.push(Vec::new());
        heard.len() - 1
    };
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        heard.lock().expect("a tap that works")[connection].extend_from_slice(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
