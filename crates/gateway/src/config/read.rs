//! Text → [`Raw`]: everything that is wrong with the shape of the file, told at once.

use std::ops::Range;

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue, Error, ValueDeserializer},
};

use super::{
    error::{Finding, suggest},
    raw::Raw,
    source::Source,
};

/// No file is read further than this many errors.
const MOST: usize = 50;

/// Reads the text of `source`, and lets the source know which of its lines hold secrets.
///
/// An unknown key and a value of the wrong type are reported and set aside, so that the rest of the file is read too.
pub fn read(source: &mut Source) -> Result<Raw, Vec<Finding>> {
    let text = source.text().to_owned();
    let (table, errors) = DeTable::parse_recoverable(&text);
    let mut document = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    source.hide_secrets(&document);
    if !errors.is_empty() {
        source.hide_suspects();
        return Err(errors.iter().take(MOST).map(|error| syntax(source, error)).collect());
    }
    let (mut findings, mut aside) = (Vec::new(), Vec::<Range<usize>>::new());
    loop {
        match Raw::deserialize(ValueDeserializer::from(document.clone())) {
            Ok(raw) if findings.is_empty() => return Ok(raw),
            Ok(_) => return Err(findings),
            Err(error) => {
                let span = error.span().unwrap_or_default();
                // A table that lacks what was set aside in it was reported already.
                if !aside.iter().any(|inner| span.start <= inner.start && inner.end < span.end) {
                    findings.push(shape(source, &error));
                }
                if !set_aside(document.get_mut(), &span) || findings.len() >= MOST {
                    return Err(findings);
                }
                aside.push(span);
            }
        }
    }
}

fn syntax(source: &Source, error: &Error) -> Finding {
    let mut finding =
        Finding::error(source, error.span().unwrap_or_default(), format!("not TOML: {}", error.message()));
    finding.help("strings stand in quotes, tables begin with [name] or [[name]]");
    finding
}

/// serde's words, as an administrator would say them; never a value, which may be a secret.
fn shape(source: &Source, error: &Error) -> Finding {
    let span = error.span().unwrap_or_default();
    let message = error.message();
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return unknown(source, span, "key", rest);
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        return unknown(source, span, "value", rest);
    }
    let Some((found, expected)) = mismatch(message) else {
        return Finding::error(source, span, message);
    };
    let mut finding = Finding::error(source, span, format!("expected {expected}, found {found}"));
    if expected.contains("string") && found == "a number" {
        finding.help("write it in quotes");
    }
    finding
}

/// "`x`, expected one of `a`, `b`"
fn unknown(source: &Source, span: Range<usize>, what: &str, rest: &str) -> Finding {
    let (found, expected) = rest.rsplit_once(", ").unwrap_or((rest, ""));
    let (found, expected) = rest.split_once("`, expected ").unwrap_or((found, expected));
    let found = found.trim_matches('`');
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let mut finding = Finding::error(source, span, format!("unknown {what} `{found}`"));
    finding.help(suggest(found, known));
    finding
}

/// "invalid type: string "x", expected a boolean" → ("a string", "a boolean")
fn mismatch(message: &str) -> Option<(&'static str, &str)> {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    let (_, expected) = rest.rsplit_once(", expected ")?;
    let found = match rest.split([' ', ',']).next()? {
        "string" => "a string",
        "integer" | "floating" => "a number",
        "boolean" => "a boolean",
        "map" => "a table",
        "sequence" => "an array",
        _ => "something else",
    };
    let expected = match expected {
        // Names of our own structs are no words of the file.
        "a sequence" => "an array",
        struct_name if struct_name.starts_with("struct ") => "a table",
        other => other,
    };
    Some((found, expected))
}

/// Removes what stands exactly at `span`, a key or a value.
fn set_aside(value: &mut DeValue<'_>, span: &Range<usize>) -> bool {
    match value {
        DeValue::Table(table) => {
            let at = |key: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>| {
                key.span() == *span || value.span() == *span
            };
            let found = table.iter().find(|(key, value)| at(key, value)).map(|(key, _)| key.get_ref().to_string());
            match found {
                Some(key) => table.remove(key.as_str()).is_some(),
                None => table.iter_mut().any(|(_, value)| set_aside(value.get_mut(), span)),
            }
        }
        DeValue::Array(array) => {
            let kept: Vec<_> = array.iter().filter(|value| value.span() != *span).cloned().collect();
            if kept.len() < array.len() {
                *array = kept.into_iter().collect();
                return true;
            }
            array.iter_mut().any(|value| set_aside(value.get_mut(), span))
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            false
        }
    }
}
