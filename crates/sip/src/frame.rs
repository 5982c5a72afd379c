//! Cutting messages out of a stream (RFC 3261 18.3).

use bytes::{Buf, BytesMut};

use crate::message::{MAX_MESSAGE, text};

/// Framing is lost: nothing sensible can follow on this connection, so it is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More than a message may have, and no end of its headers.
    #[error("a message of more than {MAX_MESSAGE} bytes without an end of its headers; close the connection")]
    TooLong,
    /// Without Content-Length nobody knows where the next message starts (RFC 3261 18.3, 20.14).
    #[error("a message without Content-Length on a stream; close the connection")]
    NoLength,
    /// Content-Length is no number, or two of them differ.
    #[error("a Content-Length that is not one number; close the connection")]
    BadLength,
}

/// Whether a datagram is worth reading: line breaks, or a first line that names SIP. What else arrives on a port of SIP
/// (STUN, media that lost its way, noise) costs no more than this look.
#[must_use]
pub fn may_be_sip(datagram: &[u8]) -> bool {
    let blank = datagram.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let rest = &datagram[blank..];
    let line = text::cut(rest, b'\n').map_or(rest, |(line, _)| line);
    rest.is_empty() || line.windows(4).any(|word| word.eq_ignore_ascii_case(b"SIP/"))
}

/// The messages of one stream, one by one.
#[derive(Debug, Default)]
pub struct Frames {
    /// So many bytes are still to come of a body that nobody reads.
    skip: usize,
}

impl Frames {
    /// Takes the first message off the buffer; `None` if more must be read first.
    ///
    /// A run of line breaks before a message (keep-alives, RFC 5626 4.4.1) counts as a frame of its own:
    /// [`Agent::receive`](crate::Agent::receive) takes it, and answers a ping. Of a message that is longer than
    /// [`MAX_MESSAGE`] only the head is given out, which is refused with 413; its body is thrown away as it comes.
    ///
    /// # Errors
    /// When framing is lost.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<BytesMut>, FrameError> {
        let gone = self.skip.min(buffer.len());
        buffer.advance(gone);
        self.skip -= gone;
        if self.skip > 0 {
            return Ok(None);
        }
        let first = First::find(buffer)?;
        Ok(first.map(|first| {
            self.skip = first.skip;
            buffer.split_to(first.length)
        }))
    }
}

/// The first frame of a buffer, and how many bytes behind it belong to nothing.
struct First {
    length: usize,
    skip: usize,
}

impl First {
    fn find(buffer: &[u8]) -> Result<Option<Self>, FrameError> {
        let blank = buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if blank > 0 {
            let whole = blank < buffer.len() || buffer.ends_with(b"\n");
            return Ok(whole.then_some(Self { length: blank, skip: 0 }));
        }
        let mut body = None;
        let bounded = buffer.get(..MAX_MESSAGE).unwrap_or(buffer);
        let mut rest = bounded;
        while let Some((line, below)) = text::cut(rest, b'\n') {
            rest = below;
            if line.is_empty() || line == b"\r" {
                let head = bounded.len() - rest.len();
                return Ok(Self::with_body(buffer, head, body.ok_or(FrameError::NoLength)?));
            }
            if let Some(value) = content_length(line) {
                let value = text::number(text::trim(value)).ok_or(FrameError::BadLength)?;
                if body.replace(value).is_some_and(|before| before != value) {
                    return Err(FrameError::BadLength);
                }
            }
        }
        if buffer.len() > MAX_MESSAGE { Err(FrameError::TooLong) } else { Ok(None) }
    }

    fn with_body(buffer: &[u8], head: usize, body: u32) -> Option<Self> {
        let body = usize::try_from(body).unwrap_or(usize::MAX);
        let end = head.saturating_add(body);
        if end > MAX_MESSAGE {
            return Some(Self { length: head, skip: body });
        }
        (end <= buffer.len()).then_some(Self { length: end, skip: 0 })
    }
}

/// The value of a Content-Length line. A folded one has no value on its first line and counts as broken.
fn content_length(line: &[u8]) -> Option<&[u8]> {
    let (name, value) = text::cut(line, b':')?;
    let name = text::trim(name);
    (name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l")).then_some(value)
}
