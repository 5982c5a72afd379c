//! The alphabet of SIP: white space, tokens, quoted strings, lists (RFC 3261 25.1).
//!
//! Values are slices of the message itself. A folded value keeps its line breaks, so CR and LF count as white space
//! everywhere below; whoever copies a value out of a message uses [`unfold`].

/// Space, tab, and the line breaks of a folded value.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Without white space at either end.
pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = value
        && is_space(*first)
    {
        value = rest;
    }
    trim_end(value)
}

/// Without white space at its end.
pub(crate) fn trim_end(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., last] = value
        && is_space(*last)
    {
        value = rest;
    }
    value
}

/// What stands before and after the first `separator`.
pub(crate) fn cut(value: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, value)?;
    Some((value.get(..at)?, value.get(at + 1..)?))
}

/// The value as a token.
pub(crate) fn token(value: &[u8]) -> Option<&str> {
    let is_token = |byte: &u8| {
        matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9')
            || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
    };
    (!value.is_empty() && value.iter().all(is_token)).then(|| std::str::from_utf8(value).ok())?
}

/// The value as a word of visible ASCII characters without white space: Call-ID, tags, branches.
pub(crate) fn word(value: &[u8]) -> Option<&str> {
    (!value.is_empty() && value.iter().all(u8::is_ascii_graphic)).then(|| std::str::from_utf8(value).ok())?
}

/// A decimal number without sign.
pub(crate) fn number(value: &[u8]) -> Option<u32> {
    (!value.is_empty()).then_some(())?;
    value.iter().try_fold(0_u32, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// Any bytes as text: UTF-8 where they are, else Latin-1, which every byte is.
pub(crate) fn readable(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Appends a value on one line: line breaks of a folded value become spaces.
pub(crate) fn unfold(value: &[u8], out: &mut Vec<u8>) {
    out.extend(value.iter().map(|byte| match byte {
        b'\r' | b'\n' => b' ',
        other => *other,
    }));
}

/// Splits at `separator` where it stands outside of quotes and of `<…>`.
pub(crate) fn split(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        let end = outside(value, separator);
        rest = end.and_then(|end| value.get(end + 1..));
        Some(trim(end.and_then(|end| value.get(..end)).unwrap_or(value)))
    })
}

/// Where the first `wanted` byte stands outside of quotes and of `<…>`. What is opened and not closed goes to the end.
pub(crate) fn outside(value: &[u8], wanted: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memchr::memchr3(wanted, b'"', b'<', value.get(at..)?)?;
        let inner = value.get(found + 1..)?;
        at = match value.get(found)? {
            byte if *byte == wanted => return Some(found),
            b'"' => found + 1 + quoted(inner)?,
            _ => found + 1 + memchr::memchr(b'>', inner)? + 1,
        };
    }
}

/// How long a quoted string is, from behind its first quote to behind its last.
fn quoted(value: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', value.get(at..)?)?;
        if value.get(found) == Some(&b'"') {
            return Some(found + 1);
        }
        at = found + 2;
    }
}

/// A quoted string without its quotes and escapes; any other value as it is.
pub(crate) fn unquote(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return value.to_vec();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        let literal = if *byte == b'\\' { bytes.next() } else { Some(byte) };
        out.extend(literal);
    }
    out
}
