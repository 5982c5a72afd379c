//! The authentication gate: which caller this is, by network and proof.
//!
//! All refusals look alike: whether the network, the name or the secret is wrong stays untold. A request without
//! credentials is no bad log-in, for a browser's first never has any.

mod attempts;
mod digest;

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::{StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};

use self::{
    attempts::Attempts,
    digest::{Algorithm, DigestResponse},
};
use super::{
    Caller, Proof, Rate,
    answer::{Answer, Gate},
    mint::{Key, Mint, Worthless},
    request::Request,
    source::Source,
};

/// Browsers keep credentials by realm, so it never changes.
const REALM: &str = "hookswitch";
/// How long a nonce is good; afterwards a client is told that it is stale and repeats by itself.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct User<'s> {
    pub(super) caller: &'s Caller,
    /// The user name that was proven.
    pub(super) username: Option<&'s str>,
    /// A browser adds these credentials by itself, whoever led it here: not so a token.
    pub(super) ambient: bool,
}

/// What it needs between requests.
pub(super) struct Login {
    nonces: Mutex<Mint>,
    attempts: Mutex<Attempts>,
}

/// What a request shows.
enum Credentials {
    Nothing,
    Token(SecretString),
    Basic { username: SecretString, password: SecretString },
    Digest(DigestResponse),
    Unreadable,
}

impl Login {
    pub(super) fn new(key: Key, logins: Rate, now: Instant) -> Self {
        let nonces = Mutex::new(Mint::new(key, now, NONCE_LIFETIME));
        Self { nonces, attempts: Mutex::new(Attempts::new(logins)) }
    }

    /// Finds the caller, or answers 401 (403 where no caller has credentials to ask for), or 429.
    pub(super) fn authenticate<'s>(&self, request: &Request, callers: &'s [Caller], now: Instant) -> Gate<User<'s>> {
        let source = Source::of(request.ends.source);
        let credentials = Credentials::of(request)?;
        if let Credentials::Nothing = credentials {
            let open = near(request, callers).find(|caller| matches!(caller.proof, Proof::Nothing));
            return match open {
                Some(caller) => Gate::Continue(User { caller, username: None, ambient: true }),
                None => self.refuse(callers, request, false, now),
            };
        }
        if let Some(wait) = self.attempts().wait(source, now) {
            let text = "Too many bad log-ins from this address: try again later. An administrator may raise the limit in the \
                        configuration:\n\n[limits]\nlogins = \"…/min\"";
            return Answer::new(StatusCode::TOO_MANY_REQUESTS, text).retry_after(wait).stop();
        }
        // Every caller is compared, so that the time tells nothing about which.
        let proven = near(request, callers).fold(None, |found, caller| {
            let proves = bool::from(credentials.prove(&caller.proof, request));
            found.or_else(|| proves.then_some(caller))
        });
        let Some(caller) = proven else {
            self.attempts().note(source, now);
            return self.refuse(callers, request, false, now);
        };
        if let Credentials::Digest(response) = &credentials
            && let Err(Worthless::Expired | Worthless::Spent | Worthless::Foreign) = self.spend_nonce(response, now)
        {
            // The password was right: no bad log-in, the client only needs a new nonce (RFC 7616 3.3, stale).
            return self.refuse(callers, request, true, now);
        }
        let username = caller.proof.username();
        Gate::Continue(User { caller, username, ambient: !matches!(credentials, Credentials::Token(_)) })
    }

    fn refuse<T>(&self, callers: &[Caller], request: &Request, stale: bool, now: Instant) -> Gate<T> {
        let source = request.ends.source.to_canonical();
        let text = format!(
            "No caller of the configuration fits this request from {source} and its credentials. An administrator names \
             who may command, from where, and how that is proven:\n\n[[caller]]\nname = \"…\"\nnetworks = [\"{source}\"]\n\
             basic = {{ username = \"…\", password = {{ file = \"…\" }} }}\nlines = [\"…\"]\ncommands = [\"make_call\"]"
        );
        let challenges = self.challenges(callers, stale, now);
        let status = if challenges.is_empty() { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
        let answer = Answer::new(status, text);
        challenges.into_iter().fold(answer, |answer, it| answer.with(header::WWW_AUTHENTICATE, it)).stop()
    }

    /// Challenges of every kind that any caller has, strongest first, whoever asks. A Basic caller may answer Digest, so
    /// that a browser which prefers it is not led astray.
    fn challenges(&self, callers: &[Caller], stale: bool, now: Instant) -> Vec<String> {
        let any = |kind: fn(&Proof) -> bool| callers.iter().any(|caller| kind(&caller.proof));
        let mut challenges = Vec::new();
        if any(|proof| matches!(proof, Proof::Digest { .. })) {
            let nonce = self.nonces().mint(b"nonce", now);
            challenges.extend(Algorithm::OFFERED.map(|it| digest::challenge(REALM, &nonce, it, stale)));
        }
        if any(|proof| matches!(proof, Proof::Basic { .. })) {
            challenges.push(format!("Basic realm=\"{REALM}\", charset=\"UTF-8\""));
        }
        if any(|proof| matches!(proof, Proof::Token(_))) {
            challenges.push(format!("Bearer realm=\"{REALM}\""));
        }
        challenges
    }

    fn spend_nonce(&self, response: &DigestResponse, now: Instant) -> Result<(), Worthless> {
        self.nonces().spend(&response.nonce, b"nonce", u64::from(response.count), now)
    }

    fn nonces(&self) -> std::sync::MutexGuard<'_, Mint> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempts(&self) -> std::sync::MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The callers that may come from this address.
fn near<'s>(request: &Request, callers: &'s [Caller]) -> impl Iterator<Item = &'s Caller> {
    let source = request.ends.source.to_canonical();
    callers.iter().filter(move |caller| caller.networks.iter().any(|network| network.contains(&source)))
}

impl Credentials {
    fn of(request: &Request) -> Gate<Self> {
        if let Some(token) = request.parameters.one("token")? {
            return Gate::Continue(Self::Token(token.into()));
        }
        let mut values = request.values(header::AUTHORIZATION);
        Gate::Continue(match (values.next(), values.next()) {
            (None, _) => Self::Nothing,
            (Some(value), None) => Self::parse(value).unwrap_or(Self::Unreadable),
            (Some(_), Some(_)) => Self::Unreadable,
        })
    }

    fn parse(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once(' ')?;
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Some(Self::Token(rest.trim().into())),
            "basic" => {
                let plain = STANDARD.decode(rest.trim()).ok()?;
                let plain = String::from_utf8(plain).ok()?;
                let (username, password) = plain.split_once(':')?;
                Some(Self::Basic { username: username.into(), password: password.into() })
            }
            "digest" => DigestResponse::parse(rest).map(Self::Digest),
            _ => None,
        }
    }

    /// Whether these credentials are the ones of `proof`.
    fn prove(&self, proof: &Proof, request: &Request) -> Choice {
        match (self, proof) {
            (Self::Token(given), Proof::Token(known)) => same(given.expose_secret(), known.expose_secret()),
            (Self::Basic { username: given, password: shown }, Proof::Basic { username, password }) => {
                same(given.expose_secret(), username) & same(shown.expose_secret(), password.expose_secret())
            }
            (Self::Digest(response), Proof::Basic { username, password } | Proof::Digest { username, password }) => {
                let answers = response.answers(REALM, &request.uri);
                let expected = response.expected(username, REALM, password.expose_secret(), request.method.as_str());
                Choice::from(u8::from(answers))
                    & same(&response.username, username)
                    & same(&response.response, &expected)
            }
            (
                Self::Nothing | Self::Unreadable | Self::Token(_) | Self::Basic { .. } | Self::Digest(_),
                Proof::Nothing | Proof::Token(_) | Proof::Basic { .. } | Proof::Digest { .. },
            ) => Choice::from(0),
        }
    }
}

impl Proof {
    fn username(&self) -> Option<&str> {
        match self {
            Self::Basic { username, .. } | Self::Digest { username, .. } => Some(username),
            Self::Nothing | Self::Token(_) => None,
        }
    }
}

/// Compares hashes, so that the time depends neither on the contents nor on the lengths.
fn same(given: &str, known: &str) -> Choice {
    Sha256::digest(given).as_slice().ct_eq(Sha256::digest(known).as_slice())
}
