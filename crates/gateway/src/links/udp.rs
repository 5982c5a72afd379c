//! SIP over UDP.

mod hearing;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::hearing::{Asked, Shares};
use super::{Arrival, QUEUE, address_towards};

/// The kernel keeps a burst of events for us while the hub is busy (it may give less).
const RECEIVE_BUFFER: usize = 4 << 20;

/// The largest datagram there is.
const MAX_DATAGRAM: usize = 65_535;

/// One UDP listener.
pub(super) struct Datagrams {
    /// The same socket past tokio, which would have a datagram wait until it knows that the socket takes one: the kernel
    /// knows it at once.
    sender: std::net::UdpSocket,
    address: SocketAddr,
    asked: Asked,
}

impl Datagrams {
    pub(super) fn bind(
        address: SocketAddr,
        arrivals: mpsc::Sender<Arrival>,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let sender: std::net::UdpSocket = socket.try_clone()?.into();
        let socket = UdpSocket::from_std(socket.into())?;
        let address = socket.local_addr()?;
        let asked = Asked::default();
        tokio::spawn(receive(socket, address, Shares::new(asked.clone(), Instant::now()), arrivals, stop));
        Ok(Self { sender, address, asked })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn carries(&self, flow: &sip::Flow) -> bool {
        let ip = self.address.ip();
        let same_ip = ip == flow.local.ip() || (ip.is_unspecified() && ip.is_ipv4() == flow.local.is_ipv4());
        same_ip && self.address.port() == flow.local.port()
    }

    pub(super) fn send(&self, to: SocketAddr, bytes: &[u8]) {
        self.asked.sends(to.ip(), bytes);
        if let Err(error) = self.sender.send_to(bytes, to) {
            tracing::debug!(%to, %error, "a datagram was not taken");
        }
    }
}

async fn receive(
    socket: UdpSocket,
    bound: SocketAddr,
    mut shares: Shares,
    arrivals: mpsc::Sender<Arrival>,
    stop: CancellationToken,
) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    let mut near = NearSide::new(bound);
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = stop.cancelled() => return,
        };
        match received {
            Ok((length, _)) if !sip::frame::may_be_sip(&buffer[..length]) => {}
            Ok((_, remote)) if !shares.hears(Instant::now(), remote.ip(), arrivals.capacity() <= QUEUE / 2) => {}
            Ok((length, remote)) => {
                let flow = sip::Flow { transport: sip::Transport::Udp, local: near.towards(remote), remote };
                let message = Bytes::copy_from_slice(&buffer[..length]);
                if arrivals.send(Arrival::Received(flow, message)).await.is_err() {
                    return;
                }
            }
            // An ICMP error of an earlier datagram; the socket itself is well.
            Err(error) => tracing::debug!(%bound, %error, "a datagram came back"),
        }
    }
}

/// Our side of each flow, as the peer can reach it. A socket that is bound to all addresses of the machine does not say
/// on which of them a datagram came in; the one that the kernel would answer from is asked for now and then.
struct NearSide {
    bound: SocketAddr,
    known: HashMap<IpAddr, IpAddr>,
    since: Instant,
}

/// Routes change: what is known of them is good for so long.
const ROUTES: Duration = Duration::from_secs(60);

/// So many peers are remembered within that time.
const PEERS: usize = 16_384;

impl NearSide {
    fn new(bound: SocketAddr) -> Self {
        Self { bound, known: HashMap::new(), since: Instant::now() }
    }

    fn towards(&mut self, remote: SocketAddr) -> SocketAddr {
        if !self.bound.ip().is_unspecified() {
            return self.bound;
        }
        if self.since.elapsed() > ROUTES || self.known.len() >= PEERS {
            self.known.clear();
            self.since = Instant::now();
        }
        let ask = || address_towards(remote).unwrap_or(self.bound.ip());
        SocketAddr::new(*self.known.entry(remote.ip()).or_insert_with(ask), self.bound.port())
    }
}
