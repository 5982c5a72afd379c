//! Any bytes as the value of one header in a message that is otherwise good. The first byte chooses the header.
#![no_main]

use std::time::Instant;

use fuzz::{flow, gateway, receive};
use libfuzzer_sys::fuzz_target;
use sip::Transport;
use sip::message::Message;

const HEADERS: [(&str, &str); 12] = [
    ("Via", "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1"),
    ("From", "<sip:988@10.0.0.1>;tag=1"),
    ("To", "<sip:988@10.0.0.1>"),
    ("Call-ID", "1"),
    ("CSeq", "1 REGISTER"),
    ("Contact", "<sip:988@10.0.0.2>"),
    ("Content-Type", "application/csta+xml"),
    ("Content-Length", "4"),
    ("Require", "timer"),
    ("Session-Expires", "1800;refresher=uac"),
    ("Route", "<sip:10.0.0.1;lr>"),
    ("Expires", "600"),
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, value)) = data.split_first() else { return };
    let choice = usize::from(*choice);
    let method = ["REGISTER", "INVITE", "INFO", "OPTIONS"][choice / HEADERS.len() % 4];
    let mut message = format!("{method} sip:10.0.0.1 SIP/2.0\r\n").into_bytes();
    for (index, (name, usual)) in HEADERS.iter().enumerate() {
        let usual = usual.replace("REGISTER", method);
        let value = if index == choice % HEADERS.len() { value } else { usual.as_bytes() };
        message.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    message.extend_from_slice(b"\r\nbody");
    if let Ok(message) = Message::parse(&message) {
        let uris = [message.from.uri().ok(), message.to.uri().ok(), message.contact()];
        for uri in uris.into_iter().flatten() {
            assert_eq!(uri.to_string().parse(), Ok(uri));
        }
        assert!(message.via.branch().is_none_or(|branch| branch.is_ascii()));
        assert!(message.cseq.number < 1 << 31);
        let _ = (message.via.wants_rport(), message.content(), message.from.tag(), message.to.tag());
    }
    receive(&mut gateway(), Instant::now(), flow(Transport::Udp, 0, 1), &message, true);
});
