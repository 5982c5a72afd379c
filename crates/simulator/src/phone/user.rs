//! What the phone's user and the world do to it.
//!
//! The methods that change a call return whether its state allowed that; if not, nothing happened.

use std::time::Instant;

use csta::{CstaError, EventCause, SubjectDevice};

use super::Phone;
use super::call::CallId;
use super::calls::Calls;

impl Phone {
    /// Somebody calls. An empty number is an unknown caller, `anonymous` a withheld one; a name makes the number an
    /// `N<number>name`. With do-not-disturb, or without room for one more call, the caller hears busy and the id is
    /// that of no call.
    pub fn ring(&mut self, now: Instant, from: &str, name: Option<&str>) -> CallId {
        let disturb = !self.do_not_disturb;
        self.act(now, |calls| calls.ring(from, name, disturb))
    }

    /// The user lifts the handset for a ringing call, or for one that MakeCall prompts.
    pub fn answer(&mut self, now: Instant, call: CallId) -> bool {
        self.attempt(now, |calls| calls.answer(now, call))
    }

    /// The user hangs up, or rejects a ringing call.
    pub fn hang_up(&mut self, now: Instant, call: CallId) -> bool {
        self.attempt(now, |calls| calls.hang_up(call))
    }

    /// The far party hangs up; before the answer that is a missed call.
    pub fn caller_hangs_up(&mut self, now: Instant, call: CallId) -> bool {
        self.attempt(now, |calls| calls.far_hangs_up(call))
    }

    /// A ringing call is picked up at another phone.
    pub fn answered_elsewhere(&mut self, now: Instant, call: CallId) -> bool {
        self.attempt(now, |calls| calls.divert(call, SubjectDevice::NotKnown, EventCause::CALL_PICKUP))
    }

    /// The user dials.
    pub fn dial(&mut self, now: Instant, number: &str) -> CallId {
        self.act(now, |calls| calls.dial(now, number))
    }

    /// The far end answers a dialled call.
    pub fn far_answers(&mut self, now: Instant, call: CallId) -> bool {
        self.attempt(now, |calls| calls.far_answers(call))
    }

    /// The far end is busy, or rejects a dialled call. It stays until the user hangs up.
    pub fn far_is_busy(&mut self, now: Instant, call: CallId) -> bool {
        self.attempt(now, |calls| calls.fail(call, EventCause::BUSY))
    }

    /// The user puts a call on hold.
    pub fn hold(&mut self, now: Instant, call: CallId) -> bool {
        self.attempt(now, |calls| calls.hold(call, EventCause::NORMAL))
    }

    /// The user takes a call off hold.
    pub fn retrieve(&mut self, now: Instant, call: CallId) -> bool {
        self.attempt(now, |calls| calls.retrieve(call))
    }

    /// The far end puts the call on hold, or takes it off hold.
    pub fn far_holds(&mut self, now: Instant, call: CallId, on: bool) -> bool {
        self.attempt(now, |calls| calls.far_holds(call, on))
    }

    /// The user holds a call and dials another: the id of the new one, if the state of the first allowed that.
    pub fn consult(&mut self, now: Instant, call: CallId, number: &str) -> Option<CallId> {
        self.act(now, |calls| calls.consult(now, call, number)).ok()
    }

    /// The user hands a call on without asking first.
    pub fn transfer(&mut self, now: Instant, call: CallId, to: &str) -> bool {
        self.attempt(now, |calls| calls.single_step_transfer(call, to))
    }

    /// The user joins the parties of a held and an active call, and leaves both.
    pub fn join(&mut self, now: Instant, held: CallId, active: CallId) -> bool {
        self.attempt(now, |calls| calls.transfer(held, active))
    }

    /// The user switches do-not-disturb.
    pub fn set_do_not_disturb(&mut self, now: Instant, on: bool) {
        self.switch_do_not_disturb(on);
        self.settle(now);
    }

    /// Sends any XML in an INFO, in its turn. `{XREF}` becomes the monitor's cross reference.
    pub fn send_raw(&mut self, now: Instant, xml: &str) {
        let monitor = self.session.as_ref().and_then(|session| session.monitor.as_ref());
        let xml = xml.replace("{XREF}", monitor.map_or("", |cross_ref| cross_ref.0.as_str()));
        self.report(xml.into());
        self.settle(now);
    }

    fn attempt(&mut self, now: Instant, act: impl FnOnce(&mut Calls) -> Result<(), CstaError>) -> bool {
        self.act(now, act).is_ok()
    }

    fn act<T>(&mut self, now: Instant, act: impl FnOnce(&mut Calls) -> T) -> T {
        let result = act(&mut self.calls);
        self.settle(now);
        result
    }
}
