//! The forms of a command: which URL asks for what.

use hyper::{
    Method, StatusCode,
    header::{self, HeaderName},
};

use super::{
    answer::{Answer, Gate},
    request::Request,
};

/// What a request asks for: always a dial, the only command there is.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// The number as it came, decoded.
    pub(super) number: String,
    /// The line that the request names (`line=`, `outgoing_uri=`).
    pub(super) line: Option<String>,
    /// What the confirm page's form brings back.
    pub(super) confirmation: Option<String>,
}

const PURPOSES: [HeaderName; 4] = [
    HeaderName::from_static("purpose"),
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("x-purpose"),
    HeaderName::from_static("x-moz"),
];

/// Whether the request is a command at all, and one that is switched on. What it asks for is read after the login:
/// a client that logs in by Digest sends an empty form first, to be challenged (RFC 7616 3.3).
pub(super) fn check(request: &Request, make_call: bool) -> Gate<()> {
    let path = request.uri.path();
    if path == "/favicon.ico" {
        return Answer::empty().stop();
    }
    let known =
        ["/", "/servlet", "/cgi-bin/ConfigManApp.com", "/cgiServer.exx", "/cgi-bin/cgiServer.exx", "/command.htm"];
    if !known.contains(&path) {
        return unknown_path();
    }
    if request.method != Method::GET && request.method != Method::POST {
        let text = "Only GET and POST command; nothing was dialled.";
        return Answer::new(StatusCode::METHOD_NOT_ALLOWED, text).with(header::ALLOW, "GET, POST").stop();
    }
    check_purpose(request)?;
    if !make_call {
        let text = "The command make_call is switched off. An administrator switches it on in the configuration:\n\n\
                    [commands]\nmake_call = { enabled = true }";
        return Answer::new(StatusCode::FORBIDDEN, text).stop();
    }
    Gate::Continue(())
}

/// Finds the number, and the line if the request names one.
pub(super) fn order(request: &Request) -> Gate<Order> {
    let number = if request.uri.path() == "/" { plain(request)? } else { vendor(request)? };
    let line = match request.parameters.one("line")? {
        Some(line) => Some(line),
        None => request.parameters.one("outgoing_uri")?,
    };
    let confirmation = request.parameters.one("confirm")?.map(str::to_owned);
    Gate::Continue(Order { number, line: line.filter(|line| !line.is_empty()).map(str::to_owned), confirmation })
}

/// A browser that fetches ahead has no user behind it yet.
fn check_purpose(request: &Request) -> Gate<()> {
    let ahead = |value: &str| {
        let value = value.to_ascii_lowercase();
        ["prefetch", "prerender", "preview"].iter().any(|word| value.contains(word))
    };
    if PURPOSES.iter().any(|name| request.values(name).any(ahead)) {
        return Answer::new(StatusCode::FORBIDDEN, "A request that only fetches ahead dials nothing.").stop();
    }
    Gate::Continue(())
}

/// `/?action=make_call&target=123`
fn plain(request: &Request) -> Gate<String> {
    match request.parameters.one("action")? {
        Some("make_call") => match request.parameters.one("target")? {
            Some(number) => Gate::Continue(number.to_owned()),
            None => missing("target=123"),
        },
        None => missing("action=make_call&target=123"),
        Some(_) => {
            let text = "This action is not known here. Known is: make_call (/?action=make_call&target=123).";
            Answer::new(StatusCode::NOT_FOUND, text).stop()
        }
    }
}

/// `?number=123`, or `?key=number=123`, whose value holds a second `=`.
fn vendor(request: &Request) -> Gate<String> {
    let key = match (request.parameters.one("number")?, request.parameters.one("key")?) {
        (Some(number), None) => return Gate::Continue(number.to_owned()),
        (None, Some(key)) => key,
        (None, None) => return missing("number=123"),
        (Some(_), Some(_)) => {
            let text = "The request names a number twice, in number= and in key=: name it once.";
            return Answer::new(StatusCode::BAD_REQUEST, text).stop();
        }
    };
    if key.contains(';') {
        let text =
            "Lists of keys (key=A;B;C) are not pressed here: key takes number=… alone, as in /servlet?key=number=123.";
        return Answer::new(StatusCode::BAD_REQUEST, text).stop();
    }
    match key.split_once('=') {
        Some(("number", number)) => Gate::Continue(number.to_owned()),
        Some(_) | None => {
            let text =
                "Keys of the phone are not pressed here: key takes number=… alone, as in /servlet?key=number=123.";
            Answer::new(StatusCode::BAD_REQUEST, text).stop()
        }
    }
}

fn missing(what: &str) -> Gate<String> {
    Answer::new(StatusCode::BAD_REQUEST, format!("The request lacks {what}.")).stop()
}

fn unknown_path() -> Gate<()> {
    let text = "Nothing is here. Commands are:\n\n/?action=make_call&target=123\n/servlet?key=number=123\n\
                /cgi-bin/ConfigManApp.com?number=123\n/cgiServer.exx?number=123\n/command.htm?number=123";
    Answer::new(StatusCode::NOT_FOUND, text).stop()
}
