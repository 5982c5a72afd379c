//! `make_call`: asked once, and believed only when the phone says so.

use std::time::Instant;

use call_model::{CallRef, Command, LineId, News, Number, Outcome};
use csta::{EventCause, MakeCall, Message, Request, Response};

use super::monitor::Monitor;
use super::requests::{Pending, Purpose, read};
use super::{Phase, Turn, Uacsta, words};
use crate::capability::Service;
use crate::{CommandId, Output};

/// A dial that the phone has been asked for.
#[derive(Debug)]
pub(super) struct Dial {
    id: CommandId,
    line: LineId,
    number: Number,
    /// The phone answered, but without saying which call.
    answered: bool,
    /// An event of this line showed the dial.
    seen: Option<CallRef>,
}

impl Uacsta {
    pub(super) fn command(&mut self, turn: &mut Turn<'_>, id: CommandId, command: Command) {
        let Command::MakeCall { line, number } = command;
        let Some(monitor) = self.monitors.iter().find(|monitor| monitor.line.id == line) else {
            return turn.out.push(Output::Outcome(id, Outcome::NoLine));
        };
        if let Some(source) = self.lacks(Service::MAKE_CALL) {
            let reason = words::lacks(Service::MAKE_CALL, source, self.dialect);
            return turn.out.push(Output::Outcome(id, Outcome::NotSupported { reason: reason.into() }));
        }
        if let Some(reason) = self.obstacle(monitor) {
            return turn.out.push(Output::Outcome(id, Outcome::NoLink { reason: reason.into() }));
        }
        let device = self.named(&monitor.line, self.dialect.make_call);
        let auto_originate = self.dialect.prompting.auto_originate();
        let request = MakeCall { auto_originate, ..MakeCall::do_not_prompt(device, number.reveal()) };
        let dial = Dial { id, line, number, answered: false, seen: None };
        self.request(turn, Purpose::Dial(dial), Request::MakeCall(request));
    }

    /// Why this line cannot dial now, in words for an administrator.
    fn obstacle(&self, monitor: &Monitor) -> Option<String> {
        match &self.phase {
            Phase::Up { .. } if monitor.is_running() || self.outside => None,
            // Without its events nobody would see what becomes of a dial.
            Phase::Up { .. } => Some(monitor.refusal().unwrap_or_else(|| "its monitor is being started".into())),
            Phase::Down { why, .. } => Some(why.clone()),
            Phase::Reaching { .. } | Phase::Inviting { .. } => {
                Some("the session with the phone is being opened".into())
            }
            Phase::Stopped => Some("the gateway is stopping".into()),
        }
    }

    /// A MakeCallResponse names the call; an answer without one waits for an event that shows the dial.
    pub(super) fn dial_answered(
        &mut self,
        turn: &mut Turn<'_>,
        tag: u64,
        dial: Dial,
        deadline: Instant,
        answer: &sip::Answer,
    ) {
        let message = read(answer);
        self.tried(Service::MAKE_CALL, answer.status, &message);
        let outcome = match message {
            Ok(Message::Response(Response::MakeCall(response))) => {
                let named = response.calling_device.call_id.map(CallRef);
                Outcome::Accepted { call: named.or(dial.seen).unwrap_or_else(|| CallRef("".into())) }
            }
            Ok(Message::Error(error)) => Outcome::Refused { reason: error.to_string().into() },
            Err(_) if answer.status == 481 && !self.outside => {
                Outcome::NoLink { reason: words::ending(sip::Ending::Unknown).into() }
            }
            // Somebody on the way got no answer from the phone, which may have heard the question.
            Err(_) if answer.status == 408 => return dial.unanswered(turn.out),
            Err(why) if answer.status >= 300 => Outcome::Refused { reason: why.into() },
            // No event will ever tell more.
            Ok(_) | Err(_) if self.outside => Outcome::Accepted { call: CallRef("".into()) },
            Ok(_) | Err(_) => match dial.seen {
                Some(call) => Outcome::Accepted { call },
                None => {
                    let purpose = Purpose::Dial(Dial { answered: true, ..dial });
                    self.pending.insert(tag, Pending { purpose, deadline });
                    return;
                }
            },
        };
        if let Outcome::Accepted { call } = &outcome {
            self.remember_dialled(&dial.line, call);
        }
        turn.out.push(Output::Outcome(dial.id, outcome));
    }

    /// Dials that the phone took but never showed: nobody knows what became of them.
    pub(super) fn give_up_unseen_dials(&mut self, turn: &mut Turn<'_>) {
        let late = |pending: &Pending| {
            pending.deadline <= turn.now && pending.purpose.dial().is_some_and(|dial| dial.answered)
        };
        for (_, pending) in self.pending.extract_if(.., |_, pending| late(pending)) {
            if let Purpose::Dial(dial) = pending.purpose {
                dial.unanswered(turn.out);
            }
        }
    }

    /// A new call of this line may be what a dial was waiting for. A call shows one dial, however often it is told of.
    pub(super) fn confirm_dial(&mut self, turn: &mut Turn<'_>, index: usize, event: &call_model::Event) {
        let monitor = &self.monitors[index];
        let Some(tag) = self.dial_shown_by(monitor, event) else { return };
        let Some(Pending { purpose: Purpose::Dial(dial), deadline }) = self.pending.remove(&tag) else { return };
        let call = event.call.clone();
        if dial.answered {
            self.monitors[index].dialled = Some(call.clone());
            turn.out.push(Output::Outcome(dial.id, Outcome::Accepted { call }));
        } else {
            let purpose = Purpose::Dial(Dial { seen: Some(call), ..dial });
            self.pending.insert(tag, Pending { purpose, deadline });
        }
    }

    /// The dial whose call this is: by its number, else by its cause, for a phone may write a number in its own way.
    fn dial_shown_by(&self, monitor: &Monitor, event: &call_model::Event) -> Option<u64> {
        let begins = matches!(event.news, News::Initiated | News::Originated);
        let dials = || {
            let all = self.pending.iter().filter_map(|(tag, pending)| Some((*tag, pending.purpose.dial()?)));
            all.filter(|(_, dial)| dial.line == monitor.line.id)
        };
        let known = monitor.dialled.as_ref() == Some(&event.call)
            || dials().any(|(_, dial)| dial.seen.as_ref() == Some(&event.call));
        if !begins || known {
            return None;
        }
        let called = event.parties.called.as_ref().map(|party| &party.number).filter(|number| !number.is_empty());
        let by_make_call = event.cause.as_str() == EventCause::MAKE_CALL.as_str();
        let unseen = || dials().filter(|(_, dial)| dial.seen.is_none());
        let by_number = unseen().find(|(_, dial)| called.is_none_or(|called| *called == dial.number));
        by_number.or_else(|| unseen().find(|_| by_make_call)).map(|(tag, _)| tag)
    }

    fn remember_dialled(&mut self, line: &LineId, call: &CallRef) {
        if let Some(monitor) = self.monitors.iter_mut().find(|monitor| monitor.line.id == *line) {
            monitor.dialled = Some(call.clone());
        }
    }
}

impl Purpose {
    fn dial(&self) -> Option<&Dial> {
        match self {
            Self::Dial(dial) => Some(dial),
            Self::StartMonitor(_) | Self::Snapshot(_) | Self::Heartbeat | Self::Features | Self::Greeting => None,
        }
    }
}

impl Dial {
    /// The phone was not asked.
    pub(super) fn not_sent(self, reason: String, out: &mut Vec<Output>) {
        out.push(Output::Outcome(self.id, Outcome::NoLink { reason: reason.into() }));
    }

    /// The phone will not answer any more. If an event showed the dial it was accepted; else nobody knows.
    pub(super) fn unanswered(self, out: &mut Vec<Output>) {
        let outcome = match self.seen {
            Some(call) => Outcome::Accepted { call },
            None => Outcome::NoAnswer,
        };
        out.push(Output::Outcome(self.id, outcome));
    }
}
