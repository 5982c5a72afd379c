//! The sockets of SIP: datagrams and framed messages come in, bytes go out, names become flows.

mod tcp;
mod udp;

use std::io;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::tcp::Streams;
use self::udp::Datagrams;

/// What arrives from the sockets.
#[derive(Debug)]
pub enum Arrival {
    /// One message.
    Received(sip::Flow, Bytes),
    /// A stream broke, or could not be opened.
    Failed(sip::Flow),
}

/// How and where a next hop is reached.
pub type NextHop = (sip::Transport, SocketAddr);

/// So many messages may wait for the hub. A flood fills this queue, then the kernel's buffers, and is dropped there,
/// where SIP repeats it.
const QUEUE: usize = 4096;

/// A listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen for SIP on {transport}:{address}: {source} (is another program on this port? set another one in [sip] listen)"
)]
pub struct BindError {
    transport: &'static str,
    address: SocketAddr,
    source: io::Error,
}

/// All sockets of SIP.
pub struct Links {
    datagrams: Vec<Datagrams>,
    streams: Streams,
}

impl Links {
    /// Opens the listeners. What arrives comes out of the receiver until `stop`.
    ///
    /// # Errors
    /// A listener's address is taken or not ours.
    pub async fn bind(
        udp: &[SocketAddr],
        tcp: &[SocketAddr],
        stop: &CancellationToken,
    ) -> Result<(Self, mpsc::Receiver<Arrival>), BindError> {
        let (arrivals, receiver) = mpsc::channel(QUEUE);
        let mut datagrams = Vec::new();
        for &address in udp {
            let bound = Datagrams::bind(address, arrivals.clone(), stop.clone());
            datagrams.push(bound.map_err(|source| BindError { transport: "udp", address, source })?);
        }
        let mut streams = Streams::new(arrivals, stop.clone());
        for &address in tcp {
            streams.listen(address).await.map_err(|source| BindError { transport: "tcp", address, source })?;
        }
        Ok((Self { datagrams, streams }, receiver))
    }

    /// Where datagrams are received.
    pub fn udp_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.datagrams.iter().map(Datagrams::address)
    }

    /// Where streams are accepted.
    pub fn tcp_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.streams.addresses()
    }

    /// Sends one message. A datagram that the kernel does not take now is lost as on the network, and repeated by
    /// SIP; a stream that cannot be opened comes back as [`Arrival::Failed`].
    pub fn transmit(&mut self, flow: sip::Flow, bytes: Bytes) {
        match flow.transport {
            sip::Transport::Udp => {
                if let Some(socket) = self.datagrams.iter().find(|socket| socket.carries(&flow)) {
                    socket.send(flow.remote, &bytes);
                }
            }
            sip::Transport::Tcp => self.streams.send(flow, bytes),
            // No flow of TLS is ever made by `reach`: `sips:` does not leave in the clear.
            sip::Transport::Tls => tracing::error!(remote = %flow.remote, "a TLS flow without TLS: not sent"),
        }
    }

    /// Our own side of a flow to an address: the listener of its kind, with the address that the kernel would use.
    ///
    /// # Errors
    /// No listener fits, or there is no route: in words for an administrator.
    pub fn flow_to(&self, transport: sip::Transport, remote: SocketAddr) -> Result<sip::Flow, String> {
        let listening = match transport {
            sip::Transport::Udp => self.udp_addresses().find(|a| a.is_ipv4() == remote.is_ipv4()),
            sip::Transport::Tcp => self.tcp_addresses().find(|a| a.is_ipv4() == remote.is_ipv4()),
            sip::Transport::Tls => return Err("SIP over TLS is not available in this version".into()),
        };
        let family = if remote.is_ipv4() { "an IPv4" } else { "an IPv6" };
        let listening = listening.ok_or_else(|| {
            let transport = transport.name().to_ascii_lowercase();
            format!(
                "[sip] listen has no {transport} address for {family} phone: add one, like \"{transport}:0.0.0.0:5060\""
            )
        })?;
        let ip = if listening.ip().is_unspecified() { address_towards(remote) } else { Ok(listening.ip()) };
        let ip = ip.map_err(|error| format!("no route to {remote}: {error}"))?;
        Ok(sip::Flow { transport, local: SocketAddr::new(ip, listening.port()), remote })
    }
}

/// Which of this machine's addresses the kernel uses towards a remote one. Connecting a UDP socket sends nothing.
fn address_towards(remote: SocketAddr) -> io::Result<IpAddr> {
    let any = if remote.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = std::net::UdpSocket::bind(any)?;
    socket.connect(remote)?;
    Ok(socket.local_addr()?.ip())
}

/// Resolves a next hop to a transport and an address.
///
/// # Errors
/// The name has no address, or the URI wants TLS: in words for an administrator.
pub async fn resolve(uri: &sip::Uri) -> Result<NextHop, String> {
    let transport = transport(uri)?;
    let host = uri.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port().unwrap_or(5060);
    let mut found = tokio::net::lookup_host((host.as_str(), port)).await.map_err(|error| format!("{host}: {error}"))?;
    found.next().map(|address| (transport, address)).ok_or_else(|| format!("{host} has no address"))
}

/// The transport that a URI asks for (RFC 3261 19.1.1; without one it is UDP, as RFC 3263 4.1 has it for addresses).
fn transport(uri: &sip::Uri) -> Result<sip::Transport, String> {
    let asked = uri.param("transport").unwrap_or("udp").to_ascii_lowercase();
    match (uri.scheme(), asked.as_str()) {
        (sip::Scheme::Sip, "udp") => Ok(sip::Transport::Udp),
        (sip::Scheme::Sip, "tcp") => Ok(sip::Transport::Tcp),
        (sip::Scheme::Sips, _) | (sip::Scheme::Sip, "tls") => {
            Err("SIP over TLS is not available in this version, and sips: never leaves in the clear".into())
        }
        (sip::Scheme::Sip, other) => Err(format!("the transport {other} is not known; use udp or tcp")),
        (sip::Scheme::Tel, _) => Err("a tel: number has no address; write sip:user@host".into()),
    }
}
