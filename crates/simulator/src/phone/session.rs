//! The uaCSTA session: one dialog, requests from the gateway, reports to it (ECMA TR/87).

use std::time::{Duration, Instant};

use bytes::Bytes;
use csta::{CrossRefId, CstaError, DecodeError, Event, Message, Request, Response, xml};
use sip::{Answer, Body, DialogId, Failure, Method, TransactionId, Uri};

use super::Phone;
use super::reports::{Again, Outcome, Queue, root};

/// The session that is up.
pub(super) struct Session {
    pub dialog: DialogId,
    pub monitor: Option<CrossRefId>,
    pub queue: Queue,
}

impl Phone {
    /// The phone hangs up the session itself, as some do when their registration changes.
    pub fn end_session(&mut self, now: Instant) {
        if let Some(session) = &self.session {
            self.agent.bye(now, session.dialog, &mut self.pending);
        }
        self.lose_session(now);
        self.settle(now);
    }

    pub(super) fn handle(&mut self, now: Instant, event: sip::Event) {
        match event {
            sip::Event::Invited { dialog, transaction, to, body, authorization, .. } => {
                let answer = self.invited(now, dialog, &to, body.as_ref(), authorization.as_deref());
                self.reply(now, transaction, answer);
            }
            sip::Event::Requested { dialog, transaction, method, body, authorization } => {
                self.requested(now, dialog, transaction, &method, body.as_ref(), authorization.as_deref());
            }
            sip::Event::Answered { dialog, answer, .. } if self.is_registration(dialog) => {
                self.registration_answered(now, Some(answer.status));
            }
            sip::Event::Failed { dialog, .. } if self.is_registration(dialog) => self.registration_answered(now, None),
            sip::Event::Answered { dialog, tag, answer } => self.answered(now, dialog, tag, &answer),
            sip::Event::Failed { dialog, tag, failure: Failure::Status(answer) } => {
                self.answered(now, dialog, tag, &answer);
            }
            sip::Event::Failed { dialog, tag, failure: Failure::Timeout | Failure::Flow } => {
                self.resolve(now, dialog, tag, Outcome::Unanswered, None);
            }
            sip::Event::Ended { dialog, .. } if self.is_up(dialog) => self.lose_session(now),
            // A session that was replaced; and a phone invites nobody.
            sip::Event::Ended { .. } | sip::Event::Accepted { .. } | sip::Event::Rejected { .. } => {}
        }
    }

    /// Answers an INVITE. One that is accepted replaces the session there was.
    fn invited(
        &mut self,
        now: Instant,
        dialog: DialogId,
        to: &Uri,
        body: Option<&Body>,
        authorization: Option<&str>,
    ) -> Answer {
        if to.user() != Some(self.config.user.as_str()) {
            return Answer::new(404);
        }
        if !self.config.manner.sessions {
            return Answer::new(488);
        }
        if let Some(refusal) = self.challenge(&Method::INVITE, authorization) {
            return refusal;
        }
        let asked = body.map(|body| (body.is(sip::message::CSTA), xml::decode(&body.bytes)));
        let Some((true, Ok(Message::Request(Request::RequestSystemStatus(_))))) = asked else {
            return Answer::new(415).with_header("Accept", sip::message::CSTA);
        };
        let session = Session { dialog, monitor: None, queue: Queue::new(self.config.max_queue) };
        self.end_session(now);
        self.session = Some(session);
        Answer::new(200).with_body(self.body(&Response::normal_status().into()))
    }

    fn requested(
        &mut self,
        now: Instant,
        dialog: DialogId,
        transaction: TransactionId,
        method: &Method,
        body: Option<&Body>,
        authorization: Option<&str>,
    ) {
        let guarded = self.config.digest.as_ref().is_some_and(|challenge| challenge.every_request);
        let refusal = guarded.then(|| self.challenge(method, authorization)).flatten();
        let answer = match (refusal, body) {
            // Whoever sends a NOTIFY hears that it came, and no more.
            (None, Some(body)) if *method == Method::NOTIFY => Answer { body: None, ..self.consider(now, body) },
            _ if !self.is_up(dialog) => Answer::new(481),
            (Some(refusal), _) => refusal,
            (None, None) => Answer::new(200),
            (None, Some(body)) if !body.is(sip::message::CSTA) => Answer::new(415),
            (None, Some(body)) => self.consider(now, body),
        };
        self.reply(now, transaction, answer);
        self.report_news();
    }

    /// Answers what an INFO carries. A refusal of CSTA is a success of SIP (TR/87).
    fn consider(&mut self, now: Instant, body: &Body) -> Answer {
        let result = match xml::decode(&body.bytes) {
            Ok(Message::Request(request)) if !self.config.manner.serves(&request) => {
                Err(CstaError::service_not_supported())
            }
            Ok(Message::Request(request)) => self.serve(now, request),
            Ok(Message::Event(_) | Message::Response(_) | Message::Error(_)) => return Answer::new(200),
            Err(DecodeError::UnknownMessage { .. }) => Err(CstaError::service_not_supported()),
            Err(_) => return Answer::new(400),
        };
        let message = result.map_or_else(Message::Error, Message::Response);
        Answer::new(200).with_body(self.body(&message))
    }

    /// Answers, and says who it is.
    fn reply(&mut self, now: Instant, transaction: TransactionId, answer: Answer) {
        let answer = answer.with_header("User-Agent", &self.config.user_agent);
        self.agent.respond(now, transaction, answer, &mut self.pending);
    }

    /// The answer that asks for the password, unless it was given or none is wanted.
    fn challenge(&mut self, method: &Method, authorization: Option<&str>) -> Option<Answer> {
        let random = self.random();
        let challenge = self.config.digest.as_ref()?;
        let admitted = self.nonces.admit(challenge, method, authorization);
        (!admitted).then(|| self.nonces.refusal(challenge, random))
    }

    // ── reports ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Queues what happened to the calls. Without a monitor nobody wants to know.
    pub(super) fn report_news(&mut self) {
        for event in self.calls.take_news() {
            let monitor = self.session.as_ref().and_then(|session| session.monitor.clone());
            match monitor {
                Some(cross_ref) => {
                    let message = Message::Event(Event { cross_ref, ..event });
                    let xml = Bytes::from(xml::encode(&message, self.config.edition));
                    if self.config.manner.reports(&root(&xml)) {
                        self.report(xml);
                    }
                }
                None => self.journal.counters.dropped += 1,
            }
        }
    }

    pub(super) fn report(&mut self, xml: Bytes) {
        let queued = self.session.as_mut().is_some_and(|session| session.queue.push(xml));
        if !queued {
            self.journal.counters.dropped += 1;
        }
    }

    pub(super) fn send_next_report(&mut self, now: Instant) {
        let Some(session) = &mut self.session else { return };
        if let Some((tag, xml)) = session.queue.next(now) {
            let body = Some(self.config.manner.body(xml));
            self.agent.request(now, session.dialog, tag, Method::INFO, body, &mut self.pending);
        }
    }

    fn answered(&mut self, now: Instant, dialog: DialogId, tag: u64, answer: &Answer) {
        let retry_after = answer.retry_after.filter(|_| answer.status == 503);
        let again = retry_after
            .map(|seconds| Again { after: Duration::from_secs(u64::from(seconds)), at_most: self.config.max_attempts });
        self.resolve(now, dialog, tag, Outcome::Answered(answer.status), again);
    }

    fn resolve(&mut self, now: Instant, dialog: DialogId, tag: u64, outcome: Outcome, again: Option<Again>) {
        let session = self.session.as_mut().filter(|session| session.dialog == dialog);
        if let Some(report) = session.and_then(|session| session.queue.settle(now, tag, outcome, again)) {
            self.journal.note(report);
        }
    }

    pub(super) fn lose_session(&mut self, now: Instant) {
        if let Some(mut session) = self.session.take() {
            session.queue.abandon(now, &mut self.journal);
        }
    }

    fn is_up(&self, dialog: DialogId) -> bool {
        self.session.as_ref().is_some_and(|session| session.dialog == dialog)
    }

    fn body(&self, message: &Message) -> Body {
        self.config.manner.body(xml::encode(message, self.config.edition))
    }
}
