//! The grammar of templates.
//!
//! ```text
//! template    = *( placeholder / literal )
//! placeholder = "<$" name ">" / "<" function "($" name ")>"
//! literal     = any other text; a "<" that opens no placeholder is one
//! ```

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, take_while, take_while1},
    character::complete::char,
    combinator::{map, verify},
    sequence::{delimited, preceded, terminated},
};

use super::{Function, Part, Placeholder, TemplateError, TemplateErrorKind};

/// The parts of a template, each with its byte offset.
pub(super) fn parts(text: &str) -> Result<Vec<(usize, Part)>, TemplateError> {
    let mut parts = Vec::new();
    let (mut literal, mut at) = (0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('<')) {
        at += found;
        let rest = text.get(at..).unwrap_or_default();
        if opening(rest).is_err() {
            at += 1;
            continue;
        }
        let (behind, written) =
            placeholder(rest).map_err(|_| TemplateError::at(text, at, TemplateErrorKind::Unclosed))?;
        push_literal(&mut parts, text, literal, at);
        parts.push((at, written.resolve().map_err(|kind| TemplateError::at(text, at, kind))?));
        at = text.len() - behind.len();
        literal = at;
    }
    push_literal(&mut parts, text, literal, text.len());
    Ok(parts)
}

fn push_literal(parts: &mut Vec<(usize, Part)>, text: &str, from: usize, to: usize) {
    match text.get(from..to) {
        Some(literal) if !literal.is_empty() => parts.push((from, Part::Literal(literal.to_owned()))),
        Some(_) | None => {}
    }
}

/// A placeholder as it is written, known or not.
struct Written<'a> {
    function: Option<&'a str>,
    name: &'a str,
}

/// What only a placeholder begins with.
fn opening(input: &str) -> IResult<&str, ()> {
    alt((map(tag("<$"), drop), map((char('<'), word, tag("($")), drop))).parse(input)
}

fn placeholder(input: &str) -> IResult<&str, Written<'_>> {
    delimited(char('<'), alt((map(name, |name| Written { function: None, name }), call)), char('>')).parse(input)
}

fn call(input: &str) -> IResult<&str, Written<'_>> {
    let (rest, function) = terminated(word, char('(')).parse(input)?;
    let (rest, name) = terminated(name, char(')')).parse(rest)?;
    Ok((rest, Written { function: Some(function), name }))
}

fn name(input: &str) -> IResult<&str, &str> {
    preceded(char('$'), take_while(is_word)).parse(input)
}

fn word(input: &str) -> IResult<&str, &str> {
    verify(take_while1(is_word), |word: &str| !word.starts_with(|c: char| c.is_ascii_digit())).parse(input)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Written<'_> {
    fn resolve(&self) -> Result<Part, TemplateErrorKind> {
        let function = match self.function {
            None => Function::Plain,
            Some(name) => Function::named(name).ok_or_else(|| TemplateErrorKind::UnknownFunction {
                name: name.to_owned(),
                nearest: nearest(name, Function::NAMES.iter().copied()),
            })?,
        };
        let placeholder = Placeholder::named(self.name).ok_or_else(|| TemplateErrorKind::UnknownPlaceholder {
            name: self.name.to_owned(),
            nearest: nearest(self.name, Placeholder::ALL.iter().map(|known| known.name())),
        })?;
        Ok(Part::Value { placeholder, function })
    }
}

impl Function {
    const NAMES: [&'static str; 3] = ["base64", "e164", "json"];

    fn named(name: &str) -> Option<Self> {
        match name {
            "base64" => Some(Self::Base64),
            "e164" => Some(Self::E164),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// The known name that takes the fewest edits, if at most half of it has to change.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let edits = |known: &str| strsim::damerau_levenshtein(&name.to_ascii_lowercase(), known);
    known
        .map(|known| (edits(known), known))
        .min()
        .filter(|(edits, known)| *edits * 2 <= known.len())
        .map(|(_, known)| known)
}
