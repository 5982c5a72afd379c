//! Writing messages.

use std::fmt::{self, Write};

use bytes::Bytes;

use super::raw::compact_form;
use super::{Body, Method, Raw, Uri, text};

/// A message that is being written. No value can break out of its line: line breaks in it become spaces.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// Names of headers are cut to one letter where that is allowed (RFC 3261 7.3.3).
    short: bool,
}

impl Writer {
    /// Starts a request.
    pub(crate) fn request(method: &Method, uri: &Uri) -> Self {
        let mut writer = Self { bytes: Vec::with_capacity(1024), short: false };
        writer.line(format_args!("{method} {uri} SIP/2.0"));
        writer
    }

    /// Starts a response.
    pub(crate) fn response(status: u16, phrase: &str) -> Self {
        let mut writer = Self { bytes: Vec::with_capacity(512), short: false };
        let phrase = if phrase.is_empty() { reason(status) } else { phrase };
        writer.line(format_args!("SIP/2.0 {status} {phrase}"));
        writer
    }

    /// Adds a header.
    pub(crate) fn header(&mut self, name: &str, value: impl fmt::Display) {
        if text::token(name.as_bytes()).is_some() {
            let (name, colon) = self.named(name);
            self.line(format_args!("{name}{colon}{value}"));
        }
    }

    /// Adds a header whose value comes from another message, byte by byte.
    pub(crate) fn copied(&mut self, name: &str, value: &[u8]) {
        let (name, colon) = self.named(name);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(colon.as_bytes());
        text::unfold(value, &mut self.bytes);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Copies all lines of these headers.
    pub(crate) fn copy_all(&mut self, from: &Raw<'_>, names: &[&str]) {
        for name in names {
            from.values(name).for_each(|value| self.copied(name, value));
        }
    }

    /// Adds header lines that were written before.
    pub(crate) fn lines(&mut self, lines: &[u8]) {
        self.bytes.extend_from_slice(lines);
    }

    /// Adds the body, with the headers that describe it.
    pub(crate) fn finish(mut self, body: Option<&Body>) -> Bytes {
        if let Some(body) = body {
            self.header("Content-Type", &body.content_type);
            if let Some(disposition) = &body.disposition {
                self.header("Content-Disposition", disposition);
            }
        }
        let content: &[u8] = body.map_or(b"", |body| &body.bytes);
        self.header("Content-Length", content.len());
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes.extend_from_slice(content);
        // Messages are kept for seconds in case they must be sent again: without the room that was left over.
        self.bytes.into_boxed_slice().into()
    }

    /// Only the header lines, for a later [`lines`](Self::lines).
    pub(crate) fn headers_only() -> Self {
        Self { bytes: Vec::with_capacity(512), short: false }
    }

    /// Spends no byte that can be saved from here on.
    pub(crate) fn shortened(self) -> Self {
        Self { short: true, ..self }
    }

    /// What was written.
    pub(crate) fn into_lines(self) -> Box<[u8]> {
        self.bytes.into()
    }

    /// The name of a header as it is written, and what stands behind it.
    fn named<'n>(&self, name: &'n str) -> (&'n str, &'static str) {
        if self.short { (compact_form(name), ":") } else { (name, ": ") }
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing into memory cannot fail; a Display that fails leaves its line short.
        let _ = OneLine(&mut self.bytes).write_fmt(line);
        self.bytes.extend_from_slice(b"\r\n");
    }
}

/// Text on its way into one line.
struct OneLine<'a>(&'a mut Vec<u8>);

impl fmt::Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text::unfold(text.as_bytes(), self.0);
        Ok(())
    }
}

/// The usual reason phrase (RFC 3261 21).
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        486 => "Busy Here",
        487 => "Request Terminated",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        603 => "Decline",
        _ => class(status),
    }
}

/// What the first digit of a status says (RFC 3261 7.2).
fn class(status: u16) -> &'static str {
    match status {
        ..200 => "Progress",
        200..300 => "Success",
        300..400 => "Redirection",
        400..500 => "Request Failure",
        500..600 => "Server Failure",
        600.. => "Failure",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Kind, Message};

    /// The message as the writer writes it: long names, no folds, one kind of line ends, a Content-Length.
    fn written(message: &Message<'_>) -> Bytes {
        let mut writer = match &message.kind {
            Kind::Request { method, uri } => Writer::request(method, uri),
            Kind::Response { status, reason } => Writer::response(*status, &text::readable(reason)),
        };
        let described = ["Content-Type", "Content-Disposition", "Content-Length"];
        let content_type = message.readable("Content-Type");
        for header in message.raw().headers() {
            let by_body = described.iter().any(|name| header.name.eq_ignore_ascii_case(name));
            if !by_body {
                writer.copied(header.name, header.value);
            }
        }
        let disposition = message.readable("Content-Disposition");
        let bytes = Bytes::copy_from_slice(message.body);
        let disposition = disposition.map(Into::into);
        let body = content_type.map(|content_type| Body { content_type: content_type.into(), disposition, bytes });
        writer.finish(body.as_ref())
    }

    /// All that a message says, without regard to how its lines were folded and named.
    fn said(message: &Message<'_>) -> Vec<String> {
        let start = match &message.kind {
            Kind::Request { method, uri } => format!("{method} {uri}"),
            Kind::Response { status, reason: [] } => format!("{status} {}", super::reason(*status)),
            Kind::Response { status, reason } => format!("{status} {}", text::readable(reason)),
        };
        let via = &message.via;
        let parties = [message.from, message.to].map(|party| {
            let uri = party.uri().map_err(|error| error.to_string());
            format!("{} {uri:?} {:?}", unfolded(party.display), party.tag())
        });
        let mut headers: Vec<_> = message.raw().headers().iter().collect();
        headers.sort_by_key(|header| header.name.to_ascii_lowercase());
        let headers = headers.iter().filter(|header| header.name != "Content-Length");
        let headers = headers.map(|header| format!("{}: {}", header.name.to_ascii_lowercase(), unfolded(header.value)));
        let cseq = format!("{} {}", message.cseq.number, message.cseq.method);
        let way = format!("{} {} {:?} {:?}", via.transport, via.host, via.port, via.branch());
        let all = [start, way, message.call_id.to_owned(), cseq].into_iter().chain(parties).chain(headers);
        all.chain([message.body.escape_ascii().to_string()]).collect()
    }

    fn unfolded(value: &[u8]) -> String {
        let mut out = Vec::new();
        text::unfold(value, &mut out);
        text::readable(&out)
    }

    #[test]
    fn each_fixture_says_the_same_when_it_is_written_again() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/sip/messages");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let Ok(message) = Message::parse(&bytes) else { continue };
            let again = written(&message);
            assert_eq!(said(&Message::parse(&again).unwrap()), said(&message), "{}", path.display());
            assert_eq!(written(&Message::parse(&again).unwrap()), again, "{}: once is enough", path.display());
            count += 1;
        }
        assert!(count >= 20);
    }
}
