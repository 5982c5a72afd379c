//! Signatures as Standard Webhooks has them.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

/// The key of a destination's signatures.
pub(super) struct SigningKey(SecretSlice<u8>);

impl SigningKey {
    /// `whsec_` and base64, or the bytes themselves; `None` if the base64 is none.
    pub(super) fn new(secret: &SecretString) -> Option<Self> {
        let secret = secret.expose_secret();
        let bytes = match secret.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).ok()?,
            None => secret.as_bytes().to_vec(),
        };
        Some(Self(bytes.into()))
    }

    /// `v1,` and the signature over id, time of the attempt (Unix seconds) and body.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are those of the specification's own example.
    #[test]
    fn the_example_of_standard_webhooks() {
        let key = SigningKey::new(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).unwrap();
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn a_key_may_be_raw_but_not_half_encoded() {
        let encoded = SigningKey::new(&format!("whsec_{}", STANDARD.encode("secret")).into()).unwrap();
        let raw = SigningKey::new(&"secret".into()).unwrap();
        assert_eq!(raw.sign("id", 0, b""), encoded.sign("id", 0, b""));
        assert!(SigningKey::new(&"whsec_%%%".into()).is_none());
    }
}
