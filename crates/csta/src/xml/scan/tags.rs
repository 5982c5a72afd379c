//! Tags and attributes.

use super::{Piece, Scanner};
use crate::xml::{DecodeError, MAX_ATTRIBUTES, MAX_DEPTH};

impl<'a> Scanner<'a> {
    /// Reads a start tag; its element is open afterwards. Answers its local name.
    pub(super) fn start_tag(&mut self) -> Result<&'a str, DecodeError> {
        if self.depth == MAX_DEPTH {
            return Err(DecodeError::TooDeep { offset: self.at });
        }
        self.at += 1;
        let name = self.name()?;
        self.open[self.depth] = name;
        self.depth += 1;
        self.attributes = "";
        if self.peek(0) == Some(b'>') {
            self.at += 1;
        } else {
            self.attributes()?;
        }
        Ok(local(name))
    }

    pub(super) fn end_tag(&mut self) -> Result<Piece<'a>, DecodeError> {
        let name = self.qualified_name();
        let after = self.at + 2 + name.len();
        if self.text.as_bytes().get(self.at + 2..after) != Some(name.as_bytes()) {
            return Err(self.broken("the end tag is not that of the open element"));
        }
        let start = std::mem::replace(&mut self.at, after);
        self.white_space();
        if self.peek(0) != Some(b'>') {
            self.at = start;
            return Err(self.broken("the end tag is not that of the open element"));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(Piece::End)
    }

    /// Reads attributes up to the end of a start tag.
    #[inline(never)] // most start tags have none
    pub(super) fn attributes(&mut self) -> Result<(), DecodeError> {
        let start = self.at;
        let mut names = [""; MAX_ATTRIBUTES];
        let mut count = 0;
        loop {
            let spaced = self.white_space();
            match self.peek(0) {
                Some(b'>') => break,
                Some(b'/') if self.peek(1) == Some(b'>') => break,
                Some(_) | None if !spaced => return Err(self.broken("a start tag without end")),
                Some(_) | None => {}
            }
            let name = self.name()?;
            if names.iter().take(count).any(|seen| *seen == name) {
                return Err(self.broken("an attribute is there twice"));
            }
            match names.get_mut(count) {
                Some(place) => *place = name,
                None => return Err(DecodeError::TooManyAttributes { offset: self.at }),
            }
            count += 1;
            self.equals()?;
            self.attribute_value()?;
        }
        self.attributes = self.since(start);
        self.empty = self.peek(0) == Some(b'/');
        self.at += if self.empty { 2 } else { 1 };
        Ok(())
    }

    pub(super) fn attribute_value(&mut self) -> Result<(), DecodeError> {
        let quote = match self.peek(0) {
            Some(quote @ (b'"' | b'\'')) => quote,
            Some(_) | None => return Err(self.broken("an attribute's value without quotes")),
        };
        self.at += 1;
        loop {
            match self.peek(0) {
                Some(byte) if byte == quote => break,
                Some(b'<') => return Err(self.broken("\"<\" in an attribute's value")),
                Some(b'&') => self.reference()?,
                Some(_) => self.at += 1,
                None => return Err(self.broken("an attribute's value without end")),
            }
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn equals(&mut self) -> Result<(), DecodeError> {
        self.white_space();
        if self.peek(0) != Some(b'=') {
            return Err(self.broken("\"=\" is expected here"));
        }
        self.at += 1;
        self.white_space();
        Ok(())
    }
}

/// The name without its prefix.
fn local(name: &str) -> &str {
    let colon = name.as_bytes().iter().rposition(|byte| *byte == b':');
    colon.and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}
