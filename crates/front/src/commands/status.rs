//! The one place where an outcome becomes an HTTP status. Clients look at the status alone.

use std::time::Duration;

use call_model::{LineId, Outcome};
use hyper::StatusCode;

use super::answer::Answer;

/// What the client of a dial is told.
pub(super) fn answer(outcome: &Outcome, line: &LineId, waited: Duration) -> Answer {
    match outcome {
        Outcome::Accepted { .. } => Answer::closing(StatusCode::OK, "The phone accepted the call."),
        Outcome::Refused { reason } => {
            let text = format!(
                "The phone or PBX of line {line} refused the call: {reason}. Dial the number by hand at the phone: if that \
                 fails too, the reason is there; if not, look at the line's device in the configuration."
            );
            Answer::new(StatusCode::BAD_GATEWAY, text)
        }
        Outcome::NotSupported { reason } => {
            let text = format!(
                "Line {line} cannot dial: {reason}. Nothing was dialled. If the phone was set up otherwise or has new \
                 firmware, restart it: it is asked again then."
            );
            Answer::new(StatusCode::NOT_IMPLEMENTED, text)
        }
        Outcome::NoLine => Answer::new(
            StatusCode::NOT_FOUND,
            format!("The gateway has no line {line}: add it to the configuration as a [[line]]."),
        ),
        Outcome::NoLink { reason } => {
            let text = format!(
                "There is no link to the phone of line {line}: {reason}. Nothing was dialled. The gateway keeps trying; if it \
                 goes on, look at the line's [[link]] in the configuration, and whether uaCSTA is switched on in the phone."
            );
            Answer::new(StatusCode::SERVICE_UNAVAILABLE, text)
        }
        Outcome::NoAnswer => {
            let text = format!(
                "The phone of line {line} gave no answer within {} s. Whether it dials is unknown, and it is not asked again. \
                 If the phone is just slow, raise request_timeout of its [[link]] in the configuration.",
                waited.as_secs()
            );
            Answer::new(StatusCode::GATEWAY_TIMEOUT, text)
        }
    }
}

/// The outcome in the audit's words.
pub(super) fn audit(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { .. } => "accepted".to_owned(),
        Outcome::Refused { reason } => format!("refused: {reason}"),
        Outcome::NotSupported { reason } => format!("not supported: {reason}"),
        Outcome::NoLine => "no line".to_owned(),
        Outcome::NoLink { reason } => format!("no link: {reason}"),
        Outcome::NoAnswer => "no answer".to_owned(),
    }
}

/// Whether the phone may have been told: only then a dial counts for the rates.
pub(super) const fn was_sent(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Accepted { .. } | Outcome::Refused { .. } | Outcome::NoAnswer => true,
        Outcome::NotSupported { .. } | Outcome::NoLine | Outcome::NoLink { .. } => false,
    }
}
