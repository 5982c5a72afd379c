//! Whom the phone lets in (RFC 3261 22, RFC 7616).

use std::collections::VecDeque;
use std::fmt;

use sip::digest::{Algorithm, Authorization};
use sip::{Answer, Method};

/// The password a phone asks for. `Debug` hides it.
#[derive(Clone)]
pub struct Challenge {
    /// The hash it wants to see.
    pub algorithm: Algorithm,
    /// The user it knows.
    pub username: String,
    /// That user's password.
    pub password: String,
    /// It challenges each INFO too, and not only the INVITE (snom's `csta_challenge` 2 and 1).
    pub every_request: bool,
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({}, {}, ***)", self.algorithm, self.username)
    }
}

/// The nonces that were given out, each with the highest count it was used with.
#[derive(Default)]
pub(super) struct Nonces(VecDeque<(String, u32)>);

const REALM: &str = "phone";
/// Nonces that are good at a time; a gateway uses one.
const REMEMBERED: usize = 8;

impl Nonces {
    /// The request may pass. A nonce's count must grow: a request heard on the wire cannot be sent again.
    pub fn admit(&mut self, challenge: &Challenge, method: &Method, authorization: Option<&str>) -> bool {
        let Some(proof) = authorization.and_then(Authorization::parse) else { return false };
        if proof.username != challenge.username || proof.realm != REALM {
            return false;
        }
        let Some((_, last)) = self.0.iter_mut().find(|(nonce, _)| *nonce == proof.nonce) else { return false };
        let fresh = proof.count.is_some_and(|count| count > *last);
        let right = fresh && proof.verify(method.as_str(), &challenge.password);
        if right {
            *last = proof.count.unwrap_or(*last);
        }
        right
    }

    /// The answer that asks for the password, with a new nonce of these bytes.
    pub fn refusal(&mut self, challenge: &Challenge, random: [u8; 16]) -> Answer {
        let nonce = format!("{:032x}", u128::from_be_bytes(random));
        let header = sip::digest::Challenge::new(REALM, &nonce, challenge.algorithm);
        self.0.push_back((nonce, 0));
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
        Answer::new(401).with_header("WWW-Authenticate", header)
    }
}
