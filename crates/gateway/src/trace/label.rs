//! What one message is, in a few words.

use sip::message::{Kind, Message, Raw};
use sip::{Body, ParseError};

use super::text;

/// A message as far as it can be read.
pub(super) enum Reading<'a> {
    /// SIP.
    Sip(Box<Message<'a>>),
    /// SIP that lacks something.
    Broken(Raw<'a>, ParseError),
    /// Nothing but line ends, or zeros: what keeps a NAT or a firewall open (RFC 5626 3.5.1).
    KeepAlive,
    /// Something else.
    Foreign(usize),
}

impl<'a> Reading<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Self::KeepAlive;
        }
        let Ok(raw) = Raw::parse(bytes) else { return Self::Foreign(bytes.len()) };
        match Message::check(raw.clone()) {
            Ok(message) => Self::Sip(Box::new(message)),
            Err(error) => Self::Broken(raw, error),
        }
    }

    pub(super) fn message(&self) -> Option<&Message<'a>> {
        match self {
            Self::Sip(message) => Some(message),
            Self::Broken(..) | Self::KeepAlive | Self::Foreign(_) => None,
        }
    }

    /// Which dialog it belongs to; requests outside of dialogs have one too.
    pub(super) fn call_id(&self) -> Option<String> {
        match self {
            Self::Sip(message) => Some(text::line(message.call_id.as_bytes())),
            Self::Broken(raw, _) => raw.values("Call-ID").next().map(text::line),
            Self::KeepAlive | Self::Foreign(_) => None,
        }
    }

    /// `INFO 3 DeliveredEvent`, `200 OK (INVITE 1)`.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Sip(message) => label(message),
            Self::Broken(raw, error) => {
                let what = match &raw.start {
                    sip::message::Start::Request { method, .. } => method.to_string(),
                    sip::message::Start::Response { status, .. } => status.to_string(),
                };
                format!("{what}, unreadable: {error}")
            }
            Self::KeepAlive => "keep-alive".to_owned(),
            Self::Foreign(length) => format!("{length} bytes that are not SIP"),
        }
    }
}

fn label(message: &Message<'_>) -> String {
    let (number, method) = (message.cseq.number, &message.cseq.method);
    let mut label = match &message.kind {
        Kind::Request { .. } => format!("{method} {number}"),
        Kind::Response { status, reason } => format!("{status} {} ({method} {number})", text::line(reason)),
    };
    if let Some(content) = message.content().map(|body| named(&body)) {
        label.push(' ');
        label.push_str(&content);
    }
    label
}

/// The root element of a CSTA message, or the type of what it is else.
fn named(body: &Body) -> String {
    let root = if body.is(sip::message::CSTA) { root_element(&body.bytes) } else { None };
    root.unwrap_or_else(|| text::line(body.content_type.as_bytes()))
}

/// The name of the first element, without its prefix.
fn root_element(xml: &[u8]) -> Option<String> {
    let starts = xml.iter().enumerate().filter(|(_, byte)| **byte == b'<').map(|(at, _)| at + 1);
    let mut tags = starts.filter_map(|start| xml.get(start..));
    let tag = tags.find(|tag| tag.first().is_some_and(|first| !matches!(first, b'?' | b'!' | b'/')))?;
    let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))?;
    let name = tag.get(..end)?.rsplit(|byte| *byte == b':').next()?;
    Some(text::line(name))
}
