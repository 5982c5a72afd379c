//! What happens to a call, from the first ring to the last event. What its state does not allow is an error of the
//! standard, and then nothing happened.

use std::time::Instant;

use csta::{CstaError, ErrorCategory, EventCause, EventKind, Joined, SubjectDevice};

use super::{Calls, number_of};
use crate::phone::call::{CallId, CallState};

impl Calls {
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
        if self.config.manner.network_reached {
            self.tell(EventKind::NetworkReached, &call, call.remote.clone(), EventCause::NEW_CALL);
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
}

fn wrong_state(value: &'static str) -> CstaError {
    CstaError::new(ErrorCategory::StateIncompatibility, value)
}
