//! What is wrong with a configuration file, told so that it can be put right: place, line, caret, and what to do.

use std::{fmt, ops::Range};

use super::source::Source;

/// The errors that keep a file from being used, with the warnings found beside them, in the order of the file.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError {
    /// At least one of them is an error.
    pub findings: Vec<Finding>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            write!(f, "{finding}")?;
        }
        Ok(())
    }
}

/// Whether a file with this finding can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but an administrator should know.
    Warning,
}

/// One thing to say about one place of the file. Its `Display` is the whole of it, several lines, the last one ended.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Error or warning.
    pub severity: Severity,
    /// Where; `None` where it is about no one place.
    pub place: Option<Place>,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A place in the file, with its line as it is shown under the message.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file as it was named on the command line.
    pub file: String,
    /// The byte of the file where it begins.
    pub offset: usize,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The line and how many of its characters are meant; `None` where the line holds a secret.
    pub excerpt: Option<(String, usize)>,
}

impl Finding {
    /// An error at `span`.
    pub fn error(source: &Source, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place: Some(source.place(span)), message: message.into(), help: None }
    }

    /// A warning at `span`.
    pub fn warning(source: &Source, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(source, span, message) }
    }

    /// A finding about no one place of the file.
    pub fn general(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, place: None, message: message.into(), help: None }
    }

    /// What to do about it.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(f, "{severity}: {}", self.message)?;
        let margin = self.place.as_ref().map_or(1, |place| place.line.to_string().len());
        if let Some(place) = &self.place {
            writeln!(f, "{:margin$}--> {}:{}:{}", "", place.file, place.line, place.column)?;
            match &place.excerpt {
                Some((text, width)) => {
                    let (indent, caret) = (place.column.saturating_sub(1), "^".repeat(*width));
                    writeln!(f, "{:margin$} |", "")?;
                    writeln!(f, "{} | {text}", place.line)?;
                    writeln!(f, "{:margin$} | {:indent$}{caret}", "", "")?;
                }
                None => writeln!(f, "{:margin$} | (this line is not shown: it holds a secret)", "")?,
            }
        }
        match &self.help {
            Some(help) => writeln!(f, "{:margin$} = {help}", ""),
            None => Ok(()),
        }
    }
}

/// The one of `known` that `text` most likely meant to be.
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.8;
    let text = text.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (likeness(&text, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

fn likeness(a: &str, b: &str) -> f64 {
    // Two letters swapped in a short word: `upd`, `978`.
    let slip = a.len() > 2 && strsim::osa_distance(a, b) == 1;
    strsim::jaro_winkler(a, b).max(if slip { 0.9 } else { 0.0 })
}

/// "did you mean …?", or else all there is to choose from.
pub fn suggest<'a>(text: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(text, known.clone()) {
        return format!("did you mean `{near}`?");
    }
    let all: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
    match all.as_slice() {
        [] => "there is none in this file".to_owned(),
        [one] => format!("only {one} is known here"),
        several => format!("known here: {}", several.join(", ")),
    }
}
