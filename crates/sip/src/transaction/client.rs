//! A request of ours until its last answer.

use std::time::Instant;

use bytes::Bytes;

use super::invite_client::InviteClient;
use super::non_invite_client::NonInviteClient;
use super::{Timed, Timers};
use crate::message::{Message, Method, Raw, Start, Uri, Writer};
use crate::{Flow, Output};

/// What a client machine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Nothing,
    Resend,
    Provisional,
    Final,
    Refused,
    RefusedAgain,
    AcceptedAgain,
    Cancel,
    TimedOut,
}

/// What the owner of a request learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientNews {
    /// The first final answer.
    Final,
    /// A 2xx to an INVITE that had one before: a repetition, or another branch of a fork.
    AcceptedAgain,
    /// The INVITE can and must be cancelled now.
    Cancel,
    /// No answer came in time.
    TimedOut,
}

/// A request that was sent, and what its owner (`P`) wants to know when it is over.
pub(crate) struct Client<P> {
    pub(crate) flow: Flow,
    /// Given when it was sent, taken when the outcome is known.
    pub(crate) purpose: Option<P>,
    /// Abandon the INVITE then if no answer at all came.
    give_up: Option<Instant>,
    request: Bytes,
    /// What confirms the final answer, for each time it comes.
    ack: Option<(Flow, Bytes)>,
    machine: Machine,
    timers: Timers,
}

enum Machine {
    Invite(InviteClient),
    NonInvite(NonInviteClient),
}

impl<P> Client<P> {
    /// Sends a request and starts to wait.
    pub(crate) fn start(
        now: Instant,
        timers: Timers,
        method: &Method,
        flow: Flow,
        request: Bytes,
        out: &mut Vec<Output>,
    ) -> Self {
        let reliable = flow.transport.is_reliable();
        let machine = if *method == Method::INVITE {
            Machine::Invite(InviteClient::start(now, &timers, reliable))
        } else {
            Machine::NonInvite(NonInviteClient::start(now, &timers, reliable))
        };
        out.push(Output::Transmit { flow, bytes: request.clone() });
        Self { flow, purpose: None, give_up: None, request, ack: None, machine, timers }
    }

    /// With a shorter patience for the first answer.
    pub(crate) fn giving_up(mut self, at: Option<Instant>) -> Self {
        self.give_up = at;
        self
    }

    /// The request as it was sent.
    pub(crate) fn request(&self) -> &[u8] {
        &self.request
    }

    /// Confirms a 2xx, now and whenever it comes again.
    pub(crate) fn acknowledge(&mut self, flow: Flow, ack: Bytes, out: &mut Vec<Output>) {
        // The INVITE is not sent again. Of it only the credentials are wanted, should a fork accept it too: the ACK has them.
        self.request = ack.clone();
        self.ack = Some((flow, ack));
        self.acknowledge_again(out);
    }

    pub(crate) fn acknowledge_again(&self, out: &mut Vec<Output>) {
        out.extend(self.ack.clone().map(|(flow, bytes)| Output::Transmit { flow, bytes }));
    }

    /// A response came in.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        response: &Message<'_>,
        status: u16,
        out: &mut Vec<Output>,
    ) -> Option<ClientNews> {
        self.give_up = None;
        let reliable = self.flow.transport.is_reliable();
        let step = match &mut self.machine {
            Machine::Invite(machine) => machine.receive(now, &self.timers, reliable, status),
            Machine::NonInvite(machine) => machine.receive(now, &self.timers, reliable, status),
        };
        if step == Step::Refused {
            let ack = derived(&self.request, &Method::ACK, Some(response.to.value()));
            self.ack = ack.map(|ack| (self.flow, ack));
            self.acknowledge_again(out);
        }
        self.take(step, out)
    }

    /// All that followed from its final answer is done: nobody sends or reads it any more, unless it is an INVITE, which
    /// a fork may accept again.
    pub(crate) fn settle(&mut self) {
        match self.machine {
            Machine::Invite(_) => {}
            Machine::NonInvite(_) => self.request = Bytes::new(),
        }
    }

    /// An alarm went off.
    pub(crate) fn timeout(&mut self, now: Instant, out: &mut Vec<Output>) -> Option<ClientNews> {
        if self.give_up.take_if(|at| now >= *at).is_some() {
            return Some(ClientNews::TimedOut);
        }
        let step = match &mut self.machine {
            Machine::Invite(machine) => machine.timeout(now),
            Machine::NonInvite(machine) => machine.timeout(now),
        };
        self.take(step, out)
    }

    /// Nobody wants the dialog of this INVITE any more; true if it must be cancelled now.
    pub(crate) fn abandon(&mut self, now: Instant) -> bool {
        self.give_up = None;
        match &mut self.machine {
            Machine::Invite(machine) => machine.abandon(now, &self.timers) == Step::Cancel,
            Machine::NonInvite(_) => false,
        }
    }

    fn take(&mut self, step: Step, out: &mut Vec<Output>) -> Option<ClientNews> {
        match step {
            Step::Nothing | Step::Provisional => None,
            Step::Resend => {
                out.push(Output::Transmit { flow: self.flow, bytes: self.request.clone() });
                None
            }
            Step::RefusedAgain => {
                self.acknowledge_again(out);
                None
            }
            Step::Final | Step::Refused => Some(ClientNews::Final),
            Step::AcceptedAgain => Some(ClientNews::AcceptedAgain),
            Step::Cancel => Some(ClientNews::Cancel),
            Step::TimedOut => Some(ClientNews::TimedOut),
        }
    }

    /// Nothing more comes.
    pub(crate) fn is_over(&self) -> bool {
        match &self.machine {
            Machine::Invite(machine) => machine.deadline().is_none(),
            Machine::NonInvite(machine) => machine.deadline().is_none(),
        }
    }
}

impl<P> Timed for Client<P> {
    fn deadline(&self) -> Option<Instant> {
        let machine = match &self.machine {
            Machine::Invite(machine) => machine.deadline(),
            Machine::NonInvite(machine) => machine.deadline(),
        };
        machine.into_iter().chain(self.give_up).min()
    }
}

/// The ACK to a refusal of this INVITE (RFC 3261 17.1.1.3), or the CANCEL that takes it back (9.1): the same
/// Request-URI, Via, Route, From, Call-ID and CSeq number; To as in the answer.
pub(crate) fn derived(request: &[u8], method: &Method, to: Option<&[u8]>) -> Option<Bytes> {
    let raw = Raw::parse(request).ok()?;
    let Start::Request { uri, .. } = &raw.start else { return None };
    let mut writer = Writer::request(method, &Uri::parse(uri).ok()?);
    writer.copy_all(&raw, &["Via", "Max-Forwards", "Route", "From"]);
    match to {
        Some(to) => writer.copied("To", to),
        None => writer.copy_all(&raw, &["To"]),
    }
    writer.copy_all(&raw, &["Call-ID"]);
    let cseq = Message::check(raw).ok()?.cseq;
    writer.header("CSeq", format_args!("{} {method}", cseq.number));
    Some(writer.finish(None))
}
