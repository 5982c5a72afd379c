//! `[[action_url]]`: what is requested when, and how.

mod request;

use std::ops::Range;

use call_model::{
    Action, Body, Destination, DestinationId, Filter, Method, NumberPattern, Profile, Template, TemplateError,
};
use front::delivery::Endpoint;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::{Checker, lines::CheckedLine};
use crate::config::raw::{OneOrMany, RawActionUrl, RawMethod, RawProfile};

impl Checker<'_> {
    /// The action URLs that are switched on, each with the way it is requested. `both` is the switch over all.
    pub(super) fn action_urls(
        &mut self,
        raw: &[Spanned<RawActionUrl>],
        lines: &[CheckedLine],
        both: bool,
    ) -> (Vec<Destination>, Vec<Endpoint>) {
        let (mut destinations, mut endpoints): (Vec<Destination>, Vec<Endpoint>) = Default::default();
        let mut ids: Vec<String> = Vec::new();
        for table in raw {
            let enabled = both && table.get_ref().enabled.as_ref().is_none_or(|key| *key.get_ref());
            let Some(mut destination) = self.destination(table.get_ref(), table.span(), lines) else { continue };
            // Two that request the same are told apart by their order.
            let plain = destination.id.0.to_string();
            let twins = ids.iter().filter(|id| **id == plain).count();
            if twins > 0 {
                destination.id = DestinationId(format!("{plain}-{}", twins + 1).into());
            }
            ids.push(plain);
            let endpoint = self.endpoint(table.get_ref(), &destination);
            if enabled {
                destinations.push(destination);
                endpoints.extend(endpoint);
            }
        }
        let off = |table: &Spanned<RawActionUrl>| table.get_ref().enabled.as_ref().is_some_and(|on| !*on.get_ref());
        if both && !lines.is_empty() && raw.iter().all(off) {
            self.note(super::nothing_requested());
        }
        (destinations, endpoints)
    }

    fn destination(&mut self, raw: &RawActionUrl, span: Range<usize>, lines: &[CheckedLine]) -> Option<Destination> {
        let on = self.on(raw, &span);
        let url_key = self.required(&raw.url, &span, "url", "\"https://crm.example.com/call?number=<$remote_party>\"");
        let url = url_key.and_then(|key| self.template(key, Template::parse(key.get_ref())));
        let method = match raw.method.as_ref().map(Spanned::get_ref) {
            Some(RawMethod::Post) => Method::Post,
            Some(RawMethod::Get) | None => Method::Get,
        };
        let body = self.body(raw, &span, method);
        let filter = self.filter(raw, lines);
        let profile = match raw.profile.as_ref().map(Spanned::get_ref) {
            Some(RawProfile::Pop) => Profile::Pop,
            Some(RawProfile::Log) | None => Profile::Log,
        };
        let open_in_browser = raw.open_in_browser.as_ref().is_some_and(|key| *key.get_ref());
        self.browser_conflicts(raw, open_in_browser);
        let body_text = raw.body.as_ref().map_or("", |key| key.get_ref());
        let id = destination_id(method, url_key?.get_ref(), body_text);
        Some(Destination { id, on: on?, url: url?, open_in_browser, profile, filter, method, body: body? })
    }

    fn on(&mut self, raw: &RawActionUrl, span: &Range<usize>) -> Option<Vec<Action>> {
        let key = self.required(&raw.on, span, "on", "[\"inbound\", \"disconnected\"]")?;
        let mut on: Vec<Action> = Vec::new();
        for (place, action) in OneOrMany::items(&raw.on) {
            if on.contains(action) {
                self.error(place, "this action is listed twice");
            }
            on.push(*action);
        }
        if on.is_empty() {
            self.error(key.span(), "without an action this URL is never requested");
        }
        let ends = on.contains(&Action::Disconnected);
        if let Some(result) = raw.result.as_ref().filter(|_| !ends) {
            self.error(result.span(), "a call has a result only when it ends, and this URL is not for `disconnected`");
        }
        if let Some(result) = raw.result.as_ref().filter(|_| ends && on.len() > 1) {
            self.warn(
                result.span(),
                "a call has a result only when it ends: of this URL's actions only `disconnected` passes",
            );
        }
        Some(on)
    }

    /// An error or a lint of a template is shown at its own place inside the string.
    fn template(&mut self, key: &Spanned<String>, parsed: Result<Template, TemplateError>) -> Option<Template> {
        match parsed {
            Ok(template) => {
                for lint in template.lints() {
                    let place = self.source.within(&key.span(), lint.offset..lint.offset + 1);
                    let message = lint.to_string();
                    let message = message.split_once(": ").map_or(message.as_str(), |(_column, message)| message);
                    self.warn(place, message);
                }
                Some(template)
            }
            Err(error) => {
                let place = self.source.within(&key.span(), error.offset..error.offset + 1);
                self.error(place, error.kind.to_string());
                None
            }
        }
    }

    /// `Some(None)`: rightly none.
    fn body(&mut self, raw: &RawActionUrl, span: &Range<usize>, method: Method) -> Option<Option<Body>> {
        match (method, &raw.body) {
            (Method::Get, None) => Some(None),
            (Method::Get, Some(key)) => {
                self.error(key.span(), "a GET request has no body").help("method = \"POST\" sends it");
                None
            }
            (Method::Post, None) => {
                self.required(&raw.body, span, "body", "\"json\", \"cloudevent\" or a template");
                None
            }
            (Method::Post, Some(key)) => match key.get_ref().as_str() {
                "json" => Some(Some(Body::Json)),
                "cloudevent" => Some(Some(Body::CloudEvent)),
                text => self.template(key, Template::parse_body(text)).map(|template| Some(Body::Template(template))),
            },
        }
    }

    fn filter(&mut self, raw: &RawActionUrl, lines: &[CheckedLine]) -> Filter {
        self.not_empty(&raw.lines);
        self.not_empty(&raw.remote);
        self.not_empty(&raw.result);
        for (place, pattern) in OneOrMany::items(&raw.remote) {
            if pattern.trim().is_empty() {
                self.error(place, "an empty pattern matches withheld numbers alone")
                    .help("for example \"+49*\" or \"0171*\"");
            }
        }
        Filter {
            lines: self.line_ids(OneOrMany::items(&raw.lines), lines),
            direction: raw.direction.as_ref().map(|key| *key.get_ref()),
            remote: OneOrMany::items(&raw.remote).map(|(_, pattern)| NumberPattern::new(pattern)).collect(),
            result: OneOrMany::items(&raw.result).map(|(_, result)| *result).collect(),
        }
    }

    fn not_empty<T>(&mut self, key: &Option<Spanned<OneOrMany<T>>>) {
        if let Some(present) = key.as_ref().filter(|_| OneOrMany::items(key).next().is_none()) {
            self.error(present.span(), "an empty filter lets nothing through")
                .help("leave it out to let everything through");
        }
    }
}

/// The first 16 hex digits of the SHA-256 over method, URL and body as they are written.
fn destination_id(method: Method, url: &str, body: &str) -> DestinationId {
    let method = match method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let digest = Sha256::digest(format!("{method}\0{url}\0{body}"));
    DestinationId(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>().into())
}
