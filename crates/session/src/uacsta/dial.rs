//! `make_call`: asked once, and believed only when the phone says so.

use call_model::{CallRef, Command, LineId, News, Number, Outcome};
use csta::{MakeCall, Message, Request, Response};

use super::startup::read;
use super::{Pending, Phase, Purpose, Turn, Uacsta};
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
        let Some(index) = self.index_of(&line) else {
            turn.out.push(Output::Outcome(id, Outcome::NoLine));
            return;
        };
        if !matches!(self.phase, Phase::Up { .. }) || self.monitors[index].cross_ref().is_none() {
            turn.out.push(Output::Outcome(id, self.no_link()));
            return;
        }
        let request = MakeCall::do_not_prompt(self.monitors[index].line.device.clone(), number.reveal());
        let dial = Dial { id, line, number, answered: false, seen: None };
        self.request(turn, Purpose::Dial(dial), Request::MakeCall(request));
    }

    /// A MakeCallResponse names the call; an answer without one waits for an event that shows the dial.
    pub(super) fn dial_answered(&mut self, turn: &mut Turn<'_>, mut dial: Dial, answer: &sip::Answer) {
        let outcome = match read(answer) {
            Ok(Message::Response(Response::MakeCall(response))) => {
                Outcome::Accepted { call: CallRef(response.calling_device.call_id.unwrap_or_default()) }
            }
            Ok(Message::Error(error)) => Outcome::Refused { reason: error.to_string().into() },
            Err(_) if matches!(answer.status, 481 | 408) => self.no_link(),
            Err(why) if answer.status >= 300 => Outcome::Refused { reason: why.into() },
            Ok(_) | Err(_) => match dial.seen.take() {
                Some(call) => Outcome::Accepted { call },
                None => return self.await_event(turn, dial),
            },
        };
        turn.out.push(Output::Outcome(dial.id, outcome));
    }

    fn await_event(&mut self, turn: &mut Turn<'_>, dial: Dial) {
        let tag = self.next_tag;
        self.next_tag += 1;
        let deadline = turn.now + self.config.request_timeout;
        self.pending.insert(tag, Pending { purpose: Purpose::Dial(Dial { answered: true, ..dial }), deadline });
    }

    /// Dials that the phone took but never showed: nobody knows what became of them.
    pub(super) fn give_up_unseen_dials(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        let late = |pending: &mut Pending| match &pending.purpose {
            Purpose::Dial(dial) => dial.answered && pending.deadline <= now,
            Purpose::StartMonitor(_) | Purpose::Snapshot(_) | Purpose::Heartbeat => false,
        };
        for (_, pending) in self.pending.extract_if(.., |_, pending| late(pending)) {
            if let Purpose::Dial(dial) = pending.purpose {
                dial.unanswered(turn.out);
            }
        }
    }

    /// An event of this line may be what a dial was waiting for.
    pub(super) fn confirm_dial(&mut self, turn: &mut Turn<'_>, line: &LineId, event: &call_model::Event) {
        if !matches!(event.news, News::Initiated | News::Originated) {
            return;
        }
        let called = event.parties.called.as_ref().map(|party| &party.number).filter(|number| !number.is_empty());
        let waits = |pending: &Pending| match &pending.purpose {
            Purpose::Dial(dial) => dial.line == *line && called.is_none_or(|called| *called == dial.number),
            Purpose::StartMonitor(_) | Purpose::Snapshot(_) | Purpose::Heartbeat => false,
        };
        let Some(tag) = self.pending.iter().find(|(_, pending)| waits(pending)).map(|(tag, _)| *tag) else { return };
        let Some(Pending { purpose: Purpose::Dial(dial), deadline }) = self.pending.remove(&tag) else { return };
        let call = event.call.clone();
        if dial.answered {
            turn.out.push(Output::Outcome(dial.id, Outcome::Accepted { call }));
        } else {
            let purpose = Purpose::Dial(Dial { seen: Some(call), ..dial });
            self.pending.insert(tag, Pending { purpose, deadline });
        }
    }
}

impl Dial {
    /// The phone will not answer any more. If an event showed the dial it was accepted; else nobody knows.
    pub(super) fn unanswered(self, out: &mut Vec<Output>) {
        let outcome = match self.seen {
            Some(call) => Outcome::Accepted { call },
            None => Outcome::NoAnswer,
        };
        out.push(Output::Outcome(self.id, outcome));
    }
}
