//! Quantities as the file writes them: times, rates, networks, addresses.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// `"30s"`, `"5 min"`, `"500ms"`, `"1h 30m"`.
pub fn duration(text: &str) -> Option<Duration> {
    let span: jiff::SignedDuration = text.trim().parse().ok()?;
    Duration::try_from(span).ok()
}

/// `"6/min"`, `"60 / 5 min"`: how many in how long.
pub fn rate(text: &str) -> Option<(u32, Duration)> {
    let (count, per) = text.split_once('/')?;
    let count = count.trim().parse().ok().filter(|count| *count > 0)?;
    let per = per.trim();
    let per = if per.starts_with(|c: char| c.is_ascii_digit()) { duration(per) } else { duration(&format!("1{per}")) };
    Some((count, per.filter(|per| !per.is_zero())?))
}

/// `"4MiB"`, `"512 KiB"`, `"65536"`: bytes.
pub fn size(text: &str) -> Option<usize> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit: usize = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(unit)
}

/// `"10.3.20.0/24"`, `"fd00::/64"`, or one address. Bits behind the prefix are cleared.
///
/// An IPv6 network of mapped IPv4 addresses (RFC 4291 2.5.5.2) is the IPv4 network it means, so that nobody passes
/// `::ffff:0:0/96` for a narrow one.
pub fn network(text: &str) -> Option<IpNet> {
    let net: IpNet = text.trim().parse().ok().or_else(|| text.trim().parse::<IpAddr>().ok().map(IpNet::from))?;
    Some(match net.trunc() {
        IpNet::V6(v6) => unmapped(v6).map_or(IpNet::V6(v6), IpNet::V4),
        v4 @ IpNet::V4(_) => v4,
    })
}

fn unmapped(net: Ipv6Net) -> Option<Ipv4Net> {
    let v4 = net.network().to_ipv4_mapped()?;
    Ipv4Net::new(v4, net.prefix_len().checked_sub(96)?).ok()
}

/// Whether a network is so narrow that its addresses can be known one by one: a /24, a /64 and what they hold.
pub fn is_narrow(net: &IpNet) -> bool {
    const MAPPED: Ipv6Addr = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0);
    match net {
        IpNet::V4(v4) => v4.prefix_len() >= 24,
        // `::/64` holds every IPv4 address in its mapped form.
        IpNet::V6(v6) => v6.prefix_len() >= 64 && !v6.contains(&MAPPED),
    }
}

/// Whether a network is wider than any one organisation's.
pub fn is_open(net: &IpNet) -> bool {
    match net {
        IpNet::V4(v4) => v4.prefix_len() < 8,
        IpNet::V6(v6) => v6.prefix_len() < 16,
    }
}

/// `"127.0.0.1:61234"`, `"[::1]:61234"`.
pub fn socket_address(text: &str) -> Option<SocketAddr> {
    text.trim().parse().ok()
}

/// An IP address alone, with the port that it has then.
pub fn address_at(text: &str, port: u16) -> Option<SocketAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    Some(SocketAddr::new(bare.parse().ok()?, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_written() {
        let cases =
            [("30s", Some(30_000)), ("500ms", Some(500)), ("5 min", Some(300_000)), ("1h 30m", Some(5_400_000))];
        for (text, millis) in cases {
            assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
        }
        for text in ["", "30", "-5s", "soon", "5 weeks"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn rates_read_as_written() {
        let minute = Duration::from_secs(60);
        assert_eq!(rate("6/min"), Some((6, minute)));
        assert_eq!(rate("1/s"), Some((1, Duration::from_secs(1))));
        assert_eq!(rate("60 / 5 min"), Some((60, 5 * minute)));
        for text in ["", "6", "0/min", "-1/min", "6/", "6/0s", "/min"] {
            assert_eq!(rate(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_read_as_written() {
        let cases = [("4MiB", 4 << 20), ("512 KiB", 512 << 10), ("1GiB", 1 << 30), ("65536", 65_536), ("7 B", 7)];
        for (text, bytes) in cases {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "MiB", "4MB", "-4MiB", "4.5MiB", "99999999999999999999", "18446744073709551615KiB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn networks_are_narrow_only_without_tricks() {
        for text in ["10.3.20.0/24", "10.3.20.17", "fd00::/64", "::1", "::ffff:10.3.20.0/120"] {
            assert!(network(text).is_some_and(|net| is_narrow(&net)), "{text}");
        }
        for text in ["10.3.20.0/23", "0.0.0.0/0", "fd00::/63", "::/0", "::/64", "::ffff:0:0/96", "::ffff:10.0.0.0/104"]
        {
            assert!(network(text).is_some_and(|net| !is_narrow(&net)), "{text}");
        }
        assert_eq!(network("10.3.20.17/24"), network("10.3.20.0/24"));
    }
}
