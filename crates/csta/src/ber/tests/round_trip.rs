//! What is written is read as what it was.

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

use super::plain;
use crate::{
    Message,
    ber::{Acse, Apdu, Decoded, InvokeId, Phase, PrivateData, Problem, ProblemKind, acse::*, decode, encode},
    xml::{Edition, tests::arbitrary},
};

#[track_caller]
fn check(apdu: &Apdu, phase: Phase) {
    let Some(written) = encode(apdu, phase) else { return };
    let read = decode(&written, phase);
    assert_eq!(read.as_ref(), Ok(&Decoded { apdu: apdu.clone(), ignored: 0 }), "{phase}: {written:02x?}");
}

fn private_data() -> impl Strategy<Value = Vec<PrivateData>> {
    let octets = proptest::collection::vec(any::<u8>(), 0..200).prop_map(|octets| PrivateData::octets(&octets));
    proptest::collection::vec(octets, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn messages(
        message in arbitrary::message(Edition::Ed6),
        private_data in private_data(),
        invoke_id in any::<i32>(),
        phase in proptest::sample::select(Phase::ALL),
    ) {
        let message = plain::message(message, phase);
        // Errors have no place for private data.
        let private_data = if matches!(message, Message::Error(_)) { Vec::new() } else { private_data };
        check(&Apdu::Csta { invoke_id: InvokeId(invoke_id), message, private_data }, phase);
    }

    #[test]
    fn object_identifiers(arcs in (0..3u32, 0..40u32, proptest::collection::vec(any::<u32>(), 0..6))) {
        let (first, second, rest) = arcs;
        let text = [first, second].iter().chain(&rest).map(u32::to_string).collect::<Vec<_>>().join(".");
        prop_assert_eq!(Oid::parse(&text).unwrap().to_string(), text);
    }
}

/// No kind of message is missed by the property above, and which a phase does not have is known.
#[test]
fn every_kind_of_message() {
    let mut runner = TestRunner::new_with_rng(Default::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mut kinds = BTreeSet::new();
    let mut left_out = BTreeSet::new();
    for _ in 0..2500 {
        let message = arbitrary::message(Edition::Ed6).new_tree(&mut runner).unwrap().current();
        let kind = name(&message);
        kinds.insert(kind.clone());
        for &phase in Phase::ALL {
            let message = plain::message(message.clone(), phase);
            let apdu = Apdu::Csta { invoke_id: InvokeId(1), message, private_data: Vec::new() };
            match encode(&apdu, phase) {
                Some(_) => check(&apdu, phase),
                None => _ = left_out.insert(format!("{phase}: {kind}")),
            }
        }
    }
    assert_eq!(kinds.len(), 20 + 22 + 22 + 1, "{kinds:?}");
    let expected: BTreeSet<String> = LEFT_OUT.lines().map(|line| line.trim().to_owned()).collect();
    assert_eq!(left_out, expected);
}

/// Event and request or response of which there is no evidence in a phase.
const LEFT_OUT: &str = "1: event CallInformation
    1: event Offered
    1: request ConsultationCall
    1: request GenerateDigits
    1: request GetCstaFeatures
    1: request GetDoNotDisturb
    1: request GetForwarding
    1: request RequestSystemStatus
    1: request SetDoNotDisturb
    1: request SetForwarding
    1: request SingleStepTransferCall
    1: request SystemRegister
    1: response ConsultationCall
    1: response GenerateDigits
    1: response GetCstaFeatures
    1: response GetDoNotDisturb
    1: response GetForwarding
    1: response RequestSystemStatus
    1: response SetDoNotDisturb
    1: response SetForwarding
    1: response SingleStepTransferCall
    1: response SystemRegister
    2: event BackInService
    2: event CallInformation
    2: event DoNotDisturb
    2: event Forwarding
    2: event Offered
    2: event OutOfService
    2: request ConsultationCall
    2: request GenerateDigits
    2: request GetCstaFeatures
    2: request GetDoNotDisturb
    2: request GetForwarding
    2: request RequestSystemStatus
    2: request SetDoNotDisturb
    2: request SetForwarding
    2: request SingleStepTransferCall
    2: request SystemRegister
    2: response ConsultationCall
    2: response GenerateDigits
    2: response GetCstaFeatures
    2: response GetDoNotDisturb
    2: response GetForwarding
    2: response RequestSystemStatus
    2: response SetDoNotDisturb
    2: response SetForwarding
    2: response SingleStepTransferCall
    2: response SystemRegister";

fn name(message: &Message) -> String {
    let word = |debug: String| debug.split(['(', ' ', '{']).next().unwrap_or_default().to_owned();
    match message {
        Message::Event(event) => format!("event {}", word(format!("{:?}", event.kind))),
        Message::Request(request) => format!("request {}", word(format!("{request:?}"))),
        Message::Response(response) => format!("response {}", word(format!("{response:?}"))),
        Message::Error(_) => "error".into(),
    }
}

#[test]
fn what_is_no_message() {
    let invoke_id = InvokeId(-4095);
    let data = PrivateData::octets(b"vendor");
    let problem = Problem { kind: ProblemKind::Invoke, code: 1 };
    assert_eq!(problem.to_string(), "invoke rejected: unrecognizedOperation (1)");
    let apdus = [
        Apdu::Escape { invoke_id, private_data: data.clone() },
        Apdu::UnknownRequest { invoke_id, operation: 4000 },
        Apdu::UnknownEvent { cross_ref: crate::CrossRefId("0a".into()), private_data: vec![data.clone()] },
        Apdu::Done { invoke_id, operation: None, private_data: Vec::new() },
        Apdu::Done { invoke_id, operation: Some(51), private_data: vec![data] },
        Apdu::Reject { invoke_id: Some(invoke_id), problem },
        Apdu::Reject { invoke_id: None, problem: Problem { kind: ProblemKind::General, code: 2 } },
    ];
    for apdu in &apdus {
        Phase::ALL.iter().for_each(|phase| check(apdu, *phase));
    }
}

#[test]
fn associations() {
    let login = Some(Login { user: "AMHOST".into(), password: "77777".into() });
    let old =
        InformationForm::Old { required: Functions([0x1F_FFFF, 0, 1, 0, 31, 0, 0]), supplied: Functions::default() };
    let information = |form, syntax: Option<&str>| {
        Some(UserInformation { versions: Versions::ALL, form, syntax: syntax.and_then(Oid::parse) })
    };
    let request = |phase, login, information| {
        let context = Oid::context(phase);
        Acse::Request(AssociationRequest { context, says_version: phase == Phase::Two, login, information })
    };
    let response = |result, information| {
        Acse::Response(AssociationResponse { context: Some(Oid::context(Phase::Three)), result, information })
    };
    let rejected = AssociationResult::Rejected { transient: false, by_user: true, diagnostic: 13 };
    assert_eq!(rejected.to_string(), "rejected: login failed (13)");
    for acse in [
        request(Phase::One, None, None),
        request(Phase::Two, None, information(old, Some("1.3.12.0.218.200"))),
        request(Phase::Three, login, information(InformationForm::New, None)),
        response(AssociationResult::Accepted, information(InformationForm::New, None)),
        response(rejected, None),
        response(
            AssociationResult::Rejected { transient: true, by_user: false, diagnostic: 2 },
            information(old, None),
        ),
        Acse::ReleaseRequest,
        Acse::ReleaseResponse,
        Acse::Abort,
    ] {
        check(&Apdu::Acse(acse), Phase::Three);
    }
}

#[test]
fn the_phase_that_is_agreed_on() {
    let phase = |context: &str, versions: u32| {
        let form = InformationForm::New;
        let information = Some(UserInformation { versions: Versions::of_bits(versions), form, syntax: None });
        AssociationResponse { context: Oid::parse(context), result: AssociationResult::Accepted, information }.phase()
    };
    assert_eq!(phase("1.3.12.0.180", 0b11), Some(Phase::Two));
    assert_eq!(phase("1.3.12.0.218", 1 << 3), Some(Phase::Three)); // HiPath 3000
    assert_eq!(phase("1.3.12.0.180", 1), Some(Phase::One));
    assert_eq!(phase("1.3.12.0.180.1", 0), Some(Phase::One)); // OXO, which says no versions
    assert_eq!(phase("1.3.12.0.285", 1 << 18), Some(Phase::Three));
    assert_eq!(phase("1.3.12.0.323", 1 << 5), None);
}
