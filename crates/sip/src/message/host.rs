//! Hosts and ports, as they stand in URIs and in Via.

use std::net::{IpAddr, Ipv6Addr};

use super::{UriError, text};

/// Splits `host[:port]`, as it stands in URIs and in Via.
pub(crate) fn host_port(authority: &str) -> Result<(&str, Option<u16>), UriError> {
    let host_end = match authority.strip_prefix('[') {
        Some(_) => authority.find(']').map(|end| end + 1).ok_or(UriError::Host)?,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(host_end);
    let is_name = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    if !is_name(host) && address(host).is_none() {
        return Err(UriError::Host);
    }
    let port = match port.strip_prefix(':') {
        Some(digits) => {
            let port = text::number(digits.as_bytes()).and_then(|port| u16::try_from(port).ok());
            Some(port.ok_or(UriError::Port)?)
        }
        None if port.is_empty() => None,
        None => return Err(UriError::Host),
    };
    Ok((host, port))
}

/// An address as a host is written: IPv6 in brackets.
pub(crate) fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The address that a host is, if it is one.
pub(crate) fn address(host: &str) -> Option<IpAddr> {
    let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return host.parse().ok();
    };
    // The grammar of RFC 3261 lets three colons through, and RFC 5118 4.10 asks receivers to bear them.
    inner.parse::<Ipv6Addr>().or_else(|_| inner.replacen(":::", "::", 1).parse()).ok().map(IpAddr::V6)
}
