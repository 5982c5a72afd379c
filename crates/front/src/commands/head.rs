//! The small reader in front of hyper: it takes the head of a request as clients of phones really write it and hands
//! on one that RFC 9112 allows.
//!
//! `GET ?action=make_call&target=*21# HTTP/1.1` has no slash and a `#`; copied numbers bring blanks, quotes, brackets
//! and characters beyond ASCII. All of them are percent-encoded here, in the request line alone. A connection serves
//! one request, so that this is the only head there is: whatever follows is body, or is never read as a request.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest head, request line and headers together.
const MAX_HEAD: usize = 16 * 1024;
/// The longest request line.
const MAX_LINE: usize = 8 * 1024;

/// Why there is no request to answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HeadError {
    /// The client went away, or never said anything.
    #[error("the client closed the connection without a request")]
    Closed,
    /// A TLS ClientHello instead of a request (RFC 8446 5.1: content type 22).
    #[error("this port speaks plain HTTP, and the client speaks TLS: write http:// or use the https listener's port")]
    Tls,
    /// The request line is too long.
    #[error("the request line is longer than 8 KiB")]
    LineTooLong,
    /// The head is too long.
    #[error("the head of the request is longer than 16 KiB")]
    HeadTooLong,
    /// Another major version, or HTTP/2's preface.
    #[error("only HTTP/1.0 and HTTP/1.1 are spoken here")]
    Version,
    /// Nothing that looks like a request.
    #[error("this is no HTTP request: {0}")]
    Malformed(&'static str),
    /// The socket.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl HeadError {
    /// The status line that says so; `None` where nobody listens.
    pub(super) const fn status(&self) -> Option<&'static str> {
        match self {
            Self::Closed | Self::Io(_) => None,
            Self::Tls | Self::Malformed(_) => Some("400 Bad Request"),
            Self::LineTooLong => Some("414 URI Too Long"),
            Self::HeadTooLong => Some("431 Request Header Fields Too Large"),
            Self::Version => Some("505 HTTP Version Not Supported"),
        }
    }
}

/// Reads one head and gives it back rewritten, with what came behind it. The caller sets the deadline.
///
/// # Errors
/// What the client sent is no request, or too much.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, HeadError> {
    let mut head = Vec::with_capacity(1024);
    loop {
        let seen = head.len();
        // One byte more than the limit, so that "full" and "too long" differ.
        let read = stream.take((MAX_HEAD + 1 - seen) as u64).read_buf(&mut head).await?;
        trim_empty_lines(&mut head);
        match head.first() {
            Some(0x16) => return Err(HeadError::Tls),
            Some(first) if !is_token(*first) => return Err(HeadError::Malformed("it does not begin with a method")),
            Some(_) | None => {}
        }
        if read == 0 {
            let nothing = head.is_empty();
            return Err(if nothing { HeadError::Closed } else { HeadError::Malformed("it ends within its head") });
        }
        let line = head.iter().position(|byte| *byte == b'\n');
        if line.unwrap_or(head.len()) > MAX_LINE {
            return Err(HeadError::LineTooLong);
        }
        if let Some(line) = line
            && has_end(&head, line.max(seen.saturating_sub(3)))
        {
            return rewrite(&head, line);
        }
        if head.len() > MAX_HEAD {
            return Err(HeadError::HeadTooLong);
        }
    }
}

/// Empty lines in front of a request are skipped (RFC 9112 2.2).
fn trim_empty_lines(head: &mut Vec<u8>) {
    let empty = head.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    head.drain(..empty);
}

/// Whether an empty line stands behind `from`; a bare LF ends a line as well (RFC 9112 2.2).
fn has_end(head: &[u8], from: usize) -> bool {
    let rest = head.get(from.saturating_sub(1)..).unwrap_or_default();
    rest.windows(2).any(|pair| pair == b"\n\n") || rest.windows(3).any(|triple| triple == b"\n\r\n")
}

/// The head with a request line that hyper accepts; `line` is where its LF stands.
fn rewrite(head: &[u8], line: usize) -> Result<Vec<u8>, HeadError> {
    let (request_line, rest) = head.split_at(line);
    let request_line = request_line.strip_suffix(b"\r").unwrap_or(request_line);
    if request_line.iter().any(|byte| matches!(byte, b'\r' | 0)) {
        return Err(HeadError::Malformed("a control character stands in its first line"));
    }
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let method = request_line.split(blank).next().unwrap_or_default();
    let version = request_line.rsplit(blank).next().unwrap_or_default();
    if !method.iter().copied().all(is_token) {
        return Err(HeadError::Malformed("it does not begin with a method"));
    }
    match version {
        b"HTTP/1.0" | b"HTTP/1.1" => {}
        other if other.starts_with(b"HTTP/") => return Err(HeadError::Version),
        _ => return Err(HeadError::Malformed("its first line does not end with HTTP/1.1 or HTTP/1.0")),
    }
    let between = request_line.get(method.len()..request_line.len() - version.len()).unwrap_or_default();
    let mut rewritten = Vec::with_capacity(head.len() + 64);
    rewritten.extend_from_slice(method);
    rewritten.push(b' ');
    rewritten.extend_from_slice(target(between.trim_ascii()).as_bytes());
    rewritten.push(b' ');
    rewritten.extend_from_slice(version);
    rewritten.push(b'\r');
    rewritten.extend_from_slice(rest);
    Ok(rewritten)
}

/// A request target that hyper accepts, from what the client wrote: the missing slash is added, and what may not stand
/// in a URI is percent-encoded, `#` too, for a client sends no fragment (RFC 9112 3.2): it belongs to the number.
pub(super) fn target(raw: &[u8]) -> String {
    let mut target = String::with_capacity(raw.len() + 16);
    let is_complete = raw.starts_with(b"/") || raw == b"*" || scheme_length(raw).is_some();
    if !is_complete {
        target.push('/');
    }
    for &byte in raw {
        if matches!(byte, b'"' | b'<' | b'>' | b'#' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
            || !byte.is_ascii_graphic()
        {
            target.push_str(&format!("%{byte:02X}"));
        } else {
            target.push(char::from(byte));
        }
    }
    // hyper wants a slash between an absolute form's authority and its query.
    if let Some(scheme) = scheme_length(raw)
        && let Some(query) = target.find('?')
        && !target.get(scheme..query).unwrap_or_default().contains('/')
    {
        target.insert(query, '/');
    }
    target
}

/// How long `http://` is, if the target begins with it.
fn scheme_length(raw: &[u8]) -> Option<usize> {
    [b"http://".as_slice(), b"https://"].into_iter().find_map(|scheme| {
        let begins = raw.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
        begins.then_some(scheme.len())
    })
}

/// RFC 9110 5.6.2.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(request: &str, expected: Result<&str, &str>) {
        let mut bytes = request.as_bytes();
        match (read(&mut bytes).await, expected) {
            (Ok(head), Ok(expected)) => {
                let head = String::from_utf8(head).unwrap();
                assert_eq!(head.lines().next(), Some(expected), "{request:?}");
                assert!(head.ends_with("\r\nHost: h\r\n\r\nrest"), "{head:?}");
            }
            (Err(error), Err(expected)) => assert_eq!(error.status().unwrap_or("closed"), expected, "{request:?}"),
            (other, _) => panic!("{request:?}: {other:?}"),
        }
    }

    #[tokio::test]
    async fn request_lines() {
        for (line, expected) in [
            ("GET / HTTP/1.1", Ok("GET / HTTP/1.1")),
            ("GET ?action=a HTTP/1.1", Ok("GET /?action=a HTTP/1.1")),
            ("GET servlet?key=number=1 HTTP/1.0", Ok("GET /servlet?key=number=1 HTTP/1.0")),
            ("GET /?a=*21# HTTP/1.1", Ok("GET /?a=*21%23 HTTP/1.1")),
            ("GET /?a=+49 (30) \"1\" <2> HTTP/1.1", Ok("GET /?a=+49%20(30)%20%221%22%20%3C2%3E HTTP/1.1")),
            ("GET /?a=ü HTTP/1.1", Ok("GET /?a=%C3%BC HTTP/1.1")),
            ("GET /?a=%2B1 HTTP/1.1", Ok("GET /?a=%2B1 HTTP/1.1")),
            ("GET http://h:1?a=b/c HTTP/1.1", Ok("GET http://h:1/?a=b/c HTTP/1.1")),
            ("GET http://h/x?a=b HTTP/1.1", Ok("GET http://h/x?a=b HTTP/1.1")),
            ("OPTIONS * HTTP/1.1", Ok("OPTIONS * HTTP/1.1")),
            ("GET /?a=1 HTTP/2.0", Err("505 HTTP Version Not Supported")),
            ("GET /?a=1", Err("400 Bad Request")),
            ("GET /?a=\r1 HTTP/1.1", Err("400 Bad Request")),
            ("\u{16}\u{3}\u{1}", Err("400 Bad Request")),
        ] {
            check(&format!("\r\n{line}\r\nHost: h\r\n\r\nrest"), expected).await;
        }
    }

    #[tokio::test]
    async fn bounds() {
        let long = |length| "a".repeat(length);
        check(&format!("GET /{} HTTP/1.1\r\n\r\n", long(MAX_LINE)), Err("414 URI Too Long")).await;
        check(&long(MAX_LINE + 1), Err("414 URI Too Long")).await;
        let head = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", long(MAX_HEAD));
        check(&head, Err("431 Request Header Fields Too Large")).await;
        check("GET / HTTP/1.1\r\nHost: h\r\n", Err("400 Bad Request")).await;
        check("", Err("closed")).await;
    }
}
