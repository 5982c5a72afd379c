//! What comes before the root element: byte order mark, encoding, XML declaration (XML 1.0 2.8, 4.3.3).

use std::borrow::Cow;

use compact_str::CompactString;

use super::{DecodeError, MAX_MESSAGE, scan::Scanner};

/// The message as text: without byte order mark, and without the NULs, line ends and blanks that some peers send
/// behind it.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    if bytes.len() > MAX_MESSAGE {
        return Err(DecodeError::TooLong { length: bytes.len() });
    }
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n')).map_or(0, |last| last + 1);
    let message = bytes.get(..end).unwrap_or_default();
    let message = message.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(message);
    match declared_encoding(message) {
        None => utf8(bytes, message),
        Some(name) if ["utf-8", "utf8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
            utf8(bytes, message)
        }
        Some(name) if ["iso-8859-1", "latin1"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
            Ok(message.iter().map(|byte| char::from(*byte)).collect())
        }
        Some(name) => Err(DecodeError::UnknownEncoding { name }),
    }
}

fn utf8<'a>(bytes: &[u8], message: &'a [u8]) -> Result<Cow<'a, str>, DecodeError> {
    let skipped = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    match std::str::from_utf8(message) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => Err(DecodeError::NotUtf8 { offset: skipped + error.valid_up_to() }),
    }
}

/// The encoding that the XML declaration names. Its grammar is checked later, by [`Scanner::declaration`].
fn declared_encoding(message: &[u8]) -> Option<CompactString> {
    let declaration = message.strip_prefix(b"<?xml")?;
    let end = declaration.iter().position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let (_, value) = value.split_once('=')?;
    let value = value.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (name, _) = value.get(1..)?.split_once(quote)?;
    Some(name.into())
}

impl Scanner<'_> {
    /// Reads the XML declaration, if there is one.
    pub(super) fn declaration(&mut self) -> Result<(), DecodeError> {
        if !self.rest().strip_prefix("<?xml").is_some_and(|rest| rest.starts_with(super::lexis::WHITE)) {
            return Ok(());
        }
        self.advance("<?xml".len());
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
        self.advance("?>".len());
        Ok(())
    }

    /// Reads ` name="value"` if it comes next; whether it did.
    fn pseudo_attribute(&mut self, name: &str, allowed: impl Fn(&str) -> bool) -> Result<bool, DecodeError> {
        let here = self.rest();
        let Some(after) = here.trim_start_matches(super::lexis::WHITE).strip_prefix(name) else { return Ok(false) };
        if here.starts_with(name) {
            return Err(self.broken("white space is expected here"));
        }
        self.advance(here.len() - after.len());
        self.equals()?;
        let quote = self.peek(0).map(char::from).filter(|quote| matches!(quote, '"' | '\''));
        let value = quote.and_then(|quote| self.rest().get(1..)?.split_once(quote)).map(|(value, _)| value);
        match value.filter(|value| allowed(value)) {
            Some(value) => self.advance(value.len() + 2),
            None => return Err(self.broken("a value that the XML declaration does not allow")),
        }
        Ok(true)
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
