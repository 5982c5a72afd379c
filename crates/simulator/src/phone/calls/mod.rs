//! The calls at a phone: what happens to them, and the events that tell of it.

mod life;

use std::sync::Arc;
use std::time::Instant;

use csta::{
    ConnectionId, CrossRefId, CstaError, DeviceId, ErrorCategory, Event, EventCause, EventKind, RedirectionDevice,
    SnapshotDeviceInfo, SubjectDevice,
};

use super::call::{Call, CallId, CallState};
use super::config::{CallNumbering, DeviceStyle, PhoneConfig};

/// All live calls, and what happened to them since somebody asked.
pub(super) struct Calls {
    config: Arc<PhoneConfig>,
    live: Vec<Call>,
    counter: i32,
    news: Vec<Event>,
}

impl Calls {
    pub fn new(config: Arc<PhoneConfig>) -> Self {
        Self { config, live: Vec::new(), counter: 0, news: Vec::new() }
    }

    pub fn live(&self) -> &[Call] {
        &self.live
    }

    /// The events since the last time, still without a monitor's name.
    pub fn take_news(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.news)
    }

    /// When the next far end answers by itself.
    pub fn deadline(&self) -> Option<Instant> {
        self.live.iter().filter_map(|call| call.far_answers_at).min()
    }

    pub fn timeout(&mut self, now: Instant) {
        let due = |call: &Call| call.far_answers_at.is_some_and(|at| at <= now);
        let due: Vec<CallId> = self.live.iter().filter(|call| due(call)).map(|call| call.id).collect();
        for id in due {
            let _ = self.far_answers(id);
        }
    }

    // ── what the gateway asks ────────────────────────────────────────────────────────────────────────────────────

    /// The call of a connection that the gateway names.
    pub fn named(&self, connection: &ConnectionId) -> Result<CallId, CstaError> {
        let unknown = || CstaError::new(ErrorCategory::Operation, "invalidConnectionID");
        let id = connection.call_id.as_deref().and_then(|text| text.parse().ok()).map(CallId).ok_or_else(unknown)?;
        self.find(id).map(|call| call.id)
    }

    pub fn snapshot(&self) -> Vec<SnapshotDeviceInfo> {
        let entry = |call: &Call| SnapshotDeviceInfo {
            connection: self.connection(call.id),
            endpoint: Some(call.remote.clone()),
            local_call_state: Some(csta::CallState(vec![call.state.local(), call.state.far()])),
        };
        self.live.iter().map(entry).collect()
    }

    pub fn connection(&self, id: CallId) -> ConnectionId {
        ConnectionId::new(id.to_string(), self.config.device())
    }

    /// A far party as the phone writes it; what is an identifier already stays as it is.
    pub fn far_device(&self, number: &str) -> DeviceId {
        if number.contains(':') || number.starts_with("N<") {
            return DeviceId::new(number);
        }
        DeviceId::new(match self.config.device_style {
            DeviceStyle::Sip => format!("sip:{number}@{}", self.config.domain),
            DeviceStyle::Tel => format!("tel:{number}"),
            DeviceStyle::Digits => number.to_owned(),
            DeviceStyle::Extended => format!("N<{number}>"),
        })
    }

    // ── bookkeeping ──────────────────────────────────────────────────────────────────────────────────────────────

    fn next_id(&mut self, incoming: bool) -> CallId {
        self.counter = self.counter.wrapping_add(1);
        CallId(match (self.config.call_numbering, incoming) {
            (CallNumbering::Signed, true) => self.counter.wrapping_neg(),
            (CallNumbering::Signed, false) => self.counter,
            (CallNumbering::High, _) => self.counter.wrapping_add(32_768),
        })
    }

    fn admit(&mut self, id: CallId, incoming: bool, remote: SubjectDevice, state: CallState) -> Option<Call> {
        if self.live.len() >= self.config.max_calls {
            return None;
        }
        let call = Call { id, incoming, remote, state, far_answers_at: None };
        self.live.push(call.clone());
        Some(call)
    }

    fn find(&self, id: CallId) -> Result<&Call, CstaError> {
        let found = self.live.iter().find(|call| call.id == id);
        found.ok_or_else(|| CstaError::new(ErrorCategory::Operation, "invalidConnectionID"))
    }

    fn state(&self, id: CallId) -> Result<CallState, CstaError> {
        self.find(id).map(|call| call.state)
    }

    fn change(&mut self, id: CallId, state: CallState) -> Result<Call, CstaError> {
        let call = Call { state, far_answers_at: None, ..self.find(id)?.clone() };
        self.put(call.clone());
        Ok(call)
    }

    fn put(&mut self, call: Call) {
        if let Some(place) = self.live.iter_mut().find(|other| other.id == call.id) {
            *place = call;
        }
    }

    fn remove(&mut self, id: CallId) -> Result<Call, CstaError> {
        let call = self.change(id, CallState::Cleared)?;
        self.live.retain(|other| other.id != id);
        Ok(call)
    }

    /// A caller as the phone writes it: a name needs the extended form (ECMA-269 clause 10).
    fn caller(&self, from: &str, name: Option<&str>) -> SubjectDevice {
        match (from, name) {
            ("", _) => SubjectDevice::NotKnown,
            ("anonymous", _) => SubjectDevice::Restricted,
            (number, Some(name)) => SubjectDevice::Device(DeviceId::new(format!("N<{number}>{name}"))),
            (number, None) => SubjectDevice::Device(self.far_device(number)),
        }
    }

    // ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Adds an event with all a call has; the codec writes what its kind has room for.
    fn tell(&mut self, kind: EventKind, call: &Call, device: SubjectDevice, cause: EventCause) {
        let (remote, me) = (call.remote.clone(), self.me());
        let (calling, called) = if call.incoming { (remote, me) } else { (me, remote) };
        self.news.push(Event {
            connection: Some(self.connection(call.id)),
            device: Some(device),
            calling: Some(calling),
            called: Some(called),
            last_redirection: Some(RedirectionDevice::NotRequired),
            local_connection_info: Some(call.state.local()),
            cause: Some(cause),
            ..Event::new(CrossRefId::default(), kind)
        });
    }

    /// Something happened to the phone itself and not to a call.
    pub fn tell_of_phone(&mut self, kind: EventKind) {
        let device = Some(self.me());
        self.news.push(Event { device, ..Event::new(CrossRefId::default(), kind) });
    }

    fn me(&self) -> SubjectDevice {
        SubjectDevice::Device(DeviceId::new(self.config.device()))
    }
}

/// The digits of a device identifier, as a user would have dialled them.
pub(super) fn number_of(device: &str) -> &str {
    let inner = device.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(device, |(inner, _)| inner);
    let bare = inner.split_once(':').map_or(inner, |(_, rest)| rest);
    bare.split(['@', ';']).next().unwrap_or(bare)
}
