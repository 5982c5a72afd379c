//! Any bytes as a challenge, and as the proof that answers one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip::digest::{Authorization, Challenge};

fuzz_target!(|data: &[u8]| {
    for challenge in Challenge::parse_all(data) {
        let text = challenge.to_string();
        // What is no UTF-8 is shown as Latin-1, so only ASCII is written as it was read.
        if text.is_ascii() && !text.contains(['"', '\\', '<', '>']) {
            assert_eq!(Challenge::parse_all(text.as_bytes()), [challenge], "what is written is read back");
        }
    }
    let text: String = data.iter().map(|byte| char::from(*byte)).collect();
    if let Some(proof) = Authorization::parse(&text) {
        assert!(!proof.verify("REGISTER", "a password that nobody guesses"));
        assert!(proof.username.len() <= 2 * data.len() && proof.nonce.len() <= 2 * data.len());
    }
});
