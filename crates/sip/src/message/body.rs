//! Bodies and media types, one part of a multipart body included (RFC 3261 7.4, RFC 2046 5.1).

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::text;

/// The media type of a CSTA message (ECMA TR/87).
pub const CSTA: &str = "application/csta+xml";

/// What a message carries. `Debug` shows its kind and size only: bodies name callers.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// The media type, parameters included: `application/csta+xml`.
    pub content_type: Cow<'static, str>,
    /// The Content-Disposition: `signal;handling=required` for CSTA (ECMA TR/87).
    pub disposition: Option<Cow<'static, str>>,
    /// The bytes.
    pub bytes: Bytes,
}

impl Body {
    /// A CSTA message, with the disposition that ECMA TR/87 asks for.
    #[must_use]
    pub fn csta(xml: impl Into<Bytes>) -> Self {
        Self { content_type: CSTA.into(), disposition: Some("signal;handling=required".into()), bytes: xml.into() }
    }

    /// It is of this media type; neither case nor parameters count.
    #[must_use]
    pub fn is(&self, media_type: &str) -> bool {
        let mine = self.content_type.split(';').next().unwrap_or("");
        mine.trim().eq_ignore_ascii_case(media_type)
    }

    /// The body itself, or the part of a multipart body that has this media type.
    #[must_use]
    pub fn find(&self, media_type: &str) -> Option<Self> {
        if self.is(media_type) {
            return Some(self.clone());
        }
        let boundary = self.boundary()?;
        parts(&self.bytes, &boundary).find(|part| part.is(media_type))
    }

    fn boundary(&self) -> Option<Vec<u8>> {
        let top = self.content_type.trim_start().get(.."multipart/".len())?;
        if !top.eq_ignore_ascii_case("multipart/") {
            return None;
        }
        let params = text::split(self.content_type.as_bytes(), b';').skip(1);
        let value = params.filter_map(|param| text::cut(param, b'=')).find_map(|(name, value)| {
            text::trim(name).eq_ignore_ascii_case(b"boundary").then(|| text::unquote(text::trim(value)))
        })?;
        (1..=70).contains(&value.len()).then_some(value)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.content_type, self.bytes.len())
    }
}

/// The parts of a multipart body, at most 16. A missing last boundary is borne.
fn parts<'a>(bytes: &'a Bytes, boundary: &[u8]) -> impl Iterator<Item = Body> + 'a {
    let delimiter = [b"--", boundary].concat();
    let mut starts = Vec::new();
    let mut line = 0;
    for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
        if piece.starts_with(&delimiter) && starts.len() < 17 {
            starts.push((line, line + piece.len()));
        }
        line += piece.len();
    }
    starts.push((bytes.len(), bytes.len()));
    let spans: Vec<_> = starts.windows(2).filter_map(|pair| Some((pair.first()?.1, pair.last()?.0))).collect();
    spans.into_iter().filter_map(move |(start, end)| part(bytes, start, end))
}

/// One part: its headers up to an empty line, then its bytes without the line break before the next boundary.
fn part(bytes: &Bytes, start: usize, end: usize) -> Option<Body> {
    let mut content_type = None;
    let mut disposition = None;
    let mut at = start;
    for line in bytes.get(start..end)?.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let line = text::trim(line);
        if line.is_empty() {
            break;
        }
        let (name, value) = text::cut(line, b':')?;
        let value = || text::readable(text::trim(value));
        match text::trim(name).to_ascii_lowercase().as_slice() {
            b"content-type" => content_type = Some(value()),
            b"content-disposition" => disposition = Some(value()),
            _ => {}
        }
    }
    let content = bytes.get(at..end)?;
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    Some(Body {
        content_type: content_type.map_or("text/plain".into(), Cow::Owned),
        disposition: disposition.map(Cow::Owned),
        bytes: bytes.slice(at..at + content.len()),
    })
}
