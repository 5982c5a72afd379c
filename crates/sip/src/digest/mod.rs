//! Digest authentication (RFC 7616 and 8760; RFC 2069 for peers without `qop`), both sides of it.

mod authorization;
mod challenge;
mod login;

use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

pub use authorization::Authorization;
pub use challenge::Challenge;
pub(crate) use login::{Login, Tried};

/// Who we are to a peer that challenges. `Debug` hides the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    /// The password in clear.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, ***)", self.username)
    }
}

/// The hash of an exchange, and whether its key is bound to one nonce (`-sess`). The better one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Algorithm {
    /// The hash.
    pub hash: Hash,
    /// The `-sess` variant.
    pub session: bool,
}

/// A hash function. The better one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// What most phones still do.
    Md5,
    /// RFC 8760.
    Sha256,
    /// RFC 8760.
    Sha512_256,
}

impl Algorithm {
    /// What is meant where a challenge names none.
    pub const MD5: Self = Self { hash: Hash::Md5, session: false };
    /// What RFC 8760 asks for.
    pub const SHA_256: Self = Self { hash: Hash::Sha256, session: false };

    fn parse(name: &[u8]) -> Option<Self> {
        let all = [Hash::Md5, Hash::Sha256, Hash::Sha512_256];
        let mut all = all.into_iter().flat_map(|hash| [false, true].map(|session| Self { hash, session }));
        all.find(|algorithm| algorithm.to_string().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The hash of the parts with colons between them, in hexadecimal digits.
    fn hex(self, parts: &[&[u8]]) -> String {
        let text = parts.join(&b':');
        let hash = match self.hash {
            Hash::Md5 => Md5::digest(text).to_vec(),
            Hash::Sha256 => Sha256::digest(text).to_vec(),
            Hash::Sha512_256 => Sha512_256::digest(text).to_vec(),
        };
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.hash {
            Hash::Md5 => "MD5",
            Hash::Sha256 => "SHA-256",
            Hash::Sha512_256 => "SHA-512-256",
        })?;
        f.write_str(if self.session { "-sess" } else { "" })
    }
}

/// All that a response is made of (RFC 7616 3.4.1).
struct Proof<'a> {
    algorithm: Algorithm,
    username: &'a [u8],
    realm: &'a [u8],
    password: &'a [u8],
    method: &'a [u8],
    uri: &'a [u8],
    nonce: &'a [u8],
    cnonce: &'a [u8],
    /// The nonce count, where `qop=auth` is used.
    count: Option<&'a [u8]>,
}

impl Proof<'_> {
    fn response(&self) -> String {
        let algorithm = self.algorithm;
        let mut key = algorithm.hex(&[self.username, self.realm, self.password]);
        if algorithm.session {
            key = algorithm.hex(&[key.as_bytes(), self.nonce, self.cnonce]);
        }
        let asked = algorithm.hex(&[self.method, self.uri]);
        match self.count {
            Some(count) => {
                let parts = [key.as_bytes(), self.nonce, count, self.cnonce, b"auth", asked.as_bytes()];
                algorithm.hex(&parts)
            }
            None => algorithm.hex(&[key.as_bytes(), self.nonce, asked.as_bytes()]),
        }
    }
}
