//! How the phones of a crowd are reached: behind one UDP socket, or at an address and a connection each.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Instant;

use sip::{Flow, Transport};
use tokio_rustls::TlsAcceptor;

use super::streams::Streams;

/// What a crowd's bytes go through.
pub struct Wire {
    transport: Transport,
    port: u16,
    kind: Kind,
    buffer: Vec<u8>,
}

enum Kind {
    Datagrams(UdpSocket),
    Streams(Streams),
}

impl Wire {
    /// One socket for all phones.
    ///
    /// # Panics
    /// The system gives none.
    #[must_use]
    pub fn udp() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a UDP port");
        // A building's phones are called all at once. The system may give less.
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
        let port = socket.local_addr().expect("its address").port();
        Self::of(Transport::Udp, port, Kind::Datagrams(socket))
    }

    /// A connection a phone.
    ///
    /// # Panics
    /// The system gives no listener.
    #[must_use]
    pub fn tcp() -> Self {
        let streams = Streams::listen(None);
        Self::of(Transport::Tcp, streams.port(), Kind::Streams(streams))
    }

    /// A connection a phone, inside TLS.
    ///
    /// # Panics
    /// The system gives no listener.
    #[must_use]
    pub fn tls(acceptor: TlsAcceptor) -> Self {
        let streams = Streams::listen(Some(acceptor));
        Self::of(Transport::Tls, streams.port(), Kind::Streams(streams))
    }

    fn of(transport: Transport, port: u16, kind: Kind) -> Self {
        Self { transport, port, kind, buffer: vec![0; 65_535] }
    }

    /// The URI at which the gateway finds a phone. Connections are told apart by their addresses, of which the loopback
    /// network has enough.
    #[must_use]
    pub fn uri(&self, phone: usize, user: usize) -> String {
        let port = self.port;
        let ip = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + u32::try_from(phone).unwrap_or(u32::MAX));
        match self.transport {
            Transport::Udp => format!("sip:{user}@127.0.0.1:{port}"),
            Transport::Tcp => format!("sip:{user}@{ip}:{port};transport=tcp"),
            Transport::Tls => format!("sip:{user}@{ip}:{port};transport=tls"),
        }
    }

    /// Sends one message. What finds no room is lost, and nobody repeats it: the figures would show it.
    pub fn send(&mut self, flow: Flow, bytes: &[u8]) {
        match &mut self.kind {
            Kind::Datagrams(socket) => drop(socket.send_to(bytes, flow.remote)),
            Kind::Streams(streams) => streams.send(flow.remote, bytes),
        }
    }

    /// The next message, if one comes until then.
    pub fn receive(&mut self, until: Instant) -> Option<(Flow, &[u8])> {
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        let (local, remote, length) = match &mut self.kind {
            Kind::Datagrams(socket) => {
                socket.set_read_timeout(Some(left)).ok()?;
                let (length, remote) = socket.recv_from(&mut self.buffer).ok()?;
                (SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)), remote, length)
            }
            Kind::Streams(streams) => {
                let (local, remote, bytes) = streams.receive(left)?;
                self.buffer[..bytes.len()].copy_from_slice(&bytes);
                (local, remote, bytes.len())
            }
        };
        Some((Flow { transport: self.transport, local, remote }, &self.buffer[..length]))
    }

    /// The socket of a crowd that has one, for loads that are written by hand.
    ///
    /// # Panics
    /// It has connections.
    #[must_use]
    pub fn socket(&self) -> &UdpSocket {
        match &self.kind {
            Kind::Datagrams(socket) => socket,
            Kind::Streams(_) => panic!("a crowd on streams has no socket of its own"),
        }
    }
}
