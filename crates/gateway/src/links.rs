//! The sockets of SIP: datagrams and framed messages come in, bytes go out, names become flows.

mod stream;
mod tcp;
mod tls;
mod udp;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use sip::{Scheme, Transport};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::stream::Connections;
use self::tcp::Tcp;
use self::tls::Tls;
use self::udp::Datagrams;
use crate::certificates::Trust;
use crate::config::SipListen;

/// What arrives from the sockets.
#[derive(Debug)]
pub enum Arrival {
    /// One message.
    Received(sip::Flow, Bytes),
    /// A stream broke, or could not be opened.
    Failed(sip::Flow),
}

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
    tcp: Tcp,
    tls: Tls,
}

impl Links {
    /// Opens the listeners. What arrives comes out of the receiver until `stop`.
    ///
    /// # Errors
    /// A listener's address is taken or not ours.
    pub fn bind(listen: &SipListen, stop: &CancellationToken) -> Result<(Self, mpsc::Receiver<Arrival>), BindError> {
        let (arrivals, receiver) = mpsc::channel(QUEUE);
        let mut datagrams = Vec::new();
        for &address in &listen.udp {
            let bound = Datagrams::bind(address, arrivals.clone(), stop.clone());
            datagrams.push(bound.map_err(|source| BindError { transport: "udp", address, source })?);
        }
        let connections = Connections::new(arrivals, stop.clone());
        let mut tcp = Tcp::new(connections.clone());
        for &address in &listen.tcp {
            tcp.listen(address).map_err(|source| BindError { transport: "tcp", address, source })?;
        }
        let mut tls = Tls::new(connections);
        if let Some(secure) = &listen.tls {
            for &address in &secure.addresses {
                let bound = tls.listen(address, secure.server.clone());
                bound.map_err(|source| BindError { transport: "tls", address, source })?;
            }
        }
        Ok((Self { datagrams, tcp, tls }, receiver))
    }

    /// Where datagrams are received.
    pub fn udp_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.datagrams.iter().map(Datagrams::address)
    }

    /// Where streams are accepted.
    #[must_use]
    pub fn tcp_addresses(&self) -> &[SocketAddr] {
        self.tcp.addresses()
    }

    /// Where streams inside TLS are accepted.
    #[must_use]
    pub fn tls_addresses(&self) -> &[SocketAddr] {
        self.tls.addresses()
    }

    /// Sends one message. A datagram that the kernel does not take now is lost as on the network, and repeated by
    /// SIP; a stream that cannot be opened comes back as [`Arrival::Failed`].
    pub fn transmit(&mut self, flow: sip::Flow, bytes: Bytes) {
        match flow.transport {
            Transport::Udp => {
                if let Some(socket) = self.datagrams.iter().find(|socket| socket.carries(&flow)) {
                    socket.send(flow.remote, &bytes);
                }
            }
            Transport::Tcp => self.tcp.send(flow, bytes),
            Transport::Tls => self.tls.send(flow, bytes),
        }
    }

    /// Looks for the way to a next hop: its address, our own side of the flow, and for TLS a connection whose peer is
    /// the one that `trust` believes. It runs by itself, beside the sockets.
    ///
    /// # Errors
    /// The name has no address, no listener fits, there is no route, the peer is not believed: in words for an
    /// administrator.
    pub fn reach(
        &self,
        uri: sip::Uri,
        trust: Option<Arc<Trust>>,
    ) -> impl Future<Output = Result<sip::Flow, String>> + Send + use<> {
        let (udp, tcp): (Vec<_>, Vec<_>) = (self.udp_addresses().collect(), self.tcp_addresses().to_vec());
        let tls = self.tls.clone();
        async move {
            let (transport, remote) = resolve(&uri).await?;
            match transport {
                Transport::Udp => flow_to(&udp, transport, remote),
                Transport::Tcp => flow_to(&tcp, transport, remote),
                Transport::Tls => tls.reach(remote, trust.ok_or("it has no `tls` to check it by")?).await,
            }
        }
    }
}

/// Our own side of a flow without TLS to an address: the listener of its kind, with the address that the kernel would
/// use.
fn flow_to(listeners: &[SocketAddr], transport: Transport, remote: SocketAddr) -> Result<sip::Flow, String> {
    let listening = listeners.iter().find(|address| address.is_ipv4() == remote.is_ipv4());
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

/// Which of this machine's addresses the kernel uses towards a remote one. Connecting a UDP socket sends nothing.
fn address_towards(remote: SocketAddr) -> io::Result<IpAddr> {
    let any = if remote.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = std::net::UdpSocket::bind(any)?;
    socket.connect(remote)?;
    Ok(socket.local_addr()?.ip())
}

/// Resolves a next hop to a transport and an address.
async fn resolve(uri: &sip::Uri) -> Result<(Transport, SocketAddr), String> {
    let transport = transport(uri)?;
    let host = uri.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port().unwrap_or(if transport == Transport::Tls { 5061 } else { 5060 });
    let mut found = tokio::net::lookup_host((host.as_str(), port)).await.map_err(|error| format!("{host}: {error}"))?;
    found.next().map(|address| (transport, address)).ok_or_else(|| format!("{host} has no address"))
}

/// The transport that a URI asks for (RFC 3261 19.1.1; without one it is UDP, as RFC 3263 4.1 has it for addresses). A
/// `sips:` URI asks for TLS, and `transport=tcp` in it means what is below (RFC 3261 26.2.2).
///
/// # Errors
/// There is no such transport: in words for an administrator.
pub fn transport(uri: &sip::Uri) -> Result<Transport, String> {
    let asked = uri.param("transport").map(str::to_ascii_lowercase);
    match (uri.scheme(), asked.as_deref()) {
        (Scheme::Sip, None | Some("udp")) => Ok(Transport::Udp),
        (Scheme::Sip, Some("tcp")) => Ok(Transport::Tcp),
        (Scheme::Sip, Some("tls")) | (Scheme::Sips, None | Some("tcp" | "tls")) => Ok(Transport::Tls),
        (Scheme::Sips, Some("udp")) => Err("sips: goes over TLS, and TLS does not go over UDP".into()),
        (Scheme::Sip | Scheme::Sips, Some(other)) => Err(format!("unknown transport `{other}`")),
        (Scheme::Tel, _) => Err("a tel: URI has no host to send to".into()),
    }
}
