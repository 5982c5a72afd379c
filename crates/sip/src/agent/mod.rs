//! The user agent (RFC 3261 8): what dialogs and transactions mean together.

mod answers;
mod config;
mod event;
mod incoming;
mod invitations;
mod keep_alive;
mod objections;
mod ordering;
mod outgoing;
mod outside;
mod registrations;
mod requests;
mod sessions;

use std::collections::HashMap;
use std::time::Instant;

use answers::Answers;
pub use config::{Config, Entropy, Load};
pub use event::{Answer, Discard, Ending, Event, Failure, Output, TransactionId};
pub use invitations::Invite;
use keep_alive::KeepAlives;
use ordering::Overtakers;
pub use outside::{Outside, Question};
pub use registrations::Register;
use requests::{Plan, Purpose, Requests};
use sessions::SessionTimer;

use crate::dialog::{Dialog, DialogId, Phase, Remembered};
use crate::digest::Login;
use crate::message::{Kind, Message, Raw, Start, Via};
use crate::registrar::Registrar;
use crate::transaction::Table;
use crate::{Body, Credentials, Flow, Method, ParseError, Transport};

/// The transactions and dialogs of one gateway, or of one phone.
///
/// It owns no socket and no clock: see the crate's first page for who calls what.
pub struct Agent {
    requests: Requests,
    answers: Answers,
    dialogs: HashMap<DialogId, Box<Dialog>>,
    sessions: Table<DialogId, SessionTimer>,
    keep_alives: KeepAlives,
    overtakers: Overtakers,
    registrar: Registrar,
}

impl Agent {
    /// An agent that knows nobody yet.
    #[must_use]
    pub fn new(config: Config, entropy: Entropy) -> Self {
        let mut requests = Requests::new(config, entropy);
        let answers = Answers::new(requests.random());
        let registrar = Registrar::new(std::mem::take(&mut requests.config.registrar), requests.key());
        let keep_alives = KeepAlives::new(&requests.config);
        Self {
            requests,
            answers,
            dialogs: HashMap::new(),
            sessions: Table::new(),
            keep_alives,
            overtakers: Table::new(),
            registrar,
        }
    }

    /// Takes one datagram, or one message that was cut from a stream.
    pub fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8], out: &mut Vec<Output>) {
        self.keep_alives.heard(now, flow, bytes);
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return keep_alive::answer(flow, bytes, out);
        }
        match Message::parse(bytes) {
            Ok(message) => match &message.kind {
                Kind::Request { method, uri } => {
                    let request = incoming::Request { flow, message: &message, method, uri, bytes };
                    self.receive_request(now, &request, out);
                }
                Kind::Response { status, reason } => {
                    let response = outgoing::Response { flow, message: &message, status: *status, reason };
                    self.receive_response(now, &response, out);
                }
            },
            Err(error) => {
                self.refuse_malformed(flow, bytes, &error, out);
                out.push(Output::Discarded { flow, reason: Discard::Malformed(error) });
            }
        }
    }

    /// A send failed, or the connection was lost: our requests that wait for an answer on this flow fail now, and who
    /// was registered over it is not any more. Dialogs go on; whoever wants to know whether the peer still has them
    /// sends a request. Over TLS they end: another connection would lead to whoever listens there now.
    pub fn flow_failed(&mut self, now: Instant, flow: Flow, out: &mut Vec<Output>) {
        let open = |purpose: &Option<Purpose>| purpose.as_ref().is_some_and(Purpose::is_open);
        let all = self.requests.clients.iter();
        let waiting = all.filter(|(_, client)| client.flow == flow && open(&client.purpose));
        let keys: Vec<_> = waiting.map(|(key, _)| key).collect();
        for key in keys {
            let purpose = self.requests.clients.remove(key).and_then(|client| client.purpose);
            self.failed(now, purpose, Failure::Flow, out);
        }
        if flow.transport == Transport::Tls {
            let held = self.dialogs.iter().filter(|(_, dialog)| dialog.is_up() && dialog.next_hop() == flow);
            let held: Vec<_> = held.map(|(id, _)| *id).collect();
            held.into_iter().for_each(|id| self.end(id, Ending::Disconnected, out));
        }
        out.extend(self.registrar.flow_failed(flow).into_iter().map(Output::Registered));
    }

    /// No connection could be opened for this flow, so nothing that was sent on it has left. Large requests of dialogs over
    /// UDP go there, whole as they are (RFC 3261 18.1.1); all others fail.
    pub fn flow_refused(&mut self, now: Instant, flow: Flow, out: &mut Vec<Output>) {
        let keys: Vec<_> =
            self.requests.clients.iter().filter(|(_, client)| client.flow == flow).map(|it| it.0).collect();
        for key in keys {
            self.fall_back(now, key, out);
        }
        self.flow_failed(now, flow, out);
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some(key) = self.requests.clients.due(now) {
            self.client_timeout(now, key, out);
        }
        while let Some(id) = self.answers.servers.due(now) {
            self.server_timeout(now, id, out);
        }
        while let Some(id) = self.sessions.due(now) {
            self.session_timeout(now, id, out);
        }
        while let Some(id) = self.overtakers.due(now) {
            self.waited_in_vain(now, id, out);
        }
        self.keep_alives.timeout(now, out);
        while let Some(quiet) = self.keep_alives.quiet(now) {
            quiet.into_iter().for_each(|id| self.stir(now, id, out));
        }
        out.extend(self.registrar.timeout(now).into_iter().map(Output::Registered));
    }

    /// When [`timeout`](Self::timeout) is to be called next; it may be now.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let transactions = [self.requests.clients.deadline(), self.answers.servers.deadline()];
        let dialogs = [self.sessions.deadline(), self.keep_alives.deadline(), self.overtakers.deadline()];
        transactions.into_iter().chain(dialogs).chain([self.registrar.deadline()]).flatten().min()
    }

    /// How much is kept for peers at the moment; the bounds are those of [`Config`].
    #[must_use]
    pub fn load(&self) -> Load {
        let (requests, answers) = (self.requests.clients.len(), self.answers.servers.len());
        Load { dialogs: self.dialogs.len(), requests, answers }
    }

    /// Sends INFO, OPTIONS, UPDATE or a re-INVITE inside a dialog: [`Event::Answered`] or [`Event::Failed`] follows,
    /// with the same `tag`. If the dialog ends first, [`Event::Ended`] stands for all that were open in it.
    ///
    /// In a dialog that is not up, the answer is 481; beyond the bound of transactions 503; while another INVITE is
    /// open in the dialog 491.
    pub fn request(
        &mut self,
        now: Instant,
        dialog: DialogId,
        tag: u64,
        method: Method,
        body: Option<Body>,
        out: &mut Vec<Output>,
    ) {
        let refused = |status| {
            let failure = Failure::Status(Answer::local(status));
            Output::from(Event::Failed { dialog, tag, failure })
        };
        if self.requests.is_full() {
            return out.push(refused(503));
        }
        let refreshes = method == Method::INVITE || method == Method::UPDATE;
        let headers = if refreshes { self.session_headers(Some(dialog)) } else { Vec::new() };
        let Some(entry) = self.dialogs.get_mut(&dialog) else { return out.push(refused(481)) };
        let Phase::Up { inviting, .. } = &mut entry.phase else { return out.push(refused(481)) };
        if method == Method::INVITE {
            if *inviting {
                return out.push(refused(491));
            }
            *inviting = true;
        }
        let plan = Plan { headers, ..Plan::new(method, body) };
        let key = self.requests.send(now, entry, &plan, out);
        self.requests.keep(key, Purpose::Request { dialog, tag: Some(tag), plan });
    }

    /// Answers a request of the peer. A transaction that is over, or has its final answer, is left alone.
    pub fn respond(&mut self, now: Instant, transaction: TransactionId, answer: Answer, out: &mut Vec<Output>) {
        self.answer(now, transaction, &answer, out);
    }

    /// Ends a dialog; no event follows. An INVITE of ours that is still open is taken back, one of the peer refused.
    pub fn bye(&mut self, now: Instant, dialog: DialogId, out: &mut Vec<Output>) {
        match self.dialogs.get(&dialog).map(|dialog| dialog.phase) {
            Some(Phase::Ringing(transaction)) => self.answer(now, transaction, &Answer::new(480), out),
            Some(Phase::Starting | Phase::Calling(_) | Phase::Up { .. }) => self.drop_dialog(now, dialog, out),
            None => {}
        }
    }

    /// One line of text with all that a BYE needs, for a dialog that is up.
    #[must_use]
    pub fn remember(&self, dialog: DialogId) -> Option<String> {
        let dialog = self.dialogs.get(&dialog)?;
        dialog.is_up().then(|| dialog.to_line())
    }

    /// Ends a dialog from before a restart on this flow, which is the one it had or another to the same peer. The answer is
    /// of no interest, unless it is a challenge that the credentials meet.
    pub fn end_remembered(
        &mut self,
        now: Instant,
        remembered: Remembered,
        flow: Flow,
        credentials: Option<Credentials>,
        out: &mut Vec<Output>,
    ) {
        let dialog = Dialog { flow, login: Login::of(credentials), ..*remembered.0 };
        self.requests.send_bye(now, Box::new(dialog), out);
    }

    /// Refuses what is no proper message but can be answered (RFC 3261 8.2, 21.4.1). Without any Via nobody could
    /// tell what the answer belongs to.
    fn refuse_malformed(&mut self, flow: Flow, bytes: &[u8], error: &ParseError, out: &mut Vec<Output>) {
        let Some(raw) = Raw::salvage(bytes) else { return };
        let Start::Request { method, .. } = &raw.start else { return };
        let Some(via) = raw.list("Via").next().filter(|_| *method != Method::ACK) else { return };
        // The CSeq of a method that is still to be invented may have rules of its own (RFC 4475 3.1.2.18).
        let invented = (*error == ParseError::MethodMismatch).then(|| objections::unserved(method)).flatten();
        let answer = invented.unwrap_or_else(|| Answer::new(error.status()));
        self.answers.refuse(flow, (&raw, Via::parse(via).ok().as_ref()), bytes.len(), &answer, out);
    }
}
