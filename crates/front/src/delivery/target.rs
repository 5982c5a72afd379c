//! A rendered URL, split into what a request needs.

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{Uri, header::HeaderValue, http::uri::PathAndQuery};
use percent_encoding::percent_decode_str;

/// Where a request goes. Nothing of it was changed: the request line carries path and query byte for byte.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// By TLS.
    pub secure: bool,
    /// The host alone, without brackets.
    pub host: String,
    pub port: u16,
    /// Host and port as written: the `Host` header.
    pub authority: HeaderValue,
    /// The URL's credentials, ready for `Authorization`.
    pub credentials: Option<HeaderValue>,
    /// Path and query, without the fragment (RFC 9112 3.2.1).
    pub origin: Uri,
}

/// A URL that no request can be made of. Trying again would not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadUrl {
    #[error("the URL begins neither with http:// nor with https://")]
    Scheme,
    #[error("the URL's host or port is not valid; write an international name in its ASCII form (xn--…)")]
    Host,
    #[error("the URL has a character that must be percent-encoded, or is too long")]
    Path,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, BadUrl> {
        let (scheme, rest) = url.split_once("://").ok_or(BadUrl::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(BadUrl::Scheme),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((userinfo, authority)) => (Some(userinfo), authority),
            None => (None, authority),
        };
        let (host, port) = host_and_port(authority, if secure { 443 } else { 80 }).ok_or(BadUrl::Host)?;
        let authority = HeaderValue::from_str(authority).map_err(|_| BadUrl::Host)?;
        Ok(Self { secure, host, port, authority, credentials: userinfo.and_then(basic), origin: origin(path)? })
    }
}

fn host_and_port(authority: &str, default_port: u16) -> Option<(String, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match port.strip_prefix(':') {
        Some("") => default_port, // RFC 3986 3.2.3: as if the colon were not there
        Some(port) => port.parse().ok()?,
        None if port.is_empty() => default_port,
        None => return None,
    };
    let is_sound = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
    is_sound.then(|| (host.to_owned(), port))
}

fn origin(path: &str) -> Result<Uri, BadUrl> {
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    let slash = if path.starts_with('/') { "" } else { "/" };
    let path: PathAndQuery = format!("{slash}{path}").try_into().map_err(|_| BadUrl::Path)?;
    Ok(path.into())
}

fn basic(userinfo: &str) -> Option<HeaderValue> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut plain = percent_decode_str(user).collect::<Vec<_>>();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(plain))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_and_sent_as_written() {
        for (url, host, port, authority, origin) in [
            ("http://crm.example/a?b=c", "crm.example", 80, "crm.example", "/a?b=c"),
            ("https://crm.example:8443?x", "crm.example", 8443, "crm.example:8443", "/?x"),
            ("HTTP://crm.example", "crm.example", 80, "crm.example", "/"),
            ("http://[::1]:61/#top", "::1", 61, "[::1]:61", "/"),
            ("http://u:p%40@h/x#f?g", "h", 80, "h", "/x"),
            (
                "http://h/c.php?calldirection=inboundcalldirectionINT=0",
                "h",
                80,
                "h",
                "/c.php?calldirection=inboundcalldirectionINT=0",
            ),
            ("http://h/a//b/../c/?&&=%2f%2F|{}ü", "h", 80, "h", "/a//b/../c/?&&=%2f%2F|{}ü"),
            ("http://h//double", "h", 80, "h", "//double"),
            ("http://h/?", "h", 80, "h", "/?"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((target.host.as_str(), target.port), (host, port), "{url}");
            assert_eq!(target.authority.as_bytes(), authority.as_bytes(), "{url}");
            assert_eq!(target.origin.to_string(), origin, "{url}");
        }
        let credentials = Target::parse("http://u:p%40@h/").unwrap().credentials.unwrap();
        assert_eq!(credentials.as_bytes(), b"Basic dTpwQA==");
    }

    #[test]
    fn what_cannot_be_sent_says_why() {
        for (url, expected) in [
            ("crm.example/a", BadUrl::Scheme),
            ("file:///etc/passwd", BadUrl::Scheme),
            ("http:///a", BadUrl::Host),
            ("http://h:99999/", BadUrl::Host),
            ("http://h:x/", BadUrl::Host),
            ("http://[::1/", BadUrl::Host),
            ("http://bücher.example/", BadUrl::Host),
            ("http://a b/", BadUrl::Host),
            ("http://h/a b", BadUrl::Path),
            ("http://h/<x>", BadUrl::Path),
            ("http://h/\r\nX: y", BadUrl::Path),
        ] {
            assert_eq!(Target::parse(url).unwrap_err(), expected, "{url:?}");
        }
        assert_eq!(Target::parse(&format!("http://h/{}", "a".repeat(70_000))).unwrap_err(), BadUrl::Path);
    }
}
