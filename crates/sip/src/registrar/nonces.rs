//! Nonces that need not be kept: each says when it was made, and proves that we made it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A nonce is good for so long; then the phone is given a new one (`stale`).
const AGE: Duration = Duration::from_secs(300);

/// The counts of so many nonces are kept. What is older than all of them is stale.
const MOST: usize = 16_384;

/// The nonces of one registrar.
pub(super) struct Nonces {
    key: [u8; 32],
    /// Times are counted from the first request on.
    started: Option<Instant>,
    latest: u64,
    /// The nonces that proved a password, with the highest count each was used with (RFC 7616 3.4).
    counts: BTreeMap<u64, u32>,
    /// Nonces up to this one are not good any more, for their counts are forgotten.
    forgotten: u64,
}

/// A nonce, and how often it was used.
pub(super) struct Used {
    number: u64,
    count: u32,
}

impl Nonces {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { key, started: None, latest: 0, counts: BTreeMap::new(), forgotten: 0 }
    }

    /// A new nonce for this source.
    pub(super) fn next(&mut self, now: Instant, source: IpAddr) -> String {
        self.latest = self.millis(now).max(self.latest + 1);
        self.write(self.latest, source)
    }

    /// The nonce was given to this source, is not too old, and was not used with this count before. A request
    /// without a count (RFC 2069) may use it once.
    pub(super) fn judge(&mut self, now: Instant, source: IpAddr, nonce: &str, count: Option<u32>) -> Option<Used> {
        let number = nonce.get(..DIGITS).and_then(|digits| u64::from_str_radix(digits, 16).ok())?;
        let ours: bool = self.write(number, source).as_bytes().ct_eq(nonce.as_bytes()).into();
        let oldest = self.millis(now).saturating_sub(AGE.as_millis() as u64);
        let used = Used { number, count: count.unwrap_or(1) };
        let last = self.counts.get(&number).copied().unwrap_or(0);
        (ours && number >= oldest && number > self.forgotten && used.count > last).then_some(used)
    }

    /// It proved a password: the same request is not good a second time.
    pub(super) fn spend(&mut self, used: Used) {
        self.counts.insert(used.number, used.count);
        if self.counts.len() > MOST
            && let Some((oldest, _)) = self.counts.pop_first()
        {
            self.forgotten = oldest;
        }
    }

    /// The number of a nonce, and the proof that it is ours: 64 bits of HMAC-SHA-256 are beyond guessing over a wire.
    fn write(&self, number: u64, source: IpAddr) -> String {
        let proof = Hmac::<Sha256>::new_from_slice(&self.key).map(|mut mac| {
            mac.update(&number.to_be_bytes());
            mac.update(source.to_canonical().to_string().as_bytes());
            mac.finalize().into_bytes()
        });
        // HMAC takes a key of any length: there is no error to come.
        let proof: String = proof.iter().flatten().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{number:0DIGITS$x}{proof}")
    }

    /// Milliseconds since the first request, from 1 on.
    fn millis(&mut self, now: Instant) -> u64 {
        let started = *self.started.get_or_insert(now);
        now.saturating_duration_since(started).as_millis() as u64 + 1
    }
}

/// Hexadecimal digits of a nonce's number: 34 years of milliseconds.
const DIGITS: usize = 10;
