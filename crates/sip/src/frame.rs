//! Cutting messages out of a stream (RFC 3261 18.3).

use crate::message::{MAX_MESSAGE, text};

/// Framing is lost: nothing sensible can follow on this connection, so it is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More than a message may have, and no end of it.
    #[error("a message of more than {MAX_MESSAGE} bytes; close the connection")]
    TooLong,
    /// Without Content-Length nobody knows where the next message starts (RFC 3261 18.3, 20.14).
    #[error("a message without Content-Length on a stream; close the connection")]
    NoLength,
    /// Content-Length is no number, or two of them differ.
    #[error("a Content-Length that is not one number; close the connection")]
    BadLength,
}

/// How many bytes of `buffer` the first message has; `None` if more must be read first.
///
/// A run of line breaks before a message (keep-alives, RFC 5626 4.4.1) counts as a frame of its own:
/// [`Agent::receive`](crate::Agent::receive) takes it, and answers a ping.
///
/// # Errors
/// When framing is lost.
pub fn frame_len(buffer: &[u8]) -> Result<Option<usize>, FrameError> {
    let blank = buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    if blank > 0 {
        let whole = blank < buffer.len() || buffer.ends_with(b"\n");
        return Ok(whole.then_some(blank));
    }
    let mut length = None;
    let mut at = 0;
    for line in buffer.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if at > MAX_MESSAGE {
            return Err(FrameError::TooLong);
        }
        if !line.ends_with(b"\n") {
            break;
        }
        if line == b"\r\n" || line == b"\n" {
            return body_end(buffer, at, length);
        }
        if let Some(value) = content_length(line) {
            let value = text::number(text::trim(value)).ok_or(FrameError::BadLength)?;
            if length.replace(value).is_some_and(|before| before != value) {
                return Err(FrameError::BadLength);
            }
        }
    }
    Ok(None)
}

fn body_end(buffer: &[u8], start: usize, length: Option<u32>) -> Result<Option<usize>, FrameError> {
    let length = usize::try_from(length.ok_or(FrameError::NoLength)?).map_err(|_| FrameError::TooLong)?;
    let end = start.saturating_add(length);
    if end > MAX_MESSAGE {
        return Err(FrameError::TooLong);
    }
    Ok((end <= buffer.len()).then_some(end))
}

/// The value of a Content-Length line. A folded one has no value on its first line and counts as broken.
fn content_length(line: &[u8]) -> Option<&[u8]> {
    let (name, value) = text::cut(line, b':')?;
    let name = text::trim(name);
    (name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l")).then_some(value)
}
