//! `sip:`, `sips:` and `tel:` URIs (RFC 3261 19.1, RFC 3966).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::host::{address, bracketed, host_port};
use super::text;

/// A URI as it was written, with its parts found once.
///
/// Two URIs are equal if they are written alike. `Debug` hides the user part, which often is a telephone number;
/// `Display` writes what goes on the wire.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    text: Box<str>,
    scheme: Scheme,
    user: Span,
    host: Span,
    port: Option<u16>,
    params: Span,
    headers: Span,
}

/// The schemes this crate understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`, over TLS on every hop
    Sips,
    /// `tel:`, a telephone number without a host
    Tel,
}

/// Why a text is no URI of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// No scheme before a colon.
    #[error("it has no scheme; write it like sip:user@host")]
    NoScheme,
    /// A scheme other than sip, sips and tel.
    #[error("its scheme is none of sip, sips, tel")]
    Scheme,
    /// White space, a control character, a quote or an angle bracket.
    #[error("it holds the byte {0:#04x}, which a URI cannot")]
    Byte(u8),
    /// Nothing before the `@`, or a second `@`.
    #[error("the part before the @ is empty or holds another @")]
    User,
    /// No host, or one that is neither a name nor an address; IPv6 addresses stand in brackets.
    #[error("its host is neither a name nor an address (IPv6 goes in brackets)")]
    Host,
    /// A port that is no number from 0 to 65535.
    #[error("its port is not a number up to 65535")]
    Port,
    /// Longer than 4096 bytes.
    #[error("it is longer than 4096 bytes")]
    TooLong,
}

const LONGEST: usize = 4096;

/// A part of the text.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Span {
    start: u16,
    end: u16,
}

impl Uri {
    /// Reads a URI from the wire. Bytes beyond ASCII, which some phones send, are kept as `%XX`.
    ///
    /// # Errors
    /// Says which part is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, UriError> {
        let is_strange = |byte: &&u8| matches!(byte, 0..=0x20 | 0x7f | b'<' | b'>' | b'"');
        if let Some(byte) = bytes.iter().find(is_strange) {
            return Err(UriError::Byte(*byte));
        }
        let text = if bytes.is_ascii() { text::readable(bytes) } else { escaped(bytes) };
        if text.len() > LONGEST {
            return Err(UriError::TooLong);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::NoScheme)?;
        let scheme = Scheme::parse(scheme)?;
        let start = text.len() - rest.len();
        match scheme {
            Scheme::Tel => Self::tel(text, start),
            Scheme::Sip | Scheme::Sips => Self::sip(text, scheme, start),
        }
    }

    /// The URI of a user at an address: `sip:user@192.0.2.1:5060`.
    #[must_use]
    pub fn at(user: &str, address: SocketAddr) -> Self {
        let user: String = user
            .bytes()
            .map(|byte| match byte {
                b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'+' => char::from(byte).to_string(),
                plain if plain.is_ascii_alphanumeric() => char::from(plain).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect();
        let separator = if user.is_empty() { "" } else { "@" };
        let (ip, port) = (bracketed(address.ip()), address.port());
        let text = format!("sip:{user}{separator}{ip}:{port}");
        let user = Span::new(4, 4 + user.len());
        let host = Span::new(usize::from(user.end) + separator.len(), text.rfind(':').unwrap_or(0));
        let tail = Span::new(text.len(), text.len());
        Self { scheme: Scheme::Sip, user, host, port: Some(port), params: tail, headers: tail, text: text.into() }
    }

    /// Its scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The user without a password; of `tel:`, the number. Escapes are kept.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        let user = self.part(self.user);
        let user = user.split_once(':').map_or(user, |(user, _)| user);
        (!user.is_empty()).then_some(user)
    }

    /// The host: a name, or an address (IPv6 in brackets); empty for `tel:`.
    #[must_use]
    pub fn host(&self) -> &str {
        self.part(self.host)
    }

    /// The host, where it is an address.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        address(self.host())
    }

    /// The port, where it is written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Host and port, where the host is an address and the port is written.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.ip()?, self.port?))
    }

    /// The value of a parameter: empty if it has none, `None` if the parameter is absent. Names know no case.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.part(self.params).split(';').find_map(|param| {
            let (key, value) = param.split_once('=').unwrap_or((param, ""));
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The same URI with one more parameter, written as given: `transport=tcp`. A URI that would be too long with
    /// it stays as it is.
    #[must_use]
    pub fn with_param(&self, param: &str) -> Self {
        let (head, headers) = self.text.split_at(usize::from(self.params.end));
        Self::parse(format!("{head};{param}{headers}").as_bytes()).unwrap_or_else(|_| self.clone())
    }

    /// The same URI as it may stand in a request line and in To (RFC 3261 19.1.1).
    #[must_use]
    pub(crate) fn without_headers(self) -> Self {
        if !self.has_headers() {
            return self;
        }
        let bare = self.text.get(..usize::from(self.params.end)).unwrap_or("");
        Self::parse(bare.as_bytes()).unwrap_or(self)
    }

    /// It carries headers behind a `?`, which a request line must not (RFC 3261 19.1.1).
    pub(crate) fn has_headers(&self) -> bool {
        self.headers.start != self.headers.end
    }

    fn part(&self, span: Span) -> &str {
        self.text.get(usize::from(span.start)..usize::from(span.end)).unwrap_or("")
    }

    fn tel(text: String, start: usize) -> Result<Self, UriError> {
        let end = text.find(';').unwrap_or(text.len());
        if end <= start {
            return Err(UriError::User);
        }
        let tail = Span::new(text.len(), text.len());
        Ok(Self {
            scheme: Scheme::Tel,
            user: Span::new(start, end),
            host: tail,
            port: None,
            params: Span::new((end + 1).min(text.len()), text.len()),
            headers: tail,
            text: text.into(),
        })
    }

    fn sip(text: String, scheme: Scheme, start: usize) -> Result<Self, UriError> {
        // Semicolon and question mark may stand in the user part, so the `@` is looked for first.
        let at = text.rfind('@');
        let user = at.map_or(Span::new(start, start), |at| Span::new(start, at));
        if at.is_some_and(|at| text.get(start..at).is_none_or(|user| user.is_empty() || user.contains('@'))) {
            return Err(UriError::User);
        }
        let host_start = at.map_or(start, |at| at + 1);
        let after = |from: usize, stops: &[char]| {
            text.get(from..).and_then(|rest| rest.find(stops)).map_or(text.len(), |found| from + found)
        };
        let authority_end = after(host_start, &[';', '?']);
        let headers_start = after(host_start, &['?']);
        let authority = text.get(host_start..authority_end).unwrap_or("");
        let (host, port) = host_port(authority)?;
        Ok(Self {
            scheme,
            user,
            host: Span::new(host_start, host_start + host.len()),
            port,
            params: Span::new((authority_end + 1).min(headers_start), headers_start),
            headers: Span::new((headers_start + 1).min(text.len()), text.len()),
            text: text.into(),
        })
    }
}

/// The bytes beyond ASCII as `%XX`.
fn escaped(bytes: &[u8]) -> String {
    let one = |byte: &u8| if byte.is_ascii() { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(one).collect()
}

impl Scheme {
    fn parse(name: &str) -> Result<Self, UriError> {
        let known = [("sip", Self::Sip), ("sips", Self::Sips), ("tel", Self::Tel)];
        if let Some((_, scheme)) = known.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) {
            return Ok(scheme);
        }
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        Err(if is_name { UriError::Scheme } else { UriError::NoScheme })
    }
}

impl Span {
    /// Offsets fit: a URI is never longer than [`LONGEST`].
    fn new(start: usize, end: usize) -> Self {
        let short = |offset: usize| u16::try_from(offset).unwrap_or(u16::MAX);
        Self { start: short(start), end: short(end) }
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::Tel => "tel",
        };
        let user = if self.user().is_some() { "…@" } else { "" };
        write!(f, "{scheme}:{user}{}", self.host())?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}
