//! The calls at a phone: what happens to them, and the events that tell of it.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use csta::{
    ConnectionId, CrossRefId, CstaError, DeviceId, ErrorCategory, Event, EventCause, EventKind, Joined,
    LocalConnectionState, RedirectionDevice, SnapshotDeviceInfo, SubjectDevice,
};

use super::config::{CallNumbering, DeviceStyle, PhoneConfig};

/// The number of a call at its phone; the callID of its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub i32);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A live call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number.
    pub id: CallId,
    /// The phone was called; else it dialled.
    pub incoming: bool,
    /// The far party.
    pub remote: SubjectDevice,
    /// How far it came.
    pub state: CallState,
    /// When the far end will answer by itself.
    far_answers_at: Option<Instant>,
}

/// How far a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// MakeCall prompts the user to lift the handset; nothing is dialled yet.
    Prompting,
    /// It rings here.
    Ringing,
    /// It rings at the far end.
    Calling,
    /// Both talk.
    Connected,
    /// Connected, and put on hold here.
    Held,
    /// It cannot be completed; the user hears the busy tone.
    Failed,
    /// It is over; such a call is no longer listed.
    Cleared,
}

impl CallState {
    /// The state of the phone's own connection.
    fn local(self) -> LocalConnectionState {
        match self {
            Self::Prompting => LocalConnectionState::Initiated,
            Self::Ringing => LocalConnectionState::Alerting,
            Self::Calling | Self::Connected => LocalConnectionState::Connected,
            Self::Held => LocalConnectionState::Hold,
            Self::Failed => LocalConnectionState::Fail,
            Self::Cleared => LocalConnectionState::Null,
        }
    }

    /// The state of the far end's connection.
    fn far(self) -> LocalConnectionState {
        match self {
            Self::Ringing | Self::Connected | Self::Held => LocalConnectionState::Connected,
            Self::Calling => LocalConnectionState::Alerting,
            Self::Prompting | Self::Failed | Self::Cleared => LocalConnectionState::Null,
        }
    }
}

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

    // ── calls that come in ───────────────────────────────────────────────────────────────────────────────────────

    /// Somebody calls. A phone that is full, or not to be disturbed, gives the caller busy and tells nobody.
    pub fn ring(&mut self, from: &str, name: Option<&str>, disturb: bool) -> CallId {
        let remote = self.caller(from, name);
        let id = self.next_id(true);
        if !disturb {
            return id;
        }
        if let Some(call) = self.admit(id, true, remote, CallState::Ringing) {
            self.tell(EventKind::Delivered, &call, self.me(), EventCause::NEW_CALL);
        }
        id
    }

    /// The user lifts the handset: a ringing call is answered, a prompted one is dialled.
    pub fn answer(&mut self, now: Instant, id: CallId) -> Result<(), CstaError> {
        match self.state(id)? {
            CallState::Ringing => {
                let call = self.change(id, CallState::Connected)?;
                self.tell(EventKind::Established, &call, self.me(), EventCause::NEW_CALL);
            }
            CallState::Prompting => self.originate(now, id)?,
            CallState::Calling | CallState::Connected | CallState::Held | CallState::Failed | CallState::Cleared => {
                return Err(wrong_state("noCallToAnswer"));
            }
        }
        Ok(())
    }

    /// A ringing call goes to somebody else: picked up there, or sent there.
    pub fn divert(&mut self, id: CallId, to: SubjectDevice, cause: EventCause) -> Result<(), CstaError> {
        if self.state(id)? != CallState::Ringing {
            return Err(wrong_state("invalidConnectionState"));
        }
        let call = self.remove(id)?;
        self.tell(EventKind::Diverted { new_destination: Some(to) }, &call, self.me(), cause);
        Ok(())
    }

    // ── calls that go out ────────────────────────────────────────────────────────────────────────────────────────

    /// The user dials.
    pub fn dial(&mut self, now: Instant, number: &str) -> CallId {
        let id = self.next_id(false);
        if self.initiate(id, number, EventCause::NEW_CALL) {
            let _ = self.originate(now, id);
        }
        id
    }

    /// MakeCall dials, or prompts the user to lift the handset first.
    pub fn make_call(&mut self, now: Instant, number: &str, prompt: bool) -> Result<CallId, CstaError> {
        if self.config.refuse.iter().any(|refused| refused == number) {
            return Err(CstaError::new(ErrorCategory::Operation, "invalidCalledDeviceID"));
        }
        let id = self.next_id(false);
        if !self.initiate(id, number, EventCause::MAKE_CALL) {
            return Err(CstaError::new(ErrorCategory::SystemResourceAvailability, "resourceBusy"));
        }
        if !prompt {
            self.originate(now, id)?;
        }
        Ok(id)
    }

    fn initiate(&mut self, id: CallId, number: &str, cause: EventCause) -> bool {
        let remote = SubjectDevice::Device(self.far_device(number));
        let Some(call) = self.admit(id, false, remote, CallState::Prompting) else { return false };
        self.tell(EventKind::ServiceInitiated, &call, self.me(), cause);
        true
    }

    /// The number goes out: the far end rings, or is busy.
    fn originate(&mut self, now: Instant, id: CallId) -> Result<(), CstaError> {
        let mut call = self.change(id, CallState::Calling)?;
        self.tell(EventKind::Originated, &call, self.me(), EventCause::NEW_CALL);
        let number = call.remote.device().map_or("", |device| number_of(&device.text));
        if self.config.busy.iter().any(|busy| busy == number) {
            return self.fail(id, EventCause::BUSY);
        }
        self.tell(EventKind::Delivered, &call, call.remote.clone(), EventCause::NEW_CALL);
        call.far_answers_at = self.config.auto_far_answer.map(|after| now + after);
        self.put(call);
        Ok(())
    }

    /// The far end answers.
    pub fn far_answers(&mut self, id: CallId) -> Result<(), CstaError> {
        if self.state(id)? != CallState::Calling {
            return Err(wrong_state("invalidConnectionState"));
        }
        let call = self.change(id, CallState::Connected)?;
        self.tell(EventKind::Established, &call, call.remote.clone(), EventCause::NEW_CALL);
        Ok(())
    }

    /// The call cannot be completed; it stays until the user hangs up.
    pub fn fail(&mut self, id: CallId, cause: EventCause) -> Result<(), CstaError> {
        if self.state(id)? != CallState::Calling {
            return Err(wrong_state("invalidConnectionState"));
        }
        let call = self.change(id, CallState::Failed)?;
        self.tell(EventKind::Failed, &call, call.remote.clone(), cause);
        Ok(())
    }

    // ── calls that stand ─────────────────────────────────────────────────────────────────────────────────────────

    pub fn hold(&mut self, id: CallId, cause: EventCause) -> Result<(), CstaError> {
        if self.state(id)? != CallState::Connected {
            return Err(wrong_state("noActiveCall"));
        }
        let call = self.change(id, CallState::Held)?;
        self.tell(EventKind::Held, &call, self.me(), cause);
        Ok(())
    }

    pub fn retrieve(&mut self, id: CallId) -> Result<(), CstaError> {
        if self.state(id)? != CallState::Held {
            return Err(wrong_state("noHeldCall"));
        }
        let call = self.change(id, CallState::Connected)?;
        self.tell(EventKind::Retrieved, &call, self.me(), EventCause::NORMAL);
        Ok(())
    }

    /// The far end holds the call, or takes it off hold: nothing changes here.
    pub fn far_holds(&mut self, id: CallId, on: bool) -> Result<(), CstaError> {
        let call = self.find(id)?.clone();
        let kind = if on { EventKind::Held } else { EventKind::Retrieved };
        self.tell(kind, &call, call.remote.clone(), EventCause::NORMAL);
        Ok(())
    }

    /// Holds a call and dials another; gives the number of the new one.
    pub fn consult(&mut self, now: Instant, id: CallId, number: &str) -> Result<CallId, CstaError> {
        if self.live.len() >= self.config.max_calls {
            return Err(CstaError::new(ErrorCategory::SystemResourceAvailability, "resourceBusy"));
        }
        self.hold(id, EventCause::CONSULTATION)?;
        Ok(self.dial(now, number))
    }

    /// Hands a call on without asking: it leaves the phone.
    pub fn single_step_transfer(&mut self, id: CallId, to: &str) -> Result<(), CstaError> {
        match self.state(id)? {
            CallState::Connected | CallState::Held => {}
            CallState::Prompting | CallState::Ringing | CallState::Calling | CallState::Failed | CallState::Cleared => {
                return Err(wrong_state("noActiveCall"));
            }
        }
        let call = self.remove(id)?;
        let party = Some(SubjectDevice::Device(self.far_device(to)));
        let joined = Joined { party, ..Joined::default() };
        self.tell(EventKind::Transferred(joined), &call, self.me(), EventCause::SINGLE_STEP_TRANSFER);
        Ok(())
    }

    /// Joins the parties of two calls: both leave the phone.
    pub fn transfer(&mut self, held: CallId, active: CallId) -> Result<(), CstaError> {
        if self.state(held)? != CallState::Held {
            return Err(wrong_state("noHeldCall"));
        }
        match self.state(active)? {
            CallState::Connected | CallState::Calling => {}
            CallState::Prompting | CallState::Ringing | CallState::Held | CallState::Failed | CallState::Cleared => {
                return Err(wrong_state("noActiveCall"));
            }
        }
        let (primary, secondary) = (self.remove(held)?, self.remove(active)?);
        let secondary_old_call = Some(self.connection(secondary.id));
        let joined = Joined { secondary_old_call, party: Some(secondary.remote), ..Joined::default() };
        self.tell(EventKind::Transferred(joined), &primary, self.me(), EventCause::TRANSFER);
        Ok(())
    }

    /// The user hangs up, whatever the state.
    pub fn hang_up(&mut self, id: CallId) -> Result<(), CstaError> {
        let call = self.remove(id).map_err(|_| wrong_state("noConnectionToClear"))?;
        self.tell(EventKind::ConnectionCleared, &call, self.me(), EventCause::NORMAL_CLEARING);
        Ok(())
    }

    /// The far end hangs up; before the answer that is a missed call.
    pub fn far_hangs_up(&mut self, id: CallId) -> Result<(), CstaError> {
        let missed = self.state(id)? == CallState::Ringing;
        let call = self.remove(id)?;
        let cause = if missed { EventCause::CALL_CANCELLED } else { EventCause::NORMAL_CLEARING };
        self.tell(EventKind::ConnectionCleared, &call, call.remote.clone(), cause);
        Ok(())
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

fn wrong_state(value: &'static str) -> CstaError {
    CstaError::new(ErrorCategory::StateIncompatibility, value)
}

/// The digits of a device identifier, as a user would have dialled them.
pub(super) fn number_of(device: &str) -> &str {
    let inner = device.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(device, |(inner, _)| inner);
    let bare = inner.split_once(':').map_or(inner, |(_, rest)| rest);
    bare.split(['@', ';']).next().unwrap_or(bare)
}
