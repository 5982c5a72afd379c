//! A pull reader for the XML that CSTA needs: strict about well-formedness, bounded, and in one pass.
//!
//! General XML readers leave characters, names, attributes and references to their caller, so a strict decoder over
//! one of them reads everything twice. This one checks each byte where it meets it, keeps nothing but the names of
//! the open elements, and borrows all text from the message.

mod cursor;
mod prolog;
mod tags;

use std::borrow::Cow;

use super::{
    DecodeError, MAX_DEPTH,
    lexis::{self, Reference, stops_text, unescape},
};

/// A place in a document: inside the element that was opened last.
///
/// After [`Scanner::child`] has given the name of a child, exactly one of [`Scanner::text`], [`Scanner::skip`], or a
/// loop over its own children, up to the `None`, has to follow.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    open: [&'a str; MAX_DEPTH],
    depth: usize,
    /// The raw attributes of the last start tag.
    attributes: &'a str,
    /// The last start tag was that of an empty element.
    empty: bool,
}

/// A piece of an element's content.
enum Piece<'a> {
    Start(&'a str),
    End,
    /// Character data; `plain` if it has neither references nor carriage returns.
    Text {
        raw: &'a str,
        plain: bool,
    },
    CData(&'a str),
}

impl<'a> Scanner<'a> {
    /// Reads up to the root element's start tag: the scanner and the root's local name.
    pub fn open(text: &'a str) -> Result<(Self, &'a str), DecodeError> {
        let mut scanner = Self { text, at: 0, open: [""; MAX_DEPTH], depth: 0, attributes: "", empty: false };
        if let Some(offset) = lexis::forbidden_char(text) {
            return Err(DecodeError::NotWellFormed { rule: "a character that XML does not allow", offset });
        }
        scanner.declaration()?;
        scanner.between_elements()?;
        if scanner.peek(0) != Some(b'<') {
            return Err(scanner.broken("an element is expected here"));
        }
        let root = scanner.start_tag()?;
        Ok((scanner, root))
    }

    /// Reads what may follow the root element: comments, processing instructions, white space.
    pub fn finish(mut self) -> Result<(), DecodeError> {
        self.between_elements()?;
        if self.at < self.text.len() {
            return Err(self.broken("something follows the root element"));
        }
        Ok(())
    }

    /// The local name of the next child element; `None` at the end of this one.
    pub fn child(&mut self) -> Result<Option<&'a str>, DecodeError> {
        loop {
            match self.piece()? {
                Piece::Start(name) => return Ok(Some(name)),
                Piece::End => return Ok(None),
                Piece::Text { .. } | Piece::CData(_) => {}
            }
        }
    }

    /// The text of this element up to its end, without the white space around it; child elements are skipped.
    pub fn text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        self.text_around(|_, xml| xml.skip())
    }

    /// As [`Scanner::text`]; `child` reads the child elements.
    pub fn text_around(
        &mut self,
        mut child: impl FnMut(&'a str, &mut Self) -> Result<(), DecodeError>,
    ) -> Result<Cow<'a, str>, DecodeError> {
        let mut value = Cow::Borrowed("");
        let mut kept = 0; // what stands before this was written as a reference or as CDATA: not trimmed
        loop {
            match self.piece()? {
                Piece::End => break,
                Piece::Start(name) => child(name, self)?,
                Piece::Text { raw, plain } => {
                    // ASCII's white space is XML's and the form feed, which no document can have.
                    let raw = if value.is_empty() { raw.trim_ascii_start() } else { raw };
                    if plain && value.is_empty() {
                        value = Cow::Borrowed(raw);
                    } else {
                        kept = kept.max(unescape(raw, value.to_mut()));
                    }
                }
                Piece::CData(raw) => {
                    value.to_mut().push_str(&raw.replace("\r\n", "\n").replace('\r', "\n"));
                    kept = value.len();
                }
            }
        }
        let end = kept + value.get(kept..).unwrap_or_default().trim_ascii_end().len();
        match &mut value {
            Cow::Borrowed(text) => *text = text.get(..end).unwrap_or(text),
            Cow::Owned(text) => text.truncate(end),
        }
        Ok(value)
    }

    /// Reads this element to its end, whatever is in it.
    pub fn skip(&mut self) -> Result<(), DecodeError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.piece()?;
        }
        Ok(())
    }

    /// An attribute of the element whose start tag was read last.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.attributes;
        while let Some((found, after)) = rest.split_once('=') {
            let after = after.trim_ascii_start();
            let quote = after.chars().next()?;
            let (value, after) = after.get(1..)?.split_once(quote)?;
            if found.trim_ascii() == name {
                return Some(if value.contains(['&', '\r']) {
                    let mut plain = String::new();
                    unescape(value, &mut plain);
                    Cow::Owned(plain)
                } else {
                    Cow::Borrowed(value)
                });
            }
            rest = after;
        }
        None
    }

    /// The element whose start tag was read last, with its prefix.
    pub fn qualified_name(&self) -> &'a str {
        self.depth.checked_sub(1).and_then(|last| self.open.get(last)).copied().unwrap_or_default()
    }

    fn piece(&mut self) -> Result<Piece<'a>, DecodeError> {
        if self.empty {
            self.empty = false;
            self.depth -= 1;
            return Ok(Piece::End);
        }
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'<'), Some(b'/')) => return self.end_tag(),
                (Some(b'<'), Some(b'!')) if self.rest().starts_with("<![CDATA[") => return self.cdata(),
                (Some(b'<'), Some(b'!')) => self.comment()?,
                (Some(b'<'), Some(b'?')) => self.processing_instruction()?,
                (Some(b'<'), _) => return self.start_tag().map(Piece::Start),
                (Some(_), _) => return self.character_data(),
                (None, _) => return Err(self.broken("the message ends inside an element")),
            }
        }
    }

    fn character_data(&mut self) -> Result<Piece<'a>, DecodeError> {
        let start = self.at;
        let mut plain = true;
        loop {
            self.at += self.bytes().iter().position(|byte| stops_text(*byte)).unwrap_or(self.bytes().len());
            match self.peek(0) {
                Some(b'&') => {
                    plain = false;
                    self.reference()?;
                }
                Some(b']') if self.rest().starts_with("]]>") => return Err(self.broken("\"]]>\" in text")),
                Some(b'\r') => {
                    plain = false;
                    self.at += 1;
                }
                Some(b']') => self.at += 1,
                Some(_) | None => break,
            }
        }
        Ok(Piece::Text { raw: self.since(start), plain })
    }

    /// Checks the reference that begins here.
    fn reference(&mut self) -> Result<(), DecodeError> {
        match lexis::reference(self.rest()) {
            Reference::Char(_, length) => self.at += length,
            Reference::Undefined => return Err(DecodeError::UndefinedEntity { offset: self.at }),
            Reference::Malformed => return Err(self.broken("\"&\" begins no reference to a character that XML allows")),
        }
        Ok(())
    }

    fn cdata(&mut self) -> Result<Piece<'a>, DecodeError> {
        let start = self.at + "<![CDATA[".len();
        self.pass("]]>", "a CDATA section without end")?;
        Ok(Piece::CData(self.text.get(start..self.at - "]]>".len()).unwrap_or_default()))
    }
}
