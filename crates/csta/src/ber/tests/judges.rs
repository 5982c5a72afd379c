//! asn1tools and pycrate read what is written here, and what they write is read as what it was: with our module in
//! `proto/`, and with another one where that is at hand.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use proptest::{strategy::Strategy, strategy::ValueTree, test_runner::TestRunner};

use super::plain;
use crate::{
    AutoOriginate, Message, Request,
    ber::{Apdu, InvokeId, Phase, decode, encode},
    xml::{
        Edition,
        tests::{absent, arbitrary, root, skip},
    },
};

/// Messages of phase III with text of seven bits: what the module allows.
fn messages() -> Vec<Message> {
    let mut runner = TestRunner::deterministic();
    let mut message = || arbitrary::message(Edition::Ed6).new_tree(&mut runner).unwrap().current();
    (0..600)
        .map(|_| {
            let mut message = plain::ascii_message(message(), Phase::Three);
            if let Message::Request(Request::MakeCall(call)) = &mut message {
                // Others leave out what is the default.
                call.auto_originate = call.auto_originate.filter(|auto| *auto != AutoOriginate::Prompt);
            }
            message
        })
        .collect()
}

fn check(judge: &str, module: &Path, operations: Option<&Path>) {
    let python = root().join("target/judges/bin/python");
    if !python.exists() {
        return skip(judge, "target/judges: a Python environment with asn1tools and pycrate, see .ci/run");
    }
    let messages = messages();
    let written = messages.iter().map(|message| {
        let apdu = Apdu::Csta { invoke_id: InvokeId(1), message: message.clone(), private_data: Vec::new() };
        encode(&apdu, Phase::Three).unwrap()
    });
    let lines: String = written
        .map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).chain(["\n".into()]).collect::<String>())
        .collect();
    let script = root().join("crates/csta/src/ber/tests/judges.py");
    let mut command = Command::new(python);
    command.arg(script).arg(judge).arg(module).args(operations).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut input = process.stdin.take().unwrap();
    let sent = lines.clone();
    let sender = std::thread::Builder::new().spawn(move || input.write_all(sent.as_bytes())).unwrap();
    let output = process.wait_with_output().unwrap();
    sender.join().unwrap().unwrap();
    let verdicts = String::from_utf8(output.stdout).unwrap();
    assert_eq!(verdicts.lines().count(), messages.len(), "{}", output.status);
    let mut agreed = 0;
    for ((message, line), verdict) in messages.iter().zip(lines.lines()).zip(verdicts.lines()) {
        match verdict.split_once(' ') {
            Some(("ok", hex)) => {
                let read = decode(&super::fixtures::bytes(hex), Phase::Three).unwrap().apdu;
                let apdu = Apdu::Csta { invoke_id: InvokeId(1), message: message.clone(), private_data: Vec::new() };
                assert_eq!(read, apdu, "{judge} made {hex} of {line}");
                agreed += 1;
            }
            Some(_) if operations.is_some() && has_charging(message) => {}
            Some(_) => panic!("{judge}: {verdict}: {line}\n{message:?}"),
            None => assert!(operations.is_some(), "our module has all operations: {line}"),
        }
    }
    assert!(agreed > messages.len() / 2, "{agreed}");
}

/// These events may have a chargingInfo, which the other module calls ANY: it takes whatever stands there for one.
fn has_charging(message: &Message) -> bool {
    use crate::EventKind::{ConnectionCleared, Transferred};
    matches!(message, Message::Event(event) if matches!(event.kind, ConnectionCleared | Transferred(_)))
}

fn with_our_module(judge: &str) {
    check(judge, &root().join("proto/csta.asn1"), None);
}

fn with_the_other_module(judge: &str) {
    let folder = root().join("../shared/spec/csta/asn1");
    if !folder.exists() {
        return absent(judge, &folder.display().to_string());
    }
    check(judge, &folder.join("CSTA3-flat.asn"), Some(&folder.join("ops.json")));
}

#[test]
fn asn1tools_with_our_module() {
    with_our_module("asn1tools");
}

#[test]
fn asn1tools_with_the_other_module() {
    with_the_other_module("asn1tools");
}

#[test]
fn pycrate_with_our_module() {
    with_our_module("pycrate");
}

#[test]
fn pycrate_with_the_other_module() {
    with_the_other_module("pycrate");
}
