//! What a client is told: one answer, as a page, as JSON, or as plain text, as it asks.

use std::{ops::ControlFlow, sync::LazyLock, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use sha2::{Digest as _, Sha256};

/// What a gate says: go on with this, or be answered so. A refusal is a value, not an error.
pub(super) type Gate<T> = ControlFlow<Answer, T>;

/// The answer to one request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// What happened and what an administrator must do, in plain English.
    pub(super) text: String,
    headers: Vec<(HeaderName, String)>,
    page: Page,
}

#[derive(Debug)]
enum Page {
    /// The text, to be read.
    Text,
    /// The text, in a tab that closes itself.
    Closing,
    /// Complete HTML of its own, whatever the client accepts.
    Html(String),
    /// No body at all.
    Empty,
}

/// Closes the tab that a click-to-dial link has opened.
const CLOSE: &str = "window.close()";

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let script = STANDARD.encode(Sha256::digest(CLOSE));
    // `form-action` and `frame-ancestors` do not fall back to `default-src` (CSP Level 3, 6.3 and 6.4).
    format!(
        "default-src 'none'; script-src 'sha256-{script}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
});

impl Answer {
    /// An answer whose text stays on the screen.
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), headers: Vec::new(), page: Page::Text }
    }

    /// An answer in a tab that closes itself: nothing is left to read.
    pub(super) fn closing(status: StatusCode, text: impl Into<String>) -> Self {
        Self { page: Page::Closing, ..Self::new(status, text) }
    }

    /// A page of its own.
    pub(super) fn html(status: StatusCode, text: impl Into<String>, html: String) -> Self {
        Self { page: Page::Html(html), ..Self::new(status, text) }
    }

    /// 204.
    pub(super) fn empty() -> Self {
        Self { page: Page::Empty, ..Self::new(StatusCode::NO_CONTENT, "") }
    }

    pub(super) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Whole seconds, rounded up, so that who obeys is not early (RFC 9110 10.2.3).
    pub(super) fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        self.with(header::RETRY_AFTER, seconds.to_string())
    }

    /// Answered here: no further gate.
    pub(super) fn stop<T>(self) -> Gate<T> {
        ControlFlow::Break(self)
    }

    /// As the client wants to read it.
    pub(super) fn into_response(self, accept: Accept) -> Response<Full<Bytes>> {
        let (content_type, body) = match (self.page, accept) {
            (Page::Empty, _) => (None, String::new()),
            (Page::Html(html), _) => (Some("text/html; charset=utf-8"), html),
            (Page::Text, Accept::Html) => (Some("text/html; charset=utf-8"), page(self.status, &self.text, false)),
            (Page::Closing, Accept::Html) => (Some("text/html; charset=utf-8"), page(self.status, &self.text, true)),
            (Page::Text | Page::Closing, Accept::Json) => {
                let json = serde_json::json!({ "status": self.status.as_u16(), "message": self.text });
                (Some("application/json"), json.to_string())
            }
            (Page::Text | Page::Closing, Accept::Plain) => {
                (Some("text/plain; charset=utf-8"), format!("{}\n", self.text))
            }
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        protect(headers);
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(name, value);
            }
        }
        response
    }
}

/// No answer is kept, sniffed or framed, and none runs a script but the one that closes its tab.
fn protect(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // With `no-referrer` the confirm page's own POST would come with `Origin: null`.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

fn page(status: StatusCode, text: &str, closes: bool) -> String {
    let script = if closes { format!("<script>{CLOSE}</script>") } else { String::new() };
    document(status.canonical_reason().unwrap_or_default(), &format!("<pre>{}</pre>{script}", escape(text)))
}

/// A whole HTML document around `body`, which is HTML already.
pub(super) fn document(title: &str, body: &str) -> String {
    format!("<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>{body}</html>\n")
}

/// Text as HTML text or as a quoted attribute's value.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// What a client would rather read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accept {
    /// A browser's navigation: it names `text/html` and nothing it likes better.
    Html,
    /// A program that asks for JSON.
    Json,
    /// Anything else.
    Plain,
}

impl Accept {
    /// Reads the Accept header; wildcards count for nothing (RFC 9110 12.5.1).
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let quality = |wanted: &str| {
            let values = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).find_map(|range| quality(range, wanted)).unwrap_or(0.0)
        };
        let (html, json, plain) = (quality("text/html"), quality("application/json"), quality("text/plain"));
        if html > 0.0 && html >= json && html >= plain {
            Self::Html
        } else if json > 0.0 && json >= plain {
            Self::Json
        } else {
            Self::Plain
        }
    }
}

/// The quality that one range of an Accept header gives to `wanted`; `None` if it is about something else.
fn quality(range: &str, wanted: &str) -> Option<f32> {
    let mut parts = range.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(wanted) {
        return None;
    }
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some(weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}
