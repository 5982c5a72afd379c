//! The text of the file, to show places of it without ever showing a secret that is written in it.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use super::error::{Place, nearest};

/// The text of a configuration file and the lines of it that must not be shown.
pub struct Source {
    name: String,
    text: String,
    hidden: Vec<Range<usize>>,
}

impl Source {
    /// `name` is what the file is called in messages.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), hidden: Vec::new() }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Remembers where `document` has secrets in clear: their lines are not shown.
    pub fn hide_secrets(&mut self, document: &Spanned<DeValue<'_>>) {
        collect_secrets(document, false, &mut self.hidden);
    }

    /// After a syntax error a secret may stand where no key leads to it: lines that speak of one are not shown.
    pub fn hide_suspects(&mut self) {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let lower = line.to_lowercase();
            if SECRET_KEYS.iter().chain(&["authorization"]).any(|key| lower.contains(key)) {
                self.hidden.push(start..start + line.len());
            }
            start += line.len();
        }
    }

    /// The place where `span` begins.
    pub fn place(&self, span: Range<usize>) -> Place {
        let offset = self.floor(span.start.min(self.text.len()));
        let before = self.text.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        let end = self.floor(span.end.clamp(offset, start + line.len().max(offset - start)));
        let width = self.text.get(offset..end).unwrap_or_default().chars().count().max(1);
        let whole = start..start + line.len();
        let hidden = self.hidden.iter().any(|secret| secret.start <= whole.end && whole.start < secret.end);
        Place {
            file: self.name.clone(),
            offset,
            line: before.matches('\n').count() + 1,
            column,
            excerpt: (!hidden).then(|| (printable(line), width)),
        }
    }

    /// The byte in the file of the byte `inside` of the string value at `span`: exact for a string without escapes.
    pub fn within(&self, span: &Range<usize>, inside: Range<usize>) -> Range<usize> {
        let written = self.text.get(span.clone()).unwrap_or_default();
        // TOML drops a line end right behind three quotes.
        let quotes = match written {
            _ if written.starts_with("\"\"\"\n") || written.starts_with("'''\n") => 4,
            _ if written.starts_with("\"\"\"") || written.starts_with("'''") => 3,
            _ => 1,
        };
        let literal = written.starts_with('\'') || !written.contains('\\');
        let (start, end) = (span.start + quotes + inside.start, span.start + quotes + inside.end);
        if literal && end <= span.end { start..end } else { span.clone() }
    }

    fn floor(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

/// Keys whose value is a secret if it is written in clear.
const SECRET_KEYS: [&str; 6] = ["password", "password_hash", "token", "key", "sign", "headers"];

/// A mistyped `pasword` is a secret's key as well.
fn is_secret(key: &str) -> bool {
    nearest(key, SECRET_KEYS).is_some()
}

fn collect_secrets(value: &Spanned<DeValue<'_>>, secret: bool, found: &mut Vec<Range<usize>>) {
    if let Some(table) = value.get_ref().as_table() {
        for (key, value) in table {
            // `{ file = … }` and its sisters name where the secret is; anything else in there may be one.
            let reference = ["file", "env", "credential"].contains(&key.get_ref().as_ref());
            let secret = (secret && !reference) || is_secret(key.get_ref());
            collect_secrets(value, secret, found);
        }
    } else if let Some(array) = value.get_ref().as_array() {
        for value in array {
            collect_secrets(value, secret, found);
        }
    } else if secret || value.get_ref().as_str().is_some_and(has_credentials) {
        found.push(value.span());
    }
}

/// `https://user:password@host/…`, or a token alone before the `@`.
pub fn has_credentials(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(credentials, _)| !credentials.is_empty())
}

/// One column a character: what the terminal must not obey becomes a blank.
fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
