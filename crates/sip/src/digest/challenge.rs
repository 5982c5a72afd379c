//! WWW-Authenticate and Proxy-Authenticate.

use std::fmt;

use super::Algorithm;
use crate::message::text;

/// What a peer asks to be proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The realm, as it stands between the quotes.
    pub realm: Vec<u8>,
    /// The nonce.
    pub nonce: Vec<u8>,
    /// To be sent back as it is.
    pub opaque: Option<Vec<u8>>,
    /// The hash.
    pub algorithm: Algorithm,
    /// `qop=auth` is offered; false means the old form of RFC 2069.
    pub qop: bool,
    /// The nonce was too old; the password may be right.
    pub stale: bool,
}

impl Challenge {
    /// A new challenge of ours.
    #[must_use]
    pub fn new(realm: &str, nonce: &str, algorithm: Algorithm) -> Self {
        let (realm, nonce) = (realm.as_bytes().to_vec(), nonce.as_bytes().to_vec());
        Self { realm, nonce, opaque: None, algorithm, qop: true, stale: false }
    }

    /// The challenges of one header value that we can meet. There may be several with commas between them, and
    /// commas also separate their parameters (RFC 7616 3.3).
    pub fn parse_all(value: &[u8]) -> Vec<Self> {
        let mut groups: Vec<Vec<&[u8]>> = Vec::new();
        for item in text::split(value, b',') {
            // A scheme stands before the first parameter of a challenge: `Digest realm="…"`.
            let space = item.iter().take_while(|byte| **byte != b'=').position(|byte| text::is_space(*byte));
            let (scheme, first) = item.split_at(space.unwrap_or(0));
            match groups.last_mut() {
                Some(group) if scheme.is_empty() || text::trim(first).starts_with(b"=") => group.push(item),
                _ if scheme.eq_ignore_ascii_case(b"Digest") => groups.push(vec![text::trim(first)]),
                _ => groups.push(Vec::new()),
            }
        }
        groups.iter().filter_map(|group| Self::read(group)).collect()
    }

    fn read(params: &[&[u8]]) -> Option<Self> {
        let value = |name: &str| param(params, name);
        let algorithm = match value("algorithm") {
            Some(name) => Algorithm::parse(name)?,
            None => Algorithm::MD5,
        };
        let qop = value("qop");
        let offers_auth = |qop: &[u8]| text::split(qop, b',').any(|one| one.eq_ignore_ascii_case(b"auth"));
        if qop.is_some_and(|qop| !offers_auth(qop)) {
            return None;
        }
        Some(Self {
            realm: value("realm")?.to_vec(),
            nonce: value("nonce")?.to_vec(),
            opaque: value("opaque").map(<[u8]>::to_vec),
            algorithm,
            qop: qop.is_some(),
            stale: value("stale").is_some_and(|stale| stale.eq_ignore_ascii_case(b"true")),
        })
    }
}

/// The value of a parameter without its quotes. Escapes stay: what is hashed is what stands between the quotes
/// (RFC 7616 3.4.2, `unq`).
pub(super) fn param<'a>(params: &[&'a [u8]], name: &str) -> Option<&'a [u8]> {
    const LONGEST: usize = 1024;
    let (_, value) = params
        .iter()
        .filter_map(|param| text::cut(param, b'='))
        .find(|(key, _)| text::trim(key).eq_ignore_ascii_case(name.as_bytes()))?;
    let value = text::trim(value);
    let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    Some(inner.unwrap_or(value)).filter(|value| value.len() <= LONGEST)
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (realm, nonce) = (text::readable(&self.realm), text::readable(&self.nonce));
        write!(f, "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={}", self.algorithm)?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque=\"{}\"", text::readable(opaque))?;
        }
        f.write_str(if self.qop { ", qop=\"auth\"" } else { "" })?;
        f.write_str(if self.stale { ", stale=true" } else { "" })
    }
}
