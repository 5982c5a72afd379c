//! How a session is opened: an INVITE that asks for the phone's status (TR/87).

use std::time::Duration;

use csta::{Message, Request, Response, SystemStatus};

use super::requests::read;
use super::{Phase, Turn, Uacsta, words};
use crate::Way;
use crate::capability::Service;
use crate::dialect::Opening;

/// A phone that answers an INVITE not even provisionally within this time is asked anew: one that is just booting
/// hears the next attempt sooner than the ever slower retransmissions of this one.
pub(super) const GIVE_UP: Duration = Duration::from_secs(4);

/// A phone that answered provisionally has nobody to ask: it takes the session by then, or was restarted meanwhile.
const ANSWER: Duration = Duration::from_secs(10);

/// A phone that wants to be left alone for longer (Retry-After, RFC 3261 20.33) is asked after this time all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

impl Uacsta {
    /// Opens the dialog: an INVITE without SDP whose body asks for the phone's status.
    pub(super) fn invite(&mut self, turn: &mut Turn<'_>, way: Way) {
        let Phase::Reaching { .. } = self.phase else { return };
        let flow = way.flow;
        let Some(invite) = self.invitation(flow) else { return };
        if invite.uri.scheme() == sip::Scheme::Sips && flow.transport != sip::Transport::Tls {
            return self
                .fail(turn, "the way to a sips: address must be TLS (RFC 3261 26.2.2), and this one is not".into());
        }
        self.outside = !self.dialect.has_sessions();
        if self.outside {
            return self.meet_outside(turn, way, invite);
        }
        let body = match self.dialect.opening {
            Opening::Status => {
                let question = || self.body(&Request::RequestSystemStatus(Default::default()).into());
                Some(self.dialect.first_question.get_or_init(question).clone())
            }
            Opening::Empty => None,
        };
        let invite =
            sip::Invite { credentials: self.config.credentials.clone(), body, give_up: Some(GIVE_UP), ..invite };
        let dialog = turn.agent.invite(turn.now, invite, turn.wire);
        self.phase = Phase::Inviting { dialog, way: Box::new(way), give_up_at: turn.now + ANSWER };
    }

    /// The INVITE came to nothing. A server that is silent, cannot be reached or is overloaded may have others beside it
    /// (RFC 3263 4.3); any other refusal is the phone's own.
    pub(super) fn rejected(&mut self, turn: &mut Turn<'_>, failure: &sip::Failure) {
        self.recognise(failure);
        let why = words::refusal(failure, self.config.credentials.is_some());
        match failure {
            sip::Failure::Timeout | sip::Failure::Flow => self.turn_back(turn, why),
            sip::Failure::Status(answer) => {
                let asked = answer.retry_after.map(|seconds| Duration::from_secs(seconds.into()));
                self.not_before = asked.map(|wait| turn.now + wait.min(LONGEST_WAIT));
                let plea = |wait: Duration| format!(", and asks to be left alone for {} s", wait.as_secs());
                let why = why + &asked.map(plea).unwrap_or_default();
                if answer.status == 503 { self.turn_back(turn, why) } else { self.fail(turn, why) }
            }
        }
    }

    /// The phone took the INVITE. A status other than `normal` means that it will not serve us.
    pub(super) fn accepted(&mut self, turn: &mut Turn<'_>, dialog: sip::DialogId, answer: &sip::Answer) {
        self.meet(answer);
        let message = read(answer);
        self.tried(Service::REQUEST_SYSTEM_STATUS, answer.status, &message);
        let status = match message {
            Ok(Message::Response(Response::RequestSystemStatus(response))) => response.status,
            // Phones that leave the body out are up all the same.
            Ok(_) | Err(_) => None,
        };
        if let Some(status) = status.filter(|status| *status != SystemStatus::Normal) {
            turn.agent.bye(turn.now, dialog, turn.wire);
            return self.fail(turn, not_normal(status));
        }
        self.up(turn, dialog);
    }

    /// The way led to the phone, and it serves us.
    pub(super) fn up(&mut self, turn: &Turn<'_>, dialog: sip::DialogId) {
        if let Phase::Inviting { way, .. } = &self.phase {
            self.worked = Some(way.flow.into());
        }
        (self.failures, self.detour, self.not_before) = (0, None, None);
        self.phase = Phase::Up { dialog, since: turn.now, last_heard: turn.now };
    }

    /// The phone tells how it is while the session stands (ECMA-269 systemStatus).
    pub(super) fn status_reported(&mut self, turn: &mut Turn<'_>, status: Option<SystemStatus>) {
        match status {
            // Events may be among what was lost.
            Some(SystemStatus::MessagesLost) => {
                let lines: Vec<_> = self.config.lines.iter().map(|line| line.id.clone()).collect();
                lines.iter().for_each(|line| self.ask_snapshot(turn, line));
            }
            // The monitors are gone.
            Some(status @ (SystemStatus::Initializing | SystemStatus::Enabled | SystemStatus::Disabled)) => {
                self.reopen(turn, not_normal(status));
            }
            Some(
                SystemStatus::Normal
                | SystemStatus::PartiallyDisabled
                | SystemStatus::OverloadImminent
                | SystemStatus::OverloadReached
                | SystemStatus::OverloadRelieved,
            )
            | None => {}
        }
    }
}

fn not_normal(status: SystemStatus) -> String {
    format!("the phone's system status is {status}, not normal")
}
