//! Where a request comes from, as far as bounds are concerned.

use std::net::{IpAddr, Ipv6Addr};

/// One source: an IPv4 address, or an IPv6 /64, for a host may take any address of its own (RFC 4291 2.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source(IpAddr);

impl Source {
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => Self(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))),
        }
    }
}
