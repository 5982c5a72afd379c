//! Authorization, as the side that challenged reads it.

use subtle::ConstantTimeEq;

use super::challenge::param;
use super::{Algorithm, Proof};
use crate::message::text;

/// What a peer sends as its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Who it says it is.
    pub username: String,
    /// For which realm.
    pub realm: String,
    /// The nonce it uses; whether that is one of ours, and fresh, is for the caller to know.
    pub nonce: String,
    /// How often it has used the nonce, this time included.
    pub count: Option<u32>,
    algorithm: Algorithm,
    uri: Vec<u8>,
    response: Vec<u8>,
    cnonce: Vec<u8>,
    count_text: Option<Vec<u8>>,
}

impl Authorization {
    /// Reads the value of an Authorization or Proxy-Authorization header; `None` if it is not a Digest one.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once(char::is_whitespace)?;
        let params: Vec<_> = text::split(rest.as_bytes(), b',').collect();
        let value = |name: &str| param(&params, name);
        let count = value("nc").filter(|_| value("qop").is_some());
        scheme.eq_ignore_ascii_case("Digest").then_some(())?;
        Some(Self {
            username: text::readable(value("username")?),
            realm: text::readable(value("realm")?),
            nonce: text::readable(value("nonce")?),
            count: count.and_then(|count| u32::from_str_radix(std::str::from_utf8(count).ok()?, 16).ok()),
            algorithm: value("algorithm").map_or(Some(Algorithm::MD5), Algorithm::parse)?,
            uri: value("uri")?.to_vec(),
            response: value("response")?.to_ascii_lowercase(),
            cnonce: value("cnonce").unwrap_or_default().to_vec(),
            count_text: count.map(<[u8]>::to_vec),
        })
    }

    /// The hash it was made with.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The peer knows the password. The comparison takes the same time wherever the two differ.
    #[must_use]
    pub fn verify(&self, method: &str, password: &str) -> bool {
        let proof = Proof {
            algorithm: self.algorithm,
            username: self.username.as_bytes(),
            realm: self.realm.as_bytes(),
            password: password.as_bytes(),
            method: method.as_bytes(),
            uri: &self.uri,
            nonce: self.nonce.as_bytes(),
            cnonce: &self.cnonce,
            count: self.count_text.as_deref(),
        };
        proof.response().as_bytes().ct_eq(&self.response).into()
    }
}
