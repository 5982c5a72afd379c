//! The lines of a message.

use super::{MAX_HEADERS, MAX_MESSAGE, Method, ParseError, text};

/// A message as lines, with nothing required yet but that they are lines.
#[derive(Clone, Debug)]
pub struct Raw<'a> {
    /// The first line.
    pub start: Start<'a>,
    headers: Vec<Header<'a>>,
    /// How many bytes stand before the rest.
    head: usize,
    rest: &'a [u8],
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start<'a> {
    /// `METHOD URI SIP/2.0`
    Request {
        /// The method.
        method: Method,
        /// The Request-URI, unread.
        uri: &'a [u8],
        /// The version, unread.
        version: &'a [u8],
    },
    /// `SIP/2.0 code reason`
    Response {
        /// 100 to 699.
        status: u16,
        /// The reason phrase.
        reason: &'a [u8],
    },
}

/// A header line with its folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name, in its long form.
    pub name: &'a str,
    /// The value without white space at its ends. Folds are still in it: line breaks count as white space.
    pub value: &'a [u8],
}

impl<'a> Raw<'a> {
    /// Finds the lines. Line breaks before the message are skipped (RFC 3261 7.5); a bare LF ends a line too.
    ///
    /// # Errors
    /// When the bytes are no SIP message at all, or beyond the bounds.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let (raw, fault) = Self::read(bytes)?;
        fault.map_or(Ok(raw), Err)
    }

    /// As much of a broken request as its refusal needs: what is no header is left out, and so is what lies beyond the
    /// bounds.
    pub(crate) fn salvage(bytes: &'a [u8]) -> Option<Self> {
        Self::read(bytes).ok().map(|(raw, _)| raw)
    }

    /// The lines, and the first thing that is wrong with them.
    fn read(bytes: &'a [u8]) -> Result<(Self, Option<ParseError>), ParseError> {
        if bytes.len() > MAX_MESSAGE {
            return Err(ParseError::TooLong(bytes.len()));
        }
        let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let mut lines = Lines { rest: bytes.get(blank..).unwrap_or_default(), number: 0 };
        let start = Start::parse(lines.next_line().ok_or(ParseError::StartLine)?)?;
        let mut headers = Vec::with_capacity(16);
        let mut fault = None;
        loop {
            let wrong = match lines.next_folded() {
                Some([]) => break,
                Some(_) if headers.len() == MAX_HEADERS => ParseError::TooManyHeaders,
                Some(line) => match Header::parse(line) {
                    Some(header) => {
                        headers.push(header);
                        continue;
                    }
                    None => ParseError::HeaderLine(lines.number),
                },
                None => ParseError::Unfinished,
            };
            let beyond = !matches!(wrong, ParseError::HeaderLine(_));
            fault.get_or_insert(wrong);
            if beyond {
                break;
            }
        }
        let head = bytes.len() - lines.rest.len();
        Ok((Self { start, headers, head, rest: lines.rest }, fault))
    }

    /// All headers, in the order they came.
    #[must_use]
    pub fn headers(&self) -> &[Header<'a>] {
        &self.headers
    }

    /// The values of all lines of this name.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let same = move |header: &&Header<'a>| header.name.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|header| header.value)
    }

    /// The values of a header that lists several with commas, over all its lines.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.values(name).flat_map(|value| text::split(value, b','))
    }

    /// The value of a header that stands in a message exactly once.
    pub(crate) fn single(&self, name: &'static str) -> Result<&'a [u8], ParseError> {
        let mut values = self.values(name);
        let value = values.next().ok_or(ParseError::Missing(name))?;
        values.next().map_or(Ok(value), |_| Err(ParseError::Repeated(name)))
    }

    /// The body (RFC 3261 18.3): cut to Content-Length; refused if shorter, or beyond the bound.
    pub(crate) fn body(&self) -> Result<&'a [u8], ParseError> {
        let value = match self.single("Content-Length") {
            Ok(value) => value,
            Err(ParseError::Repeated(name)) => return Err(ParseError::Repeated(name)),
            Err(_) => return Ok(self.rest),
        };
        let fault = ParseError::Header { name: "Content-Length", fault: "not a number" };
        let announced = text::number(value).and_then(|length| usize::try_from(length).ok()).ok_or(fault)?;
        if self.head.saturating_add(announced) > MAX_MESSAGE {
            return Err(ParseError::BodyTooLong(announced));
        }
        let short = ParseError::ShortBody { present: self.rest.len(), announced };
        self.rest.get(..announced).ok_or(short)
    }
}

impl<'a> Start<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, ParseError> {
        let (first, rest) = text::cut(line, b' ').ok_or(ParseError::StartLine)?;
        if first.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/")) {
            if !first.eq_ignore_ascii_case(b"SIP/2.0") {
                return Err(ParseError::Version);
            }
            let (code, reason) = text::cut(rest, b' ').unwrap_or((rest, b""));
            let status = text::number(code).and_then(|code| u16::try_from(code).ok());
            let status = status.filter(|status| code.len() == 3 && (100..700).contains(status));
            return Ok(Self::Response { status: status.ok_or(ParseError::Status)?, reason });
        }
        // The URI may hold anything a sloppy peer puts there; the checks of the URI name what is wrong with it.
        let rest = text::trim_end(rest);
        let space = rest.iter().rposition(|byte| *byte == b' ').ok_or(ParseError::StartLine)?;
        let (uri, version) = rest.split_at(space);
        let version = text::trim(version);
        let is_version = version.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"SIP/"));
        let method = Method::parse(first).filter(|_| is_version).ok_or(ParseError::StartLine)?;
        Ok(Self::Request { method, uri, version })
    }
}

impl<'a> Header<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let (name, value) = text::cut(line, b':')?;
        let name =
            text::token(text::trim(name)).filter(|_| line.first().is_none_or(|first| !text::is_space(*first)))?;
        Some(Self { name: long_form(name), value: text::trim(value) })
    }
}

/// The headers that have a name of one letter (RFC 3261 7.3.3 and the registry of header names).
const COMPACT: [(&str, &str); 15] = [
    ("i", "Call-ID"),
    ("m", "Contact"),
    ("e", "Content-Encoding"),
    ("l", "Content-Length"),
    ("c", "Content-Type"),
    ("f", "From"),
    ("s", "Subject"),
    ("k", "Supported"),
    ("t", "To"),
    ("v", "Via"),
    ("x", "Session-Expires"),
    ("o", "Event"),
    ("u", "Allow-Events"),
    ("r", "Refer-To"),
    ("b", "Referred-By"),
];

/// The long name of a compact one; any other name as it is.
fn long_form(name: &str) -> &str {
    if name.len() > 1 {
        return name;
    }
    let known = COMPACT.iter().find(|(letter, _)| letter.eq_ignore_ascii_case(name));
    known.map_or(name, |(_, long)| long)
}

/// The compact name of a long one; any other name as it is.
pub(super) fn compact_form(name: &str) -> &str {
    COMPACT.iter().find(|(_, long)| *long == name).map_or(name, |(letter, _)| letter)
}

/// Reads line by line.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    /// The next line without its end; `None` if no end comes.
    fn next_line(&mut self) -> Option<&'a [u8]> {
        let (line, rest) = text::cut(self.rest, b'\n')?;
        self.rest = rest;
        self.number += 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The next line together with those that continue it (RFC 3261 7.3.1).
    fn next_folded(&mut self) -> Option<&'a [u8]> {
        let whole = self.rest;
        let first = self.next_line()?;
        if first.is_empty() || !self.continues() {
            return Some(first);
        }
        while self.continues() {
            self.next_line()?;
        }
        let length = whole.len() - self.rest.len();
        whole.get(..length).map(text::trim_end)
    }

    fn continues(&self) -> bool {
        matches!(self.rest.first(), Some(b' ' | b'\t'))
    }
}
