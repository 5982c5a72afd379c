//! Our requests that are under way, and how they are written.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Config, Entropy, Output};
use crate::dialog::{Dialog, DialogId};
use crate::digest::Tried;
use crate::message::{CSTA, Raw, Scheme, Uri, Writer};
use crate::transaction::{Branch, Client, ClientKey, Table, derived};
use crate::{Body, Flow, Method, Transport};

/// What is larger may be cut into pieces on its way, and pieces get lost (RFC 3261 18.1.1).
const LARGEST_DATAGRAM: usize = 1300;

/// The client half of an agent.
pub(super) struct Requests {
    pub(super) config: Config,
    entropy: Entropy,
    pub(super) clients: Table<ClientKey, Client<Purpose>>,
}

/// What is to be done when a request is over.
pub(super) enum Purpose {
    /// It is to open a dialog.
    Invite { dialog: DialogId, plan: Plan },
    /// It opened one; a 2xx with another tag comes from another branch of a fork.
    Opened { dialog: DialogId },
    /// Somebody waits for its answer; without a tag it is a refresh of the agent's own.
    Request { dialog: DialogId, tag: Option<u64>, plan: Plan },
    /// A BYE: nobody waits, but it may have to be sent again with credentials.
    Bye { dialog: Box<Dialog>, plan: Plan },
    /// An INVITE that nobody wants any more: a late 2xx is acknowledged and ended.
    Orphan { dialog: Box<Dialog> },
    /// A CANCEL.
    Cancel,
}

impl Purpose {
    /// No final answer came yet.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Opened { .. } => false,
            Self::Invite { .. } | Self::Request { .. } | Self::Bye { .. } | Self::Orphan { .. } | Self::Cancel => true,
        }
    }

    /// What was asked for, where somebody may ask for much.
    pub(super) fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Invite { plan, .. } | Self::Request { plan, .. } => Some(plan),
            Self::Opened { .. } | Self::Bye { .. } | Self::Orphan { .. } | Self::Cancel => None,
        }
    }
}

/// A request as it was asked for, so that it can be sent again with credentials.
pub(super) struct Plan {
    pub(super) method: Method,
    pub(super) body: Option<Body>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) give_up: Option<Duration>,
    pub(super) tried: Tried,
    /// How often a longer session was asked for.
    pub(super) raised: u8,
}

impl Plan {
    pub(super) fn new(method: Method, body: Option<Body>) -> Self {
        Self { method, body, headers: Vec::new(), give_up: None, tried: Tried::default(), raised: 0 }
    }

    /// The peer wants sessions to be at least so long (422, RFC 4028 7.3). True if that is worth asking for.
    pub(super) fn raise(&mut self, shortest: Duration) -> bool {
        const MOST: u8 = 3;
        let asked = self.headers.iter_mut().filter(|(name, _)| name == "Session-Expires" || name == "Min-SE");
        let mut changed = false;
        for (_, value) in asked {
            let params = value.split_once(';').map_or(String::new(), |(_, params)| format!(";{params}"));
            *value = format!("{}{params}", shortest.as_secs());
            changed = true;
        }
        self.raised += 1;
        changed && self.raised <= MOST
    }
}

impl Requests {
    pub(super) fn new(config: Config, entropy: Entropy) -> Self {
        Self { config, entropy, clients: Table::new() }
    }

    /// 128 unpredictable bits.
    pub(super) fn random(&mut self) -> u128 {
        let mut bytes = [0; 16];
        (self.entropy)(&mut bytes);
        u128::from_ne_bytes(bytes)
    }

    /// A Call-ID that nobody had before (RFC 3261 8.1.1.4).
    pub(super) fn call_id(&mut self) -> Box<str> {
        format!("{:032x}", self.random()).into()
    }

    /// A key of 256 unpredictable bits.
    pub(super) fn key(&mut self) -> [u8; 32] {
        let mut key = [0; 32];
        (self.entropy)(&mut key);
        key
    }

    /// No more requests fit in.
    pub(super) fn is_full(&self) -> bool {
        self.clients.len() >= self.config.max_transactions
    }

    /// Sends a request with the next number of its dialog. What its answer is for is said with [`keep`](Self::keep).
    pub(super) fn send(&mut self, now: Instant, dialog: &mut Dialog, plan: &Plan, out: &mut Vec<Output>) -> ClientKey {
        let number = dialog.next_seq();
        self.send_as(now, dialog, number, plan, out)
    }

    /// The same with a number of its own.
    pub(super) fn send_as(
        &mut self,
        now: Instant,
        dialog: &mut Dialog,
        number: u32,
        plan: &Plan,
        out: &mut Vec<Output>,
    ) -> ClientKey {
        let branch = Branch(self.random());
        dialog.stirred = Some(now);
        let uri = dialog.path().0.clone();
        let logins = dialog.login.as_mut().map(|login| login.headers(&plan.method, &uri)).unwrap_or_default();
        let write = |flow| {
            let mut writer = dialog.request(&plan.method, number, flow, branch);
            // Where we are is not where this request happens to go.
            self.describe(&mut writer, &plan.method, &dialog.next_hop(), uri.scheme());
            logins.iter().for_each(|(name, value)| writer.copied(name, value));
            plan.headers.iter().for_each(|(name, value)| writer.header(name, value));
            writer.finish(plan.body.as_ref())
        };
        let mut flow = dialog.next_hop();
        let mut bytes = write(flow);
        if let Some(tcp) = dialog.tcp_instead().filter(|_| self.config.large_over_tcp && bytes.len() > LARGEST_DATAGRAM)
        {
            (flow, bytes) = (tcp, write(tcp));
        }
        let give_up = plan.give_up.map(|patience| now + patience);
        let client = Client::start(now, self.config.timers, &plan.method, flow, bytes, out);
        let key = ClientKey { branch, cancel: false };
        self.clients.insert(key, client.giving_up(give_up));
        key
    }

    /// Ends a dialog. It lives on in its BYE, which may have to be sent again with credentials. Beyond the bound of
    /// transactions the BYE is sent once.
    pub(super) fn send_bye(&mut self, now: Instant, dialog: Box<Dialog>, out: &mut Vec<Output>) {
        self.send_bye_as(now, dialog, Plan::new(Method::BYE, None), out);
    }

    pub(super) fn send_bye_as(&mut self, now: Instant, mut dialog: Box<Dialog>, plan: Plan, out: &mut Vec<Output>) {
        let key = self.send(now, &mut dialog, &plan, out);
        self.keep_if_room(key, Purpose::Bye { dialog, plan });
    }

    /// Confirms a 2xx to the INVITE that `key` names, with the credentials that INVITE had (RFC 3261 22.1).
    pub(super) fn send_ack(&mut self, dialog: &Dialog, key: ClientKey, number: u32, out: &mut Vec<Output>) {
        if let Some(ack) = self.ack(dialog, key, number) {
            self.clients.update(key, |client| client.acknowledge(dialog.next_hop(), ack, out));
        }
    }

    /// The ACK itself.
    pub(super) fn ack(&mut self, dialog: &Dialog, key: ClientKey, number: u32) -> Option<Bytes> {
        let branch = Branch(self.random());
        let invite = Raw::parse(self.clients.get(key)?.request()).ok()?;
        let mut writer = dialog.request(&Method::ACK, number, dialog.next_hop(), branch);
        writer.copy_all(&invite, &["Authorization", "Proxy-Authorization"]);
        writer.header("User-Agent", &self.config.user_agent);
        Some(writer.finish(None))
    }

    /// Nobody waits for this request any more.
    pub(super) fn withdraw(&mut self, now: Instant, key: ClientKey, out: &mut Vec<Output>) {
        if self.clients.update(key, |client| client.abandon(now)) == Some(true) {
            self.send_cancel(now, key, out);
        }
    }

    /// Nobody wants this INVITE any more: it is cancelled as soon as that is allowed, and a 2xx that comes
    /// nevertheless is ended.
    pub(super) fn orphan(&mut self, now: Instant, key: ClientKey, dialog: Box<Dialog>, out: &mut Vec<Output>) {
        self.keep(key, Purpose::Orphan { dialog });
        self.withdraw(now, key, out);
    }

    /// Takes an INVITE back (RFC 3261 9.1).
    pub(super) fn send_cancel(&mut self, now: Instant, invite: ClientKey, out: &mut Vec<Output>) {
        let Some(client) = self.clients.get(invite) else { return };
        let Some(bytes) = derived(client.request(), &Method::CANCEL, None) else { return };
        let (flow, timers) = (client.flow, self.config.timers);
        let cancel = Client::start(now, timers, &Method::CANCEL, flow, bytes, out);
        let key = ClientKey { cancel: true, ..invite };
        self.clients.insert(key, cancel);
        self.keep_if_room(key, Purpose::Cancel);
    }

    /// What is to be done when this request is over.
    pub(super) fn keep(&mut self, key: ClientKey, purpose: Purpose) {
        self.clients.update(key, |client| client.purpose = Some(purpose));
    }

    /// The same for a request that is sent even if no more fit in: then it is not sent again.
    fn keep_if_room(&mut self, key: ClientKey, purpose: Purpose) {
        if self.clients.len() > self.config.max_transactions {
            self.clients.remove(key);
        } else {
            self.keep(key, purpose);
        }
    }

    /// What is to be done now that this request is over.
    pub(super) fn take_purpose(&mut self, key: ClientKey) -> Option<Purpose> {
        self.clients.update(key, |client| client.purpose.take()).flatten()
    }

    /// Our URI in Contact, as secure as the one that is called (RFC 3261 8.1.1.8).
    pub(super) fn contact(&self, flow: &Flow, called: Scheme) -> String {
        let uri = Uri::at(&self.config.contact_user, flow.local).to_string();
        match (flow.transport, called) {
            (Transport::Tls, Scheme::Sips) => format!("<{}>", uri.replacen("sip:", "sips:", 1)),
            (Transport::Tls, Scheme::Sip | Scheme::Tel) => format!("<{uri};transport=tls>"),
            (Transport::Tcp, _) => format!("<{uri};transport=tcp>"),
            (Transport::Udp, _) => format!("<{uri}>"),
        }
    }

    /// Who we are and what we understand.
    fn describe(&self, writer: &mut Writer, method: &Method, flow: &Flow, called: Scheme) {
        let says_where = [Method::INVITE, Method::UPDATE, Method::REGISTER].contains(method);
        if says_where {
            writer.header("Contact", self.contact(flow, called));
            writer.header("Allow", Method::allow());
        }
        if *method == Method::INVITE || *method == Method::UPDATE {
            writer.header("Accept", CSTA);
        }
        writer.header("User-Agent", &self.config.user_agent);
    }
}
