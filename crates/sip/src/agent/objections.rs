//! What stands against a request before anybody asks what it means (RFC 3261 8.2).

use super::Answer;
use super::incoming::Request;
use crate::dialog::Terms;
use crate::message::{CSTA, text};
use crate::{Body, Method};

impl Request<'_> {
    /// What stands against any request, in a dialog or not (RFC 3261 8.2.1, 8.2.2.3, 8.2.3): a method nobody here
    /// serves, an extension nobody here has, a body in a coding nobody here reads, a session that would be too short.
    pub(super) fn objection(&self) -> Option<Answer> {
        let known = unserved(self.method).or_else(|| self.unknown_extension()).or_else(|| self.unknown_coding());
        known.or_else(|| {
            let refreshes = *self.method == Method::INVITE || *self.method == Method::UPDATE;
            let too_short = refreshes && Terms::is_too_short(self.message);
            too_short.then(|| Answer::new(422).with_header("Min-SE", Terms::SHORTEST.as_secs()))
        })
    }

    fn unknown_coding(&self) -> Option<Answer> {
        let foreign = |coding: &[u8]| !coding.eq_ignore_ascii_case(b"identity");
        let coded = !self.message.body.is_empty() && self.message.list("Content-Encoding").any(foreign);
        coded.then(|| Answer::new(415).with_header("Accept-Encoding", "identity"))
    }

    pub(super) fn unknown_extension(&self) -> Option<Answer> {
        let unknown = |option: &&[u8]| !option.eq_ignore_ascii_case(Terms::OPTION.as_bytes());
        let required: Vec<_> = self.message.list("Require").filter(unknown).map(text::readable).collect();
        (!required.is_empty()).then(|| Answer::new(420).with_header("Unsupported", required.join(", ")))
    }
}

/// The refusal of a method that nobody here serves (RFC 3261 8.2.1, 21.5.2).
pub(super) fn unserved(method: &Method) -> Option<Answer> {
    let status = if method.is_registered() { 405 } else { 501 };
    (!method.is_known()).then(|| Answer::new(status).with_header("Allow", Method::allow()))
}

/// The refusal of an INVITE that wants to agree on media (RFC 3261 8.2.3).
pub(super) fn foreign_body(body: Option<&Body>) -> Option<Answer> {
    let foreign = body.is_some_and(|body| !body.is(CSTA));
    foreign.then(|| Answer::new(415).with_header("Accept", CSTA))
}
