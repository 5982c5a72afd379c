//! A session with its SIP agent, a phone, and a network without delay between them, in virtual time.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call_model::{Command, Event, Line, LineId, Number, Outcome, SnapshotCall};
use session::{
    Ack, CommandId, Input, Known, NextHop, Output, Reach, Reconnect, State, Turn, Uacsta, UacstaConfig, Way,
};

use crate::phone::{Phone, entropy};

/// What becomes of the events.
pub enum Store {
    /// They are durable at once.
    Ready,
    /// They are not taken.
    Full,
    /// They wait in [`World::waiting`].
    Slow,
}

pub struct World {
    pub session: Uacsta,
    pub phone: Phone,
    pub store: Store,
    /// Why the phone's address is not found.
    pub unreachable: Option<&'static str>,
    /// The addresses that its name has, in the order of the DNS.
    pub servers: Vec<SocketAddr>,
    /// Those of them at which nobody answers.
    pub dead: Vec<SocketAddr>,
    /// A lookup of its address never ends.
    pub lost_lookup: bool,
    pub states: Vec<State>,
    pub outcomes: Vec<(u64, Outcome)>,
    pub events: Vec<(LineId, Event)>,
    pub waiting: Vec<Ack>,
    pub snapshots: Vec<(LineId, Vec<SnapshotCall>)>,
    pub unverified: Vec<LineId>,
    pub notes: Vec<String>,
    /// What became known of the phone.
    pub learnt: Vec<Known>,
    /// What the gateway sent, and when.
    pub sent: Vec<(Instant, String)>,
    agent: sip::Agent,
    start: Instant,
    now: Instant,
    packets: VecDeque<Packet>,
}

struct Packet {
    to_phone: bool,
    flow: sip::Flow,
    bytes: Bytes,
}

pub fn line(id: &str, device: &str) -> Arc<Line> {
    Arc::new(Line {
        id: LineId(id.into()),
        number: Number::new(id),
        domain: "example.com".into(),
        name: None,
        link: "desk".into(),
        device: device.into(),
        remote_hold: false,
    })
}

pub fn config() -> UacstaConfig {
    UacstaConfig {
        name: "desk".into(),
        reach: Reach::At { uri: "sip:987@192.0.2.20".parse().expect("a URI"), proxy: None },
        credentials: None,
        lines: vec![line("987", "sip:987@192.0.2.20")],
        heartbeat: Duration::from_secs(30),
        request_timeout: Duration::from_secs(5),
        reconnect: Reconnect::default(),
        dialect: None,
        known: None,
    }
}

pub fn two_lines() -> UacstaConfig {
    UacstaConfig { lines: vec![line("987", "sip:987@pbx"), line("988", "sip:988@pbx")], ..config() }
}

impl World {
    pub fn new(config: UacstaConfig) -> Self {
        Self::bounded(config, sip::Config::default().max_transactions)
    }

    /// A gateway whose SIP agent keeps so many requests at a time.
    pub fn bounded(config: UacstaConfig, max_transactions: usize) -> Self {
        #[allow(clippy::disallowed_methods)] // a test has to begin somewhere
        let start = Instant::now();
        Self {
            session: Uacsta::new(config, start),
            phone: Phone::new(1),
            store: Store::Ready,
            unreachable: None,
            servers: vec![flow().remote],
            dead: Vec::new(),
            lost_lookup: false,
            states: Vec::new(),
            outcomes: Vec::new(),
            events: Vec::new(),
            waiting: Vec::new(),
            snapshots: Vec::new(),
            unverified: Vec::new(),
            notes: Vec::new(),
            learnt: Vec::new(),
            sent: Vec::new(),
            agent: sip::Agent::new(sip::Config { max_transactions, ..sip::Config::default() }, entropy(2)),
            start,
            now: start,
            packets: VecDeque::new(),
        }
    }

    /// A session that is up.
    pub fn up(config: UacstaConfig) -> Self {
        let mut world = Self::new(config);
        world.run(0.0);
        assert_eq!(world.states, [State::Up]);
        world.phone.heard.clear();
        world.states.clear();
        world.snapshots.clear();
        world
    }

    /// Lets so many seconds pass.
    pub fn run(&mut self, seconds: f64) {
        let end = self.now + Duration::from_secs_f64(seconds);
        self.due();
        for round in 0.. {
            assert!(round < 100_000, "virtual time stands still at {:?}", self.time());
            let deadlines = [self.session.deadline(), self.agent.deadline(), self.phone.agent.deadline()];
            let Some(next) = deadlines.into_iter().flatten().min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.due();
        }
        self.now = end;
    }

    /// Seconds since the start.
    pub fn time(&self) -> f64 {
        (self.now - self.start).as_secs_f64()
    }

    /// When the phone heard this, in seconds since the start.
    pub fn when(&self, what: &str) -> Vec<f64> {
        let fits = self.phone.heard.iter().filter(|(_, heard)| heard == what);
        fits.map(|(at, _)| (*at - self.start).as_secs_f64()).collect()
    }

    /// What the phone heard, in order.
    pub fn heard(&self) -> Vec<&str> {
        self.phone.heard.iter().map(|(_, what)| what.as_str()).collect()
    }

    /// When the gateway put a message with this text on the wire, repetitions included.
    pub fn transmissions(&self, of: &str) -> Vec<f64> {
        let fits = self.sent.iter().filter(|(_, text)| text.contains(of));
        fits.map(|(at, _)| (*at - self.start).as_secs_f64()).collect()
    }

    /// When each INVITE was sent first.
    pub fn attempts(&self) -> Vec<f64> {
        let mut seen = BTreeSet::new();
        let invites = self.sent.iter().filter(|(_, text)| text.starts_with("INVITE"));
        let first = invites.filter(|(_, text)| seen.insert(text.lines().find(|line| line.starts_with("Call-ID"))));
        first.map(|(at, _)| (*at - self.start).as_secs_f64()).collect()
    }

    pub fn dial(&mut self, id: u64, line: &str, number: &str) {
        let command = Command::MakeCall { line: LineId(line.into()), number: Number::new(number) };
        self.tell(Input::Command(CommandId(id), command));
        self.settle();
    }

    pub fn give(&mut self, input: Input) {
        self.tell(input);
        self.settle();
    }

    /// The phone sends a CSTA message; what it is answered.
    pub fn phone_says(&mut self, message: impl Into<csta::Message>) -> Option<sip::Answer> {
        self.phone_sends(Some(crate::phone::csta(&message.into())))
    }

    /// The phone sends an INFO; what it is answered.
    pub fn phone_sends(&mut self, body: Option<sip::Body>) -> Option<sip::Answer> {
        let mut out = Vec::new();
        let tag = self.phone.info(self.now, body, &mut out);
        self.phone_said(out);
        self.settle();
        self.answer_to(tag)
    }

    pub fn answer_to(&self, tag: u64) -> Option<sip::Answer> {
        self.phone.answered.iter().find(|(of, _)| *of == tag).map(|(_, answer)| answer.clone())
    }

    pub fn phone_hangs_up_the_session(&mut self) {
        let mut out = Vec::new();
        self.phone.bye(self.now, &mut out);
        self.phone_said(out);
        self.settle();
    }

    /// The connection is lost, or a datagram could not be sent.
    pub fn flow_fails(&mut self) {
        let mut wire = Vec::new();
        self.agent.flow_failed(self.now, flow(), &mut wire);
        self.gateway_said(wire);
        self.settle();
    }

    /// Does what is due now, on all sides.
    fn due(&mut self) {
        self.tell(Input::Timeout);
        let mut wire = Vec::new();
        self.agent.timeout(self.now, &mut wire);
        self.gateway_said(wire);
        let mut out = Vec::new();
        self.phone.agent.timeout(self.now, &mut out);
        self.phone_said(out);
        self.settle();
    }

    /// Carries packets until there are none, and lets the session act as long as it wants to act now.
    fn settle(&mut self) {
        let mut overdue = 0;
        loop {
            if let Some(Packet { to_phone, flow, bytes }) = self.packets.pop_front() {
                overdue = 0;
                let mut out = Vec::new();
                if self.phone.off {
                    continue;
                } else if to_phone {
                    self.phone.agent.receive(self.now, flow, &bytes, &mut out);
                    self.phone_said(out);
                } else {
                    self.agent.receive(self.now, flow, &bytes, &mut out);
                    self.gateway_said(out);
                }
            } else if self.session.deadline().is_some_and(|at| at <= self.now) {
                // A deadline that stays in the past would keep the daemon busy for ever. It may stay once: a session that
                // ends is opened again at once.
                overdue += 1;
                assert!(overdue <= 2, "due for ever at {}: {:?}", self.time(), self.session);
                self.tell(Input::Timeout);
            } else {
                return;
            }
        }
    }

    fn tell(&mut self, input: Input) {
        let (mut wire, mut out) = (Vec::new(), Vec::new());
        let mut turn = Turn { now: self.now, agent: &mut self.agent, wire: &mut wire, out: &mut out };
        self.session.handle(&mut turn, input);
        self.gateway_said(wire);
        for output in out {
            self.session_said(output);
        }
    }

    fn session_said(&mut self, output: Output) {
        match output {
            Output::Reach(_) if self.lost_lookup => {}
            Output::Reach(next_hop) => {
                let found = self.unreachable.map_or_else(|| self.way(&next_hop), |why| Err(why.to_owned()));
                self.tell(found.map_or_else(Input::Unreachable, Input::Reachable));
            }
            Output::Event { line, event, ack } => {
                self.events.push((line, event));
                match self.store {
                    Store::Ready => self.tell(Input::Durable(ack)),
                    Store::Full => self.tell(Input::Refused(ack)),
                    Store::Slow => self.waiting.push(ack),
                }
            }
            Output::Snapshot { line, calls } => self.snapshots.push((line, calls)),
            Output::Unverified { line, .. } => self.unverified.push(line),
            Output::Outcome(id, outcome) => self.outcomes.push((id.0, outcome)),
            Output::State(state) => self.states.push(state),
            Output::Learnt { known, .. } => self.learnt.push(*known),
            Output::Note(note) => self.notes.push(note),
        }
    }

    /// As the gateway finds it: what carried the last session, or the first that did not fail yet.
    fn way(&self, next_hop: &NextHop) -> Result<Way, String> {
        let tried = |server: &SocketAddr| next_hop.failed.iter().any(|failed| failed.address == *server);
        let mut left: Vec<_> = self.servers.iter().copied().filter(|server| !tried(server)).collect();
        left.sort_by_key(|server| next_hop.prefer.is_none_or(|prefer| prefer.address != *server));
        let remote = left.first().ok_or("there is no other")?;
        Ok(Way { flow: sip::Flow { remote: *remote, ..flow() }, others: left.len() > 1 })
    }

    fn gateway_said(&mut self, outputs: Vec<sip::Output>) {
        for output in outputs {
            match output {
                sip::Output::Transmit { flow, bytes } => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    self.sent.push((self.now, text));
                    if !self.dead.contains(&flow.remote) {
                        self.carry(true, flow, bytes);
                    }
                }
                sip::Output::Event(event) => self.tell(Input::Sip(event)),
                sip::Output::Disconnect { .. }
                | sip::Output::Recognised { .. }
                | sip::Output::Registered(_)
                | sip::Output::Discarded { .. } => {}
            }
        }
    }

    fn phone_said(&mut self, outputs: Vec<sip::Output>) {
        for output in outputs {
            match output {
                sip::Output::Transmit { flow, bytes } => self.carry(false, flow, bytes),
                sip::Output::Event(event) => {
                    let mut out = Vec::new();
                    self.phone.handle(self.now, event, &mut out);
                    self.phone_said(out);
                }
                sip::Output::Disconnect { .. }
                | sip::Output::Recognised { .. }
                | sip::Output::Registered(_)
                | sip::Output::Discarded { .. } => {}
            }
        }
    }

    fn carry(&mut self, to_phone: bool, flow: sip::Flow, bytes: Bytes) {
        let flow = sip::Flow { local: flow.remote, remote: flow.local, ..flow };
        self.packets.push_back(Packet { to_phone, flow, bytes });
    }
}

/// The only way to the phone.
pub fn way() -> Way {
    Way { flow: flow(), others: false }
}

/// The gateway's way to the phone.
pub fn flow() -> sip::Flow {
    let (local, remote) = (SocketAddr::from(([192, 0, 2, 1], 5060)), SocketAddr::from(([192, 0, 2, 20], 5060)));
    sip::Flow { transport: sip::Transport::Udp, local, remote }
}
