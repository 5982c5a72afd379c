//! From, To, Contact, Route: a URI with a name before it and parameters behind it (RFC 3261 20.10).

use super::{Params, Uri, UriError, text};

/// `"Name" <uri>;params`, or a bare `uri;params`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// The display name, quotes included, in whatever encoding it came.
    pub display: &'a [u8],
    /// The URI, unread: To and From may hold one of any scheme.
    uri: &'a [u8],
    /// What stands behind the URI.
    pub params: Params<'a>,
    value: &'a [u8],
}

impl<'a> Address<'a> {
    /// Reads one value.
    pub(crate) fn parse(value: &'a [u8]) -> Result<Self, &'static str> {
        let Some(open) = text::outside(value, b'<') else { return Self::bare(value) };
        let (display, bracketed) = value.split_at(open);
        let (uri, rest) = text::cut(bracketed, b'>').ok_or("no > behind the URI")?;
        let uri = text::trim(uri.strip_prefix(b"<").unwrap_or(uri));
        Self { display: text::trim(display), uri, params: Params::parse(rest)?, value }.checked()
    }

    /// A URI without brackets: what follows its first semicolon belongs to the header, and characters that would
    /// make that ambiguous need brackets (RFC 3261 20).
    fn bare(value: &'a [u8]) -> Result<Self, &'static str> {
        if value.starts_with(b"\"") {
            return Err("a quoted name without its end, or without a <URI> behind it");
        }
        let (uri, params) = value.split_at(text::outside(value, b';').unwrap_or(value.len()));
        let uri = text::trim(uri);
        if uri.iter().any(|byte| b"?,".contains(byte)) {
            return Err("a URI with a question mark or a comma must stand in <>");
        }
        Self { display: b"", uri, params: Params::parse(params)?, value }.checked()
    }

    fn checked(self) -> Result<Self, &'static str> {
        if self.uri.is_empty() {
            return Err("no URI");
        }
        match self.params.value("tag") {
            Some(tag) if text::word(tag).is_none() => Err("its tag is not a word"),
            _ => Ok(self),
        }
    }

    /// The tag: which of the two sides of a dialog this is.
    #[must_use]
    pub fn tag(&self) -> Option<&'a str> {
        self.params.value("tag").and_then(text::word)
    }

    /// The URI.
    ///
    /// # Errors
    /// If it is none this crate understands.
    pub fn uri(&self) -> Result<Uri, UriError> {
        Uri::parse(self.uri)
    }

    /// The whole value as it came.
    pub(crate) fn value(&self) -> &'a [u8] {
        self.value
    }
}
