//! Destinations: where an administrator wants which occurrences to go, and what is sent there.

use std::fmt;

use compact_str::CompactString;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Action, CallGuid, CallResult, Direction, LineId, Locale, Number, NumberPattern, Occurrence, Placeholder, Template,
    template::rfc3339,
};

/// The stable name of a destination: what waits for it outlives a restart and a reload.
///
/// By convention the first 16 hex digits of the SHA-256 over method, URL and body as they are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DestinationId(pub CompactString);

/// One `[[action_url]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Its name, stable over restarts.
    pub id: DestinationId,
    /// The actions it is for.
    pub on: Vec<Action>,
    /// Where to.
    pub url: Template,
    /// Shown in the external web browser instead of being requested.
    pub open_in_browser: bool,
    /// How long it is worth trying.
    pub profile: Profile,
    /// Which calls it is for.
    pub filter: Filter,
    /// GET or POST.
    pub method: Method,
    /// What a POST carries.
    pub body: Option<Body>,
}

/// Which occurrences a destination is for. An empty list stands for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of these lines.
    pub lines: Vec<LineId>,
    /// Of calls in this direction.
    pub direction: Option<Direction>,
    /// Whose other side has such a number, as delivered or as `+…`.
    pub remote: Vec<NumberPattern>,
    /// That end this way. What has not ended has no result, so this passes `disconnected` alone.
    pub result: Vec<CallResult>,
}

/// How long a delivery is worth trying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A screen pop: late is worse than never.
    Pop,
    /// A record: tried for days.
    #[default]
    Log,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Without a body.
    #[default]
    Get,
    /// With one.
    Post,
}

/// What a POST carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Every placeholder in one flat JSON object, named as it is written without `<$ >`; every value is a string.
    Json,
    /// A CloudEvent in the structured JSON format (CloudEvents 1.0), with the same object as its data.
    CloudEvent,
    /// The administrator's own text.
    Template(Template),
}

/// A request that is ready to be kept and sent. Its `Debug` leaves out URL and body, which carry numbers and names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// Where it belongs.
    pub destination: DestinationId,
    /// The id every attempt carries: `guid:sequence`.
    pub event_id: String,
    /// The call; requests of one call go out in order.
    pub guid: CallGuid,
    /// Its place in the call.
    pub sequence: u32,
    /// GET or POST.
    pub method: Method,
    /// The URL, complete.
    pub url: String,
    /// The body's media type, if it has one.
    pub content_type: Option<String>,
    /// The body, if it has one.
    pub body: Option<String>,
    /// Shown in a browser instead of being requested.
    pub browser: bool,
    /// How long it is worth trying.
    pub profile: Profile,
}

impl Destination {
    /// The request that this occurrence makes here; `None` where the destination is not for it.
    #[must_use]
    pub fn render(&self, occurrence: &Occurrence, locale: &Locale) -> Option<Rendered> {
        if !self.on.contains(&occurrence.action) || !self.filter.passes(occurrence, locale) {
            return None;
        }
        let body = match self.method {
            Method::Get => None,
            Method::Post => self.body.as_ref(),
        };
        Some(Rendered {
            destination: self.id.clone(),
            event_id: occurrence.facts.event_id(),
            guid: occurrence.facts.guid,
            sequence: occurrence.facts.sequence,
            method: self.method,
            url: self.url.render(occurrence, locale),
            content_type: body.map(|body| body.content_type().to_owned()),
            body: body.map(|body| body.render(occurrence, locale)),
            browser: self.open_in_browser,
            profile: self.profile,
        })
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered")
            .field("event_id", &self.event_id)
            .field("destination", &self.destination)
            .field("method", &self.method)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl Filter {
    fn passes(&self, occurrence: &Occurrence, locale: &Locale) -> bool {
        let facts = &occurrence.facts;
        let line = self.lines.is_empty() || self.lines.contains(&facts.line.id);
        let direction = self.direction.is_none_or(|direction| direction == facts.direction);
        let result = self.result.is_empty() || facts.result.is_some_and(|result| self.result.contains(&result));
        line && direction && result && self.passes_remote(&facts.remote.number, locale)
    }

    fn passes_remote(&self, remote: &Number, locale: &Locale) -> bool {
        if self.remote.is_empty() {
            return true;
        }
        let world = locale.numbering.e164(remote).map(Number::new);
        self.remote.iter().any(|pattern| pattern.matches(remote) || world.as_ref().is_some_and(|n| pattern.matches(n)))
    }
}

impl Body {
    /// The media type. Of a template it is what its first character shows: JSON, XML, or plain text.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::CloudEvent => "application/cloudevents+json; charset=utf-8",
            Self::Template(template) => match template.as_str().trim_start() {
                text if text.starts_with(['{', '[']) => "application/json",
                text if text.starts_with("<?xml") => "application/xml",
                _ => "text/plain; charset=utf-8",
            },
        }
    }

    fn render(&self, occurrence: &Occurrence, locale: &Locale) -> String {
        match self {
            Self::Json => Value::Object(data(occurrence, locale)).to_string(),
            Self::CloudEvent => cloud_event(occurrence, locale).to_string(),
            Self::Template(template) => template.render(occurrence, locale),
        }
    }
}

/// Every placeholder under its name.
fn data(occurrence: &Occurrence, locale: &Locale) -> Map<String, Value> {
    let entry = |placeholder: &Placeholder| {
        (placeholder.name().to_owned(), Value::String(placeholder.value(occurrence, locale)))
    };
    Placeholder::ALL.iter().map(entry).collect()
}

/// CloudEvents 1.0, "Structured Content Mode" of its JSON format.
fn cloud_event(occurrence: &Occurrence, locale: &Locale) -> Value {
    let facts = &occurrence.facts;
    json!({
        "specversion": "1.0",
        "id": facts.event_id(),
        "source": format!("/hookswitch/lines/{}", utf8_percent_encode(&facts.line.id.0, NON_ALPHANUMERIC)),
        "type": format!("hookswitch.call.{}", occurrence.action.as_str()),
        "subject": facts.guid.to_string(),
        "time": rfc3339(facts.at, &locale.zone),
        "datacontenttype": "application/json",
        "data": data(occurrence, locale),
    })
}
