//! Cutting messages out of a stream.

use bytes::BytesMut;
use sip::frame::{FrameError, Frames};
use sip::message::MAX_MESSAGE;
use sip::{Discard, ParseError, Transport};

use crate::net::{Net, address};

/// How long the first frame of a buffer is.
pub fn first(bytes: &[u8]) -> Result<Option<usize>, FrameError> {
    let frame = Frames::default().next(&mut BytesMut::from(bytes))?;
    Ok(frame.map(|frame| frame.len()))
}

#[test]
fn the_first_message_of_a_buffer_is_found() {
    let message = "INFO sip:a SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\nbody";
    let length = message.len();
    let huge = format!("INFO sip:a SIP/2.0\r\nX: {}", "x".repeat(MAX_MESSAGE));
    let huge_body = format!("INFO sip:a SIP/2.0\r\nContent-Length: {MAX_MESSAGE}\r\n\r\n");
    let head = huge_body.len();
    let cases = [
        (message.to_owned(), Ok(Some(length))),
        (format!("{message}INFO sip:b SIP/2.0\r\n"), Ok(Some(length))),
        (message.replace("\r\n", "\n"), Ok(Some(length - 4))),
        (message.replace("Content-Length: 4", "l:4"), Ok(Some(length - "Content-Length: 4".len() + "l:4".len()))),
        (message.replace("Content-Length: 4", "CONTENT-LENGTH :\t4"), Ok(Some(length + 1))),
        (message.replace("\r\n\r\n", "\r\nContent-Length: 4\r\n\r\n"), Ok(Some(length + 19))),
        (message.replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n"), Err(FrameError::BadLength)),
        (message.replace(": 4", ": -4"), Err(FrameError::BadLength)),
        (message.replace(": 4", ": 99999999999"), Err(FrameError::BadLength)),
        (message.replace("Content-Length: 4\r\n", ""), Err(FrameError::NoLength)),
        (huge, Err(FrameError::TooLong)),
        (huge_body, Ok(Some(head))),
        (String::new(), Ok(None)),
        ("\r".to_owned(), Ok(None)),
        ("\r\n\r\n".to_owned(), Ok(Some(4))),
        (format!("\r\n{message}"), Ok(Some(2))),
    ];
    for (buffer, expected) in cases {
        assert_eq!(first(buffer.as_bytes()), expected, "{}", buffer.get(..80).unwrap_or(&buffer));
    }
    for cut in 1..length {
        assert_eq!(first(&message.as_bytes()[..cut]), Ok(None), "{cut} bytes are not enough");
    }
}

/// However the bytes come, a body that is too long costs neither memory nor the messages behind it.
#[test]
fn a_body_that_is_too_long_is_skipped_and_refused() {
    let request = |number: u32, length: usize| {
        format!(
            "INFO sip:hookswitch@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.3;branch=z9hG4bK{number}\r\n\
             From: <sip:a@10.0.0.3>;tag=1\r\nTo: <sip:hookswitch@10.0.0.1>;tag=2\r\nCall-ID: long\r\n\
             CSeq: {number} INFO\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let stream = [request(1, 1_000_000).into_bytes(), vec![b'\n'; 1_000_000], request(2, 0).into_bytes()].concat();
    for piece in [777, 65_536, stream.len()] {
        let mut net = Net::new(Transport::Tcp);
        let (mut frames, mut buffer) = (Frames::default(), BytesMut::new());
        for bytes in stream.chunks(piece) {
            buffer.extend_from_slice(bytes);
            while let Some(frame) = frames.next(&mut buffer).unwrap() {
                net.inject(0, address(2), &frame);
            }
            assert!(buffer.len() <= MAX_MESSAGE, "only what may become a message is kept");
        }
        assert_eq!(net.kinds_by(0), ["413", "481"], "in pieces of {piece} bytes");
        assert_eq!(net.discarded, [(0, Discard::Malformed(ParseError::BodyTooLong(1_000_000)))]);
    }
}

#[test]
fn noise_is_told_from_sip_by_its_first_line() {
    let cases: [(&[u8], bool); 8] = [
        (b"", true),
        (b"\r\n\r\n", true),
        (b"INFO sip:a SIP/2.0\r\nVia: ...", true),
        (b"\r\nSIP/2.0 200 OK\r\n", true),
        (b"INFO sip:a sip/3.0", true),
        (b"\x00\x01\x00\x00\x21\x12\xa4\x42", false),
        (b"GET / HTTP/1.1\r\nHost: SIP/2.0\r\n", false),
        (b"\x80\x00\xff", false),
    ];
    for (datagram, expected) in cases {
        assert_eq!(sip::frame::may_be_sip(datagram), expected, "{datagram:?}");
    }
}
