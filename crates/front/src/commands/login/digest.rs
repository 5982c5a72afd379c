//! Digest access authentication, the server's side (RFC 7616; MD5 for clients that know nothing newer).

use std::fmt::Write as _;

use hyper::Uri;
use md5::Md5;
use sha2::{Digest, Sha256};

use super::super::head;

/// The hash functions that are offered; session variants are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha256,
    Md5,
}

impl Algorithm {
    /// Strongest first: a client takes the first that it knows (RFC 7616 3.7).
    pub(super) const OFFERED: [Self; 2] = [Self::Sha256, Self::Md5];

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Md5 => hex(&Md5::digest(text)),
        }
    }
}

/// One WWW-Authenticate value.
pub(super) fn challenge(realm: &str, nonce: &str, algorithm: Algorithm, stale: bool) -> String {
    let stale = if stale { ", stale=true" } else { "" };
    format!("Digest realm=\"{realm}\", qop=\"auth\", algorithm={}, nonce=\"{nonce}\"{stale}", algorithm.name())
}

/// What a client answers to the challenge.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DigestResponse {
    pub(super) username: String,
    pub(super) nonce: String,
    pub(super) response: String,
    /// The nonce count, as a number.
    pub(super) count: u32,
    realm: String,
    uri: String,
    algorithm: String,
    cnonce: String,
    nc: String,
    qop: String,
}

impl DigestResponse {
    /// Reads what stands behind `Digest `; `None` if something that `qop=auth` needs is missing or stands there twice.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut read = Self::default();
        for (name, value) in parameters(text)? {
            let field = match name.to_ascii_lowercase().as_str() {
                "username" => &mut read.username,
                "realm" => &mut read.realm,
                "nonce" => &mut read.nonce,
                "uri" => &mut read.uri,
                "response" => &mut read.response,
                "algorithm" => &mut read.algorithm,
                "cnonce" => &mut read.cnonce,
                "nc" => &mut read.nc,
                "qop" => &mut read.qop,
                _ => continue, // opaque, userhash, extensions
            };
            if !field.is_empty() {
                return None;
            }
            *field = value;
        }
        read.response.make_ascii_lowercase();
        read.count = u32::from_str_radix(&read.nc, 16).ok()?;
        let complete = read.qop == "auth" && !read.cnonce.is_empty() && !read.username.is_empty() && read.nc.len() == 8;
        (complete && read.chosen().is_some()).then_some(read)
    }

    /// Whether this is about our realm and about this very request. The client hashed the target as it wrote it; ours
    /// was rewritten by the reader in front.
    pub(super) fn answers(&self, realm: &str, uri: &Uri) -> bool {
        let origin_form = |uri: &Uri| uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let hashed = head::target(self.uri.as_bytes()).parse::<Uri>();
        self.realm == realm && hashed.is_ok_and(|hashed| origin_form(&hashed) == origin_form(uri))
    }

    /// The right `response` (RFC 7616 3.4.1).
    pub(super) fn expected(&self, username: &str, realm: &str, password: &str, method: &str) -> String {
        let algorithm = self.chosen().unwrap_or(Algorithm::Sha256);
        let secret = algorithm.hash(&format!("{username}:{realm}:{password}"));
        let request = algorithm.hash(&format!("{method}:{}", self.uri));
        algorithm.hash(&format!("{secret}:{}:{}:{}:{}:{request}", self.nonce, self.nc, self.cnonce, self.qop))
    }

    /// Without `algorithm` it is MD5 (RFC 7616 3.4).
    fn chosen(&self) -> Option<Algorithm> {
        match self.algorithm.as_str() {
            "" => Some(Algorithm::Md5),
            name => Algorithm::OFFERED.into_iter().find(|offered| offered.name().eq_ignore_ascii_case(name)),
        }
    }
}

/// `name=token` and `name="quoted \"string\""`, with commas between (RFC 9110 11.2).
fn parameters(mut text: &str) -> Option<Vec<(&str, String)>> {
    let mut parameters = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        if text.is_empty() {
            return Some(parameters);
        }
        let (name, rest) = text.split_once('=')?;
        let rest = rest.trim_start();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(rest) => quoted(rest)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (token, rest) = rest.split_at(end);
                (token.trim().to_owned(), rest)
            }
        };
        parameters.push((name.trim(), value));
        text = rest.trim_start();
        if !text.is_empty() && !text.starts_with(',') {
            return None;
        }
    }
}

/// The string up to its closing quote, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((index, char)) = chars.next() {
        match char {
            '"' => return Some((value, text.get(index + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 3.9.1, for both algorithms.
    #[test]
    fn the_example_of_rfc_7616() {
        for (algorithm, response) in [
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ] {
            let header = format!(
                "username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
                 cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let read = DigestResponse::parse(&header).unwrap();
            assert_eq!(read.expected("Mufasa", "http-auth@example.org", "Circle of Life", "GET"), response);
        }
    }

    #[test]
    fn what_is_no_response() {
        let good = "username=\"a\\\"b\", realm=r, uri=\"/\", nonce=n, nc=0000000a, cnonce=c, qop=auth, response=R";
        let read = DigestResponse::parse(good).unwrap();
        assert_eq!((read.username.as_str(), read.count, read.response.as_str()), ("a\"b", 10, "r"));
        for (from, to) in [
            ("qop=auth,", ""),
            ("qop=auth", "qop=auth-int"),
            ("nc=0000000a", "nc=1"),
            ("cnonce=c", "cnonce="),
            ("realm=r", "realm=\"r"),
            ("nonce=n", "nonce=n, nonce=m"),
            ("realm=r", "algorithm=MD5-sess"),
        ] {
            assert_eq!(DigestResponse::parse(&good.replacen(from, to, 1)), None, "{to}");
        }
    }
}
