//! No APDU is too long, too deep or too odd to be refused in good order.

use proptest::prelude::*;

use super::fixtures::all;
use crate::ber::{DecodeError, MAX_DEPTH, MAX_MESSAGE, Phase, decode, encode};

fn check_last_good(good: &[u8], bad: &[u8], reason: impl Fn(&DecodeError) -> bool) {
    assert!(decode(good, Phase::Three).is_ok(), "{:?}", decode(good, Phase::Three));
    let error = decode(bad, Phase::Three).unwrap_err();
    assert!(reason(&error), "{error}");
}

#[test]
fn the_longest_apdu() {
    let release = |length: usize| [vec![0x62, 0], vec![0; length - 2]].concat();
    let reason = DecodeError::TooLong { length: MAX_MESSAGE + 1 };
    check_last_good(&release(MAX_MESSAGE), &release(MAX_MESSAGE + 1), |error| *error == reason);
}

/// Of a SystemStatus in SEQUENCEs without end.
#[test]
fn the_deepest_apdu() {
    let status = |depth: usize| {
        // The APDU and the argument are two; the rest is an unknown element behind the status.
        let deep = [[0xAF, 0x80].repeat(depth - 2), vec![0; 2 * (depth - 2)]].concat();
        let argument = [&[0x30, 0x80, 0x0A, 1, 2][..], &deep, &[0, 0]].concat();
        [&[0xA1, 0x80, 2, 1, 1, 2, 2, 0, 0xD3][..], &argument, &[0, 0]].concat()
    };
    let reason = |error: &DecodeError| matches!(error, DecodeError::TooDeep { .. });
    check_last_good(&status(MAX_DEPTH), &status(MAX_DEPTH + 1), reason);
    assert!(decode(&[0xA1, 0x80].repeat(MAX_MESSAGE / 2), Phase::Three).is_err());
}

/// A length of four gigabytes is refused before anything is done with it.
#[test]
fn an_enormous_length() {
    let bytes = [0xA1, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 2, 1, 1];
    assert_eq!(decode(&bytes, Phase::Three), Err(DecodeError::CutOff { offset: 0 }));
}

/// Every beginning of an APDU is refused.
#[test]
fn an_apdu_cut_off_anywhere() {
    for (path, phase, bytes) in all("") {
        let ignored = decode(&bytes, phase).unwrap().ignored;
        for length in 0..bytes.len() - ignored {
            assert!(decode(&bytes[..length], phase).is_err(), "{}: the first {length} bytes", path.display());
        }
    }
}

/// Some bytes of a fixture are replaced, left out or repeated.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let mut apdus: Vec<_> = [all(""), all("bad")].concat().into_iter().map(|(_, _, bytes)| bytes).collect();
    apdus.retain(|apdu| !apdu.is_empty());
    let damage = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4), 1..6);
    (prop::sample::select(apdus), damage).prop_map(|(mut apdu, damage)| {
        for (at, byte, how) in damage {
            let at = at.index(apdu.len());
            match how {
                0 => apdu.insert(at, byte),
                1 if apdu.len() > 1 => _ = apdu.remove(at),
                2 => apdu[at] ^= 1 << (byte % 8),
                _ => apdu[at] = byte,
            }
        }
        apdu
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Any answer will do, if there is one; and what is read is no larger than the bytes it was read from allow.
    #[test]
    fn damaged_apdus(bytes in damaged(), phase in prop::sample::select(Phase::ALL)) {
        if let Ok(decoded) = decode(&bytes, phase) {
            let written = encode(&decoded.apdu, phase).unwrap_or_default();
            // Names are written in full where a tag or a number stood, numbers of octets in hex, mandatory parts are added.
            prop_assert!(written.len() <= 4 * bytes.len() + 200, "{} bytes of {}", written.len(), bytes.len());
            if !written.is_empty() {
                prop_assert!(decode(&written, phase).is_ok());
            }
        }
    }

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), phase in prop::sample::select(Phase::ALL)) {
        let apdu = [&[0xA1, 0x80][..], &bytes].concat();
        let _ = (decode(&bytes, phase), decode(&apdu, phase));
    }
}
