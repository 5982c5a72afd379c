//! What a search is told, what it asks, and what it finds.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::{Naptr, Srv};
use crate::{Flow, Transport};

/// A way in which a next hop may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// For which transports and address families there are sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// Over UDP.
    pub udp: Families,
    /// Over TCP.
    pub tcp: Families,
    /// Over TLS.
    pub tls: Families,
}

/// Address families.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Families {
    /// IPv4.
    pub ipv4: bool,
    /// IPv6.
    pub ipv6: bool,
}

/// What is to be asked of the DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    /// The NAPTR records of a domain.
    Naptr(&'a str),
    /// The SRV records of a service.
    Srv(&'a str),
    /// The A and AAAA records of a host.
    Addresses(&'a str),
}

/// What the DNS says. No records of the kind are an empty list, whether the name exists or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// NAPTR records.
    Naptr(Vec<Naptr>),
    /// SRV records.
    Srv(Vec<Srv>),
    /// Addresses, the better ones first.
    Addresses(Vec<IpAddr>),
    /// The question could not be asked, or nobody answered: why.
    Failed(String),
}

/// A URI that nothing can be sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unroutable {
    /// `sips:…;transport=udp`
    #[error("sips: goes over TLS, and TLS does not go over UDP")]
    SipsOverUdp,
    /// A transport that nobody here speaks.
    #[error("unknown transport `{0}`")]
    Transport(String),
    /// `tel:`
    #[error("a tel: URI has no host to send to")]
    Tel,
}

/// Why something that the DNS offers is no candidate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skip {
    /// There is no socket for it.
    #[error("there is no socket for {} to {family}", .transport.name())]
    NoSocket {
        /// The transport it would need.
        transport: Transport,
        /// The address family.
        family: Family,
    },
    /// A host without an address.
    #[error("{0} has no address")]
    NoAddress(String),
    /// The domain says that it does not offer this service (RFC 2782: the target is the root).
    #[error("{0} is not offered")]
    NotOffered(String),
    /// Nobody answered a question about this name.
    #[error("{0}: {1}")]
    Failed(String, String),
}

/// An address family, or any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// Neither has one.
    Any,
}

impl Sockets {
    pub(super) fn of(&self, transport: Transport) -> Families {
        match transport {
            Transport::Udp => self.udp,
            Transport::Tcp => self.tcp,
            Transport::Tls => self.tls,
        }
    }

    pub(super) fn any(&self, transport: Transport) -> bool {
        let Families { ipv4, ipv6 } = self.of(transport);
        ipv4 || ipv6
    }
}

impl Families {
    /// Those of some addresses.
    pub fn of(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        addresses.into_iter().fold(Self::default(), |Self { ipv4, ipv6 }, address| Self {
            ipv4: ipv4 || address.is_ipv4(),
            ipv6: ipv6 || address.is_ipv6(),
        })
    }
}

impl Family {
    pub(super) fn of(ip: IpAddr) -> Self {
        if ip.is_ipv4() { Self::Ipv4 } else { Self::Ipv6 }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
            Self::Any => "any address",
        })
    }
}

impl From<Flow> for Candidate {
    fn from(flow: Flow) -> Self {
        Self { transport: flow.transport, address: flow.remote }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.transport.name(), self.address)
    }
}

impl fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Naptr(name) => write!(f, "{name} NAPTR"),
            Self::Srv(name) => write!(f, "{name} SRV"),
            Self::Addresses(name) => write!(f, "{name} A AAAA"),
        }
    }
}
