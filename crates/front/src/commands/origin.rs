//! The Origin gate: pages of other sites may not command, unless a caller names their origin.
//!
//! Over plain HTTP browsers often send none of these headers, so this is one layer among several: see `confirm`.

use hyper::{
    Method, StatusCode,
    header::{self, HeaderName},
    http::uri::Authority,
};

use super::{
    Caller,
    answer::{Answer, Gate},
    request::Request,
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// Whose page a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// Our own, or nobody's.
    Own,
    /// A foreign one that some caller names: the authenticated caller must be that one.
    Named(String),
}

/// What the browser itself says about where a request comes from (Fetch Metadata).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// It says nothing: an old browser, plain HTTP, or no browser.
    Unsaid,
    /// The user typed it, or our own page sent it.
    Own,
    /// Some other page.
    Foreign,
}

/// Passes requests of nobody's page, of our own, and of pages that some caller names.
pub(super) fn check(request: &Request, callers: &[Caller]) -> Gate<Page> {
    let mut page = Page::Own;
    let written = request.values(header::ORIGIN).chain(request.values(header::REFERER));
    for text in written {
        match origin_of(text) {
            Some(origin) if is_own(&origin, request) => {}
            None if text == "null" && carries_token(request) => {}
            Some(origin) if callers.iter().any(|caller| names(caller, &origin)) => page = Page::Named(origin),
            origin => return foreign(origin.as_deref().unwrap_or("a page that hides its name")),
        }
    }
    match (site(request), &page) {
        (Site::Foreign, Page::Own) => foreign("another site"),
        (Site::Unsaid | Site::Own, _) | (Site::Foreign, Page::Named(_)) => Gate::Continue(page),
    }
}

/// Passes a foreign page only in the name of the caller that names it.
pub(super) fn check_caller(page: &Page, caller: &Caller) -> Gate<()> {
    match page {
        Page::Own => Gate::Continue(()),
        Page::Named(origin) if names(caller, origin) => Gate::Continue(()),
        Page::Named(origin) => foreign(origin),
    }
}

/// What Fetch Metadata says.
pub(super) fn site(request: &Request) -> Site {
    match request.value(SEC_FETCH_SITE) {
        None => Site::Unsaid,
        Some("none" | "same-origin") => Site::Own,
        Some(_) => Site::Foreign,
    }
}

/// The answer to a CORS preflight of a page that some caller names; `None` for anything else.
pub(super) fn preflight(request: &Request, page: &Page) -> Option<Answer> {
    let asks = request.method == Method::OPTIONS && request.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let Page::Named(_) = page else { return None };
    let answer = Answer::empty()
        .with(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST")
        .with(header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type");
    let private = request.headers.contains_key(REQUEST_PRIVATE_NETWORK);
    asks.then(|| if private { answer.with(ALLOW_PRIVATE_NETWORK, "true") } else { answer })
}

/// Lets the named page read the answer.
pub(super) fn readable(answer: Answer, page: &Page) -> Answer {
    match page {
        Page::Own => answer,
        Page::Named(origin) => answer
            .with(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)
            .with(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")
            .with(header::VARY, "Origin"),
    }
}

fn names(caller: &Caller, origin: &str) -> bool {
    caller.origins.iter().any(|named| origin_of(named).is_some_and(|named| named == origin))
}

/// `scheme://host:port` of an Origin or of a Referer's URL, the port only if it is not the scheme's own.
fn origin_of(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let authority: Authority = rest.split(['/', '?', '#']).next()?.parse().ok()?;
    let (scheme, host) = (scheme.to_ascii_lowercase(), authority.host().to_ascii_lowercase());
    let port = authority.port_u16().filter(|port| Some(*port) != default_port(&scheme));
    Some(port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}")))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// The same host and port as the request was addressed to, which the Host gate has found to be ours.
fn is_own(origin: &str, request: &Request) -> bool {
    let scheme = if request.ends.secure { "https" } else { "http" };
    request
        .value(header::HOST)
        .and_then(|host| origin_of(&format!("{scheme}://{host}")))
        .is_some_and(|own| own == origin)
}

fn carries_token(request: &Request) -> bool {
    let bearer = |value: &str| value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer "));
    request.value(header::AUTHORIZATION).is_some_and(bearer)
        || matches!(request.parameters.one("token"), Gate::Continue(Some(_)))
}

fn foreign<T>(origin: &str) -> Gate<T> {
    let named = origin.starts_with("http").then_some(origin);
    let text = format!(
        "This request comes from {origin}, and pages of other sites may not command. If it should, an administrator \
         names it in the configuration:\n\n[[caller]]\norigins = [\"{}\"]",
        named.unwrap_or("https://crm.example.com")
    );
    Answer::new(StatusCode::FORBIDDEN, text).stop()
}
