//! One call to render.

use std::sync::Arc;

use call_model::{
    Action, CallGuid, CallResult, Cause, Direction, Facts, Line, LineId, Locale, Number, Numbering, Occurrence, Party,
};
use jiff::{Timestamp, tz};

/// Central European time, Berlin's numbers.
pub fn locale() -> Locale {
    let numbering = Numbering { country: "DE".parse().ok(), area: Some("30".into()), outside_line: None };
    Locale { zone: tz::TimeZone::fixed(tz::offset(1)), numbering }
}

/// An inbound call, as it stands at this action.
pub fn occurrence(action: Action) -> Occurrence {
    let time = |text: &str| -> Timestamp { text.parse().unwrap() };
    let ended = action == Action::Disconnected;
    let answered = ended || action == Action::Connected || action == Action::Hold;
    let facts = Facts {
        line: Arc::new(Line {
            id: LineId("front desk".into()),
            number: Number::new("987"),
            domain: "example.com".into(),
            name: None,
            link: "desk".into(),
            device: "sip:987@example.com".into(),
            remote_hold: false,
        }),
        guid: CallGuid("01234567-89ab-7cde-8f01-23456789abcd".parse().unwrap()),
        sequence: 3,
        at: time("2019-03-25T09:34:34.25Z"),
        direction: Direction::Inbound,
        on_hold: action == Action::Hold,
        created: time("2019-03-25T09:34:22Z"),
        connected: answered.then(|| time("2019-03-25T09:34:27Z")),
        disconnected: ended.then(|| time("2019-03-25T09:34:34Z")),
        duration_seconds: if answered { 7 } else { 0 },
        ring_seconds: 5,
        hold_seconds: 2,
        remote: Party {
            number: Number::new("+49301234567"),
            name: "Bob \"Café\" & Söhne".into(),
            device: "N<+49301234567>Bob".into(),
        },
        called: Number::new("600"),
        answering: Number::new("987"),
        redirecting: Number::new("601"),
        cause: Cause("normalClearing".into()),
        result: ended.then_some(CallResult::Answered),
        correlation: "c-1".into(),
        synthetic: true,
    };
    Occurrence { action, facts }
}

/// The same with somebody else on the other side.
pub fn with_remote(mut occurrence: Occurrence, number: &str, name: &str) -> Occurrence {
    occurrence.facts.remote = Party { number: Number::new(number), name: name.into(), device: number.into() };
    occurrence
}
