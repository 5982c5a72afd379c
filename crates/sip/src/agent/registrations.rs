//! Registrations: those of phones at us, and ours at somebody else.

use std::time::{Duration, Instant};

use super::incoming::{Request, overloaded};
use super::{Agent, Answer, Event, Failure, Output, Plan, Purpose};
use crate::dialog::{Dialog, DialogId, Parties};
use crate::digest::Login;
use crate::{Credentials, Flow, Method, Uri};

/// A registration at somebody else's registrar (RFC 3261 10.2).
#[derive(Clone, Debug)]
pub struct Register {
    /// Where the REGISTER goes, and where the registrar finds us.
    pub flow: Flow,
    /// The registrar's domain: `sip:pbx.example.com`.
    pub registrar: Uri,
    /// The address of record: who we are there.
    pub user: Uri,
    /// For registrars that challenge, which all should.
    pub credentials: Option<Credentials>,
    /// How long it shall hold; zero takes it back.
    pub expires: Duration,
}

impl Agent {
    /// Registers somewhere: [`Event::Answered`] or [`Event::Failed`] follows, with the tag 0. The id stands for the
    /// registration and its Call-ID, until [`bye`](Self::bye) forgets it. Beyond the bound of dialogs it fails at once.
    pub fn register(&mut self, now: Instant, register: Register, out: &mut Vec<Output>) -> DialogId {
        let Register { flow, registrar, user, credentials, expires } = register;
        let id = DialogId(self.requests.random());
        let parties = Parties { local: user.clone(), remote: user, target: registrar };
        let registration = Dialog::new(id, self.requests.call_id(), flow, parties);
        let registration = Dialog { pinned: true, login: Login::of(credentials), ..registration };
        if self.dialogs.len() < self.requests.config.max_dialogs {
            self.dialogs.insert(id, Box::new(registration));
        }
        self.register_again(now, id, expires, out);
        id
    }

    /// Refreshes a registration, or takes it back with zero; what follows is the same.
    pub fn register_again(&mut self, now: Instant, id: DialogId, expires: Duration, out: &mut Vec<Output>) {
        let registration = self.dialogs.get_mut(&id).filter(|_| !self.requests.is_full());
        let Some(registration) = registration else {
            let failure = Failure::Status(Answer::local(503));
            return out.push(Event::Failed { dialog: id, tag: 0, failure }.into());
        };
        let headers = vec![("Expires".to_owned(), expires.as_secs().to_string())];
        let plan = Plan { headers, ..Plan::new(Method::REGISTER, None) };
        let key = self.requests.send(now, registration, &plan, out);
        self.requests.keep(key, Purpose::Request { dialog: id, tag: Some(0), plan });
    }

    /// A phone registers (RFC 3261 10.3). A stranger leaves nothing behind; who has proven who he is gets a
    /// transaction, so that a repetition is answered and not done again.
    pub(super) fn receive_register(&mut self, now: Instant, request: &Request<'_>, out: &mut Vec<Output>) {
        let Request { flow, message, bytes, .. } = *request;
        if let Some(answer) = request.unknown_extension() {
            return self.refuse(request, &answer, out);
        }
        let index = match self.registrar.admit(now, flow, message) {
            Ok(index) => index,
            Err(refusal) => {
                let answers: Vec<_> = refusal.0.iter().collect();
                return self.answers.refuse_in_short(
                    flow,
                    (message.raw(), Some(&message.via)),
                    bytes.len(),
                    &answers,
                    out,
                );
            }
        };
        if !self.answers.make_room(self.requests.config.max_transactions) {
            return self.refuse(request, &overloaded(), out);
        }
        let tag = DialogId(self.requests.random());
        let transaction = self.answers.start(now, self.requests.config.timers, flow, message, tag);
        let (answer, news) = self.registrar.register(now, index, flow, message);
        let registered = answer.is_success();
        self.answer(now, transaction, &answer, out);
        if registered && flow.transport.is_reliable() {
            out.push(Output::Recognised { flow });
        }
        out.extend(news.map(Output::Registered));
    }
}
