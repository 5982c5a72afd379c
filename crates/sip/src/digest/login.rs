//! Meeting the challenges of a peer, request after request.

use super::{Algorithm, Authorization, Challenge, Credentials, Proof};
use crate::message::{Message, Method, Raw, Uri, text};

/// Our credentials in one dialog, and the latest challenge of the peer and of a proxy before it.
pub(crate) struct Login {
    credentials: Credentials,
    peer: Option<Accepted>,
    proxy: Option<Accepted>,
}

/// How often a request was sent again with an answer to a challenge, of the peer and of a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tried {
    peer: u8,
    proxy: u8,
}

/// A challenge we answer, request after request while the peer keeps its nonce.
struct Accepted {
    challenge: Challenge,
    cnonce: String,
    count: u32,
}

const PEER: (&str, &str) = ("WWW-Authenticate", "Authorization");
const PROXY: (&str, &str) = ("Proxy-Authenticate", "Proxy-Authorization");

impl Login {
    /// One that was never asked for; none without credentials.
    pub(crate) fn of(credentials: Option<Credentials>) -> Option<Box<Self>> {
        credentials.map(|credentials| Box::new(Self { credentials, peer: None, proxy: None }))
    }

    /// The headers that prove who we are, as far as we were asked before.
    pub(crate) fn headers(&mut self, method: &Method, uri: &Uri) -> Vec<(&'static str, Vec<u8>)> {
        let both = [(PEER.1, &mut self.peer), (PROXY.1, &mut self.proxy)];
        both.into_iter()
            .filter_map(|(name, accepted)| {
                Some((name, accepted.as_mut()?.authorization(&self.credentials, method, uri)))
            })
            .collect()
    }

    /// Takes the challenges of a 401 or 407 to `request`. True if the request is worth sending again: once, and once
    /// more if only the nonce was too old (RFC 3261 22.1, RFC 7616 3.3).
    pub(crate) fn challenged(
        &mut self,
        request: &[u8],
        response: &Message<'_>,
        tried: &mut Tried,
        cnonce: u128,
    ) -> bool {
        let Ok(request) = Raw::parse(request) else { return false };
        let cnonce = format!("{cnonce:032x}");
        let peer = Accepted::take(PEER, &mut self.peer, &request, response, &mut tried.peer, &cnonce);
        let proxy = Accepted::take(PROXY, &mut self.proxy, &request, response, &mut tried.proxy, &cnonce);
        // All that were asked must be met; at least one was.
        match (peer, proxy) {
            (Some(peer), Some(proxy)) => peer && proxy,
            (one, other) => one.or(other).unwrap_or(false),
        }
    }
}

impl Accepted {
    /// The best of the challenges in one kind of header: `None` if there is none, false if it cannot be met.
    fn take(
        (asked, answered): (&'static str, &'static str),
        current: &mut Option<Self>,
        request: &Raw<'_>,
        response: &Message<'_>,
        tried: &mut u8,
        cnonce: &str,
    ) -> Option<bool> {
        response.header(asked)?;
        let all = response.raw().values(asked).flat_map(Challenge::parse_all);
        let Some(challenge) = all.max_by_key(|challenge: &Challenge| Strength::of(challenge)) else {
            return Some(false);
        };
        let used = request.values(answered).next().map(text::readable);
        let used = used.and_then(|value| Authorization::parse(&value));
        let same = used.is_some_and(|used| used.nonce.as_bytes() == challenge.nonce);
        if same || *tried > u8::from(challenge.stale) {
            return Some(false);
        }
        *tried += 1;
        // Another request in flight may have met the same nonce: its count goes on.
        if current.as_ref().is_none_or(|current| current.challenge.nonce != challenge.nonce) {
            *current = Some(Self { challenge, cnonce: cnonce.to_owned(), count: 0 });
        }
        Some(true)
    }

    /// The header value for one more request (RFC 7616 3.4).
    fn authorization(&mut self, credentials: &Credentials, method: &Method, uri: &Uri) -> Vec<u8> {
        self.count += 1;
        let count = format!("{:08x}", self.count);
        let uri = uri.to_string();
        let Challenge { realm, nonce, opaque, algorithm, qop, .. } = &self.challenge;
        let proof = Proof {
            algorithm: *algorithm,
            username: credentials.username.as_bytes(),
            realm,
            password: credentials.password.as_bytes(),
            method: method.as_str().as_bytes(),
            uri: uri.as_bytes(),
            nonce,
            cnonce: self.cnonce.as_bytes(),
            count: qop.then_some(count.as_bytes()),
        };
        let username = credentials.username.replace('\\', "\\\\").replace('"', "\\\"");
        let mut value = Vec::with_capacity(256);
        let mut add = |parts: &[&[u8]]| parts.iter().for_each(|part| value.extend_from_slice(part));
        add(&[b"Digest username=\"", username.as_bytes(), b"\", realm=\"", realm, b"\", nonce=\"", nonce]);
        add(&[b"\", uri=\"", uri.as_bytes(), b"\", response=\"", proof.response().as_bytes()]);
        add(&[b"\", algorithm=", algorithm.to_string().as_bytes()]);
        if *qop {
            add(&[b", qop=auth, nc=", count.as_bytes()]);
        }
        if *qop || algorithm.session {
            add(&[b", cnonce=\"", self.cnonce.as_bytes(), b"\""]);
        }
        if let Some(opaque) = opaque {
            add(&[b", opaque=\"", opaque, b"\""]);
        }
        value
    }
}

/// What makes one challenge better than another: its algorithm, then `qop`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Strength(Algorithm, bool);

impl Strength {
    fn of(challenge: &Challenge) -> Self {
        Self(challenge.algorithm, challenge.qop)
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.credentials.fmt(f)
    }
}
