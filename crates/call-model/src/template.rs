//! Templates of URLs and bodies: literal text with placeholders in it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Number, Numbering, Occurrence};

mod error;
mod lint;
mod parse;
mod placeholder;
mod url;

pub use error::{TemplateError, TemplateErrorKind, UrlPlace};
pub use lint::{TemplateLint, TemplateLintKind};
pub use placeholder::Placeholder;
pub(crate) use placeholder::rfc3339;
use url::Url;

/// A URL or a body with placeholders: `<$name>`, `<base64($name)>`, `<e164($name)>`, `<json($name)>`.
///
/// It is split into its parts once, at load. Rendering puts each value into its place once and never looks at the
/// result again, so no value can start a placeholder of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    form: Form,
}

#[derive(Clone, PartialEq, Eq)]
enum Form {
    /// Values are percent-encoded.
    Url(Url),
    /// Values stand as they are.
    Body(Vec<Part>),
}

/// One piece of a template.
#[derive(Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Value { placeholder: Placeholder, function: Function },
}

/// What is done to a value before it is put in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Function {
    /// Nothing.
    Plain,
    /// The standard alphabet with padding (RFC 4648 4).
    Base64,
    /// The value as `+…` where the numbering plan decides it, else nothing.
    E164,
    /// The value as a JSON string, with its quotes.
    Json,
}

/// Where the gateway stands: how it writes times and reads numbers.
#[derive(Clone, Debug)]
pub struct Locale {
    /// The zone of `<$call_*_time>` and `<$event_time>`.
    pub zone: TimeZone,
    /// The rules of `<$remote_party_e164>` and `<e164($x)>`.
    pub numbering: Numbering,
}

impl Template {
    /// Reads the template of a URL. It must be an absolute `http` or `https` URL; every value in it will be
    /// percent-encoded but for the unreserved characters (RFC 3986 2.3).
    ///
    /// # Errors
    /// What is wrong and where: an unknown or unclosed placeholder, one in scheme, credentials, host or port, a
    /// character that no URL has, or no such URL at all.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let parts = parse::parts(text)?;
        Ok(Self { text: text.to_owned(), form: Form::Url(Url::new(text, parts)?) })
    }

    /// Reads the template of a body. Values stand in it as they are: `<json($x)>` makes a JSON string of one,
    /// quotes included.
    ///
    /// # Errors
    /// An unknown or unclosed placeholder.
    pub fn parse_body(text: &str) -> Result<Self, TemplateError> {
        let parts = parse::parts(text)?.into_iter().map(|(_offset, part)| part).collect();
        Ok(Self { text: text.to_owned(), form: Form::Body(parts) })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is allowed here but is probably not meant.
    #[must_use]
    pub fn lints(&self) -> Vec<TemplateLint> {
        match &self.form {
            Form::Url(_) => lint::url(&self.text),
            Form::Body(_) => lint::body(&self.text),
        }
    }

    /// The text with every placeholder replaced.
    #[must_use]
    pub fn render(&self, occurrence: &Occurrence, locale: &Locale) -> String {
        match &self.form {
            Form::Url(url) => url.render(&|placeholder, function| {
                let value = value(placeholder, function, occurrence, locale);
                utf8_percent_encode(&value, RESERVED).to_string()
            }),
            Form::Body(parts) => {
                concat(parts, &|placeholder, function| value(placeholder, function, occurrence, locale))
            }
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text may carry an administrator's credentials in its query.
        f.write_str("Template(…)")
    }
}

/// Everything but RFC 3986's unreserved characters is percent-encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The text that stands for one placeholder.
type Fill<'a> = dyn Fn(Placeholder, Function) -> String + 'a;

fn concat(parts: &[Part], fill: &Fill<'_>) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Value { placeholder, function } => out.push_str(&fill(*placeholder, *function)),
        }
    }
    out
}

fn value(placeholder: Placeholder, function: Function, occurrence: &Occurrence, locale: &Locale) -> String {
    let plain = placeholder.value(occurrence, locale);
    match function {
        Function::Plain => plain,
        Function::Base64 => BASE64.encode(plain),
        Function::E164 => locale.numbering.e164(&Number::new(plain)).unwrap_or_default(),
        Function::Json => serde_json::Value::String(plain).to_string(),
    }
}
