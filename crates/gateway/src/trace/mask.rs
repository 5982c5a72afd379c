//! What a digest login proves itself with is not shown: whoever has it can try passwords at leisure.

use std::ops::Range;

use bytes::Bytes;

/// The parameters that are computed from the password (RFC 8760, RFC 3261 22.4): ours, and the server's own proof.
const PROOFS: [&[u8]; 2] = [b"response", b"rspauth"];

/// Headers that carry a login, also of a scheme that is not Digest.
const LOGINS: [&[u8]; 2] = [b"authorization", b"proxy-authorization"];

/// The message with an `x` in the place of each byte of a proof. Its length stays, so its framing does too.
///
/// The parameters are masked wherever they stand in the head, whether or not the header around them can be read.
#[must_use]
pub fn masked(message: &Bytes) -> Bytes {
    let head = message.get(..head_length(message)).unwrap_or_default();
    let mut secrets: Vec<Range<usize>> = PROOFS.iter().flat_map(|name| values(head, name)).collect();
    secrets.extend(foreign_logins(head));
    if secrets.is_empty() {
        return message.clone();
    }
    let mut bytes = message.to_vec();
    for secret in secrets {
        bytes[secret].fill(b'x');
    }
    bytes.into()
}

/// All before the first empty line; everything, if there is none. Line ends before the message are no end of its head
/// (RFC 3261 7.5).
fn head_length(message: &[u8]) -> usize {
    let before = message.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let rest = message.get(before..).unwrap_or_default();
    let crlf = rest.windows(4).position(|end| end == b"\r\n\r\n");
    let lf = rest.windows(2).position(|end| end == b"\n\n");
    before + crlf.into_iter().chain(lf).min().unwrap_or(rest.len())
}

/// Where the values of a parameter stand, quotes not included.
fn values(head: &[u8], name: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = head.get(at..).filter(|rest| rest.len() >= name.len()) {
        at += 1;
        let starts_a_word = at < 2 || head.get(at - 2).is_none_or(|before| !is_name(*before));
        if !starts_a_word || !rest.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name)) {
            continue;
        }
        let mut start = at - 1 + name.len();
        start += blanks(head, start);
        if head.get(start) != Some(&b'=') {
            continue;
        }
        start += 1;
        start += blanks(head, start);
        let quoted = head.get(start) == Some(&b'"');
        start += usize::from(quoted);
        let end = start + value_length(head.get(start..).unwrap_or_default(), quoted);
        // Line ends are the message's skeleton, also inside of quotes that nobody closed.
        found.extend(pieces(head, start..end));
        at = end.max(at);
    }
    found
}

/// Up to the quote that ends it (RFC 3261 25.1: one behind a backslash does not), or to what separates parameters.
fn value_length(value: &[u8], quoted: bool) -> usize {
    let mut escaped = false;
    let ends = |byte: &u8| {
        if !quoted {
            return matches!(byte, b',' | b';') || byte.is_ascii_whitespace();
        }
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    };
    value.iter().position(ends).unwrap_or(value.len())
}

/// What stands behind the scheme in a login that is not Digest.
fn foreign_logins(head: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut login = false;
    let mut start = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let range = start..start + line.len();
        start = range.end;
        let continues = line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        if continues {
            if login {
                found.extend(pieces(head, range));
            }
            continue;
        }
        login = false;
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        if !LOGINS.iter().any(|known| name.trim_ascii().eq_ignore_ascii_case(known)) {
            continue;
        }
        let value = value.get(1..).unwrap_or_default();
        let blank = value.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let scheme = value.get(blank..).unwrap_or_default();
        let scheme = scheme.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if !scheme.eq_ignore_ascii_case(b"Digest") {
            login = true;
            found.extend(pieces(head, range.start + colon + 1 + blank + scheme.len()..range.end));
        }
    }
    found
}

/// A range without the white space in it.
fn pieces(bytes: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in range {
        if bytes.get(at).is_none_or(u8::is_ascii_whitespace) {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            Some(_) | None => found.push(at..at + 1),
        }
    }
    found
}

fn blanks(bytes: &[u8], start: usize) -> usize {
    bytes.get(start..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}
