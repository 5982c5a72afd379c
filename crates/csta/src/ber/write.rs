//! Writes BER: definite lengths, as short as they can be. It cannot fail.

use super::{Phase, tag::Tag};

/// A message in the making.
pub(super) struct Writer {
    out: Vec<u8>,
    /// The phase it is written for.
    pub phase: Phase,
}

impl Writer {
    pub(super) fn new(phase: Phase) -> Self {
        Self { out: Vec::with_capacity(256), phase }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// An element with this content.
    pub(super) fn primitive(&mut self, tag: Tag, content: &[u8]) {
        self.tag(tag, 0);
        self.length(content.len());
        self.out.extend_from_slice(content);
    }

    /// An element of the elements that `content` writes.
    pub(super) fn constructed(&mut self, tag: Tag, content: impl FnOnce(&mut Self)) {
        self.tag(tag, 0x20);
        // One byte of length is enough nearly always; a longer one pushes the content back.
        let at = self.out.len();
        self.out.push(0);
        content(self);
        let length = self.out.len() - at - 1;
        match u8::try_from(length) {
            Ok(short @ 0..0x80) => self.out[at] = short,
            Ok(_) | Err(_) => {
                let content = self.out.split_off(at + 1);
                self.out.truncate(at);
                self.length(length);
                self.out.extend(content);
            }
        }
    }

    /// An INTEGER or ENUMERATED.
    pub(super) fn integer(&mut self, tag: Tag, value: i64) {
        let bytes = value.to_be_bytes();
        let fill = if value < 0 { 0xFF } else { 0 };
        let redundant = bytes.windows(2).take_while(|pair| pair[0] == fill && pair[1] & 0x80 == fill & 0x80).count();
        self.primitive(tag, &bytes[redundant..]);
    }

    /// A BIT STRING with named bits: bit 0 is the lowest of the number, zeros at the end are not written (X.690 11.2.2).
    pub(super) fn bits(&mut self, tag: Tag, bits: u64) {
        let used = 64 - bits.leading_zeros() as usize;
        let octets = used.div_ceil(8);
        let mut content = [0; 9];
        content[0] = (octets * 8 - used) as u8;
        for (at, octet) in content[1..].iter_mut().enumerate() {
            *octet = ((bits >> (8 * at)) as u8).reverse_bits();
        }
        self.primitive(tag, &content[..=octets]);
    }

    /// A BOOLEAN.
    pub(super) fn boolean(&mut self, tag: Tag, value: bool) {
        self.primitive(tag, &[if value { 0xFF } else { 0 }]);
    }

    /// Elements that are written already.
    pub(super) fn elements(&mut self, elements: &[u8]) {
        self.out.extend_from_slice(elements);
    }

    fn tag(&mut self, tag: Tag, constructed: u8) {
        let first = tag.class() << 6 | constructed;
        match tag.number() {
            short @ 0..0x1F => self.out.push(first | short as u8),
            number => {
                self.out.push(first | 0x1F);
                let digits = (32 - number.leading_zeros()).div_ceil(7);
                for digit in (0..digits).rev() {
                    let more = if digit == 0 { 0 } else { 0x80 };
                    self.out.push((number >> (7 * digit)) as u8 & 0x7F | more);
                }
            }
        }
    }

    fn length(&mut self, length: usize) {
        if length < 0x80 {
            self.out.push(length as u8);
            return;
        }
        let digits = length.to_be_bytes();
        let digits = &digits[(length.leading_zeros() / 8) as usize..];
        self.out.push(0x80 | digits.len() as u8);
        self.out.extend_from_slice(digits);
    }
}
