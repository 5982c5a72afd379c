//! `fixtures/csta-ber`: each APDU beside what is read from it; each bad one beside the reason it is refused for.

use std::{fs, path::Path};

use crate::{
    ber::{Phase, decode, encode},
    xml::tests::{fixtures::outline, root},
};

/// The bytes that are written in hex; what stands behind a `#` is for the reader.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    let hex = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect::<String>();
    let digits: Vec<u8> = hex.split_whitespace().flat_map(str::bytes).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).expect("hex");
    digits.chunks(2).map(pair).collect()
}

/// The phase in the first line, and the bytes behind it.
pub(super) fn fixture(text: &str) -> (Phase, Vec<u8>) {
    let (first, rest) = text.split_once('\n').unwrap();
    let phase = first.strip_prefix("phase ").and_then(Phase::from_name).expect("a file begins with its phase");
    (phase, bytes(rest))
}

/// All fixtures, with their names.
pub(super) fn all(folder: &str) -> Vec<(std::path::PathBuf, Phase, Vec<u8>)> {
    let entries = fs::read_dir(root().join("fixtures/csta-ber").join(folder)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "hex"));
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let (phase, bytes) = fixture(&fs::read_to_string(&path).unwrap());
        (path, phase, bytes)
    };
    paths.into_iter().map(read).collect()
}

fn check(path: &Path, found: &str) -> Result<(), String> {
    let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_else(|error| error.to_string());
    let name = path.file_name().unwrap_or_default().display();
    if found.trim() == expected.trim() { Ok(()) } else { Err(format!("{name}\n{found}")) }
}

#[track_caller]
fn check_all(folder: &str, at_least: usize, found: impl Fn(&[u8], Phase) -> String) {
    let fixtures = all(folder);
    assert!(fixtures.len() >= at_least, "the fixtures are gone");
    let results = fixtures.iter().map(|(path, phase, bytes)| check(path, &found(bytes, *phase)));
    let wrong: Vec<_> = results.filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "not as expected:\n\n{}", wrong.join("\n\n"));
}

#[test]
fn apdus_are_read() {
    check_all("", 30, |bytes, phase| match decode(bytes, phase) {
        Ok(decoded) if decoded.ignored > 0 => format!("{}\nignored = {}", outline(&decoded.apdu), decoded.ignored),
        Ok(decoded) => outline(&decoded.apdu),
        Err(error) => format!("refused: {error}"),
    });
}

#[test]
fn bad_apdus_are_refused_for_a_reason() {
    check_all("bad", 10, |bytes, phase| match decode(bytes, phase) {
        Ok(decoded) => format!("read:\n{}", outline(&decoded.apdu)),
        Err(error) => error.to_string(),
    });
}

/// Whatever was read can be written, and is then read as the same.
#[test]
fn what_is_read_is_written_as_what_it_was_read_as() {
    for (path, phase, bytes) in all("") {
        let apdu = decode(&bytes, phase).unwrap().apdu;
        let Some(written) = encode(&apdu, phase) else { continue };
        assert_eq!(decode(&written, phase).map(|decoded| decoded.apdu), Ok(apdu), "{}", path.display());
    }
}
