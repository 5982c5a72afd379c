//! How a session ends, and when the next one is opened.

use std::time::Instant;

use csta::Request;

use super::requests::Purpose;
use super::{Monitor, Phase, STEADY, Turn, Uacsta};
use crate::State;

impl Uacsta {
    /// An attempt came to nothing: the next one waits longer.
    pub(super) fn fail(&mut self, turn: &mut Turn<'_>, why: String) {
        self.failures = self.failures.saturating_add(1);
        let why = match self.end_of_detour() {
            0 | 1 => why,
            ways => format!("{why} ({ways} addresses were tried)"),
        };
        self.back_off(turn, why);
    }

    /// A standing session ended. The phone may be back already, so the first attempt does not wait; one that keeps
    /// ending its sessions is not asked ever faster.
    pub(super) fn reopen(&mut self, turn: &mut Turn<'_>, why: String) {
        let Phase::Up { dialog, since, .. } = self.phase else { return self.turn_back(turn, why) };
        self.doubt_refusals();
        turn.agent.bye(turn.now, dialog, turn.wire);
        if turn.now < since + STEADY {
            self.flaps = self.flaps.saturating_add(1);
            return self.back_off(turn, why);
        }
        self.flaps = 0;
        self.down(turn, Some(turn.now), why);
    }

    fn back_off(&mut self, turn: &mut Turn<'_>, why: String) {
        let times = self.failures.saturating_add(self.flaps);
        let wait = turn.now + self.config.reconnect.wait(&self.config.name, times);
        let retry_at = self.not_before.take().map_or(wait, |not_before| wait.max(not_before));
        self.down(turn, Some(retry_at), why);
    }

    /// There is no session; without a time to try again, something else has to happen first.
    pub(super) fn down(&mut self, turn: &mut Turn<'_>, retry_at: Option<Instant>, why: String) {
        self.give_up_all(turn);
        self.tell_state(turn, State::Down(why.clone()));
        self.phase = Phase::Down { retry_at, why };
    }

    /// Ends the session in order, for good.
    pub(super) fn stop(&mut self, turn: &mut Turn<'_>) {
        if let Phase::Up { dialog, .. } = self.phase {
            for cross_ref in self.monitors.iter().filter_map(Monitor::cross_ref) {
                let stop = Request::MonitorStop(csta::MonitorStop { cross_ref: cross_ref.clone() });
                turn.agent.request(turn.now, dialog, 0, sip::Method::INFO, Some(self.body(&stop.into())), turn.wire);
            }
        }
        if let Some(dialog) = self.dialog() {
            turn.agent.bye(turn.now, dialog, turn.wire);
        }
        self.give_up_all(turn);
        self.phase = Phase::Stopped;
    }

    /// The session is gone, and with it its monitors and whatever waited for an answer.
    fn give_up_all(&mut self, turn: &mut Turn<'_>) {
        for pending in std::mem::take(&mut self.pending).into_values() {
            if let Purpose::Dial(dial) = pending.purpose {
                dial.unanswered(turn.out);
            }
        }
        for monitor in &mut self.monitors {
            *monitor = Monitor::new(monitor.line.clone(), turn.now);
        }
    }
}
