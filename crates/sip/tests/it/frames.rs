//! Cutting messages out of a stream.

use sip::frame::{FrameError, frame_len};
use sip::message::MAX_MESSAGE;

#[test]
fn the_first_message_of_a_buffer_is_found() {
    let message = "INFO sip:a SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\nbody";
    let length = message.len();
    let huge = format!("INFO sip:a SIP/2.0\r\nX: {}", "x".repeat(MAX_MESSAGE));
    let huge_body = format!("INFO sip:a SIP/2.0\r\nContent-Length: {MAX_MESSAGE}\r\n\r\n");
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
        (huge_body, Err(FrameError::TooLong)),
        (String::new(), Ok(None)),
        ("\r".to_owned(), Ok(None)),
        ("\r\n\r\n".to_owned(), Ok(Some(4))),
        (format!("\r\n{message}"), Ok(Some(2))),
    ];
    for (buffer, expected) in cases {
        assert_eq!(frame_len(buffer.as_bytes()), expected, "{}", buffer.get(..80).unwrap_or(&buffer));
    }
    for cut in 1..length {
        assert_eq!(frame_len(&message.as_bytes()[..cut]), Ok(None), "{cut} bytes are not enough");
    }
}
