//! Dialogs (RFC 3261 12): one kind, whichever side opened it.

mod remembered;
mod terms;

use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

use crate::digest::Login;
use crate::message::{Address, Message, Method, Uri, Writer};
use crate::transaction::{Branch, ClientKey};
use crate::{Flow, TransactionId, Transport};

pub use remembered::Remembered;
pub(crate) use terms::{Refresher, Terms};

/// A dialog: our tag in it, 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId(pub(crate) u128);

/// Nobody has more requests under way in one dialog: numbers that rise by more have skipped.
const MOST_MISSING: u32 = 16;

/// What both sides know of a dialog (RFC 3261 12.1).
#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) id: DialogId,
    pub(crate) call_id: Box<str>,
    /// Empty until the peer has answered, and for peers of RFC 2543.
    pub(crate) remote_tag: Box<str>,
    pub(crate) local: Uri,
    pub(crate) remote: Uri,
    /// The CSeq of our latest request.
    pub(crate) local_seq: u32,
    /// The CSeq of the peer's latest request.
    pub(crate) remote_seq: Option<u32>,
    /// The peer leaves out numbers: behind a gap nothing is missing.
    pub(crate) skips: bool,
    /// The peer's Contact.
    pub(crate) target: Uri,
    pub(crate) routes: Vec<Uri>,
    /// The flow it was opened on.
    pub(crate) flow: Flow,
    /// All requests go out on `flow`.
    pub(crate) pinned: bool,
    /// Nobody listens at its peer over TCP: everything goes over UDP.
    pub(crate) refuses_tcp: bool,
    pub(crate) phase: Phase,
    /// When one side last said something to the other.
    pub(crate) stirred: Option<Instant>,
    /// For peers that challenge.
    pub(crate) login: Option<Box<Login>>,
}

/// Who is at the ends of a dialog.
pub(crate) struct Parties {
    /// Ours: From of our requests.
    pub(crate) local: Uri,
    /// The peer: To of our requests.
    pub(crate) remote: Uri,
    /// Where the peer is reached: Request-URI.
    pub(crate) target: Uri,
}

/// How far a dialog has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing was sent yet; or a registration, which is never up.
    Starting,
    /// Our INVITE waits for an answer.
    Calling(ClientKey),
    /// The peer's INVITE waits for our answer.
    Ringing(TransactionId),
    /// Up.
    Up {
        /// A re-INVITE of ours is open.
        inviting: bool,
        /// Our 2xx that waits for its ACK.
        unacknowledged: Option<TransactionId>,
    },
}

/// Where a request stands among those of its dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It follows the one before, as far as anybody can tell.
    Next,
    /// Some before it are missing.
    Early,
    /// Its turn is over.
    Late,
}

impl Phase {
    pub(crate) const UP: Self = Self::Up { inviting: false, unacknowledged: None };
}

impl Dialog {
    /// One in which nothing was said yet.
    pub(crate) fn new(id: DialogId, call_id: Box<str>, flow: Flow, parties: Parties) -> Self {
        let Parties { local, remote, target } = parties;
        Self {
            id,
            call_id,
            remote_tag: "".into(),
            local,
            remote,
            local_seq: 0,
            remote_seq: None,
            skips: false,
            target,
            routes: Vec::new(),
            flow,
            pinned: false,
            refuses_tcp: false,
            phase: Phase::Starting,
            stirred: None,
            login: None,
        }
    }

    /// The dialog that the peer's INVITE asks for. None if its To, From or Contact is no URI of ours.
    pub(crate) fn invited(id: DialogId, flow: Flow, invite: &Message<'_>) -> Option<Self> {
        let (local, remote, target) = (invite.to.uri().ok()?, invite.from.uri().ok()?, invite.contact()?);
        Some(Self {
            remote_tag: invite.from.tag().unwrap_or("").into(),
            remote_seq: Some(invite.cseq.number),
            routes: record_route(invite).collect(),
            ..Self::new(id, invite.call_id.into(), flow, Parties { local, remote, target })
        })
    }

    /// The peer's 2xx to our INVITE opens the dialog (RFC 3261 12.1.2). Its Record-Route is read backwards, and
    /// replaces the route that the INVITE took.
    pub(crate) fn opened(&mut self, answer: &Message<'_>) {
        self.remote_tag = answer.to.tag().unwrap_or("").into();
        self.routes = record_route(answer).collect();
        self.routes.reverse();
        self.refresh_target(answer);
        self.phase = Phase::UP;
    }

    /// A request of ours is over: if it was a re-INVITE, the next one may come.
    pub(crate) fn reinvited(&mut self, method: &Method) {
        if let (true, Phase::Up { inviting, .. }) = (*method == Method::INVITE, &mut self.phase) {
            *inviting = false;
        }
    }

    /// INVITE, UPDATE and their 2xx may move the peer (RFC 3261 12.2.1.2, 12.2.2).
    pub(crate) fn refresh_target(&mut self, message: &Message<'_>) {
        if let Some(contact) = message.contact() {
            self.target = contact;
        }
    }

    /// The request belongs to this dialog: Call-ID, both tags (ours found it), and the host it comes from. What is said over
    /// TLS is said in no other way.
    pub(crate) fn owns(&self, request: &Message<'_>, flow: &Flow) -> bool {
        let is_as_secure = self.flow.transport != Transport::Tls || flow.transport == Transport::Tls;
        is_as_secure
            && *self.call_id == *request.call_id
            && *self.remote_tag == *request.from.tag().unwrap_or("")
            && self.is_peer(flow.remote.ip())
    }

    /// Requests may come from the host the dialog was opened with, or from the one ours go to.
    fn is_peer(&self, ip: IpAddr) -> bool {
        let hosts = [self.flow, self.next_hop()].map(|flow| flow.remote.ip().to_canonical());
        hosts.contains(&ip.to_canonical())
    }

    /// Where a CSeq stands: numbers must rise, and may skip (RFC 3261 12.2.2). What has the number of the request before
    /// but is not its repetition comes late, too.
    pub(crate) fn place(&self, number: u32) -> Place {
        match self.remote_seq {
            Some(before) if number <= before => Place::Late,
            Some(before) if !self.skips && (2..=MOST_MISSING).contains(&(number - before)) => Place::Early,
            Some(_) | None => Place::Next,
        }
    }

    /// Takes the CSeq of a request, or refuses it.
    pub(crate) fn advances(&mut self, number: u32) -> bool {
        let late = self.place(number) == Place::Late;
        if late {
            self.skips = false;
        } else {
            self.remote_seq = Some(number);
        }
        !late
    }

    /// A request is refused for what it is: if its turn had come, the next one's has.
    pub(crate) fn passes(&mut self, number: u32) {
        if self.place(number) == Place::Next {
            self.remote_seq = Some(number);
        }
    }

    /// The number of our next request.
    pub(crate) fn next_seq(&mut self) -> u32 {
        self.local_seq += 1;
        self.local_seq
    }

    /// Both sides know of it.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up { .. })
    }

    /// A peer that opened a new connection wants to be reached there: the old one is gone, as a rule.
    pub(crate) fn follow(&mut self, flow: Flow) {
        if flow.transport.is_reliable() && flow.transport == self.flow.transport {
            self.flow = flow;
        }
    }

    /// The same dialog as another branch of a fork sees it.
    pub(crate) fn without_login(&self) -> Self {
        Self {
            call_id: self.call_id.clone(),
            remote_tag: self.remote_tag.clone(),
            local: self.local.clone(),
            remote: self.remote.clone(),
            target: self.target.clone(),
            routes: self.routes.clone(),
            login: None,
            ..*self
        }
    }

    /// Where our requests go: to the first hop if it is written as address and port; else, over a connection, and
    /// where the flow is pinned, where the dialog was opened.
    pub(crate) fn next_hop(&self) -> Flow {
        let hop = self.routes.first().unwrap_or(&self.target);
        let stays = self.pinned || !self.is_up() || self.flow.transport.is_reliable();
        match hop.socket_addr() {
            Some(remote) if !stays => Flow { remote, ..self.flow },
            Some(_) | None => self.flow,
        }
    }

    /// Where a request goes that is too large for a datagram (RFC 3261 18.1.1): to the same peer over TCP. `None` where it
    /// stays with UDP. That is so for a peer that registered over UDP, or came from behind a NAT: nothing but the way it
    /// opened itself leads in. And for one whose URI says UDP.
    pub(crate) fn tcp_instead(&self) -> Option<Flow> {
        let flow = self.next_hop();
        let hop = self.routes.first().unwrap_or(&self.target);
        let says_udp = hop.param("transport").is_some_and(|transport| transport.eq_ignore_ascii_case("udp"));
        let may = flow.transport == Transport::Udp && !(self.pinned || self.refuses_tcp || says_udp);
        may.then_some(Flow { transport: Transport::Tcp, ..flow })
    }

    /// The header lines that every request in this dialog has (RFC 3261 12.2.1.1).
    pub(crate) fn request(&self, method: &Method, number: u32, flow: Flow, branch: Branch) -> Writer {
        let (uri, routes) = self.path();
        let mut writer = Writer::request(method, uri);
        writer.header("Via", format_args!("SIP/2.0/{} {};branch={branch};rport", flow.transport.name(), flow.local));
        writer.header("Max-Forwards", 70);
        routes.for_each(|route| writer.header("Route", format_args!("<{route}>")));
        writer.header("From", format_args!("<{}>;tag={}", self.local, self.id));
        match &*self.remote_tag {
            "" => writer.header("To", format_args!("<{}>", self.remote)),
            tag => writer.header("To", format_args!("<{}>;tag={tag}", self.remote)),
        }
        writer.header("Call-ID", &self.call_id);
        writer.header("CSeq", format_args!("{number} {method}"));
        writer
    }

    /// Request-URI and Route. A first hop without `lr` is a strict router: it finds itself in the Request-URI, and
    /// the target at the end of the route.
    pub(crate) fn path(&self) -> (&Uri, impl Iterator<Item = &Uri>) {
        let strict = self.routes.first().filter(|first| first.param("lr").is_none());
        let skip = usize::from(strict.is_some());
        let routes = self.routes.iter().skip(skip).chain(strict.map(|_| &self.target));
        (strict.unwrap_or(&self.target), routes)
    }
}

/// The URIs of Record-Route, in the order they stand. What is no URI of ours cannot be a way to anybody.
fn record_route(message: &Message<'_>) -> impl Iterator<Item = Uri> {
    const MOST: usize = 16;
    message.list("Record-Route").filter_map(|value| Address::parse(value).ok()?.uri().ok()).take(MOST)
}

impl DialogId {
    /// The dialog that a tag of ours names.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let digits = Some(tag).filter(|tag| tag.len() == 32)?;
        u128::from_str_radix(digits, 16).ok().map(Self)
    }
}

impl fmt::Display for DialogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for DialogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dialog {:08x}…", self.0 >> 96)
    }
}
