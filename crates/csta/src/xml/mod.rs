//! ECMA-323: CSTA messages as XML.
//!
//! [`decode`] takes what peers really send: any edition's namespace or none, prefixes, children in any order, unknown
//! children, ISO-8859-1, a byte order mark, rubbish behind the end. What it does not take: anything that is not
//! well-formed, any DOCTYPE, anything beyond its bounds. [`encode`] writes one edition's schema to the letter.

mod edition;
mod encoding;
mod error;
mod event;
mod lexis;
mod scan;
mod service;
#[cfg(test)]
pub(crate) mod tests;
mod value;
mod write;

use std::borrow::Cow;

pub use edition::Edition;
pub use error::DecodeError;

use crate::{CstaError, ErrorCategory, Message, Request, Response};
use event::Layout;
use scan::Scanner;
use write::Writer;

/// The longest message that is read, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// How many elements may stand inside each other, the root included.
pub const MAX_DEPTH: usize = 32;
/// How many attributes an element may have.
pub const MAX_ATTRIBUTES: usize = 64;

/// Reads one message. Elements are told apart by their local names: peers answer in editions they were not asked in,
/// and some declare no namespace at all.
///
/// # Errors
/// What is wrong with the bytes, and where. A well-formed message of an unknown kind is
/// [`DecodeError::UnknownMessage`], with its name.
pub fn decode(bytes: &[u8]) -> Result<Message, DecodeError> {
    let text = encoding::text(bytes)?;
    match &text {
        Cow::Borrowed(text) => {
            let behind_the_mark = text.as_ptr().addr() - bytes.as_ptr().addr();
            read(text).map_err(|error| error.moved(|offset| offset + behind_the_mark))
        }
        // Each character of ISO-8859-1 was one byte.
        Cow::Owned(text) => read(text)
            .map_err(|error| error.moved(|offset| text.char_indices().take_while(|(at, _)| *at < offset).count())),
    }
}

fn read(text: &str) -> Result<Message, DecodeError> {
    let (mut xml, root) = Scanner::open(text)?;
    let message = read_message(root, &mut xml)?;
    xml.finish()?;
    message.ok_or_else(|| DecodeError::UnknownMessage { name: root.into() })
}

/// Reads the content of the root element; `None` if no message has it, the content is well-formed then all the same.
fn read_message(root: &str, xml: &mut Scanner<'_>) -> Result<Option<Message>, DecodeError> {
    if let Some(kind) = event::kind_of(root) {
        event::read(kind, xml).map(|event| Some(Message::Event(event)))
    } else if let Some(response) = Response::read(root, xml) {
        response.map(|response| Some(Message::Response(response)))
    } else if let Some(request) = Request::read(root, xml) {
        request.map(|request| Some(Message::Request(request)))
    } else if root == ERROR {
        read_error(xml).map(|error| Some(Message::Error(error)))
    } else {
        xml.skip().map(|()| None)
    }
}

/// The edition whose namespace the root element is in; `None` if it is in none of those, or if this is no XML.
/// Peers do not always answer in the edition they were asked in.
#[must_use]
pub fn edition(bytes: &[u8]) -> Option<Edition> {
    let text = encoding::text(bytes).ok()?;
    let (xml, _) = Scanner::open(&text).ok()?;
    let namespace = match xml.qualified_name().split_once(':') {
        Some((prefix, _)) => xml.attribute(&format!("xmlns:{prefix}"))?,
        None => xml.attribute("xmlns")?,
    };
    Edition::of_namespace(&namespace)
}

/// Writes one message: UTF-8, with an XML declaration, in the default namespace of the edition. What the edition does
/// not know is left out, and so are characters that XML does not allow.
#[must_use]
pub fn encode(message: &Message, edition: Edition) -> String {
    match message {
        Message::Event(event) => {
            Writer::document(edition, Layout::of(&event.kind).root, |out| event::write(event, out))
        }
        Message::Request(request) => Writer::document(edition, request.root(), |out| request.write(out)),
        Message::Response(response) => Writer::document(edition, response.root(), |out| response.write(out)),
        Message::Error(error) => Writer::document(edition, ERROR, |out| write_error(error, out)),
    }
}

/// The root element of a negative answer.
const ERROR: &str = "CSTAErrorCode";
/// How ECMA-323 spells one of the categories.
const SYSTEM_RESOURCE: &str = "systemResourceAvailibility";

fn read_error(xml: &mut Scanner<'_>) -> Result<CstaError, DecodeError> {
    let mut error = CstaError::default();
    while let Some(name) = xml.child()? {
        let category = match name {
            SYSTEM_RESOURCE => Some(ErrorCategory::SystemResourceAvailability),
            name => ErrorCategory::from_name(name),
        };
        match category {
            Some(category) => error = CstaError::new(category, xml.text()?),
            None => xml.skip()?,
        }
    }
    Ok(error)
}

fn write_error(error: &CstaError, out: &mut Writer) {
    match error.category {
        ErrorCategory::Unspecified => out.empty(error.category.as_str()),
        ErrorCategory::SystemResourceAvailability => out.leaf(SYSTEM_RESOURCE, &error.value),
        ErrorCategory::Operation
        | ErrorCategory::Security
        | ErrorCategory::StateIncompatibility
        | ErrorCategory::SubscribedResourceAvailability
        | ErrorCategory::PerformanceManagement
        | ErrorCategory::PrivateData
        | ErrorCategory::PrivateErrorCode => out.leaf(error.category.as_str(), &error.value),
    }
}
