//! A request as the gates see it: whole, decoded, with the two ends of its connection.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use http_body_util::{BodyExt, Limited};
use hyper::{
    HeaderMap, Method, StatusCode, Uri, Version,
    body::Incoming,
    header::{self, HeaderName},
};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::answer::{Answer, Gate};

/// The largest body.
const MAX_BODY: usize = 64 * 1024;
/// How long a body may take.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// Who asks; an IPv4 address is one, also on an IPv6 socket.
    pub(super) source: IpAddr,
    /// The address that was asked.
    pub(super) local: SocketAddr,
    /// Over TLS.
    pub(super) secure: bool,
}

/// A request, whole.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) ends: Ends,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) parameters: Parameters,
}

impl Request {
    /// Reads the body, if there is one, and the parameters of query and body.
    pub(super) async fn read(ends: Ends, request: hyper::Request<Incoming>) -> Result<Self, Answer> {
        let (parts, body) = request.into_parts();
        let mut parameters = Parameters::default();
        parameters.read(parts.uri.query().unwrap_or_default());
        let body = read_body(body).await?;
        if !body.is_empty() {
            let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
            if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
                let text = "The parameters of a command travel in the URL, or in a body of the type application/x-www-form-urlencoded.";
                return Err(Answer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
            }
            parameters.read(&String::from_utf8_lossy(&body));
        }
        let (method, uri, version, headers) = (parts.method, parts.uri, parts.version, parts.headers);
        Ok(Self { ends, method, uri, version, headers, parameters })
    }

    /// The values of a header that are text.
    pub(super) fn values(&self, name: impl Into<HeaderName>) -> impl Iterator<Item = &str> {
        self.headers.get_all(name.into()).into_iter().map(|value| value.to_str().unwrap_or("\u{fffd}"))
    }

    /// The first value of a header.
    pub(super) fn value(&self, name: impl Into<HeaderName>) -> Option<&str> {
        self.values(name).next()
    }
}

async fn read_body(body: Incoming) -> Result<Vec<u8>, Answer> {
    match timeout(BODY_DEADLINE, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Answer::new(StatusCode::PAYLOAD_TOO_LARGE, "The body of a command is at most 64 KiB."))
        }
        Ok(Err(_)) => Err(Answer::new(StatusCode::BAD_REQUEST, "The body of the request is broken.")),
        Err(_) => Err(Answer::new(StatusCode::REQUEST_TIMEOUT, "The body of the request did not arrive in time.")),
    }
}

/// Decoded parameters, in their order. A `+` is a blank, as forms write it; a number's normal form makes it a plus again.
#[derive(Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn read(&mut self, encoded: &str) {
        for pair in encoded.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.0.push((decode(name), decode(value)));
        }
    }

    /// The value of a parameter. Given twice it is refused: which of them counts is a guess.
    pub(super) fn one(&self, name: &str) -> Gate<Option<&str>> {
        let mut values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            let text = format!("The parameter `{name}` is given twice: give it once.");
            return Answer::new(StatusCode::BAD_REQUEST, text).stop();
        }
        Gate::Continue(first)
    }
}

impl std::fmt::Debug for Parameters {
    /// Only the names: the values hold numbers and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn decode(text: &str) -> String {
    let blanks = text.replace('+', " ");
    percent_decode_str(&blanks).decode_utf8_lossy().into_owned()
}
