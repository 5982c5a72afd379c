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
    fn a_uri_has_the_parts_it_was_made_of(
        scheme in "sips?|SIP",
        user in proptest::option::of("[a-zA-Z0-9_.!~*'()&=+$,;?/-]{1,12}(%[0-9A-F]{2}){0,2}(:[a-z0-9]{0,4})?"),
        host in "[a-z][a-z0-9-]{0,8}(\\.[a-z]{2,4})?|192\\.0\\.2\\.[1-9]|\\[2001:db8::[1-9a-f]{1,4}\\]",
        port in proptest::option::of(1_u16..),
        params in vec("[a-z]{1,6}(=[a-zA-Z0-9-]{1,8})?", 0..3),
        headers in "(\\?[a-z]{1,4}=[a-z0-9%]{0,4})?",
    ) {
        let mut text = format!("{scheme}:");
        text.extend(user.iter().map(|user| format!("{user}@")));
        text.push_str(&host);
        text.extend(port.iter().map(|port| format!(":{port}")));
        text.extend(params.iter().map(|param| format!(";{param}")));
        text.push_str(&headers);
        let uri: Uri = text.parse().unwrap();
        prop_assert_eq!(uri.to_string(), text);
        let name = user.as_ref().map(|user| user.split(':').next().unwrap());
        prop_assert_eq!((uri.user(), uri.host(), uri.port()), (name, host.as_str(), port));
        for param in &params {
            let name = param.split('=').next().unwrap();
            let first = params.iter().find(|param| param.split('=').next() == Some(name)).unwrap();
            prop_assert_eq!(uri.param(name), Some(first.split_once('=').map_or("", |(_, value)| value)));
        }
    }

    /// An answer says again what the request said: Via, From, To, Call-ID and CSeq, byte by byte.
    #[test]
    fn an_answer_repeats_what_was_asked(
        name in vec(any::<u8>().prop_filter("one line", |byte| !b"\r\n".contains(byte)), 0..20),
        users in ("[a-z0-9]{1,8}", "[a-z0-9;?/&+-]{1,8}"),
        tag in "[a-zA-Z0-9.!%*_+`'~-]{1,20}",
        call_id in "[!-~]{1,30}",
        branch in "z9hG4bK[a-zA-Z0-9.!%*_+`'~-]{1,30}",
        number in 0_u32..1 << 31,
        blank in "[ \t]{0,2}(\r\n[ \t])?",
    ) {
        let quoted: Vec<u8> = name.iter().flat_map(|byte| match byte {
            b'"' | b'\\' => vec![b'\\', *byte],
            plain => vec![*plain],
        }).collect();
        let (from, to) = users;
        let request = [
            format!("OPTIONS sip:{to}@10.0.0.1 SIP/2.0\r\nVia:{blank}SIP/2.0/TCP 10.0.0.3:5070;branch={branch}\r\nFrom: \"").as_bytes(),
            &quoted,
            format!(
                "\" <sip:{from}@10.0.0.3>{blank};tag={tag}\r\nt:{blank}<sip:{to}@10.0.0.1>\r\nCall-ID:{blank}{call_id}\r\n\
                 CSeq: {number}{blank} OPTIONS\r\nContent-Length: 0\r\n\r\n"
            ).as_bytes(),
        ].concat();
        let asked = Message::parse(&request).unwrap();
        let mut net = Net::new(Transport::Tcp);
        net.inject(0, address(2), &request);
        prop_assert_eq!(net.kinds_by(0), ["200"]);
        let answer = Message::parse(&net.sent[0].bytes).unwrap();
        prop_assert_eq!((answer.call_id, &answer.cseq, answer.via.branch()), (asked.call_id, &asked.cseq, Some(&*branch)));
        prop_assert_eq!((answer.via.host, answer.via.port), (asked.via.host, asked.via.port));
        prop_assert_eq!((answer.from.display, answer.from.tag()), (asked.from.display, Some(&*tag)));
        prop_assert_eq!((answer.from.uri(), answer.to.uri()), (asked.from.uri(), asked.to.uri()));
        prop_assert!(asked.to.tag().is_none() && answer.to.tag().is_some());
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
        let body = Body { content_type: media.into(), disposition: None, bytes: content.clone().into() };
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
