//! Whatever comes in, nothing breaks; and what goes out can be read.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use sip::message::Message;
use sip::{Body, Invite, Method, Transport, Uri};

use crate::net::{Net, address};
use crate::{frames, messages};

/// A change to a message: some bytes at some place are replaced by others.
fn mutation() -> impl Strategy<Value = (usize, usize, Vec<u8>)> {
    let alphabet = prop_oneof![Just(b";,<>\"\\\r\n :=/@[]".to_vec()), vec(any::<u8>(), 1..8)];
    let bytes = alphabet.prop_flat_map(|letters| vec(proptest::sample::select(letters), 0..6));
    (any::<usize>(), 0..12_usize, bytes)
}

fn mutated(seed: usize, mutations: Vec<(usize, usize, Vec<u8>)>) -> Vec<u8> {
    static SEEDS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(messages::all);
    let seeds = &*SEEDS;
    let mut bytes = seeds[seed % seeds.len()].1.clone();
    for (place, length, new) in mutations {
        let start = place % (bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, new);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_comes_in_breaks_an_agent(seed: usize, mutations in vec(mutation(), 0..8)) {
        let bytes = mutated(seed, mutations);
        let framed = frames::first(&bytes);
        if let Ok(Some(length)) = framed {
            prop_assert!((1..=bytes.len()).contains(&length));
        }
        let mut net = Net::new(Transport::Udp);
        net.inject(0, address(1), &bytes);
        net.inject(1, address(0), &bytes);
        net.run(std::time::Duration::from_secs(1));
        if let Ok(message) = Message::parse(&bytes) {
            prop_assert!(message.body.len() <= bytes.len());
        }
    }

    #[test]
    fn what_is_written_can_be_read(
        user in "[a-zA-Z0-9+*#. äß-]{1,20}",
        header in vec(any::<u8>(), 0..40).prop_map(|bytes| bytes.iter().map(|byte| char::from(*byte)).collect::<String>()),
        content in vec(any::<u8>(), 0..400),
        media in "(application/csta\\+xml|text/plain|application/octet-stream)",
    ) {
        let mut net = Net::new(Transport::Tcp);
        let uri = Uri::at(&user, address(1));
        prop_assert_eq!(&uri, &uri.to_string().parse::<Uri>().unwrap());
        let body = Body { content_type: media, disposition: None, bytes: content.clone().into() };
        let headers = vec![("X-Any".to_owned(), header.clone())];
        let invite = Invite { uri: uri.clone(), body: Some(body.clone()), headers, ..net.invite() };
        net.act(0, |agent, now, out| agent.invite(now, invite, out));
        let bytes = &net.sent[0].bytes;
        prop_assert_eq!(frames::first(bytes), Ok(Some(bytes.len())));
        let message = Message::parse(bytes).unwrap();
        let kind = sip::message::Kind::Request { method: Method::INVITE, uri: uri.clone() };
        prop_assert_eq!(&message.kind, &kind);
        prop_assert_eq!(message.to.uri().unwrap(), uri);
        prop_assert_eq!(message.body, &content);
        prop_assert_eq!(message.content(), (!content.is_empty()).then_some(body));
        let written = header.replace(['\r', '\n'], " ");
        let trimmed = written.trim_matches([' ', '\t']);
        prop_assert_eq!(message.readable("x-any").unwrap(), trimmed);
    }
}
