//! Our invitations: how a dialog is asked for (RFC 3261 12.1.2, 13.2).

use std::time::{Duration, Instant};

use super::{Agent, Answer, Event, Failure, Output, Plan, Purpose};
use crate::dialog::{Dialog, DialogId, Parties, Phase};
use crate::digest::Login;
use crate::{Body, Credentials, Flow, Method, Uri};

/// An invitation: a dialog that is to be.
#[derive(Clone, Debug)]
pub struct Invite {
    /// Where the INVITE goes.
    pub flow: Flow,
    /// How whom we want is reached: Request-URI, and To unless that is given.
    pub uri: Uri,
    /// Whom we want, where that is not also how he is reached: To.
    pub to: Option<Uri>,
    /// Who we are: From.
    pub from: Uri,
    /// Proxies to go through, in this order.
    pub route: Vec<Uri>,
    /// For peers that challenge.
    pub credentials: Option<Credentials>,
    /// What the INVITE carries.
    pub body: Option<Body>,
    /// More headers, as name and value.
    pub headers: Vec<(String, String)>,
    /// Give up when not even a provisional answer came within this time, and not after 64·T1 only: whoever waits for
    /// a rebooting phone wants to ask again soon. A late 2xx is acknowledged and ended at once.
    pub give_up: Option<Duration>,
    /// All requests of the dialog go out on `flow`, whatever the peer's Contact says: it registered from there, and
    /// its own address may be one behind a NAT.
    pub pinned: bool,
}

impl Invite {
    /// An INVITE with nothing special.
    #[must_use]
    pub fn new(flow: Flow, uri: Uri, from: Uri) -> Self {
        Self {
            flow,
            uri,
            to: None,
            from,
            route: Vec::new(),
            credentials: None,
            body: None,
            headers: Vec::new(),
            give_up: None,
            pinned: false,
        }
    }
}

impl Agent {
    /// Asks for a dialog: [`Event::Accepted`] or [`Event::Rejected`] follows.
    pub fn invite(&mut self, now: Instant, invite: Invite, out: &mut Vec<Output>) -> DialogId {
        let Invite { flow, uri, to, from, route, credentials, body, headers, give_up, pinned } = invite;
        let uri = uri.without_headers();
        let id = DialogId(self.requests.random());
        if self.requests.is_full() || self.dialogs.len() >= self.requests.config.max_dialogs {
            out.push(Event::Rejected { dialog: id, failure: Failure::Status(Answer::local(503)) }.into());
            return id;
        }
        let parties = Parties { local: from, remote: to.unwrap_or_else(|| uri.clone()), target: uri };
        let dialog = Dialog::new(id, self.requests.call_id(), flow, parties);
        let mut dialog = Dialog { routes: route, pinned, login: Login::of(credentials), ..dialog };
        let headers = headers.into_iter().chain(self.session_headers(None)).collect();
        let plan = Plan { headers, give_up, ..Plan::new(Method::INVITE, body) };
        let key = self.requests.send(now, &mut dialog, &plan, out);
        self.requests.keep(key, Purpose::Invite { dialog: id, plan });
        dialog.phase = Phase::Calling(key);
        self.dialogs.insert(id, Box::new(dialog));
        id
    }
}
