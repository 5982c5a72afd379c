//! From bytes to text: byte order mark and declared encoding (XML 1.0 4.3.3).

use std::borrow::Cow;

use compact_str::CompactString;

use super::{DecodeError, MAX_MESSAGE};

/// The byte order mark, which says that the message is UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The message as text: without byte order mark, and without the NULs, line ends and blanks that some peers send
/// behind it.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    if bytes.len() > MAX_MESSAGE {
        return Err(DecodeError::TooLong { length: bytes.len() });
    }
    let end =
        bytes.iter().rposition(|byte| !matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n')).map_or(0, |last| last + 1);
    let message = bytes.get(..end).unwrap_or_default();
    if let Some(message) = message.strip_prefix(MARK) {
        return utf8(message).map_err(|error| error.moved(|offset| MARK.len() + offset));
    }
    match declared_encoding(message) {
        None => utf8(message),
        Some(name) if ["utf-8", "utf8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
            utf8(message)
        }
        Some(name) if ["iso-8859-1", "latin1"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
            Ok(message.iter().map(|byte| char::from(*byte)).collect())
        }
        Some(name) => Err(DecodeError::UnknownEncoding { name }),
    }
}

fn utf8(message: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    match std::str::from_utf8(message) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => Err(DecodeError::NotUtf8 { offset: error.valid_up_to() }),
    }
}

/// The encoding that the XML declaration names. Its grammar is checked later, by the scanner.
fn declared_encoding(message: &[u8]) -> Option<CompactString> {
    let declaration =
        message.strip_prefix(b"<?xml").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))?;
    let end = declaration.iter().position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let (_, value) = value.split_once('=')?;
    let value = value.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (name, _) = value.get(1..)?.split_once(quote)?;
    Some(name.into())
}
