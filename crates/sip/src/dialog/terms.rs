//! What two sides agree on about the life of their session (RFC 4028).

use std::fmt;
use std::time::Duration;

use crate::message::{Message, Params, text};

/// A session ends after this time, unless one side refreshes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) interval: Duration,
    pub(crate) refresher: Refresher,
}

/// Who refreshes: the sender of the request that the terms stand in, or the one who answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresher {
    Uac,
    Uas,
}

impl Terms {
    /// The name of the extension.
    pub(crate) const OPTION: &'static str = "timer";
    /// Nobody may ask for less (RFC 4028 4).
    pub(crate) const SHORTEST: Duration = Duration::from_secs(90);

    /// What a request asks for, and what its 2xx says then (RFC 4028 9, table 2): a sender that does not know the
    /// extension cannot refresh.
    pub(crate) fn of_request(request: &Message<'_>) -> Option<Self> {
        let (interval, asked) = session_expires(request)?;
        let refresher = if knows(request) { asked.unwrap_or(Refresher::Uac) } else { Refresher::Uas };
        Some(Self { interval, refresher })
    }

    /// What a 2xx to our request says (RFC 4028 7.2).
    pub(crate) fn of_answer(answer: &Message<'_>) -> Option<Self> {
        let (interval, refresher) = session_expires(answer)?;
        Some(Self { interval, refresher: refresher.unwrap_or(Refresher::Uac) })
    }

    /// The request asks for less than anybody may, and its sender understands a 422 (RFC 4028 9).
    pub(crate) fn is_too_short(request: &Message<'_>) -> bool {
        knows(request) && session_expires(request).is_some_and(|(interval, _)| interval < Self::SHORTEST)
    }

    /// The shortest interval that a 422 would take.
    pub(crate) fn shortest(refusal: &Message<'_>) -> Option<Duration> {
        seconds(refusal.header("Min-SE")?).map(|(interval, _)| interval)
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refresher = match self.refresher {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        };
        write!(f, "{};refresher={refresher}", self.interval.as_secs())
    }
}

fn session_expires(message: &Message<'_>) -> Option<(Duration, Option<Refresher>)> {
    let (interval, params) = seconds(message.header("Session-Expires")?)?;
    let refresher = params.value("refresher").and_then(|refresher| match refresher.to_ascii_lowercase().as_slice() {
        b"uac" => Some(Refresher::Uac),
        b"uas" => Some(Refresher::Uas),
        _ => None,
    });
    Some((interval, refresher))
}

/// A number of seconds, and what stands behind it.
fn seconds(value: &[u8]) -> Option<(Duration, Params<'_>)> {
    let (seconds, params) = value.split_at(text::outside(value, b';').unwrap_or(value.len()));
    let seconds = text::number(text::trim(seconds))?;
    Some((Duration::from_secs(u64::from(seconds)), Params::parse(params).ok()?))
}

fn knows(message: &Message<'_>) -> bool {
    message.list("Supported").chain(message.list("Require")).any(|one| one.eq_ignore_ascii_case(b"timer"))
}
