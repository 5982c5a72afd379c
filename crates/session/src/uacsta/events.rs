//! What the phone sends by itself: INFO requests with events, and now and then a request.

use csta::{CstaError, Message, Request, Response};

use sip::message::CSTA;

use super::monitor::Monitor;
use super::{Turn, Uacsta};
use crate::{Ack, Output, normalise};

impl Uacsta {
    /// A request in the dialog. An event is acknowledged when the caller says that it is durable; all else at once.
    pub(super) fn requested(
        &mut self,
        turn: &mut Turn<'_>,
        transaction: sip::TransactionId,
        method: &sip::Method,
        content: Option<sip::Body>,
    ) {
        self.heard(turn.now);
        let answer = match content {
            _ if *method != sip::Method::INFO => sip::Answer::new(405),
            None => sip::Answer::new(200),
            Some(content) if !content.is(CSTA) => sip::Answer::new(415).with_header("Accept", CSTA),
            Some(content) => match csta::xml::decode(&content.bytes) {
                Ok(Message::Event(event)) => return self.event(turn, transaction, &event),
                Ok(Message::Request(request)) => return self.serve(turn, transaction, &request),
                Ok(Message::Response(_) | Message::Error(_)) => sip::Answer::new(200),
                Err(error) => unreadable(turn, &error),
            },
        };
        turn.agent.respond(turn.now, transaction, answer, turn.wire);
    }

    /// Hands an event up, to be acknowledged when what follows from it is durable. One that says nothing about a call
    /// is acknowledged at once.
    fn event(&mut self, turn: &mut Turn<'_>, transaction: sip::TransactionId, event: &csta::Event) {
        self.reported(&event.kind);
        let news = self.monitor_of(&event.cross_ref).and_then(|index| {
            let monitor = &mut self.monitors[index];
            let news = normalise::event(&monitor.line, event)?;
            monitor.moves();
            Some((index, monitor.line.id.clone(), news))
        });
        let Some((index, line, news)) = news else {
            return turn.agent.respond(turn.now, transaction, sip::Answer::new(200), turn.wire);
        };
        self.confirm_dial(turn, index, &news);
        turn.out.push(Output::Event { line, event: news, ack: Ack(transaction) });
    }

    /// Which monitor an event belongs to. The event may be faster than the answer to MonitorStart that names its
    /// cross reference; and where a phone carries one line only, there is no doubt.
    fn monitor_of(&self, cross_ref: &csta::CrossRefId) -> Option<usize> {
        let named = self.monitors.iter().position(|monitor| monitor.cross_ref() == Some(cross_ref));
        let starting = || self.monitors.iter().position(Monitor::is_starting);
        named.or_else(starting).or(if self.monitors.len() == 1 { Some(0) } else { None })
    }

    /// Answers a request of the phone's own, and does what follows from it.
    fn serve(&mut self, turn: &mut Turn<'_>, transaction: sip::TransactionId, request: &Request) {
        let respond = |session: &Self, turn: &mut Turn<'_>, message: Message| {
            let answer = sip::Answer::new(200).with_body(session.body(&message));
            turn.agent.respond(turn.now, transaction, answer, turn.wire);
        };
        match request {
            Request::SystemStatus(report) => {
                respond(self, turn, Response::SystemStatus(Default::default()).into());
                self.status_reported(turn, report.status);
            }
            Request::RequestSystemStatus(_) => respond(self, turn, Response::normal_status().into()),
            Request::MonitorStop(stop) => {
                respond(self, turn, Response::MonitorStop(Default::default()).into());
                self.monitor_stopped(turn, &stop.cross_ref);
            }
            Request::SystemRegister(_)
            | Request::GetCstaFeatures(_)
            | Request::MonitorStart(_)
            | Request::SnapshotDevice(_)
            | Request::SnapshotCall(_)
            | Request::MakeCall(_)
            | Request::AnswerCall(_)
            | Request::ClearConnection(_)
            | Request::HoldCall(_)
            | Request::RetrieveCall(_)
            | Request::ConsultationCall(_)
            | Request::TransferCall(_)
            | Request::SingleStepTransferCall(_)
            | Request::DeflectCall(_)
            | Request::GenerateDigits(_)
            | Request::SetDoNotDisturb(_)
            | Request::GetDoNotDisturb(_)
            | Request::SetForwarding(_)
            | Request::GetForwarding(_) => respond(self, turn, CstaError::service_not_supported().into()),
        }
    }
}

/// A message that cannot be read costs itself alone: the dialog goes on. A message of a kind we have no use for is
/// taken, so that the phone does not send it again.
fn unreadable(turn: &mut Turn<'_>, error: &csta::DecodeError) -> sip::Answer {
    if let csta::DecodeError::UnknownMessage { .. } = error {
        return sip::Answer::new(200);
    }
    turn.out.push(Output::Note(format!("a message that cannot be read: {error}")));
    sip::Answer::new(400)
}
