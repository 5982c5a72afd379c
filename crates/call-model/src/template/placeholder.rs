//! The placeholders: their names, and what each stands for.

use jiff::{Timestamp, fmt::strtime, tz::TimeZone};

use super::Locale;
use crate::{Action, CallResult, Direction, Facts, Occurrence};

macro_rules! placeholders {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a template can ask for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Placeholder { $($(#[$doc])* $variant,)* }

        impl Placeholder {
            /// All of them, the convention's thirteen first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it is written between `<$` and `>`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

placeholders! {
    /// `inbound`, `outbound`, `connected`, `hold`, `disconnected`.
    Action = "action",
    /// `inbound` or `outbound`, constant over the call's life.
    CallDirection = "call_direction",
    /// `0` inbound, `1` outbound.
    CallDirectionAsInt = "call_direction_as_int",
    /// The line as `number@domain`.
    LocalParty = "local_party",
    /// The line's configured name, else the same as `local_party`.
    LocalAlias = "local_alias",
    /// `on_hold` or `off_hold`.
    HoldState = "hold_state",
    /// Whole seconds since the answer, hold included.
    CallDurationSeconds = "call_duration_seconds",
    /// `2019-03-25T10-34-22`.
    CallCreatedTime = "call_created_time",
    /// The same format; empty if never connected.
    CallConnectedTime = "call_connected_time",
    /// The same format; empty before the end.
    CallDisconnectedTime = "call_disconnected_time",
    /// The call's id, 8-4-4-4-12 hex digits.
    CallGuid = "call_guid",
    /// The other side's number; empty if withheld or unknown.
    RemoteParty = "remote_party",
    /// The other side's name; empty if none.
    RemoteAlias = "remote_alias",
    /// The line's id.
    Line = "line",
    /// `guid:sequence`, stable over every attempt.
    EventId = "event_id",
    /// 1, 2, 3 … within the call.
    EventSequence = "event_sequence",
    /// RFC 3339 with offset.
    EventTime = "event_time",
    /// The CSTA cause as ECMA-323 spells it; empty if none.
    CallCause = "call_cause",
    /// How the call ended; empty before the end.
    CallResult = "call_result",
    /// The number that was dialled.
    CalledParty = "called_party",
    /// The device that answered.
    AnsweringParty = "answering_party",
    /// The last device that redirected the call.
    RedirectingParty = "redirecting_party",
    /// The other side's device identifier, raw as delivered.
    RemoteDevice = "remote_device",
    /// The other side's number as `+…` where the numbering plan decides it, else empty.
    RemotePartyE164 = "remote_party_e164",
    /// One id for all calls of a conversation.
    CorrelationId = "correlation_id",
    /// Whole seconds it rang.
    RingSeconds = "ring_seconds",
    /// Whole seconds it was on hold.
    HoldSeconds = "hold_seconds",
    /// `1` where resynchronisation made the event, else `0`.
    Synthetic = "synthetic",
}

impl Placeholder {
    /// The placeholder of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|placeholder| placeholder.name() == name)
    }

    /// What it stands for, as plain text.
    #[must_use]
    pub fn value(self, occurrence: &Occurrence, locale: &Locale) -> String {
        let facts = &occurrence.facts;
        match self {
            Self::Action => occurrence.action.as_str().to_owned(),
            Self::CallDirection => facts.direction.as_str().to_owned(),
            Self::CallDirectionAsInt => flag(facts.direction == Direction::Outbound),
            Self::LocalParty => facts.line.local_party(),
            Self::LocalAlias => facts.line.name.as_ref().map_or_else(|| facts.line.local_party(), ToString::to_string),
            Self::HoldState => hold_state(occurrence).to_owned(),
            Self::CallDurationSeconds => facts.duration_seconds.to_string(),
            Self::CallCreatedTime => local_time(Some(facts.created), &locale.zone),
            Self::CallConnectedTime => local_time(facts.connected, &locale.zone),
            Self::CallDisconnectedTime => local_time(facts.disconnected, &locale.zone),
            Self::CallGuid => facts.guid.to_string(),
            Self::RemoteParty => facts.remote.number.reveal().to_owned(),
            Self::RemoteAlias => facts.remote.name.to_string(),
            Self::Line => facts.line.id.to_string(),
            Self::EventId => facts.event_id(),
            Self::EventSequence => facts.sequence.to_string(),
            Self::EventTime => rfc3339(facts.at, &locale.zone),
            Self::CallCause => facts.cause.as_str().to_owned(),
            Self::CallResult => facts.result.map_or("", CallResult::as_str).to_owned(),
            Self::CalledParty => facts.called.reveal().to_owned(),
            Self::AnsweringParty => facts.answering.reveal().to_owned(),
            Self::RedirectingParty => facts.redirecting.reveal().to_owned(),
            Self::RemoteDevice => facts.remote.device.to_string(),
            Self::RemotePartyE164 => locale.numbering.e164(&facts.remote.number).unwrap_or_default(),
            Self::CorrelationId => facts.correlation.to_string(),
            Self::RingSeconds => facts.ring_seconds.to_string(),
            Self::HoldSeconds => facts.hold_seconds.to_string(),
            Self::Synthetic => flag(facts.synthetic),
        }
    }
}

impl Facts {
    /// `<$event_id>`: `guid:sequence`, stable over every attempt to deliver the event.
    #[must_use]
    pub fn event_id(&self) -> String {
        format!("{}:{}", self.guid, self.sequence)
    }
}

fn flag(set: bool) -> String {
    if set { "1" } else { "0" }.to_owned()
}

/// A call is on hold between its answer and its end only.
fn hold_state(occurrence: &Occurrence) -> &'static str {
    let talking = match occurrence.action {
        Action::Hold | Action::Connected => true,
        Action::Inbound | Action::Outbound | Action::Disconnected => false,
    };
    if talking && occurrence.facts.on_hold { "on_hold" } else { "off_hold" }
}

/// The convention's own format: `2019-03-25T10-34-22`.
fn local_time(time: Option<Timestamp>, zone: &TimeZone) -> String {
    time.map(|time| format("%Y-%m-%dT%H-%M-%S", time, zone)).unwrap_or_default()
}

pub(crate) fn rfc3339(time: Timestamp, zone: &TimeZone) -> String {
    format("%Y-%m-%dT%H:%M:%S%.3f%:z", time, zone)
}

fn format(layout: &str, time: Timestamp, zone: &TimeZone) -> String {
    // The layouts above are constant and every zoned time has all they name, so this cannot fail.
    strtime::format(layout, &time.to_zoned_datetime(zone.clone())).unwrap_or_default()
}
