//! `proto/csta.asn1` and the code have the same numbers.

use std::{collections::BTreeMap, fs};

use crate::{
    Event,
    ber::{
        Apdu, InvokeId, Phase, encode,
        read::Reader,
        service::{all, operation_of_request},
        tag::Tag,
    },
    event_part::KINDS,
    xml::tests::root,
};

/// The values that begin with `prefix` in the module.
fn values(prefix: &str) -> BTreeMap<String, i64> {
    let module = fs::read_to_string(root().join("proto/csta.asn1")).unwrap();
    let lines = module.lines().filter_map(|line| line.strip_prefix(prefix)?.split_once(" INTEGER ::= "));
    lines.map(|(name, number)| (name.to_owned(), number.parse().unwrap())).collect()
}

fn lower_first(name: &str) -> String {
    name.chars().take(1).flat_map(char::to_lowercase).chain(name.chars().skip(1)).collect()
}

#[test]
fn operation_codes() {
    let codes = |phase| {
        let codes = all()
            .into_iter()
            .filter_map(move |(request, _, name)| Some((lower_first(name), operation_of_request(&request, phase)?)));
        codes.collect::<BTreeMap<_, _>>()
    };
    let mut three = codes(Phase::Three);
    three.insert("eventReport".into(), crate::ber::event::REPORT);
    three.insert("escape".into(), crate::ber::service::ESCAPE);
    assert_eq!(values("op-"), three);
    assert_eq!(values("op12-"), codes(Phase::Two));
    assert_eq!(values("op12-"), codes(Phase::One));
}

/// The elements of a report behind its cross reference: the tag or number of the event, by what is written.
fn number_of(event: &Event, phase: Phase) -> Option<(u32, i64)> {
    let apdu = Apdu::Csta { invoke_id: InvokeId(1), message: event.clone().into(), private_data: Vec::new() };
    let bytes = encode(&apdu, phase)?;
    let mut invoke = Reader::new(&bytes, phase).next().unwrap()?.inner();
    invoke.next().unwrap();
    invoke.next().unwrap();
    let mut report = invoke.next().unwrap()?.inner();
    report.next().unwrap();
    let info = report.next().unwrap()?;
    let number = match phase {
        Phase::One => info.integer().unwrap()?,
        Phase::Two | Phase::Three => i64::from(info.first().unwrap()?.tag.context_number()?),
    };
    Some((info.tag.context_number()?, number))
}

#[test]
fn event_tags() {
    let numbers = |phase| {
        let numbers = KINDS.iter().filter_map(move |kind| {
            let debug = format!("{kind:?}");
            let name = debug.split(['(', ' ']).next().unwrap_or_default();
            Some((lower_first(name), number_of(&Event::new(Default::default(), kind.clone()), phase)?))
        });
        numbers.collect::<BTreeMap<_, _>>()
    };
    let without_category = |phase| numbers(phase).into_iter().map(|(name, (_, number))| (name, number)).collect();
    assert_eq!(values("ev1-"), without_category(Phase::One));
    assert_eq!(values("ev2-"), without_category(Phase::Two));

    // In phase III the events stand in CHOICEs, those of call control in one of its own.
    let module = fs::read_to_string(root().join("proto/csta.asn1")).unwrap();
    let words: Vec<&str> = module.split([' ', '\n', ',']).filter(|word| !word.is_empty()).collect();
    let mut listed = BTreeMap::new();
    let mut category = 0;
    for four in words.windows(4) {
        let tag = |word: &str| word.strip_prefix('[')?.strip_suffix(']')?.parse::<u32>().ok();
        match (four, tag(four[1])) {
            ([name, _, "CHOICE", _], Some(number)) if name.ends_with("Events") => category = number,
            ([name, _, "CallControlEvents", _], Some(number)) if name.ends_with("Events") => category = number,
            (["CallControlEvents", "::=", ..], _) => category = 0,
            ([name, _, "IMPLICIT", body], Some(number)) if body.ends_with("Event") => {
                listed.insert((*name).to_owned(), (category, i64::from(number)));
            }
            _ => {}
        }
    }
    assert_eq!(listed, numbers(Phase::Three));
}

/// Nothing in the tables stands for a tag of another class.
#[test]
fn tags_are_printed_as_asn1_writes_them() {
    let tags = [Tag::SEQUENCE, Tag::application(11), Tag::context(3)];
    assert_eq!(format!("{tags:?}"), "[[UNIVERSAL 16], [APPLICATION 11], [3]]");
}
