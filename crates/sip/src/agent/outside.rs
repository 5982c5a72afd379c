//! Requests outside a dialog (RFC 3261 8.1): for phones that are told what to do one thing at a time.

use std::time::Instant;

use super::incoming::{Request, overloaded};
use super::{Agent, Answer, Event, Failure, Output, Plan, Purpose};
use crate::dialog::{Dialog, DialogId, Parties};
use crate::digest::Login;
use crate::{Body, Credentials, Flow, Method, Uri};

/// Somebody who is asked without a dialog.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Where the requests go, whatever the URI says.
    pub flow: Flow,
    /// How whom we ask is reached: Request-URI.
    pub uri: Uri,
    /// Whom we ask: To.
    pub to: Uri,
    /// Who we are: From.
    pub from: Uri,
    /// Proxies to go through, in this order.
    pub route: Vec<Uri>,
    /// For peers that challenge.
    pub credentials: Option<Credentials>,
}

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    /// OPTIONS or NOTIFY.
    pub method: Method,
    /// What it carries.
    pub body: Option<Body>,
    /// More headers, as name and value.
    pub headers: Vec<(String, String)>,
}

impl Agent {
    /// Takes note of somebody who will be asked with [`ask`](Self::ask). Nothing is sent. The id stands for this peer in
    /// all events, until [`bye`](Self::bye) forgets it; beyond the bound of dialogs every question fails.
    pub fn outside(&mut self, outside: Outside) -> DialogId {
        let Outside { flow, uri, to, from, route, credentials } = outside;
        let id = DialogId(self.requests.random());
        if self.dialogs.len() < self.requests.config.max_dialogs {
            let peer = Dialog::new(id, "".into(), flow, Parties { local: from, remote: to, target: uri });
            let login = Login::of(credentials);
            self.dialogs.insert(id, Box::new(Dialog { routes: route, pinned: true, login, ..peer }));
        }
        id
    }

    /// Asks a peer of [`outside`](Self::outside): [`Event::Answered`] or [`Event::Failed`] follows, with the same `tag`.
    /// Each question has a Call-ID of its own, for it belongs to no other. A peer that does not answer in time is
    /// forgotten: [`Event::Ended`] says so.
    pub fn ask(&mut self, now: Instant, peer: DialogId, tag: u64, question: Question, out: &mut Vec<Output>) {
        let refused = |status| {
            let failure = Failure::Status(Answer::local(status));
            Output::from(Event::Failed { dialog: peer, tag, failure })
        };
        if self.requests.is_full() {
            return out.push(refused(503));
        }
        let Some(entry) = self.dialogs.get_mut(&peer) else { return out.push(refused(481)) };
        entry.call_id = self.requests.call_id();
        let Question { method, body, headers } = question;
        let plan = Plan { headers, ..Plan::new(method, body) };
        let key = self.requests.send(now, entry, &plan, out);
        self.requests.keep(key, Purpose::Request { dialog: peer, tag: Some(tag), plan });
    }

    /// A NOTIFY of no dialog, where such are welcome: its event has an id that stands for nothing else.
    pub(super) fn receive_notify(&mut self, now: Instant, request: &Request<'_>, out: &mut Vec<Output>) {
        if !self.answers.make_room(self.requests.config.max_transactions) {
            return self.refuse(request, &overloaded(), out);
        }
        let id = DialogId(self.requests.random());
        let transaction = self.answers.start(now, self.requests.config.timers, request.flow, request.message, id);
        out.push(super::incoming::requested(id, transaction, request));
    }
}
