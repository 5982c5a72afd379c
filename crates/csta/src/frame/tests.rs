//! Frames whole, in pieces, and none at all.

use proptest::prelude::*;

use super::*;

/// Everything that comes of `bytes`, given in pieces of this size.
fn frames(framing: Framing, hello: Option<Hello>, bytes: &[u8], piece: usize) -> Vec<Result<Frame, FrameError>> {
    let mut decoder = Decoder::new(framing, hello);
    let mut found = Vec::new();
    for mut bytes in bytes.chunks(piece.max(1)) {
        while !bytes.is_empty() {
            bytes = &bytes[decoder.push(bytes)..];
            loop {
                match decoder.next() {
                    Ok(Some(frame)) => found.push(Ok(frame)),
                    Ok(None) => break,
                    Err(error) if error.is_fatal() => {
                        found.push(Err(error));
                        return found;
                    }
                    Err(error) => found.push(Err(error)),
                }
            }
        }
    }
    found
}

fn message(invoke_id: Option<u16>, body: &[u8]) -> Frame {
    Frame::Message { invoke_id: invoke_id.map(InvokeId), body: body.to_vec() }
}

#[track_caller]
fn check(framing: Framing, bytes: &[u8], expected: &[Result<Frame, FrameError>]) {
    for piece in [1, 2, 3, 7, bytes.len()] {
        assert_eq!(frames(framing, None, bytes, piece), expected, "in pieces of {piece}");
    }
}

/// A message of a greeting phone system, then the greeting's mistakes.
#[test]
fn a_greeting_comes_first() {
    let hello = Hello::parse("B/P");
    let heartbeat = b"\xA1\x0A\x02\x02\x7F\x01\x02\x01\x34\x0A\x01\x02";
    let bytes = [b"P\x00\x0C", &heartbeat[..]].concat();
    for piece in [1, 5, 100] {
        let found = frames(Framing::Length16, hello, &bytes, piece);
        assert_eq!(found, [Ok(Frame::Hello), Ok(message(None, heartbeat))]);
    }
    let found = frames(Framing::Length16, hello, &bytes[1..], 100);
    let looks_like = Protocol::BerLength16;
    assert_eq!(found, [Err(FrameError::OtherProtocol { framing: Framing::Length16, looks_like })]);
    let found = frames(Framing::Length16, hello, b"N", 1);
    assert_eq!(found, [Err(FrameError::OtherHello { expected: b'P', found: b'N' })]);
    assert_eq!(Hello::parse("BP"), None);
}

#[test]
fn xml_behind_its_header() {
    let status = b"\0\0\0\x170001<SystemStatus/>";
    let bytes = [&status[..], b"\0\0\0\x0C9999<a/>", b"00\0\x0C0000<b/>", b"\0\0\0\x080007"].concat();
    let expected = [
        Ok(message(Some(1), b"<SystemStatus/>")),
        Ok(message(Some(9999), b"<a/>")),
        Ok(message(Some(0), b"<b/>")),
        Ok(message(Some(7), b"")),
    ];
    check(Framing::Header, &bytes, &expected);
    let longest = [&b"\0\0\xFF\xFF0042"[..], &[b' '; 65_527]].concat();
    assert_eq!(frames(Framing::Header, None, &longest, 999), [Ok(message(Some(42), &[b' '; 65_527]))]);
}

#[test]
fn a_header_with_mistakes() {
    let bad = FrameError::BadInvokeId { found: "+001".into() };
    check(Framing::Header, b"\0\0\0\x0C+001<a/>\0\0\0\x0C0002<b/>", &[Err(bad), Ok(message(Some(2), b"<b/>"))]);
    check(Framing::Header, b"\0\0\0\x070001", &[Err(FrameError::BadLength { length: 7 })]);
    check(Framing::Header, b"\0\x01\0\x0C0001<a/>", &[Err(FrameError::Soap)]);
    let first = "3c 61 2f 3e 00 00 00 0c".into();
    let out_of_step = Err(FrameError::OutOfStep { first });
    check(Framing::Header, b"\0\0\0\x080001<a/>\0\0\0\x0C", &[Ok(message(Some(1), b"")), out_of_step]);
}

#[test]
fn xml_up_to_a_nul() {
    let expected = [Ok(message(None, b"<a/>")), Ok(message(None, b"<b/>"))];
    check(Framing::Nul, b"<a/>\0\r\n\0\r\n<b/>\r\n\0<c", &expected);
    let longest = [&[b'<'; MAX_MESSAGE][..], b"\0"].concat();
    assert_eq!(frames(Framing::Nul, None, &longest, 1000), [Ok(message(None, &[b'<'; MAX_MESSAGE]))]);
    let longer = [&[b'<'; 3 * MAX_MESSAGE][..], b"\0<b/>\0"].concat();
    let too_long = Err(FrameError::TooLong { limit: MAX_MESSAGE });
    assert_eq!(frames(Framing::Nul, None, &longer, 1000), [too_long, Ok(message(None, b"<b/>"))]);
}

#[test]
fn ber_behind_its_length() {
    let bytes = b"\0\x02\x62\0\0\0\0\x02\x63\0";
    check(Framing::Length16, bytes, &[Ok(message(None, b"\x62\0")), Ok(message(None, b"\x63\0"))]);
    let first = "00 02 45 58".into();
    let out_of_step = Err(FrameError::OutOfStep { first });
    let found = frames(Framing::Length16, None, b"\0\x02\x62\0\0\x02\x45\x58", 8);
    assert_eq!(found, [Ok(message(None, b"\x62\0")), out_of_step]);
}

#[test]
fn ber_of_a_hipath() {
    let parts = b"\x26\x80\x02\x62\0\x26\0\x01\x63\x26\x80\x01\0";
    check(Framing::HiPath, parts, &[Ok(message(None, b"\x62\0")), Ok(message(None, b"\x63\0"))]);
    let fragment = [&b"\x26\x7F\xFF"[..], &[0; 0x7FFF]].concat();
    let endless = [&fragment.repeat(9)[..], b"\x26\x80\x01\0\x26\x80\x02\x62\0"].concat();
    let found = frames(Framing::HiPath, None, &endless, 4096);
    assert_eq!(found, [Err(FrameError::TooLong { limit: MAX_MESSAGE }), Ok(message(None, b"\x62\0"))]);
}

#[test]
fn ber_in_packets() {
    let bare = b"\x03\0\0\x06\x62\0";
    let in_two = b"\x03\0\0\x08\x02\xF0\0\x63\x03\0\0\x08\x02\xF0\x80\0";
    let expected = [Ok(message(None, b"\x62\0")), Ok(message(None, b"\x63\0"))];
    check(Framing::Tpkt, &[&bare[..], in_two].concat(), &expected);
    check(Framing::Tpkt, b"\x03\0\0\x03", &[Err(FrameError::BadLength { length: 3 })]);
}

/// What else may listen at the address: the error says what it looks like.
#[test]
fn other_protocols() {
    let connections: [(&[u8], Protocol); 16] = [
        (b"HTTP/1.1 400 Bad Request\r\n", Protocol::Http),
        (b"GET / HTTP/1.1\r\n", Protocol::Http),
        (b"POST /csta HTTP/1.1\r\n", Protocol::Http),
        (b"SIP/2.0 400 Bad Request\r\n", Protocol::Sip),
        (b"INVITE sip:987@pbx SIP/2.0\r\n", Protocol::Sip),
        (b"OPTIONS sip:987@pbx SIP/2.0\r\n", Protocol::Sip),
        (b"\x15\x03\x01\0\x02\x02\x46", Protocol::Tls),
        (b"\x16\x03\x03\0\x7A\x02\0\0\x76", Protocol::Tls),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Protocol::Ssh),
        (b"\xFF\xFD\x18\xFF\xFD\x20", Protocol::Telnet),
        (b"220 pbx ESMTP\r\n", Protocol::Greeting),
        (b"<?xml version='1.0'?><SystemStatus/>", Protocol::Xml),
        (b"\0\0\0\x170001<SystemStatus/>", Protocol::XmlHeader),
        (b"\x60\x0A\xA1\x08\x06\x06\x2B\x0C", Protocol::Ber),
        (b"\0\x0C\xA1\x0A\x02\x02\x7F\x01", Protocol::BerLength16),
        (b"\x26\x80\x0C\xA1\x0A\x02\x02\x7F", Protocol::BerHiPath),
    ];
    for (bytes, protocol) in connections {
        for &framing in Framing::ALL {
            let ours = match framing {
                Framing::Header => protocol == Protocol::XmlHeader,
                Framing::Nul => protocol == Protocol::Xml,
                Framing::Length16 => protocol == Protocol::BerLength16,
                Framing::HiPath => protocol == Protocol::BerHiPath,
                Framing::Tpkt => protocol == Protocol::Tpkt,
            };
            let other = Err(FrameError::OtherProtocol { framing, looks_like: protocol });
            for piece in [1, bytes.len()] {
                let found = frames(framing, None, bytes, piece);
                assert_eq!(found.contains(&other), !ours, "{protocol} where {framing} is expected: {found:?}");
            }
        }
    }
    let found = frames(Framing::Length16, None, b"\xDE\xAD\xBE\xEF\x01\x02\x03\x04\x05", 9);
    let first = "de ad be ef 01 02 03 04".into();
    assert_eq!(found, [Err(FrameError::Unknown { framing: Framing::Length16, first })]);
}

#[test]
fn a_failed_connection_stays_failed_and_empty() {
    let mut decoder = Decoder::new(Framing::Header, None);
    assert_eq!(decoder.push(b"HTTP/1.1 400 Bad Request"), 24);
    let error = decoder.next().unwrap_err();
    assert_eq!(decoder.push(&[0; 1 << 20]), 1 << 20);
    assert_eq!(decoder.next(), Err(error));
}

#[test]
fn a_decoder_takes_one_frame_at_the_most() {
    let mut decoder = Decoder::new(Framing::Length16, None);
    assert_eq!(decoder.push(b"\xFF\xFF\x60"), 3);
    assert_eq!(decoder.push(&[0; 100_000]), 65_534);
    assert!(matches!(decoder.next(), Ok(Some(Frame::Message { body, .. })) if body.len() == 65_535));
}

#[test]
fn what_no_framing_can_carry() {
    for &framing in Framing::ALL {
        let mut out = Vec::new();
        let error = framing.encode(InvokeId::FIRST, &[0x60; 65_537], &mut out).unwrap_err();
        assert_eq!(error, FrameError::TooLong { limit: framing.longest() });
        assert_eq!(framing.encode(InvokeId::FIRST, &vec![0x60; framing.longest()], &mut out), Ok(()));
        assert!(framing.encode(InvokeId::FIRST, &vec![0x60; framing.longest() + 1], &mut out).is_err());
    }
}

#[test]
fn invoke_ids_go_round() {
    assert_eq!(InvokeId::FIRST.to_string(), "0001");
    assert_eq!(InvokeId(9998).following(), InvokeId::FIRST);
    assert_eq!(InvokeId(41).following(), InvokeId(42));
}

/// A body that the framing can tell from its neighbours: XML has no NUL, BER begins as an APDU does.
fn body(framing: Framing) -> BoxedStrategy<Vec<u8>> {
    match framing {
        Framing::Header | Framing::Nul => "<[a-z/> ]{1,300}>".prop_map(String::into_bytes).boxed(),
        Framing::Length16 | Framing::HiPath | Framing::Tpkt => {
            proptest::collection::vec(any::<u8>(), 0..300).prop_map(|rest| [vec![0xA1], rest].concat()).boxed()
        }
    }
}

proptest! {
    #[test]
    fn what_is_framed_is_found_again(
        (framing, bodies) in proptest::sample::select(Framing::ALL)
            .prop_flat_map(|framing| (Just(framing), proptest::collection::vec(body(framing), 1..5))),
        piece in 1..400usize,
    ) {
        let mut bytes = Vec::new();
        for body in &bodies {
            framing.encode(InvokeId(17), body, &mut bytes).unwrap();
        }
        let invoke_id = (framing == Framing::Header).then_some(17);
        let expected: Vec<_> = bodies.iter().map(|body| Ok(message(invoke_id, body))).collect();
        prop_assert_eq!(frames(framing, None, &bytes, piece), expected);
    }

    /// Any bytes give the same frames in whatever pieces they come, and an end is found.
    #[test]
    fn random_bytes(
        framing in proptest::sample::select(Framing::ALL),
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0..4u8, Just(0x26), Just(0x60)], 0..400),
        piece in 1..50usize,
    ) {
        let whole = frames(framing, None, &bytes, bytes.len());
        prop_assert_eq!(frames(framing, None, &bytes, piece).len(), whole.len());
    }
}
