//! What stands around the elements: the XML declaration, comments, processing instructions (XML 1.0 2.5 to 2.8).

use super::Scanner;
use crate::xml::DecodeError;

impl Scanner<'_> {
    /// Reads the XML declaration, if there is one.
    pub(super) fn declaration(&mut self) -> Result<(), DecodeError> {
        if !self.rest().strip_prefix("<?xml").is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n'])) {
            return Ok(());
        }
        self.at += "<?xml".len();
        let version = |text: &str| text.strip_prefix("1.").is_some_and(|minor| !minor.is_empty() && digits(minor));
        if !self.pseudo_attribute("version", version)? {
            return Err(self.broken("an XML declaration without its version"));
        }
        self.pseudo_attribute("encoding", encoding_name)?;
        self.pseudo_attribute("standalone", |text| matches!(text, "yes" | "no"))?;
        self.white_space();
        if !self.rest().starts_with("?>") {
            return Err(self.broken("the XML declaration is expected to end here"));
        }
        self.at += "?>".len();
        Ok(())
    }

    /// Reads ` name="value"` if it comes next; whether it did.
    pub(super) fn pseudo_attribute(&mut self, name: &str, allowed: impl Fn(&str) -> bool) -> Result<bool, DecodeError> {
        let here = self.rest();
        let Some(after) = here.trim_ascii_start().strip_prefix(name) else { return Ok(false) };
        if here.starts_with(name) {
            return Err(self.broken("white space is expected here"));
        }
        self.at += here.len() - after.len();
        self.equals()?;
        let quote = self.peek(0).map(char::from).filter(|quote| matches!(quote, '"' | '\''));
        let value = quote.and_then(|quote| self.rest().get(1..)?.split_once(quote)).map(|(value, _)| value);
        match value.filter(|value| allowed(value)) {
            Some(value) => self.at += value.len() + 2,
            None => return Err(self.broken("a value that the XML declaration does not allow")),
        }
        Ok(true)
    }

    /// Reads comments, processing instructions and white space.
    pub(super) fn between_elements(&mut self) -> Result<(), DecodeError> {
        loop {
            self.white_space();
            match (self.peek(0), self.peek(1)) {
                (Some(b'<'), Some(b'!')) => self.comment()?,
                (Some(b'<'), Some(b'?')) => self.processing_instruction()?,
                (Some(_) | None, _) => return Ok(()),
            }
        }
    }

    /// Reads a comment; nothing else begins with `<!` outside of CDATA but what is refused.
    pub(super) fn comment(&mut self) -> Result<(), DecodeError> {
        if self.rest().starts_with("<!DOCTYPE") {
            return Err(DecodeError::Doctype { offset: self.at });
        }
        if !self.rest().starts_with("<!--") {
            return Err(self.broken("\"<!\" begins no comment"));
        }
        self.at += "<!--".len();
        self.pass("--", "a comment without end")?;
        if self.peek(0) != Some(b'>') {
            return Err(self.broken("\"--\" in a comment"));
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn processing_instruction(&mut self) -> Result<(), DecodeError> {
        let start = self.at;
        self.at += "<?".len();
        let target = self.name()?;
        if target.eq_ignore_ascii_case("xml") {
            self.at = start;
            return Err(self.broken("an XML declaration that is not at the very beginning"));
        }
        if !self.rest().starts_with("?>") && !self.white_space() {
            return Err(self.broken("a processing instruction's name is expected to end here"));
        }
        self.pass("?>", "a processing instruction without end")
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// EncName.
fn encoding_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
