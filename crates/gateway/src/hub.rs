//! The hub: all links and all calls of the gateway in one machine, without a clock, a socket or a file.
//!
//! ```text
//!  bytes ──► sip::Agent ──► session ──► Calls ──► Destination::render ──► Submit ──► (store)
//!  bytes ◄── sip::Agent ◄── session ◄── acknowledgement ◄────────────────────────── Durable
//! ```
//!
//! One owner means that no lock is held across a call's transition, and that the order of events is the order in
//! which they arrived. [`crate::run`] drives it on real sockets; tests drive it in virtual time.

mod boundary;
mod deadlines;
mod outbox;
mod restart;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use call_model::{CallOutput, Calls, Command, Destination, LineId, Locale, Moment, Outcome};
use session::{CommandId, Reach, Turn, Uacsta};
use store::StoreEvent;

pub use self::boundary::{Entropy, Input, LinkIndex, Output, Parts};
use self::deadlines::Deadlines;
use self::outbox::{Batch, Outbox, Sealed};

/// The first sessions are opened this far apart: thousands of INVITEs at once would drown their own answers.
const STAGGER: Duration = Duration::from_micros(100);

/// So many links have their turn at one [`Input::Timeout`], the others at the next: what comes in meanwhile is not held up.
const DUE_AT_ONCE: usize = 32;

/// All links and all calls.
pub struct Hub {
    agent: sip::Agent,
    links: Vec<Uacsta>,
    deadlines: Deadlines,
    by_dialog: HashMap<sip::DialogId, LinkIndex>,
    by_line: HashMap<LineId, LinkIndex>,
    /// The links whose phones register here, by their account.
    by_account: HashMap<String, LinkIndex>,
    /// Dialogs from before a crash that wait for a way to their phones.
    remembered: HashMap<LinkIndex, sip::Remembered>,
    unlinked: HashMap<LineId, String>,
    calls: Calls,
    destinations: Vec<Destination>,
    locale: Locale,
    outbox: Outbox<(LinkIndex, session::Ack)>,
}

/// One input's worth of work: what came out of the machines and is not dealt with yet.
struct Round<'a> {
    now: Moment,
    wire: Vec<sip::Output>,
    todo: VecDeque<(LinkIndex, session::Output)>,
    out: &'a mut Vec<Output>,
}

impl Hub {
    /// A hub whose sessions open at the first [`Input::Timeout`], or when their phones have registered.
    #[must_use]
    pub fn new(parts: Parts, now: Moment) -> Self {
        let unlinked: HashMap<_, _> = parts.unlinked.iter().map(|(line, why)| (line.id.clone(), why.clone())).collect();
        let lines = parts.links.iter().flat_map(|link| &link.lines).chain(parts.unlinked.iter().map(|(line, _)| line));
        let calls = Calls::new(lines.cloned().collect::<Vec<_>>(), parts.call_entropy);
        let numbered = (0u32..).zip(parts.links);
        let links: Vec<_> = numbered.map(|(n, link)| Uacsta::new(link, now.at + STAGGER * n)).collect();
        let numbered = links.iter().enumerate();
        let by_line =
            numbered.flat_map(|(n, link)| link.lines().map(move |line| (line.id.clone(), LinkIndex(n)))).collect();
        let by_account =
            links.iter().enumerate().filter_map(|(n, link)| Some((account(link)?.to_owned(), LinkIndex(n)))).collect();
        Self {
            agent: sip::Agent::new(parts.sip, parts.sip_entropy),
            deadlines: Deadlines::new(links.iter().map(Uacsta::deadline)),
            links,
            by_dialog: HashMap::new(),
            by_line,
            by_account,
            remembered: HashMap::new(),
            unlinked,
            calls,
            destinations: parts.destinations,
            locale: parts.locale,
            outbox: Outbox::new(),
        }
    }

    /// When to come back with [`Input::Timeout`] at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        [self.deadlines.next(), self.agent.deadline(), self.calls.deadline()].into_iter().flatten().min()
    }

    /// Takes one input; everything that follows from it is in `out` afterwards.
    pub fn handle(&mut self, now: Moment, input: Input<'_>, out: &mut Vec<Output>) {
        let mut round = Round::new(now, out);
        match input {
            Input::Received(flow, bytes) => self.agent.receive(now.at, flow, bytes, &mut round.wire),
            Input::FlowFailed(flow) => self.agent.flow_failed(now.at, flow, &mut round.wire),
            Input::FlowRefused(flow) => self.agent.flow_refused(now.at, flow, &mut round.wire),
            Input::Reached(link, Ok(way)) => {
                self.end_before(&mut round, link, way.flow);
                self.tell(&mut round, link, session::Input::Reachable(way));
            }
            Input::Reached(link, Err(why)) => self.tell(&mut round, link, session::Input::Unreachable(why)),
            Input::Command(id, command) => self.command(&mut round, id, command),
            Input::Store(event) => self.stored(&mut round, event),
            Input::Timeout => self.timeout(&mut round),
            Input::Stop => {
                (0..self.links.len()).for_each(|n| self.tell(&mut round, LinkIndex(n), session::Input::Stop))
            }
        }
        self.settle(round);
    }

    fn timeout(&mut self, round: &mut Round<'_>) {
        self.agent.timeout(round.now.at, &mut round.wire);
        for link in self.deadlines.due(round.now.at, DUE_AT_ONCE) {
            self.tell(round, link, session::Input::Timeout);
        }
        if self.calls.deadline().is_some_and(|at| at <= round.now.at) {
            let mut news = Vec::new();
            self.calls.tick(round.now, &mut news);
            self.publish(round, news, None);
        }
    }

    fn command(&mut self, round: &mut Round<'_>, id: CommandId, command: Command) {
        let Command::MakeCall { line, .. } = &command;
        match (self.by_line.get(line), self.unlinked.get(line)) {
            (Some(link), _) => self.tell(round, *link, session::Input::Command(id, command)),
            (None, Some(why)) => {
                round.out.push(Output::Outcome(id, Outcome::NoLink { reason: why.as_str().into() }));
            }
            (None, None) => round.out.push(Output::Outcome(id, Outcome::NoLine)),
        }
    }

    fn stored(&mut self, round: &mut Round<'_>, event: StoreEvent) {
        match event {
            StoreEvent::Durable { up_to } => {
                for (link, ack) in self.outbox.durable(up_to) {
                    self.tell(round, link, session::Input::Durable(ack));
                }
            }
            StoreEvent::Full { .. } => {
                for (link, ack) in self.outbox.full() {
                    self.tell(round, link, session::Input::Refused(ack));
                }
            }
            StoreEvent::Ready => self.outbox.ready(),
            // The driver ends the process: nothing is acknowledged any more.
            StoreEvent::Fatal { .. } => {}
        }
    }

    /// Lets one session act.
    fn tell(&mut self, round: &mut Round<'_>, link: LinkIndex, input: session::Input) {
        let session = &mut self.links[link.0];
        let before = session.dialog();
        let mut out = Vec::new();
        let mut turn = Turn { now: round.now.at, agent: &mut self.agent, wire: &mut round.wire, out: &mut out };
        session.handle(&mut turn, input);
        let after = session.dialog();
        self.deadlines.set(link, session.deadline());
        if before != after {
            if let Some(old) = before {
                self.by_dialog.remove(&old);
            }
            if let Some(new) = after {
                self.by_dialog.insert(new, link);
            }
        }
        round.todo.extend(out.into_iter().map(|output| (link, output)));
    }

    /// Works until nothing is left to do: what the agent says goes to the sessions, what they say to the calls.
    fn settle(&mut self, mut round: Round<'_>) {
        loop {
            for output in std::mem::take(&mut round.wire) {
                match output {
                    sip::Output::Transmit { flow, bytes } => round.out.push(Output::Transmit(flow, bytes)),
                    sip::Output::Disconnect { flow } => round.out.push(Output::Disconnect(flow)),
                    sip::Output::Recognised { flow } => round.out.push(Output::Recognised(flow)),
                    sip::Output::Event(event) => self.agent_said(&mut round, event),
                    sip::Output::Registered(registration) => self.registered(&mut round, registration),
                    sip::Output::Discarded { flow, reason } => round.out.push(Output::Discarded(flow, reason)),
                }
            }
            match round.todo.pop_front() {
                Some((link, output)) => self.session_said(&mut round, link, output),
                None if round.wire.is_empty() => return,
                None => {}
            }
        }
    }

    fn agent_said(&mut self, round: &mut Round<'_>, event: sip::Event) {
        if let Some(link) = self.by_dialog.get(&event.dialog()).copied() {
            self.tell(round, link, session::Input::Sip(event));
        }
    }

    fn registered(&mut self, round: &mut Round<'_>, registration: sip::Registration) {
        if let Some(link) = self.by_account.get(&registration.user).copied() {
            if let Some(binding) = &registration.binding {
                self.end_before(round, link, binding.flow);
            }
            self.tell(round, link, session::Input::Registered(registration.binding));
        }
    }

    fn session_said(&mut self, round: &mut Round<'_>, link: LinkIndex, output: session::Output) {
        match output {
            session::Output::Reach(next_hop) => round.out.push(Output::Reach(link, next_hop)),
            session::Output::Event { line, event, ack } => self.event(round, link, &line, &event, ack),
            session::Output::Snapshot { line, calls } => {
                let mut news = Vec::new();
                self.calls.reconcile(round.now, &line, &calls, &mut news);
                self.publish(round, news, None);
            }
            session::Output::Unverified { line, since } => {
                let mut news = Vec::new();
                self.calls.close_unheard(round.now, &line, since, &mut news);
                self.publish(round, news, None);
            }
            session::Output::Outcome(id, outcome) => round.out.push(Output::Outcome(id, outcome)),
            session::Output::Learnt { known, services } => {
                let lines = self.links[link.0].lines().map(|line| line.id.clone()).collect();
                round.out.push(Output::Learnt { link: self.name(link), lines, known, services });
            }
            session::Output::State(state) => {
                let dialog = self.links[link.0].dialog().and_then(|dialog| self.agent.remember(dialog));
                round.out.push(Output::Dialog(self.name(link), dialog));
                round.out.push(Output::State(self.name(link), state));
            }
            session::Output::Note(text) => round.out.push(Output::Note(self.name(link), text)),
        }
    }

    fn name(&self, link: LinkIndex) -> String {
        self.links[link.0].name().to_owned()
    }

    /// An event changes the calls only if what follows from it can be kept.
    fn event(
        &mut self,
        round: &mut Round<'_>,
        link: LinkIndex,
        line: &LineId,
        event: &call_model::Event,
        ack: session::Ack,
    ) {
        if !self.outbox.accepts() {
            return self.tell(round, link, session::Input::Refused(ack));
        }
        let mut news = Vec::new();
        self.calls.handle(round.now, line, event, &mut news);
        self.publish(round, news, Some((link, ack)));
    }

    /// Renders what happened and hands it to the store; the acknowledgement waits until that is durable.
    fn publish(&mut self, round: &mut Round<'_>, news: Vec<CallOutput>, ack: Option<(LinkIndex, session::Ack)>) {
        let mut batch = Batch::default();
        for output in news {
            match output {
                CallOutput::Occurred(occurrence) => {
                    let rendered = self.destinations.iter().filter_map(|to| to.render(&occurrence, &self.locale));
                    batch.deliveries.extend(rendered);
                    batch.call(occurrence.facts.guid, self.calls.saved(occurrence.facts.guid));
                }
                CallOutput::Changed(guid) => batch.call(guid, self.calls.saved(guid)),
                CallOutput::Snapshot(line) => {
                    if let Some(link) = self.by_line.get(&line).copied() {
                        self.tell(round, link, session::Input::Snapshot(line));
                    }
                }
            }
        }
        match (self.outbox.seal(batch, ack), round) {
            (Sealed::Submit(submission), round) => round.out.push(Output::Submit(submission)),
            (Sealed::Nothing(Some((link, ack))), round) => self.tell(round, link, session::Input::Durable(ack)),
            (Sealed::Nothing(None), _) => {}
        }
    }
}

impl<'a> Round<'a> {
    fn new(now: Moment, out: &'a mut Vec<Output>) -> Self {
        Self { now, wire: Vec::new(), todo: VecDeque::new(), out }
    }
}

/// The account with which a link's phone registers here, if it does.
fn account(link: &Uacsta) -> Option<&str> {
    match link.reached() {
        Reach::Registered { user } => Some(user),
        Reach::At { .. } => None,
    }
}
