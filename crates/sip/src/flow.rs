//! Where a message goes out, or came in.

use std::fmt;
use std::net::SocketAddr;

/// How the bytes of a flow travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// One message a datagram; lost datagrams are repeated by the transactions.
    Udp,
    /// A stream; a lost connection is reported with [`Agent::flow_failed`](crate::Agent::flow_failed).
    Tcp,
    /// A stream inside TLS.
    Tls,
}

impl Transport {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Udp, Self::Tcp, Self::Tls];

    /// The transport of this [`name`](Self::name), in any case (RFC 3261 7.3.1).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.name().eq_ignore_ascii_case(name))
    }

    /// The bytes arrive, or the connection fails: nothing needs to be repeated.
    #[must_use]
    pub fn is_reliable(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp | Self::Tls => true,
        }
    }

    /// The name in a Via (`UDP`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

/// One way to one peer: a UDP address pair, or a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    /// How the bytes travel.
    pub transport: Transport,
    /// The address we listen on, as the peer can reach it: it is what Via and Contact say.
    pub local: SocketAddr,
    /// The peer.
    pub remote: SocketAddr,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}", self.transport.name(), self.local, self.remote)
    }
}
