//! A stretch of bad network: a relay between the gateway and one phone over UDP.
//!
//! Each side takes the relay for the other one: in what passes, the one's address is replaced by the relay's.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::chance::Chance;
use crate::weather::Weather;

/// Relays until it is dropped.
pub struct Relay {
    /// Where the gateway reaches the phone.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Relay {
    /// A relay between the gateway and a phone, both on 127.0.0.1.
    ///
    /// # Panics
    /// There are no sockets.
    pub async fn start(gateway: SocketAddr, phone: SocketAddr, weather: Weather, chance: Chance) -> Self {
        let near = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket"));
        let far = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket"));
        let (address, other) = (near.local_addr().expect("its address"), far.local_addr().expect("its address"));
        let down =
            Way { from: near.clone(), through: far.clone(), to: phone, renamed: [(gateway, other), (address, phone)] };
        let up = Way { from: far, through: near, to: gateway, renamed: [(phone, address), (other, gateway)] };
        let chances = (chance.clone(), Chance::new(!chance.clone().bits()));
        let task = tokio::spawn(async move {
            tokio::join!(down.carry(weather, chances.0), up.carry(weather, chances.1));
        });
        Self { address, task }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One direction.
struct Way {
    from: Arc<UdpSocket>,
    through: Arc<UdpSocket>,
    to: SocketAddr,
    renamed: [(SocketAddr, SocketAddr); 2],
}

impl Way {
    async fn carry(self, weather: Weather, mut chance: Chance) {
        let mut buffer = vec![0; 65_535];
        loop {
            let Ok(length) = self.from.recv(&mut buffer).await else { continue };
            let datagram = self.rename(&buffer[..length]);
            for late in weather.copies(&mut chance) {
                let (through, to, datagram) = (self.through.clone(), self.to, datagram.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(late).await;
                    let _ = through.send_to(&datagram, to).await;
                });
            }
        }
    }

    /// Ports of the system's choice have five digits each, so that no length changes.
    fn rename(&self, datagram: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(datagram);
        let [(one, other), (third, fourth)] = self.renamed.map(|(old, new)| (old.to_string(), new.to_string()));
        text.split(&one).map(|piece| piece.replace(&third, &fourth)).collect::<Vec<_>>().join(&other).into_bytes()
    }
}
