//! The sockets of SIP: datagrams and framed messages come in, bytes go out, names become flows.

mod complaints;
mod names;
mod strangers;
mod stream;
mod tcp;
mod tls;
mod udp;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use session::{NextHop, Way};
use sip::locate::{Families, Sockets};
use sip::{Candidate, Transport};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::names::Names;
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
    /// A stream broke.
    Failed(sip::Flow),
    /// A stream could not be opened: nothing that was sent on it has left.
    Refused(sip::Flow),
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
    connections: Connections,
    names: Names,
}

impl Links {
    /// Opens the listeners. What arrives comes out of the receiver until `stop`. Names are looked up by `nameservers`, or
    /// where there are none by the machine.
    ///
    /// # Errors
    /// A listener's address is taken or not ours.
    pub fn bind(
        listen: &SipListen,
        nameservers: &[SocketAddr],
        stop: &CancellationToken,
    ) -> Result<(Self, mpsc::Receiver<Arrival>), BindError> {
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
        let mut tls = Tls::new(connections.clone());
        if let Some(secure) = &listen.tls {
            for &address in &secure.addresses {
                let bound = tls.listen(address, secure.server.clone());
                bound.map_err(|source| BindError { transport: "tls", address, source })?;
            }
        }
        Ok((Self { datagrams, tcp, tls, connections, names: Names::new(nameservers.into()) }, receiver))
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
    /// SIP; a stream that cannot be opened comes back as [`Arrival::Refused`].
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

    /// Closes a connection whose peer is not there any more; [`Arrival::Failed`] follows.
    pub fn disconnect(&self, flow: sip::Flow) {
        tracing::info!(remote = %flow.remote, "a SIP connection does not answer its keep-alives any more: it is closed");
        self.connections.close(flow);
    }

    /// The peer on this connection is no stranger any more.
    pub fn recognise(&self, flow: sip::Flow) {
        self.connections.recognise(flow);
    }

    /// Looks for a way to a next hop (RFC 3263): its address, our own side of the flow, and for TLS a connection whose peer
    /// is the one that `trust` believes, under the name that the URI has (RFC 5922 4). It runs by itself, beside the
    /// sockets.
    ///
    /// # Errors
    /// The name has no address, no listener fits, there is no route, the peer is not believed: in words for an
    /// administrator.
    pub fn reach(
        &self,
        next_hop: NextHop,
        trust: Option<Arc<Trust>>,
    ) -> impl Future<Output = Result<Way, String>> + Send + use<> {
        let (udp, tcp): (Vec<_>, Vec<_>) = (self.udp_addresses().collect(), self.tcp_addresses().to_vec());
        let (tls, names) = (self.tls.clone(), self.names.clone());
        async move {
            let sockets = Sockets {
                udp: Families::of(udp.iter().copied()),
                tcp: Families::of(tcp.iter().copied()),
                // Its connections need no listener.
                tls: Families { ipv4: trust.is_some(), ipv6: trust.is_some() },
            };
            let NextHop { uri, prefer, failed } = next_hop;
            let (mut candidates, mut obstacles) = names.find(&uri, sockets).await?;
            candidates.retain(|candidate| !failed.contains(candidate));
            candidates.sort_by_key(|candidate| prefer != Some(*candidate));
            let mut candidates = candidates.into_iter();
            while let Some(Candidate { transport, address }) = candidates.next() {
                let flow = match (transport, &trust) {
                    (Transport::Udp, _) => flow_to(&udp, transport, address),
                    (Transport::Tcp, _) => flow_to(&tcp, transport, address),
                    (Transport::Tls, Some(trust)) => tls.clone().reach(address, trust.clone()).await,
                    (Transport::Tls, None) => Err("it has no `tls` to check it by".to_owned()),
                };
                match flow {
                    Ok(flow) => return Ok(Way { flow, others: candidates.len() > 0 }),
                    Err(obstacle) => obstacles.push(obstacle),
                }
            }
            Err(obstacles.join("; "))
        }
    }
}

/// Our own side of a flow without TLS to an address: the listener of its kind, with the address that the kernel would
/// use.
fn flow_to(listeners: &[SocketAddr], transport: Transport, remote: SocketAddr) -> Result<sip::Flow, String> {
    let listening = listeners.iter().find(|address| address.is_ipv4() == remote.is_ipv4());
    let listening = listening.ok_or_else(|| format!("[sip] listen has nothing that reaches {remote}"))?;
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
