//! What is wrong with a template, and where.

use thiserror::Error;

/// A template that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("column {column}: {kind}")]
pub struct TemplateError {
    /// Where in the template, in bytes from its start.
    pub offset: usize,
    /// Where in the template, in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub kind: TemplateErrorKind,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateErrorKind {
    /// `<$` or `<function($` without its end.
    #[error("this placeholder is not closed: write `<$name>` or `<function($name)>`")]
    Unclosed,
    /// A name that is no placeholder.
    #[error("there is no placeholder `<${name}>`{}", did_you_mean(*.nearest, "<$", ">"))]
    UnknownPlaceholder {
        /// As it was written.
        name: String,
        /// The nearest that exists.
        nearest: Option<&'static str>,
    },
    /// A name that is no function.
    #[error("there is no function `{name}`{}", did_you_mean(*.nearest, "", ""))]
    UnknownFunction {
        /// As it was written.
        name: String,
        /// The nearest that exists.
        nearest: Option<&'static str>,
    },
    /// A placeholder where it would decide whom the gateway talks to.
    #[error("a placeholder may stand in path, query and fragment, never in the {0}")]
    Misplaced(UrlPlace),
    /// Not `http://…` or `https://…`.
    #[error("this is no absolute URL: it must begin with `http://` or `https://`")]
    NotHttp,
    /// No host, or one that is none.
    #[error("the URL names no valid host and port after `://`")]
    NoHost,
    /// A character that no URL has.
    #[error("{0:?} may not stand in a URL: write it percent-encoded")]
    Character(char),
}

/// The parts of a URL that no placeholder may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UrlPlace {
    /// `http`.
    #[error("scheme")]
    Scheme,
    /// `user:password@`.
    #[error("credentials")]
    Credentials,
    /// `example.com`.
    #[error("host")]
    Host,
    /// `:8080`.
    #[error("port")]
    Port,
}

impl TemplateError {
    /// An error at a byte offset of `text`.
    pub(super) fn at(text: &str, offset: usize, kind: TemplateErrorKind) -> Self {
        Self { offset, column: column(text, offset), kind }
    }
}

/// Characters from 1.
pub(super) fn column(text: &str, offset: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < offset).count() + 1
}

fn did_you_mean(nearest: Option<&'static str>, before: &str, after: &str) -> String {
    nearest.map(|nearest| format!("; did you mean `{before}{nearest}{after}`?")).unwrap_or_default()
}
