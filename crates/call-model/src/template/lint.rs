//! What is allowed in a template but is probably not meant.

use std::fmt;

use super::{Function, Part, error::column, parse::parts};

/// Something in a template that is probably not meant; the template is used as it is written all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateLint {
    /// Where in the template, in bytes from its start.
    pub offset: usize,
    /// Where in the template, in characters from 1.
    pub column: usize,
    /// What it is.
    pub kind: TemplateLintKind,
}

/// The kinds of [`TemplateLint`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateLintKind {
    /// `…<$x>name=…`: the value and the name run into one another.
    MissingAmpersand {
        /// The name that has no `&` before it.
        name: String,
    },
    /// `?<$x>…`: the value is a key, so a caller decides the names of the query.
    ValueAsKey,
    /// `%` without two hex digits behind it.
    StrayPercent,
    /// Behind `#`: a fragment is shown by a browser but never sent.
    InFragment,
    /// A plain value in a JSON body: a quote in a name would break it.
    RawInJson,
}

impl fmt::Display for TemplateLint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: ", self.column)?;
        match &self.kind {
            TemplateLintKind::MissingAmpersand { name } => {
                write!(
                    f,
                    "`{name}=` follows a placeholder without an `&`: it is sent as written and becomes part of the value"
                )
            }
            TemplateLintKind::ValueAsKey => {
                f.write_str("a placeholder stands where the query has a name: write `name=` before it")
            }
            TemplateLintKind::StrayPercent => f.write_str("a `%` is not followed by two hex digits: write `%25`"),
            TemplateLintKind::InFragment => {
                f.write_str("this placeholder stands behind a `#`: a browser sees it, but it is never sent")
            }
            TemplateLintKind::RawInJson => f.write_str(
                "a value in a JSON body needs its quotes and escapes: write `<json($name)>` and no quotes around it",
            ),
        }
    }
}

/// The lints of a URL that has been parsed.
pub(super) fn url(text: &str) -> Vec<TemplateLint> {
    let mut lints = Vec::new();
    let mut place = Place::Path;
    let mut behind_value = false;
    for (offset, part) in parts(text).unwrap_or_default() {
        match part {
            Part::Value { .. } => {
                match place {
                    Place::Key => lints.push(lint(text, offset, TemplateLintKind::ValueAsKey)),
                    Place::Fragment => lints.push(lint(text, offset, TemplateLintKind::InFragment)),
                    Place::Path | Place::Value => {}
                }
                behind_value = true;
            }
            Part::Literal(literal) => {
                if let (true, Place::Value, Some(name)) = (behind_value, place, leading_name(&literal)) {
                    lints.push(lint(text, offset, TemplateLintKind::MissingAmpersand { name: name.to_owned() }));
                }
                let stray = stray_percents(&literal).map(|at| lint(text, offset + at, TemplateLintKind::StrayPercent));
                lints.extend(stray);
                place = literal.chars().fold(place, Place::after);
                behind_value = false;
            }
        }
    }
    lints
}

/// The lints of a body that has been parsed.
pub(super) fn body(text: &str) -> Vec<TemplateLint> {
    if !text.trim_start().starts_with(['{', '[']) {
        return Vec::new();
    }
    let parts = parts(text).unwrap_or_default().into_iter();
    let plain = parts.filter(|(_, part)| matches!(part, Part::Value { function: Function::Plain, .. }));
    plain.map(|(offset, _)| lint(text, offset, TemplateLintKind::RawInJson)).collect()
}

/// Where in a URL the next character stands.
#[derive(Clone, Copy)]
enum Place {
    Path,
    Key,
    Value,
    Fragment,
}

impl Place {
    fn after(self, c: char) -> Self {
        match (self, c) {
            (Self::Fragment, _) | (_, '#') => Self::Fragment,
            (Self::Path, '?') | (Self::Key | Self::Value, '&') => Self::Key,
            (Self::Key, '=') => Self::Value,
            (unchanged, _) => unchanged,
        }
    }
}

/// `name` where the text begins with `name=`.
fn leading_name(literal: &str) -> Option<&str> {
    let (name, _value) = literal.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    is_name.then_some(name)
}

fn stray_percents(literal: &str) -> impl Iterator<Item = usize> {
    literal
        .match_indices('%')
        .map(|(at, _)| at)
        .filter(|at| !literal.get(at + 1..at + 3).is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())))
}

fn lint(text: &str, offset: usize, kind: TemplateLintKind) -> TemplateLint {
    TemplateLint { offset, column: column(text, offset), kind }
}
