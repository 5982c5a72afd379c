//! What becomes of our requests (RFC 3261 8.1.3, 12.2.1.2, 13.2.2).

use std::time::Instant;

use super::{Agent, Answer, Discard, Ending, Event, Failure, Output, Plan, Purpose};
use crate::dialog::{Dialog, DialogId, Phase, Terms};
use crate::message::{Message, reason, text};
use crate::transaction::{Client, ClientKey, ClientNews};
use crate::{Body, Flow, Method, Transport};

/// A response as it came in.
pub(super) struct Response<'a> {
    pub(super) flow: Flow,
    pub(super) message: &'a Message<'a>,
    pub(super) status: u16,
    pub(super) reason: &'a [u8],
}

impl Agent {
    pub(super) fn receive_response(&mut self, now: Instant, response: &Response<'_>, out: &mut Vec<Output>) {
        let Response { flow, message, status, .. } = *response;
        // A second Via means that the answer is for somebody behind us (RFC 3261 8.1.3.3).
        let ours = ClientKey::of(message).filter(|_| message.list("Via").nth(1).is_none());
        let news = ours.and_then(|key| {
            let news = self.requests.clients.update(key, |client| client.receive(now, message, status, out));
            Some((key, news?))
        });
        match news {
            None => out.push(Output::Discarded { flow, reason: Discard::Stray }),
            Some((key, Some(ClientNews::Final))) => {
                self.finished(now, key, response, out);
                self.requests.clients.update(key, Client::settle);
            }
            Some((key, Some(ClientNews::AcceptedAgain))) => self.accepted_again(now, key, message, out),
            Some((key, Some(ClientNews::Cancel))) => self.requests.send_cancel(now, key, out),
            Some((_, Some(ClientNews::TimedOut) | None)) => {}
        }
    }

    pub(super) fn client_timeout(&mut self, now: Instant, key: ClientKey, out: &mut Vec<Output>) {
        if self.is_forsaken(key) {
            self.requests.clients.remove(key);
            return;
        }
        let news = self.requests.clients.update(key, |client| client.timeout(now, out)).flatten();
        if news == Some(ClientNews::TimedOut) {
            self.timed_out(now, key, out);
        }
        if self.requests.clients.get(key).is_some_and(|client| client.is_over()) {
            self.requests.clients.remove(key);
        }
    }

    /// Its dialog is over, and nobody waits for its answer: it must not be sent again. A peer that comes back would act on
    /// a request (dial, for one) that was given up.
    fn is_forsaken(&self, key: ClientKey) -> bool {
        let purpose = self.requests.clients.get(key).and_then(|client| client.purpose.as_ref());
        matches!(purpose, Some(Purpose::Request { dialog, .. }) if !self.dialogs.contains_key(dialog))
    }

    /// The first final answer: it goes to whoever waits for it.
    fn finished(&mut self, now: Instant, key: ClientKey, response: &Response<'_>, out: &mut Vec<Output>) {
        match self.requests.take_purpose(key) {
            Some(Purpose::Invite { dialog, plan }) => self.invite_finished(now, key, dialog, plan, response, out),
            Some(Purpose::Request { dialog, tag, plan }) => {
                self.request_finished(now, key, (dialog, tag), plan, response, out);
            }
            Some(Purpose::Bye { mut dialog, mut plan }) => {
                if self.may_retry(key, &mut dialog, &mut plan, response) {
                    self.requests.send_bye_as(now, dialog, plan, out);
                }
            }
            Some(Purpose::Orphan { mut dialog }) => {
                if response.is_success() {
                    dialog.opened(response.message);
                    self.requests.send_ack(&dialog, key, response.message.cseq.number, out);
                    self.requests.send_bye(now, dialog, out);
                }
            }
            Some(Purpose::Opened { .. } | Purpose::Cancel) | None => {}
        }
    }

    fn invite_finished(
        &mut self,
        now: Instant,
        key: ClientKey,
        id: DialogId,
        mut plan: Plan,
        response: &Response<'_>,
        out: &mut Vec<Output>,
    ) {
        let Some(mut dialog) = self.dialogs.remove(&id) else { return };
        if response.is_success() {
            dialog.opened(response.message);
            self.requests.send_ack(&dialog, key, response.message.cseq.number, out);
            self.requests.keep(key, Purpose::Opened { dialog: id });
            self.dialogs.insert(id, dialog);
            self.session_confirmed(now, id, response.message, plan.body);
            self.keep_alive(now, id, out);
            out.push(Event::Accepted { dialog: id, answer: response.answer() }.into());
        } else if self.may_retry(key, &mut dialog, &mut plan, response) {
            let retry = self.requests.send(now, &mut dialog, &plan, out);
            self.requests.keep(retry, Purpose::Invite { dialog: id, plan });
            dialog.phase = Phase::Calling(retry);
            self.dialogs.insert(id, dialog);
        } else {
            out.push(Event::Rejected { dialog: id, failure: Failure::Status(response.answer()) }.into());
        }
    }

    fn request_finished(
        &mut self,
        now: Instant,
        key: ClientKey,
        (id, tag): (DialogId, Option<u64>),
        mut plan: Plan,
        response: &Response<'_>,
        out: &mut Vec<Output>,
    ) {
        // If the dialog ended meanwhile, its `Ended` stood for this request too. A 2xx to a re-INVITE then stays
        // without its ACK, and the peer, which has our BYE, does not miss it.
        let Some(mut dialog) = self.dialogs.remove(&id) else { return };
        if self.may_retry(key, &mut dialog, &mut plan, response) {
            let retry = self.requests.send(now, &mut dialog, &plan, out);
            self.requests.keep(retry, Purpose::Request { dialog: id, tag, plan });
            self.dialogs.insert(id, dialog);
            return;
        }
        dialog.reinvited(&plan.method);
        dialog.stirred = Some(now);
        let is_up = dialog.is_up();
        let refreshes = plan.method == Method::INVITE || plan.method == Method::UPDATE;
        if response.is_success() && refreshes {
            dialog.refresh_target(response.message);
        }
        if response.is_success() && plan.method == Method::INVITE {
            self.requests.send_ack(&dialog, key, response.message.cseq.number, out);
        }
        self.dialogs.insert(id, dialog);
        if response.is_success() && refreshes {
            self.session_confirmed(now, id, response.message, None);
        }
        match tag {
            Some(tag) => out.push(Event::Answered { dialog: id, tag, answer: response.answer() }.into()),
            None if response.is_success() || !refreshes => {}
            None => self.refresh_refused(now, id, &plan.method, response.status),
        }
        match response.status {
            // Outside of dialogs it says nothing but no.
            481 if is_up => self.end(id, Ending::Unknown, out),
            408 => self.lose(now, id, out),
            _ => {}
        }
    }

    /// The same 2xx again is acknowledged again. One with another tag comes from a second peer behind a proxy that
    /// forks: it is acknowledged and ended (RFC 3261 13.2.2.4).
    fn accepted_again(&mut self, now: Instant, key: ClientKey, message: &Message<'_>, out: &mut Vec<Output>) {
        let Some(client) = self.requests.clients.get(key) else { return };
        let opened = if let Some(Purpose::Opened { dialog }) = &client.purpose { Some(dialog) } else { None };
        let opened = opened.and_then(|dialog| self.dialogs.get(dialog));
        let other = opened.filter(|dialog| *dialog.remote_tag != *message.to.tag().unwrap_or(""));
        let Some(mut fork) = other.map(|dialog| dialog.without_login()) else { return client.acknowledge_again(out) };
        if self.requests.is_full() {
            return; // it comes again, or its sender gives up: a peer must not make us write for ever
        }
        fork.opened(message);
        let ack = self.requests.ack(&fork, key, message.cseq.number);
        out.extend(ack.map(|bytes| Output::Transmit { flow: fork.next_hop(), bytes }));
        self.requests.send_bye(now, Box::new(fork), out);
    }

    /// The peer's 2xx to our INVITE or UPDATE says how long the session lasts.
    fn session_confirmed(&mut self, now: Instant, id: DialogId, answer: &Message<'_>, body: Option<Body>) {
        self.session_agreed(now, id, (Terms::of_answer(answer), true), (answer.allows_update(), body));
    }

    /// A challenge that our credentials may meet, or a session that must be longer: the request is to go out again, with
    /// a new number.
    fn may_retry(&mut self, key: ClientKey, dialog: &mut Dialog, plan: &mut Plan, response: &Response<'_>) -> bool {
        match response.status {
            _ if self.requests.is_full() => return false,
            401 | 407 => {}
            422 => return Terms::shortest(response.message).is_some_and(|shortest| plan.raise(shortest)),
            _ => return false,
        }
        let cnonce = self.requests.random();
        let (Some(login), Some(client)) = (&mut dialog.login, self.requests.clients.get(key)) else { return false };
        login.challenged(client.request(), response.message, &mut plan.tried, cnonce)
    }

    /// Nobody answered in time (RFC 3261 8.1.3.1: as if 408 had come).
    fn timed_out(&mut self, now: Instant, key: ClientKey, out: &mut Vec<Output>) {
        let purpose = self.requests.take_purpose(key);
        if let Some(Purpose::Invite { dialog: id, .. }) = &purpose
            && let Some(dialog) = self.dialogs.remove(id)
        {
            out.push(Event::Rejected { dialog: *id, failure: Failure::Timeout }.into());
            return self.requests.orphan(now, key, dialog, out);
        }
        self.requests.withdraw(now, key, out);
        let lost = if let Some(Purpose::Request { dialog, .. }) = &purpose { Some(*dialog) } else { None };
        self.failed(now, purpose, Failure::Timeout, out);
        if let Some(id) = lost {
            self.lose(now, id, out);
        }
    }

    /// A request of a dialog over UDP was to go over TCP, and never went: it goes over UDP, and so does all that follows.
    pub(super) fn fall_back(&mut self, now: Instant, key: ClientKey, out: &mut Vec<Output>) {
        let purpose = self.requests.clients.get(key).and_then(|client| client.purpose.as_ref());
        let Some(Purpose::Invite { dialog, .. } | Purpose::Request { dialog, .. }) = purpose else { return };
        let over_udp = |dialog: &&mut Box<Dialog>| dialog.next_hop().transport == Transport::Udp;
        let Some(dialog) = self.dialogs.get_mut(dialog).filter(over_udp) else { return };
        dialog.refuses_tcp = true;
        let Some(client) = self.requests.clients.remove(key) else { return };
        let number = Message::parse(client.request()).ok().map(|request| request.cseq.number);
        let Some(purpose) = client.purpose else { return };
        let Some(plan) = purpose.plan() else { return };
        // A number that nobody has seen would be missed, unless others have passed it already.
        let number = number.filter(|number| *number == dialog.local_seq).unwrap_or_else(|| dialog.next_seq());
        let again = self.requests.send_as(now, dialog, number, plan, out);
        if let Phase::Calling(calling) = &mut dialog.phase {
            *calling = again;
        }
        self.requests.keep(again, purpose);
    }

    /// A request came to nothing, and its dialog is not to blame.
    pub(super) fn failed(&mut self, now: Instant, purpose: Option<Purpose>, failure: Failure, out: &mut Vec<Output>) {
        match purpose {
            Some(Purpose::Invite { dialog, .. }) => {
                if self.dialogs.remove(&dialog).is_some() {
                    out.push(Event::Rejected { dialog, failure }.into());
                }
            }
            Some(Purpose::Request { dialog, tag, plan }) => {
                let Some(entry) = self.dialogs.get_mut(&dialog) else { return };
                entry.reinvited(&plan.method);
                match tag {
                    Some(tag) => out.push(Event::Failed { dialog, tag, failure }.into()),
                    None if plan.method == Method::OPTIONS => {}
                    None => self.refresh_later(now, dialog),
                }
            }
            Some(Purpose::Bye { .. } | Purpose::Orphan { .. } | Purpose::Opened { .. } | Purpose::Cancel) | None => {}
        }
    }

    /// The dialog is over, and the peer knows.
    pub(super) fn end(&mut self, id: DialogId, ending: Ending, out: &mut Vec<Output>) {
        self.forget_alarms(id);
        if self.dialogs.remove(&id).is_some() {
            out.push(Event::Ended { dialog: id, ending }.into());
        }
    }

    fn forget_alarms(&mut self, id: DialogId) {
        self.sessions.remove(id);
        self.keep_alives.forget(id);
        self.overtakers.remove(id);
    }

    /// The peer is silent. Should it live after all, a BYE tells it that the dialog is over (RFC 3261 12.2.1.2).
    pub(super) fn lose(&mut self, now: Instant, id: DialogId, out: &mut Vec<Output>) {
        if self.dialogs.contains_key(&id) {
            self.drop_dialog(now, id, out);
            out.push(Event::Ended { dialog: id, ending: Ending::Timeout }.into());
        }
    }

    /// Ends a dialog from our side.
    pub(super) fn drop_dialog(&mut self, now: Instant, id: DialogId, out: &mut Vec<Output>) {
        self.forget_alarms(id);
        let Some(dialog) = self.dialogs.remove(&id) else { return };
        match dialog.phase {
            Phase::Calling(key) => self.requests.orphan(now, key, dialog, out),
            Phase::Up { .. } => self.requests.send_bye(now, dialog, out),
            Phase::Starting | Phase::Ringing(_) => {}
        }
    }
}

impl Response<'_> {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn peer_name(&self) -> Option<Box<str>> {
        let name = self.message.readable("Server").or_else(|| self.message.readable("User-Agent"));
        name.map(String::into_boxed_str)
    }

    /// What the peer answered.
    fn answer(&self) -> Answer {
        // `Retry-After: 120 (comment);duration=60`
        let digits = |value: &[u8]| value.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let seconds = |value: &[u8]| text::number(value.get(..digits(value))?);
        Answer {
            status: self.status,
            reason: text::readable(self.reason),
            body: self.message.content(),
            retry_after: self.message.header("Retry-After").and_then(seconds),
            contact: self.message.contact(),
            agent: self.peer_name(),
            headers: Vec::new(),
        }
    }
}

impl Answer {
    /// What a peer would have answered, had we been able to ask.
    pub(super) fn local(status: u16) -> Self {
        Self { reason: reason(status).to_owned(), ..Self::new(status) }
    }
}
