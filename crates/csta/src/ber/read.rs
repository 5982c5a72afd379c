//! A cursor over BER elements (X.690): definite and indefinite lengths, minimal or not, strings in one piece or in many.
//!
//! A length is held against what is there before anything else is done with it, so nothing is ever allocated beyond the
//! bytes that came.

use std::borrow::Cow;

use compact_str::CompactString;

use super::{DecodeError, MAX_DEPTH, Phase, tag::Tag};

/// The elements that stand one behind the other in a part of the message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    /// What is still to be read.
    bytes: &'a [u8],
    /// Where that begins in the message.
    offset: usize,
    /// How many elements this part is inside of.
    depth: usize,
    /// What the tags mean.
    pub phase: Phase,
}

/// One element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub tag: Tag,
    /// It is made of elements.
    pub constructed: bool,
    content: Reader<'a>,
    /// All of it, its tag and length included.
    pub whole: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8], phase: Phase) -> Self {
        Self { bytes, offset: 0, depth: 0, phase }
    }

    /// Where the next element begins, or should begin.
    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    /// What is still to be read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// The next element.
    pub(super) fn next(&mut self) -> Result<Option<Element<'a>>, DecodeError> {
        let Some(first) = self.bytes.first() else { return Ok(None) };
        let begin = *self;
        self.skip(1);
        let number = match first & 0x1F {
            0x1F => self.long_number(&begin)?,
            short => u32::from(short),
        };
        let constructed = first & 0x20 != 0;
        let length = self.length(&begin)?;
        let depth = self.depth + 1;
        if constructed && depth > MAX_DEPTH {
            return Err(DecodeError::TooDeep { offset: begin.offset });
        }
        let mut content = Self { depth, ..*self };
        match length {
            Some(length) if length > self.bytes.len() => return Err(DecodeError::CutOff { offset: begin.offset }),
            Some(length) => {
                content.bytes = &self.bytes[..length];
                self.skip(length);
            }
            None if constructed => {
                let length = content.up_to_end(&begin)?;
                content.bytes = &self.bytes[..length];
                self.skip(length + END_OF_CONTENTS.len());
            }
            None => return Err(begin.not_ber("a primitive element has no length")),
        }
        let whole = &begin.bytes[..self.offset - begin.offset];
        Ok(Some(Element { tag: Tag::of(first >> 6, number), constructed, content, whole }))
    }

    /// The next element, if it has this tag; else it stays where it is.
    pub(super) fn next_if(&mut self, tag: Tag) -> Result<Option<Element<'a>>, DecodeError> {
        let mut ahead = *self;
        let element = ahead.next()?.filter(|element| element.tag == tag);
        if element.is_some() {
            *self = ahead;
        }
        Ok(element)
    }

    /// A tag number of several bytes (8.1.2.4).
    fn long_number(&mut self, begin: &Self) -> Result<u32, DecodeError> {
        let mut number = 0;
        loop {
            let Some(byte) = self.bytes.first() else { return Err(begin.cut_off()) };
            self.skip(1);
            number = number << 7 | u32::from(byte & 0x7F);
            match byte & 0x80 {
                0 => return Ok(number),
                _ if number > Tag::MAX >> 7 => return Err(begin.not_ber("a tag number is beyond all bounds")),
                _ => {}
            }
        }
    }

    /// A length (8.1.3), `None` if it is indefinite. Leading zeros are no mistake in BER.
    fn length(&mut self, begin: &Self) -> Result<Option<usize>, DecodeError> {
        let Some(first) = self.bytes.first() else { return Err(begin.cut_off()) };
        self.skip(1);
        let count = match first {
            0x80 => return Ok(None),
            0xFF => return Err(begin.not_ber("a length begins with the reserved byte ff")),
            0..0x80 => return Ok(Some(usize::from(*first))),
            long => usize::from(long & 0x7F),
        };
        let Some(digits) = self.bytes.get(..count) else { return Err(begin.cut_off()) };
        self.skip(count);
        let length = digits
            .iter()
            .try_fold(0_u32, |length, digit| (length <= u32::MAX >> 8).then(|| length << 8 | u32::from(*digit)));
        match length.and_then(|length| usize::try_from(length).ok()) {
            Some(length) => Ok(Some(length)),
            None => Err(begin.cut_off()), // no message is that long
        }
    }

    /// The length of the content of an element without one: up to its end-of-contents (8.1.5).
    fn up_to_end(mut self, begin: &Self) -> Result<usize, DecodeError> {
        let start = self.offset;
        while !self.bytes.starts_with(&END_OF_CONTENTS) {
            if self.next()?.is_none() {
                return Err(begin.cut_off());
            }
        }
        Ok(self.offset - start)
    }

    fn skip(&mut self, count: usize) {
        self.bytes = &self.bytes[count..];
        self.offset += count;
    }

    const fn cut_off(&self) -> DecodeError {
        DecodeError::CutOff { offset: self.offset }
    }

    const fn not_ber(&self, rule: &'static str) -> DecodeError {
        DecodeError::NotBer { rule, offset: self.offset }
    }
}

const END_OF_CONTENTS: [u8; 2] = [0, 0];

impl<'a> Element<'a> {
    /// What the tags in it mean.
    pub(super) const fn phase(&self) -> Phase {
        self.content.phase
    }

    /// The elements in it; none if it is primitive.
    pub(super) const fn inner(&self) -> Reader<'a> {
        if self.constructed { self.content } else { Reader { bytes: &[], ..self.content } }
    }

    /// The first element in it.
    pub(super) fn first(&self) -> Result<Option<Self>, DecodeError> {
        self.inner().next()
    }

    /// Itself, or what is inside of it where a simple value was tagged EXPLICIT instead of IMPLICIT.
    fn simple(&self) -> Result<Option<Self>, DecodeError> {
        if self.constructed { self.first() } else { Ok(Some(*self)) }
    }

    /// An INTEGER or ENUMERATED; `None` if it is none, or longer than 64 bits.
    pub(super) fn integer(&self) -> Result<Option<i64>, DecodeError> {
        let Some(simple) = self.simple()?.filter(|simple| !simple.constructed) else { return Ok(None) };
        let bytes = simple.content.bytes;
        let Some(sign) = bytes.first() else { return Ok(None) };
        let fill = if sign & 0x80 == 0 { 0 } else { 0xFF };
        let (leading, digits) = bytes.split_at(bytes.len().saturating_sub(8));
        let fits = leading.iter().all(|byte| *byte == fill)
            && (leading.is_empty() || digits.first().is_some_and(|byte| byte & 0x80 == sign & 0x80));
        let start = if fill == 0 { 0 } else { -1 };
        Ok(fits.then(|| digits.iter().fold(start, |value, byte| value << 8 | i64::from(*byte))))
    }

    /// A BOOLEAN.
    pub(super) fn boolean(&self) -> Result<Option<bool>, DecodeError> {
        let simple = self.simple()?.filter(|simple| !simple.constructed);
        Ok(simple.and_then(|simple| simple.content.bytes.first()).map(|byte| *byte != 0))
    }

    /// An OCTET STRING or another string, in one piece or in segments of any string type (8.7).
    pub(super) fn octets(&self) -> Result<Cow<'a, [u8]>, DecodeError> {
        if !self.constructed {
            return Ok(Cow::Borrowed(self.content.bytes));
        }
        let mut segments = self.content;
        let mut octets = Cow::Borrowed(&[][..]);
        while let Some(segment) = segments.next()? {
            let piece = segment.octets()?;
            if octets.is_empty() {
                octets = piece;
            } else {
                octets.to_mut().extend_from_slice(&piece);
            }
        }
        Ok(octets)
    }

    /// The first 64 bits of a BIT STRING: its bit 0 is the lowest of the number.
    pub(super) fn bits(&self) -> Result<u64, DecodeError> {
        let octets = match self.simple()? {
            Some(simple) => simple.octets()?,
            None => return Ok(0),
        };
        let Some((unused, octets)) = octets.split_first() else { return Ok(0) };
        let used = (octets.len() * 8).saturating_sub(usize::from(*unused)).min(64);
        let all = octets
            .iter()
            .take(8)
            .enumerate()
            .fold(0, |bits, (at, octet)| bits | u64::from(octet.reverse_bits()) << (8 * at));
        Ok(if used == 64 { all } else { all & ((1 << used) - 1) })
    }

    /// Text. IA5String is 7 bits by the book; what peers put into the eighth is UTF-8 or else ISO-8859-1.
    pub(super) fn text(&self) -> Result<CompactString, DecodeError> {
        let octets = self.octets()?;
        Ok(match std::str::from_utf8(&octets) {
            Ok(text) => text.into(),
            Err(_) => latin1(&octets),
        })
    }
}

/// ISO-8859-1: each byte is the character of its number.
pub(super) fn latin1(octets: &[u8]) -> CompactString {
    octets.iter().map(|octet| char::from(*octet)).collect()
}
