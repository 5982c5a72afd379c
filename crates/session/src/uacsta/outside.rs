//! Phones that take CSTA requests as NOTIFY outside of dialogs, and have no events.
//!
//! There is nothing to open: an OPTIONS tells whether the phone is there, at first and whenever it was silent for long.

use compact_str::CompactString;

use super::opening::GIVE_UP;
use super::requests::Purpose;
use super::{Phase, Turn, Uacsta};
use crate::{Output, Way};

impl Uacsta {
    /// Asks whether the phone is there. It is invited to nothing.
    pub(super) fn meet_outside(&mut self, turn: &mut Turn<'_>, way: Way, invite: sip::Invite) {
        let sip::Invite { flow, uri, to, from, route, .. } = invite;
        let to = to.unwrap_or_else(|| uri.clone());
        let credentials = self.config.credentials.clone();
        self.pending.clear(); // a greeting on another way, which led nowhere
        let dialog = turn.agent.outside(sip::Outside { flow, uri, to, from, route, credentials });
        self.phase = Phase::Inviting { dialog, way: Box::new(way), give_up_at: turn.now + GIVE_UP };
        self.greet(turn);
    }

    pub(super) fn greet(&mut self, turn: &mut Turn<'_>) {
        let Some(dialog) = self.dialog() else { return };
        let tag = self.expect(turn.now, Purpose::Greeting);
        let options = sip::Question { method: sip::Method::OPTIONS, body: None, headers: Vec::new() };
        turn.agent.ask(turn.now, dialog, tag, options, turn.wire);
    }

    /// The phone answered. One that does not know OPTIONS is there all the same.
    pub(super) fn greeted(&mut self, turn: &mut Turn<'_>, answer: &sip::Answer) {
        let Phase::Inviting { dialog, .. } = self.phase else { return };
        if !answer.is_success() && !matches!(answer.status, 405 | 501) {
            turn.agent.bye(turn.now, dialog, turn.wire);
            return self.rejected(turn, &sip::Failure::Status(answer.clone()));
        }
        self.meet(answer);
        self.up(turn, dialog);
        // Nobody vouches for calls that were seen before.
        let lines = self.config.lines.iter().map(|line| line.id.clone());
        turn.out.extend(lines.map(|line| Output::Unverified { line, since: turn.now }));
    }
}

/// A CSTA request to such a phone. RFC 6665 8.2.1 wants the state of a subscription, which there is none of.
pub(super) fn notify(event: &CompactString, body: sip::Body) -> sip::Question {
    let headers = vec![("Event".to_owned(), event.to_string()), ("Subscription-State".to_owned(), "active".to_owned())];
    sip::Question { method: sip::Method::NOTIFY, body: Some(body), headers }
}
