//! The peers' requests (RFC 3261 8.2, 9.2, 12.2.2, 13.3, 14.2, 15.1.2).

use std::time::Instant;

use super::answers::finish;
use super::objections::foreign_body;
use super::{Agent, Answer, Discard, Ending, Event, Output, TransactionId};
use crate::dialog::{Dialog, DialogId, Phase, Refresher, Terms};
use crate::message::{CSTA, Message, Scheme, Uri, Writer};
use crate::transaction::{ServerKey, ServerNews};
use crate::{Flow, Method};

/// A request as it came in.
pub(super) struct Request<'a> {
    pub(super) flow: Flow,
    pub(super) message: &'a Message<'a>,
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    /// All of it.
    pub(super) bytes: &'a [u8],
}

impl Agent {
    pub(super) fn receive_request(&mut self, now: Instant, request: &Request<'_>, out: &mut Vec<Output>) {
        let known = self.answers.find(&ServerKey::of(request.message));
        match known {
            Some(id) if *request.method == Method::ACK => {
                self.answers.servers.update(id, |server| server.acknowledged(now));
            }
            Some(id) => {
                self.answers.servers.update(id, |server| server.repeated(out));
            }
            None if *request.method == Method::ACK => self.receive_ack(now, request, out),
            None if *request.method == Method::CANCEL => self.receive_cancel(now, request, out),
            None if self.answers.is_merged(request.message) => self.refuse(request, &Answer::new(482), out),
            None if *request.method == Method::REGISTER && self.registrar.is_open() => {
                self.receive_register(now, request, out);
            }
            None => match self.dialog_of(request) {
                Some(dialog) if self.waits(now, dialog, request) => {}
                Some(dialog) => {
                    self.receive_in_dialog(now, dialog, request, out);
                    self.release(now, dialog, out);
                }
                None if self.overtakes(request) => {
                    out.push(Output::Discarded { flow: request.flow, reason: Discard::Early });
                }
                None => self.receive_from_stranger(now, request, out),
            },
        }
    }

    pub(super) fn server_timeout(&mut self, now: Instant, id: TransactionId, out: &mut Vec<Output>) {
        let news = self.answers.servers.update(id, |server| server.timeout(now, out)).flatten();
        let Some(server) = self.answers.servers.get(id).filter(|server| server.is_over()) else { return };
        let dialog = server.dialog;
        self.answers.remove(id);
        // A peer that never acknowledges is told that nothing came of it (RFC 3261 13.3.1.4).
        if news == Some(ServerNews::Unacknowledged) && self.dialogs.contains_key(&dialog) {
            self.drop_dialog(now, dialog, out);
            out.push(Event::Ended { dialog, ending: Ending::Unacknowledged }.into());
        }
    }

    /// The dialog that is up and whose Call-ID, tags and peer's host are those of the request.
    fn dialog_of(&self, request: &Request<'_>) -> Option<DialogId> {
        let id = request.message.to.tag().and_then(DialogId::from_tag)?;
        let dialog = self.dialogs.get(&id)?;
        (dialog.is_up() && dialog.owns(request.message, &request.flow)).then_some(id)
    }

    /// The 2xx to our INVITE was lost or overtaken, and the peer, for whom the dialog is up, goes on. A refusal now
    /// would make it drop the dialog.
    fn overtakes(&self, request: &Request<'_>) -> bool {
        let dialog = request.message.to.tag().and_then(DialogId::from_tag).and_then(|id| self.dialogs.get(&id));
        dialog.is_some_and(|dialog| {
            matches!(dialog.phase, Phase::Calling(_))
                && !request.flow.transport.is_reliable()
                && *dialog.call_id == *request.message.call_id
        })
    }

    pub(super) fn receive_in_dialog(
        &mut self,
        now: Instant,
        id: DialogId,
        request: &Request<'_>,
        out: &mut Vec<Output>,
    ) {
        let number = request.message.cseq.number;
        let full = || (!self.answers.make_room(self.requests.config.max_transactions)).then(overloaded);
        let refusal = request.objection().or_else(full);
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        if let Some(answer) = refusal {
            dialog.passes(number);
            return self.decline(request, &answer, out);
        }
        if !dialog.advances(number) {
            return self.decline(request, &Answer::new(500), out);
        }
        dialog.follow(request.flow);
        dialog.stirred = Some(now);
        self.keep_alive_there(now, id, out);
        let transaction = self.answers.start(now, self.requests.config.timers, request.flow, request.message, id);
        match request.method.as_str() {
            "INFO" => out.push(requested(id, transaction, request)),
            "INVITE" => self.receive_reinvite(now, id, transaction, request, out),
            "UPDATE" => {
                self.refresh_target(id, request.message);
                self.answer(now, transaction, &Answer::new(200), out);
            }
            "BYE" => {
                self.answer(now, transaction, &Answer::new(200), out);
                self.end(id, Ending::Bye, out);
            }
            _ => self.answer(now, transaction, &capabilities(), out),
        }
    }

    /// A re-INVITE (RFC 3261 14.2) refreshes the session. Without a body, or with the CSTA one of the first INVITE
    /// again, there is nothing to agree on; media is refused, and the dialog goes on as it was.
    fn receive_reinvite(
        &mut self,
        now: Instant,
        id: DialogId,
        transaction: TransactionId,
        request: &Request<'_>,
        out: &mut Vec<Output>,
    ) {
        let phase = self.dialogs.get(&id).map(|dialog| dialog.phase);
        if matches!(phase, Some(Phase::Up { inviting: true, .. })) {
            return self.answer(now, transaction, &Answer::new(491), out);
        }
        let answer = foreign_body(request.message.content().as_ref()).unwrap_or_else(|| {
            self.refresh_target(id, request.message);
            Answer::new(200)
        });
        self.answer(now, transaction, &answer, out);
    }

    /// A request of no dialog makes no state and no event, whatever it asks; unless it is an invitation, and
    /// invitations are welcome.
    fn receive_from_stranger(&mut self, now: Instant, request: &Request<'_>, out: &mut Vec<Output>) {
        let tagged = request.message.to.tag().is_some();
        let is_notify = *request.method == Method::NOTIFY && self.requests.config.accept_notifies;
        let answer = match request.objection() {
            Some(_) if is_notify && !tagged => return self.receive_notify(now, request, out),
            Some(answer) => answer,
            None if *request.method == Method::OPTIONS && !tagged => capabilities(),
            None if *request.method == Method::INVITE && !tagged => {
                if self.requests.config.accept_invites {
                    return self.receive_invite(now, request, out);
                }
                Answer::new(403)
            }
            None => Answer::new(481),
        };
        self.refuse(request, &answer, out);
    }

    fn receive_invite(&mut self, now: Instant, request: &Request<'_>, out: &mut Vec<Output>) {
        let body = request.message.content();
        if let Some(answer) = foreign_body(body.as_ref()) {
            return self.refuse(request, &answer, out);
        }
        let config = &self.requests.config;
        if self.dialogs.len() >= config.max_dialogs || !self.answers.make_room(config.max_transactions) {
            return self.refuse(request, &overloaded(), out);
        }
        let timers = config.timers;
        let id = DialogId(self.requests.random());
        let Some(dialog) = Dialog::invited(id, request.flow, request.message) else {
            return self.refuse(request, &Answer::new(400), out);
        };
        let (from, to) = (dialog.remote.clone(), dialog.local.clone());
        let transaction = self.answers.start(now, timers, request.flow, request.message, id);
        self.dialogs.insert(id, Box::new(Dialog { phase: Phase::Ringing(transaction), ..dialog }));
        let event = Event::Invited {
            dialog: id,
            transaction,
            from,
            uri: request.uri.clone(),
            to,
            body,
            authorization: request.message.readable("Authorization"),
        };
        out.push(event.into());
    }

    /// An ACK to a 2xx: it is a transaction of its own, found through its dialog. It is never answered.
    fn receive_ack(&mut self, now: Instant, request: &Request<'_>, out: &mut Vec<Output>) {
        let dialog = self.dialog_of(request).and_then(|id| self.dialogs.get_mut(&id));
        let Some(Phase::Up { unacknowledged, .. }) = dialog.map(|dialog| &mut dialog.phase) else {
            return out.push(Output::Discarded { flow: request.flow, reason: Discard::StrayAck });
        };
        if let Some(transaction) = unacknowledged.take() {
            self.answers.servers.update(transaction, |server| server.acknowledged(now));
        }
    }

    /// The peer takes its INVITE back. That works only until it was answered (RFC 3261 9.2).
    fn receive_cancel(&mut self, now: Instant, request: &Request<'_>, out: &mut Vec<Output>) {
        let found = self.answers.find(&ServerKey::cancelled_by(request.message));
        let Some((id, server)) = found.and_then(|id| Some((id, self.answers.servers.get(id)?))) else {
            return self.refuse(request, &Answer::new(481), out);
        };
        self.decline(request, &Answer::new(200), out);
        let dialog = server.dialog;
        if !server.is_open() {
            return;
        }
        let ringing = self.dialogs.get(&dialog).is_some_and(|dialog| matches!(dialog.phase, Phase::Ringing(_)));
        self.answer(now, id, &Answer::new(487), out);
        if ringing {
            out.push(Event::Ended { dialog, ending: Ending::Cancelled }.into());
        }
    }

    /// Answers a request that has a transaction.
    pub(super) fn answer(&mut self, now: Instant, id: TransactionId, answer: &Answer, out: &mut Vec<Output>) {
        let Some(server) = self.answers.servers.get(id).filter(|server| server.is_open()) else { return };
        let (status, dialog, updates) = (answer.status, server.dialog, server.updates);
        let is_invite = server.method == Method::INVITE;
        let moves_target = is_invite || server.method == Method::UPDATE;
        let mut writer = Writer::response(status, &answer.reason);
        writer.lines(server.lines());
        if moves_target && (101..300).contains(&status) {
            writer.header("Contact", self.requests.contact(&server.flow(), Scheme::Sip));
            writer.header("Allow", Method::allow());
        }
        let terms = server.terms().filter(|_| moves_target && answer.is_success());
        if let Some(terms) = terms {
            writer.header("Session-Expires", terms);
            // Who sent it understands that (RFC 4028 9): else we would refresh ourselves.
            if terms.refresher == Refresher::Uac {
                writer.header("Require", Terms::OPTION);
            }
        }
        let bytes = finish(writer, answer);
        let sent = self.answers.servers.update(id, |server| server.respond(now, status, bytes, out));
        if is_invite && status >= 200 && sent == Some(true) {
            self.invite_answered(dialog, id, answer.is_success());
            self.keep_alive(now, dialog, out);
        }
        if moves_target && answer.is_success() && sent == Some(true) {
            self.session_agreed(now, dialog, (terms, false), (updates, None));
        }
    }

    /// Our final answer to an INVITE opens its dialog, or ends it before it was one.
    fn invite_answered(&mut self, id: DialogId, transaction: TransactionId, success: bool) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        match &mut dialog.phase {
            Phase::Up { unacknowledged, .. } if success => *unacknowledged = Some(transaction),
            Phase::Ringing(_) if success => {
                dialog.phase = Phase::Up { inviting: false, unacknowledged: Some(transaction) };
            }
            Phase::Ringing(_) => {
                self.dialogs.remove(&id);
            }
            Phase::Up { .. } | Phase::Starting | Phase::Calling(_) => {}
        }
    }

    fn refresh_target(&mut self, id: DialogId, message: &Message<'_>) {
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.refresh_target(message);
        }
    }

    /// Answers a stranger without keeping anything.
    pub(super) fn refuse(&self, request: &Request<'_>, answer: &Answer, out: &mut Vec<Output>) {
        let Request { flow, message, bytes, .. } = request;
        self.answers.refuse(*flow, (message.raw(), Some(&message.via)), bytes.len(), answer, out);
    }

    /// Answers somebody who knows our tags or our INVITE transaction, without keeping anything: he is no stranger, so
    /// the answer may be as long as it is.
    fn decline(&self, request: &Request<'_>, answer: &Answer, out: &mut Vec<Output>) {
        let Request { flow, message, .. } = request;
        self.answers.refuse(*flow, (message.raw(), Some(&message.via)), usize::MAX, answer, out);
    }
}

pub(super) fn requested(dialog: DialogId, transaction: TransactionId, request: &Request<'_>) -> Output {
    let body = request.message.content();
    let authorization = request.message.readable("Authorization");
    Event::Requested { dialog, transaction, method: request.method.clone(), body, authorization }.into()
}

/// The answer to OPTIONS (RFC 3261 11.2).
fn capabilities() -> Answer {
    Answer::new(200).with_header("Allow", Method::allow()).with_header("Accept", CSTA)
}

pub(super) fn overloaded() -> Answer {
    Answer { retry_after: Some(5), ..Answer::new(503) }
}
