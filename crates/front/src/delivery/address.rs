//! Where a destination may be: the rule is held against the resolved address that is then connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Metadata services of clouds that are not link-local: whoever reads one has the machine's credentials.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// An address that is refused, and what an administrator can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("link-local, metadata and multicast addresses are never allowed")]
    Never,
    #[error("a loopback address is allowed only where the URL itself names it, or where `allow` does")]
    Loopback,
    #[error("it is not in the networks of `allow`")]
    NotListed,
}

/// Holds the address that `host`, as it stands in the URL, resolved to against the rule.
pub(super) fn check(address: IpAddr, host: &str, allow: &[IpNet]) -> Result<(), Refused> {
    let address = address.to_canonical(); // ::ffff:127.0.0.1 is 127.0.0.1
    if is_never_allowed(address) || embedded(address).is_some_and(|inner| is_never_allowed(inner.into())) {
        return Err(Refused::Never);
    }
    match allow {
        [] if address.is_loopback() && !names_loopback(host) => Err(Refused::Loopback),
        [] => Ok(()),
        networks if networks.iter().any(|network| network.contains(&address)) => Ok(()),
        _ => Err(Refused::NotListed),
    }
}

fn is_never_allowed(address: IpAddr) -> bool {
    let special = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    special || address.is_unspecified() || address.is_multicast() || METADATA.contains(&address)
}

/// The IPv4 address that a translator or tunnel would reach: NAT64 (RFC 6052 2.1) and 6to4 (RFC 3056 2).
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    match v6.octets() {
        [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] | [0x20, 0x02, a, b, c, d, ..] => {
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

fn names_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The resolved address, the host in the URL, the allowed networks, and what follows.
    type Case = (&'static str, &'static str, &'static [&'static str], Result<(), Refused>);

    #[test]
    fn the_rule() {
        let cases: [Case; 24] = [
            ("203.0.113.7", "crm.example.com", &[], Ok(())),
            ("10.1.2.3", "crm", &[], Ok(())),
            ("10.1.2.3", "crm", &["10.0.0.0/8"], Ok(())),
            ("::ffff:10.1.2.3", "crm", &["10.0.0.0/8"], Ok(())),
            ("192.168.0.1", "crm", &["10.0.0.0/8"], Err(Refused::NotListed)),
            ("127.0.0.1", "127.0.0.1", &["10.0.0.0/8"], Err(Refused::NotListed)),
            ("127.0.0.1", "crm.example.com", &["127.0.0.0/8"], Ok(())),
            ("127.0.0.1", "crm.example.com", &[], Err(Refused::Loopback)),
            ("::ffff:127.0.0.1", "crm.example.com", &[], Err(Refused::Loopback)),
            ("::1", "localhost.example.com", &[], Err(Refused::Loopback)),
            ("127.0.0.1", "LocalHost", &[], Ok(())),
            ("::1", "::1", &[], Ok(())),
            ("127.8.9.1", "127.8.9.1", &[], Ok(())),
            ("169.254.169.254", "169.254.169.254", &["169.254.0.0/16"], Err(Refused::Never)),
            ("::ffff:169.254.169.254", "crm", &[], Err(Refused::Never)),
            ("64:ff9b::a9fe:a9fe", "crm", &[], Err(Refused::Never)),
            ("2002:a9fe:a9fe::1", "crm", &[], Err(Refused::Never)),
            ("fe80::1", "crm", &["fe80::/10"], Err(Refused::Never)),
            ("fd00:ec2::254", "crm", &["fd00::/8"], Err(Refused::Never)),
            ("100.100.100.200", "crm", &[], Err(Refused::Never)),
            ("0.0.0.0", "crm", &[], Err(Refused::Never)),
            ("::", "crm", &[], Err(Refused::Never)),
            ("255.255.255.255", "crm", &[], Err(Refused::Never)),
            ("224.0.0.1", "crm", &[], Err(Refused::Never)),
        ];
        for (address, host, allow, expected) in cases {
            let allow: Vec<IpNet> = allow.iter().map(|network| network.parse().unwrap()).collect();
            assert_eq!(check(address.parse().unwrap(), host, &allow), expected, "{address} as {host}, allow {allow:?}");
        }
    }
}
