//! Templates of URLs: which of its parts a placeholder may stand in, and how it is filled there.

use super::{Fill, Part, TemplateError, TemplateErrorKind, concat, error::UrlPlace};

/// An absolute http(s) URL (RFC 3986 3), split where no value may ever cross.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// Scheme, credentials, host and port: never a placeholder.
    origin: String,
    /// The path's segments, each behind its slash.
    path: Vec<Vec<Part>>,
    /// Query and fragment, from `?` or `#` on.
    tail: Vec<Part>,
}

impl Url {
    pub(super) fn new(text: &str, parts: Vec<(usize, Part)>) -> Result<Self, TemplateError> {
        let origin = check_origin(text, &parts)?;
        check_characters(text, &parts)?;
        let mut url = Self { origin: origin.to_owned(), path: Vec::new(), tail: Vec::new() };
        let mut skip = origin.len();
        for (_offset, part) in parts {
            match part {
                Part::Literal(literal) => {
                    url.push_literal(literal.get(skip..).unwrap_or_default());
                    skip = 0;
                }
                value @ Part::Value { .. } => url.current().push(value),
            }
        }
        Ok(url)
    }

    /// Adds literal text: slashes begin segments until a `?` or `#` ends the path.
    fn push_literal(&mut self, mut text: &str) {
        while self.tail.is_empty() && !text.is_empty() {
            if text.starts_with(['?', '#']) {
                break;
            }
            if let Some(rest) = text.strip_prefix('/') {
                self.path.push(Vec::new());
                text = rest;
            }
            let (head, rest) = text.split_at(text.find(['/', '?', '#']).unwrap_or(text.len()));
            push(self.current(), head);
            text = rest;
        }
        if !text.is_empty() {
            push(&mut self.tail, text);
        }
    }

    fn current(&mut self) -> &mut Vec<Part> {
        match self.path.last_mut() {
            Some(segment) if self.tail.is_empty() => segment,
            Some(_) | None => &mut self.tail,
        }
    }

    pub(super) fn render(&self, fill: &Fill<'_>) -> String {
        let mut out = self.origin.clone();
        for parts in &self.path {
            out.push('/');
            out.push_str(&segment(parts, fill));
        }
        out.push_str(&concat(&self.tail, fill));
        out
    }
}

fn push(parts: &mut Vec<Part>, literal: &str) {
    if !literal.is_empty() {
        parts.push(Part::Literal(literal.to_owned()));
    }
}

/// A path segment. Where values would make it `.` or `..`, they are left out: such a segment would change the depth
/// of the path at the receiver, encoded or not (RFC 3986 5.2.4, 6.2.2.2).
fn segment(parts: &[Part], fill: &Fill<'_>) -> String {
    let text = concat(parts, fill);
    match text.to_ascii_lowercase().replace("%2e", ".").as_str() {
        "." | ".." => concat(parts, &|_, _| String::new()),
        _ => text,
    }
}

/// Scheme and authority, which must be literal.
fn check_origin<'a>(text: &'a str, parts: &[(usize, Part)]) -> Result<&'a str, TemplateError> {
    let first_value = parts.iter().find(|(_, part)| matches!(part, Part::Value { .. })).map(|(offset, _)| *offset);
    let Some(scheme) = ["http://", "https://"].into_iter().find(|scheme| starts_with(text, scheme)) else {
        let scheme_end = text.find("://").unwrap_or(0);
        return Err(match first_value {
            Some(at) if at < scheme_end.max(1) => misplaced(text, at, UrlPlace::Scheme),
            Some(_) | None => TemplateError::at(text, 0, TemplateErrorKind::NotHttp),
        });
    };
    let behind = text.get(scheme.len()..).unwrap_or_default();
    let (authority, _path) = behind.split_at(behind.find(['/', '?', '#']).unwrap_or(behind.len()));
    let end = scheme.len() + authority.len();
    if let Some(at) = first_value.filter(|at| *at < end) {
        return Err(misplaced(text, at, place(authority, at - scheme.len())));
    }
    if !is_authority(authority) {
        return Err(TemplateError::at(text, scheme.len(), TemplateErrorKind::NoHost));
    }
    Ok(text.get(..end).unwrap_or_default())
}

fn starts_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
}

fn misplaced(text: &str, at: usize, place: UrlPlace) -> TemplateError {
    TemplateError::at(text, at, TemplateErrorKind::Misplaced(place))
}

/// Which part of the authority an offset lies in.
fn place(authority: &str, at: usize) -> UrlPlace {
    let (before, after) = authority.split_at_checked(at).unwrap_or((authority, ""));
    if after.contains('@') {
        return UrlPlace::Credentials;
    }
    let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
    let outside_brackets = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
    if outside_brackets.contains(':') { UrlPlace::Port } else { UrlPlace::Host }
}

/// `[user[:password]@]host[:port]` with a host in it.
fn is_authority(authority: &str) -> bool {
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => (address, port),
        Some(_) => return false,
        None => host_port.split_at(host_port.find(':').unwrap_or(host_port.len())),
    };
    let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    !host.is_empty() && !host.contains(['[', ']']) && port_fits
}

/// Literal text is sent as it is written, so only what no client could send is refused.
fn check_characters(text: &str, parts: &[(usize, Part)]) -> Result<(), TemplateError> {
    for (offset, part) in parts {
        let Part::Literal(literal) = part else { continue };
        let bad =
            literal.char_indices().find(|(_, c)| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '\\' | '`'));
        if let Some((at, c)) = bad {
            return Err(TemplateError::at(text, offset + at, TemplateErrorKind::Character(c)));
        }
    }
    Ok(())
}
