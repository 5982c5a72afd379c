//! Who may register: digest authentication (RFC 7616, RFC 8760) that keeps nothing for strangers.

use std::net::IpAddr;
use std::time::Instant;

use super::attempts::Attempts;
use super::nonces::Nonces;
use super::unanswered::Unanswered;
use super::{Account, Refusal, RegistrarConfig};
use crate::digest::{Algorithm, Authorization, Challenge};
use crate::message::{Message, text};
use crate::{Answer, Flow, Method, Uri};

/// Asks everybody for the password, and looks at what comes.
pub(super) struct Guard {
    realm: String,
    algorithms: Vec<Algorithm>,
    nonces: Nonces,
    attempts: Attempts,
    unanswered: Unanswered,
}

impl Guard {
    pub(super) fn new(config: &RegistrarConfig, key: [u8; 32]) -> Self {
        Self {
            realm: config.realm.clone(),
            algorithms: config.algorithms.clone(),
            nonces: Nonces::new(key),
            attempts: Attempts::new(config.bad_logins),
            unanswered: Unanswered::default(),
        }
    }

    /// The request proves that it comes from the account. Where there is none, a proof is computed all the same, so
    /// that neither the answer nor its time tells who exists.
    ///
    /// Only a wrong password to a nonce that this very source was given counts as an attempt: nobody can lock
    /// somebody else out with a forged address.
    pub(super) fn check(
        &mut self,
        now: Instant,
        flow: Flow,
        request: &Message<'_>,
        account: Option<&Account>,
    ) -> Result<(), Refusal> {
        let source = flow.remote.ip();
        let Some(proof) = self.proof(request) else {
            let only = self.only(now, source, request);
            return Err(self.challenge(now, source, only, false));
        };
        self.unanswered.answered(source, &proof.username);
        if let Some(wait) = self.attempts.locked_for(now, source) {
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
            return Err(Refusal(vec![Answer { retry_after: Some(seconds.max(1)), ..Answer::new(503) }]));
        }
        let Some(used) = self.nonces.judge(now, source, &proof.nonce, proof.count) else {
            return Err(self.challenge(now, source, Some(proof.algorithm()), true));
        };
        let password = account.map_or("", |account| &account.password);
        let right = proof.verify(Method::REGISTER.as_str(), password);
        if right && account.is_some_and(|account| account.user == proof.username) {
            self.nonces.spend(used);
            return Ok(());
        }
        self.attempts.failed(now, source);
        Err(self.challenge(now, source, Some(proof.algorithm()), false))
    }

    /// The first proof that answers a challenge of ours.
    fn proof(&self, request: &Message<'_>) -> Option<Authorization> {
        let all =
            request.raw().values("Authorization").filter_map(|value| Authorization::parse(&text::readable(value)));
        let mut ours = all.filter(|proof| proof.realm == self.realm && self.algorithms.contains(&proof.algorithm()));
        ours.next()
    }

    /// What to ask a phone for that gives no proof. Some give up when any challenge is for a hash that they do not know, or look
    /// at the first one only, and come again after a while: they are asked for one hash alone.
    fn only(&mut self, now: Instant, source: IpAddr, request: &Message<'_>) -> Option<Algorithm> {
        let uri = request.to.uri().ok();
        let user = uri.as_ref().and_then(Uri::user).unwrap_or_default();
        self.unanswered.again(now, source, user).then(|| self.common())
    }

    /// The hash that every phone knows; without it, the one that is preferred.
    fn common(&self) -> Algorithm {
        let preferred = self.algorithms.first().copied().unwrap_or(Algorithm::MD5);
        if self.algorithms.contains(&Algorithm::MD5) { Algorithm::MD5 } else { preferred }
    }

    /// The 401. Who has shown which hash he takes is asked for that one alone. Where all challenges together are longer than the
    /// request, the one that every phone knows must do.
    fn challenge(&mut self, now: Instant, source: IpAddr, only: Option<Algorithm>, stale: bool) -> Refusal {
        let nonce = self.nonces.next(now, source);
        let challenge = |algorithm: &Algorithm| Challenge { stale, ..Challenge::new(&self.realm, &nonce, *algorithm) };
        let ask = |answer: Answer, algorithm| answer.with_header("WWW-Authenticate", challenge(algorithm));
        let algorithms = if only.is_some() { only.as_slice() } else { &self.algorithms };
        let all = algorithms.iter().fold(Answer::new(401), ask);
        let one = only.unwrap_or_else(|| self.common());
        let one = ask(Answer::new(401), &one);
        let bare = Answer { reason: "-".to_owned(), ..one.clone() };
        Refusal(vec![all, one, bare])
    }
}
