//! The hub's hands: gives it what arrives and the time, and does what it wants done.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call_model::{LineId, Moment, Outcome};
use front::commands::Dial;
use jiff::Timestamp;
use session::{CommandId, Known, State, Way};
use store::{Store, StoreEvent, Submission};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::certificates::Trust;
use crate::config::Config;
use crate::hub::{Hub, Input, LinkIndex, Output, Parts};
use crate::links::{Arrival, Links};
use crate::parts::{self, parts};
use crate::phones;
use crate::run::RunError;
use crate::trace::Recorder;

/// So long the phones get for the end of their sessions when the gateway stops.
const FAREWELL: Duration = Duration::from_millis(500);

/// When the store's queue was full, it is asked again after so long.
const STORE_RETRY: Duration = Duration::from_millis(5);

/// So many inputs are handled before the timers get their turn.
const BURST: usize = 64;

/// The way to a link's next hop, or why there is none.
type Lookup = (LinkIndex, Result<Way, String>);

/// What the hub listens to.
pub struct Sources {
    /// SIP messages.
    pub arrivals: mpsc::Receiver<Arrival>,
    /// News from the store.
    pub store_events: mpsc::Receiver<StoreEvent>,
    /// Commands, with the place for their outcome.
    pub commands: mpsc::Receiver<Dial>,
}

/// The hub and what it acts on.
pub struct Driver {
    hub: Hub,
    links: Links,
    store: Store,
    /// Who waits for the outcome of a command.
    waiting: HashMap<CommandId, oneshot::Sender<Outcome>>,
    next_command: u64,
    /// What the store's queue had no room for, in order. Bounded: nothing new is taken while it is not empty.
    held_back: VecDeque<Submission>,
    /// Whom each link believes at the other end of TLS, in the order of the hub's links.
    trusts: Vec<Option<Arc<Trust>>>,
    /// Next hops that are being looked up, and connected to where that is TLS: one a link at most.
    lookups: JoinSet<Lookup>,
    /// Every message passes here, both ways.
    trace: Recorder,
}

impl Driver {
    /// A hub with what the store remembers: open calls go on, dialogs of a crash are ended.
    ///
    /// # Errors
    /// What the store kept cannot be read.
    pub fn new(config: Config, store: Store, links: Links, trace: Recorder) -> Result<Self, RunError> {
        let now = moment();
        let trusts = parts::phones(&config).map(|(_, phone)| phone.tls.clone()).collect();
        let mut parts = parts(config);
        recall(&mut parts, &store);
        let hub = Hub::new(parts, now);
        let mut driver = Self {
            hub,
            links,
            store,
            waiting: HashMap::new(),
            next_command: 1,
            held_back: VecDeque::new(),
            trusts,
            lookups: JoinSet::new(),
            trace,
        };
        let mut out = Vec::new();
        driver.hub.restore(now, driver.store.open_calls()?, &mut out);
        driver.carry_out(out);
        let (mut out, dialogs) = (Vec::new(), driver.store.noted_dialogs());
        driver.hub.end_remembered(now, &dialogs, &mut out);
        dialogs.iter().for_each(|(link, _)| driver.store.note_dialog(link, None));
        driver.carry_out(out);
        Ok(driver)
    }

    /// Works until `stop`, or until the store fails.
    ///
    /// # Errors
    /// The store failed.
    pub async fn run(mut self, mut sources: Sources, stop: &CancellationToken) -> Result<(), RunError> {
        self.handle(Input::Timeout);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                done = self.turn(&mut sources) => done?,
            }
        }
        self.handle(Input::Stop);
        let farewell = async {
            loop {
                self.turn(&mut sources).await?;
            }
        };
        // What is durable by now still gets its 200, and the phones' answers to the BYEs are heard.
        tokio::time::timeout(FAREWELL, farewell).await.unwrap_or(Ok(()))
    }

    /// Waits for one thing to happen, and does what follows from it.
    async fn turn(&mut self, sources: &mut Sources) -> Result<(), RunError> {
        self.submit_held_back();
        let wake = self.hub.deadline().map(tokio::time::Instant::from_std);
        let has_room = self.held_back.is_empty();
        tokio::select! {
            // What is durable goes first, then time: a flood of messages holds up neither.
            biased;
            Some(event) = sources.store_events.recv() => self.store_said(event)?,
            () = sleep_until(wake) => self.due(sources),
            Some(dial) = sources.commands.recv() => self.command(dial),
            Some(found) = self.lookups.join_next() => self.found(found),
            Some(arrival) = sources.arrivals.recv(), if has_room => self.arrived(Some(arrival), sources),
            () = tokio::time::sleep(STORE_RETRY), if !has_room => {}
        }
        Ok(())
    }

    /// What is due, and what came in meanwhile: where much is due, one must not keep the other waiting.
    fn due(&mut self, sources: &mut Sources) {
        self.handle(Input::Timeout);
        let next = self.next_arrival(sources);
        self.arrived(next, sources);
    }

    /// One message, and those that came with it.
    fn arrived(&mut self, first: Option<Arrival>, sources: &mut Sources) {
        let mut next = first;
        for _ in 0..BURST {
            let Some(arrival) = next else { return };
            self.take(arrival);
            next = self.next_arrival(sources);
        }
        // What was taken out of the queue must be handled: over a stream nobody sends it again.
        next.into_iter().for_each(|arrival| self.take(arrival));
    }

    fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Received(flow, bytes) => {
                self.trace.received(flow, &bytes);
                self.handle(Input::Received(flow, &bytes));
            }
            Arrival::Failed(flow) => {
                self.trace.failed(flow);
                self.handle(Input::FlowFailed(flow));
            }
            Arrival::Refused(flow) => {
                self.trace.failed(flow);
                self.handle(Input::FlowRefused(flow));
            }
        }
    }

    /// What is here already. Nothing new is taken while the store has no room.
    fn next_arrival(&self, sources: &mut Sources) -> Option<Arrival> {
        if self.held_back.is_empty() { sources.arrivals.try_recv().ok() } else { None }
    }

    /// Whoever asked too long ago has been told so, and may have asked again: such a command is not carried out.
    fn command(&mut self, (command, reply): Dial) {
        if reply.is_closed() {
            return;
        }
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.waiting.retain(|_, reply| !reply.is_closed());
        self.waiting.insert(id, reply);
        self.handle(Input::Command(id, command));
    }

    fn found(&mut self, found: Result<Lookup, tokio::task::JoinError>) {
        if let Ok((link, way)) = found {
            self.handle(Input::Reached(link, way));
        }
    }

    fn store_said(&mut self, event: StoreEvent) -> Result<(), RunError> {
        match &event {
            StoreEvent::Durable { .. } => {}
            StoreEvent::Full { reason } => {
                tracing::error!(reason, "the store cannot take anything: events are refused until there is room");
            }
            StoreEvent::Ready => tracing::info!("the store takes events again"),
            StoreEvent::Fatal { reason } => return Err(RunError::StoreFailed(reason.clone())),
        }
        self.handle(Input::Store(event));
        Ok(())
    }

    fn handle(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        self.hub.handle(moment(), input, &mut out);
        self.carry_out(out);
    }

    fn carry_out(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Transmit(flow, bytes) => self.transmit(flow, bytes),
                Output::Disconnect(flow) => self.links.disconnect(flow),
                Output::Recognised(flow) => self.links.recognise(flow),
                Output::Reach(link, next_hop) => {
                    let way = self.links.reach(next_hop, self.trusts.get(link.position()).cloned().flatten());
                    self.lookups.spawn(async move { (link, way.await) });
                }
                Output::Submit(submission) => {
                    self.held_back.push_back(submission);
                    self.submit_held_back();
                }
                Output::Outcome(id, outcome) => {
                    if let Some(reply) = self.waiting.remove(&id) {
                        // Whoever asked may be gone; the audit has the outcome either way.
                        let _ = reply.send(outcome);
                    }
                }
                Output::Dialog(link, dialog) => self.store.note_dialog(&link, dialog),
                Output::Learnt { link, lines, known, services } => self.learnt(&link, lines, &known, services),
                Output::State(link, State::Up) => tracing::info!(link, "the phone is monitored"),
                Output::State(link, State::Down(why)) => tracing::warn!(link, why, "no session with the phone"),
                Output::State(link, State::Degraded(why)) => {
                    tracing::warn!(link, why, "the phone is not fully monitored");
                }
                Output::Note(link, note) => tracing::warn!(link, note, "something about one message"),
                Output::Discarded(flow, reason) => tracing::debug!(?flow, %reason, "a message was dropped"),
            }
        }
    }

    /// Keeps what is known of a phone, for the next start and for people.
    fn learnt(&self, link: &str, lines: Vec<LineId>, known: &Known, services: bool) {
        let since = Timestamp::now();
        for line in lines {
            let record = phones::record(line, link, known, since);
            if services {
                let (can, cannot) = (phones::names(&record, false, true), phones::names(&record, false, false));
                let (line, dialect) = (record.line.0.as_str(), record.dialect.as_str());
                tracing::info!(link, line, phone = record.agent, dialect, can, cannot, "what the phone can do");
            }
            self.store.note_phone(record);
        }
    }

    fn transmit(&mut self, flow: sip::Flow, bytes: Bytes) {
        tracing::trace!(?flow, length = bytes.len(), "sent");
        self.trace.sent(flow, &bytes);
        self.links.transmit(flow, bytes);
    }

    fn submit_held_back(&mut self) {
        while let Some(submission) = self.held_back.pop_front() {
            if let Err(submission) = self.store.submit(submission) {
                self.held_back.push_front(submission);
                return;
            }
        }
    }
}

/// Tells each session what is known of its phone from before.
fn recall(parts: &mut Parts, store: &Store) {
    let remembered = store.phones();
    let by_line: HashMap<_, _> = remembered.iter().map(|phone| (&phone.line, phone)).collect();
    for link in &mut parts.links {
        let mut of_link = link.lines.iter().filter_map(|line| by_line.get(&line.id));
        let known = of_link.find(|phone| phone.link == link.name).map(|phone| phones::known(phone));
        link.known = known.map(Box::new);
    }
}

async fn sleep_until(wake: Option<tokio::time::Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Now, on both clocks.
fn moment() -> Moment {
    Moment { at: Instant::now(), wall: Timestamp::now() }
}
