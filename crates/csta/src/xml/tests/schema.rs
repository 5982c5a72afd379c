//! What is written is valid: every message in editions 3 and 6, empty and full, against the schema by xmllint.

use std::{fs, path::Path, process::Command};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use super::{absent, arbitrary, root, skip};
use crate::{
    CstaError, Event, Message, Request, Response,
    xml::{Edition, encode, event::KINDS},
};

/// Every message there is, with nothing in it that may be missing.
pub(super) fn all_empty() -> Vec<Message> {
    let events = KINDS.iter().map(|kind| Event::new(Default::default(), kind.clone()).into());
    let requests = Request::all().into_iter().map(Message::from);
    let responses = Response::all().into_iter().map(Message::from);
    events.chain(requests).chain(responses).chain([CstaError::default().into()]).collect()
}

fn check(edition: Edition, schema: &str) {
    let schema = root().join("../shared/spec/csta/xsd").join(schema);
    if !schema.exists() {
        return absent("schema", &schema.display().to_string());
    }
    if Command::new("xmllint").arg("--version").output().is_err() {
        return skip("schema", "xmllint");
    }
    let mut runner = TestRunner::deterministic();
    let full = (0..500).map(|_| arbitrary::message(edition).new_tree(&mut runner).unwrap().current());
    let folder = tempfile::tempdir().unwrap();
    for (number, message) in all_empty().into_iter().chain(full).enumerate() {
        fs::write(folder.path().join(format!("{number}.xml")), encode(&message, edition)).unwrap();
    }
    validate(&schema, folder.path());
}

#[track_caller]
fn validate(schema: &Path, folder: &Path) {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut xmllint = Command::new("xmllint");
    let answer = xmllint.arg("--noout").arg("--schema").arg(schema).args(files).output().unwrap();
    let invalid = String::from_utf8_lossy(&answer.stderr)
        .lines()
        .filter(|line| !line.ends_with(" validates"))
        .take(20)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(answer.status.success(), "{invalid}");
}

#[test]
fn edition_3_is_valid() {
    check(Edition::Ed3, "csta-ed3.xsd");
}

#[test]
fn edition_6_is_valid() {
    check(Edition::Ed6, "csta-ed6.xsd");
}
