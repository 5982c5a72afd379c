//! Tokens that only this process can have made: nonces of digest authentication, and confirmations of the confirm page.
//!
//! A token authenticates itself (HMAC-SHA-256), so that what was handed out costs no memory; only what was spent does.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Spent tokens that are remembered. Whatever is older than the oldest of them no longer counts.
const MOST_SPENT: usize = 4096;

/// Random bytes that seal tokens: as many as a block of SHA-256 takes (RFC 2104 3).
pub(super) type Key = [u8; 64];

/// Makes tokens and takes them back.
pub(super) struct Mint {
    key: Key,
    began: Instant,
    lifetime: Duration,
    serial: u64,
    /// The highest count each spent token was used with, by serial number.
    spent: BTreeMap<u64, u64>,
    /// Tokens up to this serial number were forgotten.
    forgotten: u64,
}

/// Why a token buys nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worthless {
    /// Not made here, or for something else.
    Foreign,
    /// Too old.
    Expired,
    /// Used before.
    Spent,
}

impl Mint {
    pub(super) const fn new(key: Key, began: Instant, lifetime: Duration) -> Self {
        Self { key, began, lifetime, serial: 0, spent: BTreeMap::new(), forgotten: 0 }
    }

    /// A new token that is good for `purpose`.
    pub(super) fn mint(&mut self, purpose: &[u8], now: Instant) -> String {
        self.serial += 1;
        let age = u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX);
        let mut token = [0; 32];
        token[..8].copy_from_slice(&self.serial.to_be_bytes());
        token[8..16].copy_from_slice(&age.to_be_bytes());
        let seal = self.seal(&token[..16], purpose).finalize().into_bytes();
        token[16..].copy_from_slice(&seal[..16]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Uses a token for the `count`-th time: counts must rise (RFC 7616 3.4, nc).
    pub(super) fn spend(&mut self, token: &str, purpose: &[u8], count: u64, now: Instant) -> Result<(), Worthless> {
        let token: [u8; 32] =
            URL_SAFE_NO_PAD.decode(token).ok().and_then(|token| token.try_into().ok()).ok_or(Worthless::Foreign)?;
        let (stamp, seal) = token.split_at(16);
        self.seal(stamp, purpose).verify_truncated_left(seal).map_err(|_| Worthless::Foreign)?;
        let (serial, made) = (number(&stamp[..8]), self.began + Duration::from_millis(number(&stamp[8..])));
        if serial <= self.forgotten || now.saturating_duration_since(made) > self.lifetime {
            return Err(Worthless::Expired);
        }
        let last = self.spent.entry(serial).or_default();
        if count <= *last {
            return Err(Worthless::Spent);
        }
        *last = count;
        if self.spent.len() > MOST_SPENT
            && let Some((oldest, _)) = self.spent.pop_first()
        {
            self.forgotten = oldest;
        }
        Ok(())
    }

    fn seal(&self, stamp: &[u8], purpose: &[u8]) -> Hmac<Sha256> {
        let mut seal = <Hmac<Sha256> as KeyInit>::new(&self.key.into());
        seal.update(stamp);
        seal.update(purpose);
        seal
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(60);

    fn mint(now: Instant) -> Mint {
        Mint::new([7; 64], now, LIFETIME)
    }

    #[test]
    fn a_token_is_good_once_for_its_purpose_while_it_is_fresh() {
        let now = Instant::now();
        let mut mint = mint(now);
        let token = mint.mint(b"dial 123", now);
        assert_eq!(mint.spend(&token, b"dial 124", 1, now), Err(Worthless::Foreign));
        assert_eq!(mint.spend(&token, b"dial 123", 1, now), Ok(()));
        assert_eq!(mint.spend(&token, b"dial 123", 1, now), Err(Worthless::Spent));
        assert_eq!(mint.spend(&token, b"dial 123", 2, now), Ok(()));
        let late = mint.mint(b"", now);
        assert_eq!(mint.spend(&late, b"", 1, now + LIFETIME * 2), Err(Worthless::Expired));
        assert_eq!(mint.spend("", b"", 1, now), Err(Worthless::Foreign));
    }

    #[test]
    fn a_forgotten_token_does_not_become_fresh_again() {
        let now = Instant::now();
        let mut mint = mint(now);
        let tokens: Vec<String> = (0..=MOST_SPENT).map(|_| mint.mint(b"", now)).collect();
        for token in &tokens {
            assert_eq!(mint.spend(token, b"", 1, now), Ok(()));
        }
        assert_eq!(mint.spend(&tokens[0], b"", 1, now), Err(Worthless::Expired));
    }
}
