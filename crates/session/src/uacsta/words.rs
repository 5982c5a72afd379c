//! What a phone's failure means, in words for an administrator.

use sip::{Ending, Failure};

use crate::capability::{Service, Source};
use crate::dialect::Dialect;

/// Why the phone did not take the session.
pub(super) fn refusal(failure: &Failure, has_credentials: bool) -> String {
    match failure {
        Failure::Status(answer) => match answer.status {
            401 | 407 if has_credentials => "the phone refuses the username or password of this link".into(),
            401 | 407 => "the phone asks for a login: set username and password of this link".into(),
            404 | 480 | 604 => {
                format!("{}: the phone does not know this address, or is not registered", status(answer))
            }
            415 | 488 | 606 => {
                format!("{}: the phone does not take CSTA; is uaCSTA switched on in its settings?", status(answer))
            }
            _ => format!("the phone refuses the session: {}", status(answer)),
        },
        Failure::Timeout => "the phone does not answer: is it on, and are address and port right?".into(),
        Failure::Flow => "nothing listens at the phone's address, or the connection was lost".into(),
    }
}

/// Why a request inside the session came to nothing.
pub(super) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Status(answer) => status(answer),
        Failure::Timeout => "the phone does not answer any more".into(),
        Failure::Flow => "the connection to the phone was lost".into(),
    }
}

/// Why a service is not asked for.
pub(super) fn lacks(service: Service, source: Source, dialect: &Dialect) -> String {
    match source {
        Source::Make => format!("a phone of this make ({}) has no {service}", dialect.make),
        Source::Phone => format!("the phone does not list {service} among its services"),
        Source::Tried => format!("the phone has refused {service} before, as not supported"),
    }
}

/// How the phone ended the session.
pub(super) fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Bye => "the phone ended the session",
        Ending::Unknown => "the phone does not know the session any more: it was restarted",
        Ending::Timeout => "the phone does not answer any more",
        Ending::Cancelled => "the phone took its call back",
        Ending::Disconnected => "the connection was lost",
        Ending::Unacknowledged => "the phone did not acknowledge the session",
    }
}

/// The statuses that end a dialog (RFC 3261 12.2.1.2).
pub(super) fn dialog_gone(status: u16) -> Option<Ending> {
    match status {
        481 => Some(Ending::Unknown),
        408 => Some(Ending::Timeout),
        _ => None,
    }
}

pub(super) fn status(answer: &sip::Answer) -> String {
    format!("{} {}", answer.status, answer.reason).trim_end().to_owned()
}
