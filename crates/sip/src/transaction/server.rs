//! A request of the peer until nobody can ask for its answer any more.

use std::time::Instant;

use bytes::Bytes;

use super::invite_server::InviteServer;
use super::non_invite_server::NonInviteServer;
use super::{OriginKey, ServerKey, Timed, Timers};
use crate::dialog::Terms;
use crate::message::{Message, Method, Raw, Via, Writer, text};
use crate::{DialogId, Flow, Output};

/// What a server machine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Nothing,
    Resend,
    Trying,
    Unacknowledged,
}

/// What the owner of an answer learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerNews {
    /// Our 2xx was never acknowledged.
    Unacknowledged,
}

/// A request that came in, and its answer.
pub(crate) struct Server {
    pub(crate) key: ServerKey,
    pub(crate) origin: Option<OriginKey>,
    pub(crate) method: Method,
    pub(crate) dialog: DialogId,
    /// Where the answer goes.
    flow: Flow,
    /// How long the session may last without a refresh, and who refreshes (RFC 4028).
    terms: Option<Terms>,
    /// The peer takes UPDATE, as far as it says.
    pub(crate) updates: Option<bool>,
    /// The header lines that every answer repeats.
    lines: Box<[u8]>,
    /// The latest answer.
    answer: Option<Bytes>,
    machine: Machine,
    timers: Timers,
}

enum Machine {
    Invite(InviteServer),
    NonInvite(NonInviteServer),
}

impl Server {
    /// Starts to wait for our answer.
    pub(crate) fn start(now: Instant, timers: Timers, flow: Flow, request: &Message<'_>, dialog: DialogId) -> Self {
        let method = request.cseq.method.clone();
        let machine = if method == Method::INVITE {
            Machine::Invite(InviteServer::start(now))
        } else {
            Machine::NonInvite(NonInviteServer::start(now, &timers))
        };
        Self {
            key: ServerKey::of(request),
            origin: OriginKey::of(request),
            method,
            dialog,
            flow: request.via.way_back(flow),
            terms: Terms::of_request(request),
            updates: request.allows_update(),
            lines: reply_lines(Writer::headers_only(), request.raw(), Some(&request.via), (&flow, &dialog.to_string())),
            answer: None,
            machine,
            timers,
        }
    }

    /// The header lines that every answer repeats.
    pub(crate) fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// The Session-Expires of a 2xx.
    pub(crate) fn terms(&self) -> Option<Terms> {
        self.terms
    }

    /// Where the answer goes.
    pub(crate) fn flow(&self) -> Flow {
        self.flow
    }

    /// Sends an answer; false if a final one was sent before.
    pub(crate) fn respond(&mut self, now: Instant, status: u16, answer: Bytes, out: &mut Vec<Output>) -> bool {
        let reliable = self.flow.transport.is_reliable();
        let taken = match &mut self.machine {
            Machine::Invite(machine) => machine.respond(now, &self.timers, reliable, status),
            Machine::NonInvite(machine) => machine.respond(now, &self.timers, reliable, status),
        };
        if taken {
            if status >= 200 {
                self.lines = Box::default();
            }
            self.answer = Some(answer);
            self.resend(out);
        }
        taken
    }

    /// The same request came again.
    pub(crate) fn repeated(&self, out: &mut Vec<Output>) {
        let step = match &self.machine {
            Machine::Invite(machine) => machine.repeated(),
            Machine::NonInvite(machine) => machine.repeated(),
        };
        if step == Step::Resend {
            self.resend(out);
        }
    }

    /// The ACK to our final answer came.
    pub(crate) fn acknowledged(&mut self, now: Instant) {
        let reliable = self.flow.transport.is_reliable();
        match &mut self.machine {
            Machine::Invite(machine) => machine.acknowledged(now, &self.timers, reliable),
            Machine::NonInvite(_) => {}
        }
    }

    /// An alarm went off.
    pub(crate) fn timeout(&mut self, now: Instant, out: &mut Vec<Output>) -> Option<ServerNews> {
        let step = match &mut self.machine {
            Machine::Invite(machine) => machine.timeout(now),
            Machine::NonInvite(machine) => machine.timeout(now),
        };
        match step {
            Step::Nothing => None,
            Step::Resend => {
                self.resend(out);
                None
            }
            Step::Trying => {
                let mut trying = Writer::response(100, "");
                trying.lines(&self.lines);
                let trying = trying.finish(None);
                self.respond(now, 100, trying, out);
                None
            }
            Step::Unacknowledged => Some(ServerNews::Unacknowledged),
        }
    }

    /// Nothing more comes.
    pub(crate) fn is_over(&self) -> bool {
        match &self.machine {
            Machine::Invite(machine) => *machine == InviteServer::Terminated,
            Machine::NonInvite(machine) => *machine == NonInviteServer::Terminated,
        }
    }

    /// No final answer was given yet.
    pub(crate) fn is_open(&self) -> bool {
        match &self.machine {
            Machine::Invite(machine) => matches!(machine, InviteServer::Proceeding { .. }),
            Machine::NonInvite(machine) => matches!(machine, NonInviteServer::Trying { .. }),
        }
    }

    /// It is no INVITE, and its answer is only kept to be sent again.
    pub(crate) fn is_answered(&self) -> bool {
        match &self.machine {
            Machine::Invite(_) => false,
            Machine::NonInvite(machine) => matches!(machine, NonInviteServer::Completed { .. }),
        }
    }

    fn resend(&self, out: &mut Vec<Output>) {
        out.extend(self.answer.clone().map(|bytes| Output::Transmit { flow: self.flow, bytes }));
    }
}

impl Timed for Server {
    fn deadline(&self) -> Option<Instant> {
        match &self.machine {
            Machine::Invite(machine) => machine.deadline(),
            Machine::NonInvite(machine) => machine.deadline(),
        }
    }
}

/// The header lines that an answer repeats from its request (RFC 3261 8.2.6.2): all Vias, the topmost one with the
/// address it really came from; From; To, with our tag where it has none; Call-ID; CSeq; and Record-Route (12.1.1).
/// A topmost Via that cannot be read goes back as it came.
pub(crate) fn reply_lines(
    mut writer: Writer,
    request: &Raw<'_>,
    via: Option<&Via<'_>>,
    (flow, tag): (&Flow, &str),
) -> Box<[u8]> {
    match via {
        Some(via) => {
            writer.copied("Via", &via.answered(flow));
            request.list("Via").skip(1).for_each(|via| writer.copied("Via", via));
        }
        None => writer.copy_all(request, &["Via"]),
    }
    writer.copy_all(request, &["From"]);
    for to in request.values("To") {
        let tagged = crate::message::Address::parse(to).is_ok_and(|to| to.tag().is_some());
        let mut value = text::trim(to).to_vec();
        if !tagged && !tag.is_empty() {
            value.extend_from_slice(b";tag=");
            value.extend_from_slice(tag.as_bytes());
        }
        writer.copied("To", &value);
    }
    writer.copy_all(request, &["Call-ID", "CSeq", "Record-Route"]);
    writer.into_lines()
}
