//! Any bytes, as a datagram and as a stream.
#![no_main]

use std::time::Instant;

use bytes::BytesMut;
use fuzz::{address, flow, gateway, phone, receive};
use libfuzzer_sys::fuzz_target;
use sip::frame::Frames;
use sip::message::{MAX_HEADERS, MAX_MESSAGE, Message, Raw};
use sip::{Flow, ParseError, Transport};

fuzz_target!(|data: &[u8]| {
    let now = Instant::now();
    let stranger = Flow { remote: address(9), ..flow(Transport::Udp, 0, 1) };
    for mut agent in [gateway(), phone()] {
        receive(&mut agent, now, stranger, data, true);
    }
    if let Ok(message) = Message::parse(data) {
        read(&message);
        assert!(message.body.len() <= data.len());
    }
    if let Ok(raw) = Raw::parse(data) {
        assert!(raw.headers().len() <= MAX_HEADERS);
        assert!(
            raw.headers().iter().all(|header| !header.value.contains(&0x0a)
                || header.value.contains(&b' ')
                || header.value.contains(&b'\t')),
            "a line break is in a value only where it was folded"
        );
    }
    stream(data);
});

fn read(message: &Message<'_>) {
    for name in ["Via", "Route", "Record-Route", "Contact", "Allow", "Require"] {
        for value in message.list(name) {
            assert!(value.len() <= MAX_MESSAGE);
        }
    }
    if let Some(body) = message.content() {
        assert!(body.bytes.len() <= message.body.len());
    }
    let _ =
        (message.contact(), message.from.tag(), message.to.uri(), message.via.branch(), message.readable("Subject"));
}

/// Cut from a stream, a message has its whole body.
fn stream(data: &[u8]) {
    let (mut frames, mut buffer) = (Frames::default(), BytesMut::from(data));
    while let Ok(Some(frame)) = frames.next(&mut buffer) {
        assert!((1..=MAX_MESSAGE.max(data.len())).contains(&frame.len()));
        if let Err(ParseError::ShortBody { present, announced }) = Message::parse(&frame) {
            panic!("a frame with {present} of {announced} bytes");
        }
    }
}
