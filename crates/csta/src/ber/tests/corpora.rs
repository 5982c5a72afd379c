//! Malformed BER that nobody on this project wrote: lengths that are wrong, huge or indefinite, and ends that are missing.

use std::{fs, path::PathBuf};

use super::fixtures::bytes;
use crate::{
    ber::{DecodeError, Phase, decode, read::Reader},
    xml::tests::{absent, root},
};

/// Walks through all elements, however deep, and reads each as everything it might be.
fn walk(mut elements: Reader<'_>) -> Result<usize, DecodeError> {
    let mut count = 0;
    while let Some(element) = elements.next()? {
        let _ = (element.integer()?, element.octets()?, element.bits()?, element.text()?, element.boolean()?);
        count += 1 + walk(element.inner())?;
    }
    Ok(count)
}

/// The rows of the corpus; `None` where there is none.
fn rows() -> Option<Vec<Vec<String>>> {
    #[allow(clippy::disallowed_methods)] // tests may ask their surroundings
    let named = std::env::var("HOOKSWITCH_CORPORA");
    let corpora = named.as_ref().map_or_else(|_| root().join("../shared/corpora"), PathBuf::from);
    let file = corpora.join("ber/ber_der_mutations.tsv");
    let Ok(text) = fs::read_to_string(&file) else {
        assert!(named.is_err(), "HOOKSWITCH_CORPORA names no corpora: there is no {}", file.display());
        absent("BER", &file.display().to_string());
        return None;
    };
    Some(text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

/// What breaks no rule of BER is read, though none of it is a signature or an APDU; what has no end, or another than its
/// length says, is refused.
#[test]
fn malformed_elements() {
    let (mut read, mut refused) = (0, 0);
    for row in rows().into_iter().flatten() {
        let [number, _, comment, hex, _] = row.as_slice() else { panic!("{row:?}") };
        let bytes = bytes(hex);
        assert!(decode(&bytes, Phase::Three).is_err(), "{number}");
        let outcome = walk(Reader::new(&bytes, Phase::Three));
        match outcome {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
        let names = |cases: &[&str]| cases.iter().any(|case| comment.contains(case));
        if names(&BROKEN) {
            assert!(outcome.is_err(), "{number} {comment}");
        } else if names(&ODD) {
            assert!(outcome.is_ok(), "{number} {comment}: {outcome:?}");
        }
    }
    // Of those that are in neither list their damage hits a length, or it does not.
    assert!((read, refused) == (0, 0) || (read, refused) == (152, 64), "{read} read, {refused} refused");
}

/// Lengths that are wrong, and ends that are missing.
const BROKEN: [&str; 9] = [
    "overflow in length",
    "= 2**",
    "incorrect length",
    "without termination",
    " instead of ",
    "truncated length",
    "truncated sequence [r, s]",
    "truncated delimiter",
    "lonely",
];

/// What DER forbids and BER allows, or what only the meaning forbids.
const ODD: [&str; 9] = [
    "contains a leading 0",
    "long form",
    "with additional element",
    "composition for r",
    "composition with",
    "non-minimal",
    "append",
    "incorrect types",
    "infinity",
];
