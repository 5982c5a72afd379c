//! Where the standard's words become ours: the one place that names both a CSTA event and a call-model event.
//!
//! Everything is seen from one line. Whether a device means that line is decided on its normal form; where a phone
//! names its own device in a way nobody could foresee, the state of the line's own connection helps
//! (localConnectionInfo, optional in every event, so never relied on alone).

#[cfg(test)]
#[path = "tests/normalise.rs"] // by its name the layering test knows it: it meets both words, too
mod tests;

use call_model::{CallRef, Cause, ConnectionState, Event, Joined, Line, News, Number, Parties, Party, SnapshotCall};
use compact_str::CompactString;
use csta::{
    CallLinkageId, CallState, ConnectionId, ConnectionListItem, DeviceId, EventCause, EventKind, LocalConnectionState,
    SnapshotData, SnapshotDeviceResponse, SubjectDevice,
};

/// What an event means for the calls of a line; `None` if it is not about a call.
pub(crate) fn event(line: &Line, event: &csta::Event) -> Option<Event> {
    let seen = Seen { line, event };
    let news = match &event.kind {
        EventKind::ServiceInitiated => News::Initiated,
        EventKind::Originated => News::Originated,
        EventKind::NetworkReached => News::Reached,
        EventKind::Delivered | EventKind::Offered if event.cause == Some(EventCause::ENTERING_DISTRIBUTION) => {
            News::Queued
        }
        EventKind::Delivered | EventKind::Offered => News::Alerting { here: seen.alerts_here() },
        EventKind::Queued { .. } => News::Queued,
        EventKind::Established => News::Established { here: seen.by_line() },
        EventKind::Held => News::Held { here: seen.by_line() || seen.local_is(LocalConnectionState::Hold) },
        EventKind::Retrieved => News::Retrieved { here: seen.by_line() },
        EventKind::Failed => News::Failed,
        EventKind::Diverted { .. } => {
            News::Diverted { here: seen.by_line() || seen.local_is(LocalConnectionState::Null) }
        }
        EventKind::Transferred(joined) => News::Transferred(seen.joined(joined)),
        EventKind::Conferenced(joined) => News::Conferenced(seen.joined(joined)),
        EventKind::ConnectionCleared => News::Cleared { here: seen.clears_here() },
        EventKind::CallCleared => News::Ended,
        EventKind::CallInformation => News::Updated,
        EventKind::DoNotDisturb { .. }
        | EventKind::Forwarding(_)
        | EventKind::BackInService
        | EventKind::OutOfService => return None,
    };
    Some(Event {
        call: call_ref(event.connection.as_ref()?)?,
        news,
        parties: seen.parties(),
        cause: Cause(event.cause.clone().map(|cause| cause.0).unwrap_or_default()),
        linkage: event.call_linkage.as_ref().and_then(global_linkage),
    })
}

/// The calls of a snapshot; `None` if the phone promises them for later.
pub(crate) fn snapshot(line: &Line, response: &SnapshotDeviceResponse) -> Option<Vec<SnapshotCall>> {
    let SnapshotData::Here(calls) = &response.data else { return None };
    let here = calls.iter().filter_map(|info| {
        let states = info.local_call_state.as_ref();
        if states.and_then(CallState::local) == Some(LocalConnectionState::Null) {
            return None;
        }
        let remote = info.endpoint.as_ref().map(|endpoint| party(line, endpoint)).filter(|party| !line.is(party));
        Some(SnapshotCall { call: call_ref(&info.connection)?, state: states.and_then(connection_state), remote })
    });
    Some(here.collect())
}

/// One event as one line sees it.
struct Seen<'a> {
    line: &'a Line,
    event: &'a csta::Event,
}

impl Seen<'_> {
    fn local_is(&self, state: LocalConnectionState) -> bool {
        self.event.local_connection_info == Some(state)
    }

    fn is_line(&self, device: &DeviceId) -> bool {
        self.line.is(&named_party(device))
    }

    /// The device that did it is the line; where the event names none, the connection it is about is the line's.
    fn by_line(&self) -> bool {
        match self.event.device.as_ref().and_then(SubjectDevice::device) {
            Some(device) => self.is_line(device),
            None => self.about_line() == Some(true),
        }
    }

    /// The connection it is about is the line's own; `None` if the event does not say.
    fn about_line(&self) -> Option<bool> {
        let device = self.event.connection.as_ref()?.device_id.as_ref()?;
        Some(self.is_line(device))
    }

    /// Our own ringing. Far-end ringing has another alerting device and leaves our connection connected.
    fn alerts_here(&self) -> bool {
        match self.event.device.as_ref().and_then(SubjectDevice::device) {
            Some(device) => self.is_line(device) || self.local_is(LocalConnectionState::Alerting),
            None => self.local_is(LocalConnectionState::Alerting) || self.about_line() == Some(true),
        }
    }

    /// Our own connection was dropped, or the event leaves it open whose: then it ends the call too, unless it says
    /// that we are still in it.
    fn clears_here(&self) -> bool {
        match (self.about_line(), self.event.local_connection_info) {
            (Some(true), _) | (_, Some(LocalConnectionState::Null)) | (None, None) => true,
            // Also where the line itself released it: it may have dropped one party of a conference.
            (Some(false), None) => false,
            (
                Some(false) | None,
                Some(
                    LocalConnectionState::Initiated
                    | LocalConnectionState::Alerting
                    | LocalConnectionState::Connected
                    | LocalConnectionState::Hold
                    | LocalConnectionState::Queued
                    | LocalConnectionState::Fail,
                ),
            ) => false,
        }
    }

    fn joined(&self, joined: &csta::Joined) -> Joined {
        let own = joined.connections.iter().find(|item| self.is_own(item));
        let other = |item: &&ConnectionListItem| !self.is_own(item);
        let endpoints = joined.connections.iter().filter(other).filter_map(|item| item.endpoint.as_ref());
        let transferring = self.event.device.as_ref();
        let others = endpoints.filter(|endpoint| Some(*endpoint) != transferring);
        let remote =
            joined.party.iter().chain(others).map(|device| party(self.line, device)).find(|p| !self.line.is(p));
        Joined {
            here: self.event.device.as_ref().and_then(SubjectDevice::device).is_some_and(|device| self.is_line(device)),
            secondary: joined.secondary_old_call.as_ref().and_then(call_ref),
            survivor: own.and_then(|item| call_ref(item.new_connection.as_ref()?)),
            survivor_was: own.and_then(|item| call_ref(item.old_connection.as_ref()?)),
            remote,
        }
    }

    /// An item of the connection list that is the line's own: by its new connection, its old one, or its endpoint.
    fn is_own(&self, item: &ConnectionListItem) -> bool {
        let connections = [&item.new_connection, &item.old_connection].into_iter().flatten();
        let devices = connections.filter_map(|connection| connection.device_id.as_ref());
        devices.chain(item.endpoint.as_ref().and_then(SubjectDevice::device)).any(|device| self.is_line(device))
    }

    fn parties(&self) -> Parties {
        let event = self.event;
        let party = |device: &Option<SubjectDevice>| device.as_ref().map(|device| party(self.line, device));
        let answered = event.kind == EventKind::Established;
        Parties {
            calling: party(&event.calling),
            called: party(&event.called),
            answering: if answered { party(&event.device) } else { None },
            redirecting: event.last_redirection.as_ref().and_then(|r| r.device()).map(named_party),
            network_calling: party(&event.network_calling).or_else(|| party(&event.associated_calling)),
        }
    }
}

/// A party. The line itself gets its own number, however the phone spells its device.
fn party(line: &Line, device: &SubjectDevice) -> Party {
    let Some(device) = device.device() else { return Party::unknown() };
    let party = named_party(device);
    if line.is(&party) { Party { number: line.number.clone(), ..party } } else { party }
}

fn named_party(device: &DeviceId) -> Party {
    let parsed = csta::device::parse(&device.text);
    let number = if is_anonymous(&parsed.number) { CompactString::default() } else { parsed.number.as_ref().into() };
    Party { number: Number::new(number), name: parsed.name.into(), device: device.text.clone() }
}

/// RFC 3323: the user or host of a caller that withholds its identity.
fn is_anonymous(number: &str) -> bool {
    let user = number.split('@').next().unwrap_or(number);
    user.eq_ignore_ascii_case("anonymous") || number.to_ascii_lowercase().ends_with("@anonymous.invalid")
}

fn call_ref(connection: &ConnectionId) -> Option<CallRef> {
    connection.call_id.clone().filter(|id| !id.is_empty()).map(CallRef)
}

/// Only an id that is unique everywhere ties calls of different links.
fn global_linkage(linkage: &CallLinkageId) -> Option<CompactString> {
    match linkage {
        CallLinkageId::GloballyUnique(id) => Some(id.clone()),
        CallLinkageId::SubDomain(_) => None,
    }
}

/// Our connection's state; together with the far ends' it tells dialling from talking. In a conference it is enough
/// that one of them is there.
fn connection_state(states: &CallState) -> Option<ConnectionState> {
    let is_there =
        |state: &&LocalConnectionState| matches!(state, LocalConnectionState::Connected | LocalConnectionState::Hold);
    let far = states.0.iter().skip(1).find(is_there).or(states.0.get(1));
    match states.local()? {
        LocalConnectionState::Initiated => Some(ConnectionState::Initiated),
        LocalConnectionState::Alerting => Some(ConnectionState::Alerting),
        LocalConnectionState::Connected => match far {
            Some(LocalConnectionState::Null | LocalConnectionState::Initiated | LocalConnectionState::Alerting) => {
                Some(ConnectionState::Dialling)
            }
            Some(LocalConnectionState::Queued) => Some(ConnectionState::Queued),
            Some(LocalConnectionState::Fail) => Some(ConnectionState::Failed),
            Some(LocalConnectionState::Connected | LocalConnectionState::Hold) | None => {
                Some(ConnectionState::Connected)
            }
        },
        LocalConnectionState::Hold => Some(ConnectionState::Held),
        LocalConnectionState::Queued => Some(ConnectionState::Queued),
        LocalConnectionState::Fail => Some(ConnectionState::Failed),
        LocalConnectionState::Null => None,
    }
}
