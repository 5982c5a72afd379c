//! From the bytes of a connection to frames.

use std::fmt::Write;

use compact_str::CompactString;

use super::{
    Frame, FrameError, Framing, HEADER, HIPATH_LAST, HIPATH_LENGTH, HIPATH_START, Hello, InvokeId, MAX_MESSAGE,
    Protocol, TPKT_HEADER, TPKT_START,
    protocol::{LOOKED_AT, begins_apdu},
};

/// The longest frame: two bytes of length and what they can say, or the longest message of XML and its NUL.
const CAPACITY: usize = MAX_MESSAGE + 1;

/// Finds the frames in the bytes of one connection.
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    /// The greeting that has to come first.
    hello: Option<u8>,
    /// Something of the framing was seen: from now on an odd byte is no other protocol, but disorder.
    started: bool,
    /// What came and is no frame yet; never longer than [`CAPACITY`].
    buffer: Vec<u8>,
    /// How much of the buffer was given out already.
    taken: usize,
    /// A message whose end is to come; never longer than [`MAX_MESSAGE`].
    parts: Vec<u8>,
    /// The rest of a message that was too long is passed over.
    passing_over: bool,
    /// Why there will be no further frame.
    failed: Option<FrameError>,
}

impl Decoder {
    /// For a new connection; `hello` where the peer greets.
    #[must_use]
    pub fn new(framing: Framing, hello: Option<Hello>) -> Self {
        Self {
            framing,
            hello: hello.map(|hello| hello.theirs),
            started: false,
            buffer: Vec::new(),
            taken: 0,
            parts: Vec::new(),
            passing_over: false,
            failed: None,
        }
    }

    /// Takes bytes from the peer, as many as there is room for, and answers how many that were. There is room again
    /// when [`Self::next`] has been asked until it had nothing.
    #[must_use = "bytes that were not taken have to be pushed again"]
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        if self.failed.is_some() {
            return bytes.len();
        }
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let taken = bytes.len().min(CAPACITY - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        taken
    }

    /// The next frame; `None` if there is none before more bytes come.
    ///
    /// # Errors
    /// What is wrong with the bytes. After an error that [is fatal](FrameError::is_fatal) the same is answered for
    /// ever; after another the frame was passed over, and the next one may be asked for.
    #[allow(clippy::should_implement_trait)] // an iterator would end at the first `None`
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let frame = self.frame();
        if let Err(error) = &frame
            && error.is_fatal()
        {
            (self.buffer, self.parts, self.taken) = (Vec::new(), Vec::new(), 0);
            self.failed = Some(error.clone());
        }
        frame
    }

    fn frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if !self.begins_well()? {
            return Ok(None);
        }
        if self.hello.take().is_some() {
            self.taken += 1;
            return Ok(Some(Frame::Hello));
        }
        match self.framing {
            Framing::Header => self.behind_header(),
            Framing::Nul => self.up_to_nul(),
            Framing::Length16 => self.behind_length(),
            Framing::HiPath => self.fragments(),
            Framing::Tpkt => self.packets(),
        }
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.taken..]
    }

    /// Whether the first bytes are what they should be; `false` if there are too few to say.
    fn begins_well(&mut self) -> Result<bool, FrameError> {
        if self.started {
            return Ok(true);
        }
        let first = &self.rest()[..self.rest().len().min(LOOKED_AT)];
        let fits = match (self.hello, self.framing, first) {
            (_, _, []) => return Ok(false),
            (Some(theirs), _, [found, ..]) => theirs == *found,
            (None, Framing::Header, [0 | b'0', 0 | b'0' | 1 | b'1', ..]) => true,
            (None, Framing::Header, [0 | b'0']) => return Ok(false),
            (None, Framing::Nul, [byte, ..]) => byte.is_ascii_whitespace() || matches!(byte, b'<' | 0xEF),
            // A first frame of 24 kB or more would rather be BER without a length.
            (None, Framing::Length16, [high, _, tag, ..]) => begins_apdu(*tag) && !begins_apdu(*high),
            (None, Framing::Length16, _) => return Ok(false),
            (None, Framing::HiPath, [byte, ..]) => *byte == HIPATH_START,
            (None, Framing::Tpkt, [byte]) if *byte == TPKT_START[0] => return Ok(false),
            (None, Framing::Tpkt, bytes) => bytes.starts_with(&TPKT_START),
            (None, Framing::Header, _) => false,
        };
        if fits {
            self.started = self.hello.is_none();
            return Ok(true);
        }
        match (Protocol::of(first), self.hello, first) {
            (Some(looks_like), _, _) => Err(FrameError::OtherProtocol { framing: self.framing, looks_like }),
            (None, Some(expected), [found, ..]) => Err(FrameError::OtherHello { expected, found: *found }),
            // More bytes may make it plain.
            (None, _, _) if first.len() < LOOKED_AT => Ok(false),
            (None, _, _) => Err(FrameError::Unknown { framing: self.framing, first: hex(first) }),
        }
    }

    fn behind_header(&mut self) -> Result<Option<Frame>, FrameError> {
        let [high, low, length @ .., a, b, c, d] = match self.rest().first_chunk::<HEADER>() {
            Some(header) => *header,
            None => return Ok(None),
        };
        match (high, low) {
            // Some libraries write the version in digits.
            (0, 0) | (b'0', b'0') => {}
            (0, 1) | (b'0', b'1') => return Err(FrameError::Soap),
            _ => return Err(self.out_of_step()),
        }
        let length = usize::from(u16::from_be_bytes(length));
        let Some(body_length) = length.checked_sub(HEADER) else { return Err(FrameError::BadLength { length }) };
        let Some(body) = self.body(HEADER, body_length) else { return Ok(None) };
        let digits = [a, b, c, d];
        let invoke_id = InvokeId::of(digits)
            .ok_or_else(|| FrameError::BadInvokeId { found: String::from_utf8_lossy(&digits).as_ref().into() })?;
        Ok(Some(Frame::Message { invoke_id: Some(invoke_id), body }))
    }

    fn up_to_nul(&mut self) -> Result<Option<Frame>, FrameError> {
        while let Some(length) = self.rest().iter().position(|byte| *byte == 0) {
            let body = self.rest()[..length].trim_ascii().to_vec();
            self.taken += length + 1;
            if !std::mem::take(&mut self.passing_over) && !body.is_empty() {
                return Ok(Some(message(body)));
            }
        }
        let too_long = self.rest().len() > MAX_MESSAGE;
        if too_long || self.passing_over {
            self.taken = self.buffer.len();
        }
        if too_long && !std::mem::replace(&mut self.passing_over, true) {
            return Err(FrameError::TooLong { limit: MAX_MESSAGE });
        }
        Ok(None)
    }

    fn behind_length(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            let Some(length) = self.rest().first_chunk().map(|length| usize::from(u16::from_be_bytes(*length))) else {
                return Ok(None);
            };
            if length > 0 && self.rest().get(2).is_some_and(|tag| !begins_apdu(*tag)) {
                return Err(self.out_of_step());
            }
            match self.body(2, length) {
                Some(body) if body.is_empty() => {} // says nothing: a keep-alive
                body => return Ok(body.map(message)),
            }
        }
    }

    fn fragments(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            let (start, length) = match *self.rest() {
                [start, a, b, ..] => (start, u16::from_be_bytes([a, b])),
                _ => return Ok(None),
            };
            if start != HIPATH_START {
                return Err(self.out_of_step());
            }
            let Some(fragment) = self.body(3, usize::from(length & HIPATH_LENGTH)) else { return Ok(None) };
            if let Some(message) = self.join(fragment, length & HIPATH_LAST != 0)? {
                return Ok(Some(message));
            }
        }
    }

    fn packets(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            let length = match *self.rest() {
                [version, reserved, a, b, ..] if [version, reserved] == TPKT_START => u16::from_be_bytes([a, b]),
                [_, _, _, _, ..] => return Err(self.out_of_step()),
                _ => return Ok(None),
            };
            let length = usize::from(length);
            let Some(body_length) = length.checked_sub(TPKT_HEADER) else {
                return Err(FrameError::BadLength { length });
            };
            let Some(packet) = self.body(TPKT_HEADER, body_length) else { return Ok(None) };
            // A data TPDU of class 0: length indicator 2, code F0, and the end-of-TSDU bit (ISO 8073 13.7).
            let (part, last) = match packet.as_slice() {
                [2, 0xF0, end, data @ ..] => (data.to_vec(), end & 0x80 != 0),
                _ => (packet, true),
            };
            if let Some(message) = self.join(part, last)? {
                return Ok(Some(message));
            }
        }
    }

    /// Adds a part to the message that is under way, and gives the message if that was its last one.
    fn join(&mut self, part: Vec<u8>, last: bool) -> Result<Option<Frame>, FrameError> {
        if self.passing_over {
            self.passing_over = !last;
            return Ok(None);
        }
        if self.parts.len() + part.len() > MAX_MESSAGE {
            self.parts = Vec::new();
            self.passing_over = !last;
            return Err(FrameError::TooLong { limit: MAX_MESSAGE });
        }
        if self.parts.is_empty() {
            self.parts = part;
        } else {
            self.parts.extend(part);
        }
        let whole = last && !self.parts.is_empty();
        Ok(whole.then(|| message(std::mem::take(&mut self.parts))))
    }

    /// Takes a header and the body behind it, if both are there.
    fn body(&mut self, header: usize, length: usize) -> Option<Vec<u8>> {
        let body = self.rest().get(header..header + length)?.to_vec();
        self.taken += header + length;
        Some(body)
    }

    fn out_of_step(&self) -> FrameError {
        FrameError::OutOfStep { first: hex(&self.rest()[..self.rest().len().min(LOOKED_AT)]) }
    }
}

fn message(body: Vec<u8>) -> Frame {
    Frame::Message { invoke_id: None, body }
}

fn hex(bytes: &[u8]) -> CompactString {
    bytes.iter().enumerate().fold(CompactString::default(), |mut text, (at, byte)| {
        let blank = if at == 0 { "" } else { " " };
        let _ = write!(text, "{blank}{byte:02x}"); // into memory: cannot fail
        text
    })
}
