//! Two or more agents and an in-memory network between them, in virtual time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::{Agent, Answer, Body, Config, Discard, Event, Flow, Invite, Output, Transport};

/// The agents by place: 0 is the gateway, 1 the phone.
pub struct Net {
    pub now: Instant,
    start: Instant,
    pub agents: Vec<Agent>,
    pub transport: Transport,
    wire: BTreeMap<(Instant, u64), Packet>,
    count: u64,
    pub random: u64,
    pub faults: Faults,
    /// Everything that was handed to the network.
    pub sent: Vec<Sent>,
    pub events: Vec<(usize, Event)>,
    pub discarded: Vec<(usize, Discard)>,
    /// Keep-alives that were sent: when (in seconds since the start) and by whom. They are not in `sent`.
    pub pings: Vec<(u128, usize)>,
    /// The connections that an agent gave up.
    pub disconnected: Vec<Flow>,
    /// The connections whose peers are no strangers any more.
    pub recognised: Vec<(usize, Flow)>,
    /// The news of the gateway's registrar.
    pub registered: Vec<sip::Registration>,
    /// The phone answers whatever it is asked with 200.
    pub polite: bool,
    /// The phone's id of the dialog of [`Net::connected`].
    pub phone_dialog: Option<sip::DialogId>,
    /// Packets for which this is true are lost.
    pub lose: Box<dyn FnMut(&Sent) -> bool>,
}

/// What goes wrong, in percent of the packets.
#[derive(Default)]
pub struct Faults {
    pub loss: u64,
    pub duplicates: u64,
    pub reordered: u64,
}

struct Packet {
    to: usize,
    flow: Flow,
    bytes: Bytes,
}

/// A packet that was sent.
#[derive(Clone)]
pub struct Sent {
    /// Milliseconds since the start.
    pub at: u128,
    pub from: usize,
    pub flow: Flow,
    pub bytes: Bytes,
}

impl Sent {
    /// `INVITE` or `200`.
    pub fn what(&self) -> String {
        let line = self.text().lines().next().unwrap_or("").to_owned();
        let mut words = line.split(' ');
        let first = words.next().unwrap_or("").to_owned();
        if first == "SIP/2.0" { words.next().unwrap_or("").to_owned() } else { first }
    }

    pub fn text(&self) -> String {
        self.bytes.iter().map(|byte| char::from(*byte)).collect()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
    }
}

pub fn address(agent: usize) -> SocketAddr {
    format!("10.0.0.{}:5060", agent + 1).parse().unwrap()
}

/// Unpredictable enough, and the same in every run.
pub fn entropy(mut seed: u64) -> sip::Entropy {
    Box::new(move |bytes| {
        for byte in bytes {
            *byte = next(&mut seed) as u8;
        }
    })
}

fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

pub fn csta(text: &str) -> Body {
    Body::csta(text.as_bytes().to_vec())
}

impl Net {
    pub fn new(transport: Transport) -> Self {
        let gateway = Config::default();
        let phone = Config { accept_invites: true, contact_user: "phone".into(), ..Config::default() };
        Self::with(transport, [gateway, phone])
    }

    pub fn with(transport: Transport, configs: impl IntoIterator<Item = Config>) -> Self {
        let now = Instant::now();
        let agents = configs.into_iter().zip(1..).map(|(config, seed)| Agent::new(config, entropy(seed))).collect();
        Self {
            now,
            start: now,
            agents,
            transport,
            wire: BTreeMap::new(),
            count: 0,
            random: 7,
            faults: Faults::default(),
            sent: Vec::new(),
            events: Vec::new(),
            discarded: Vec::new(),
            pings: Vec::new(),
            disconnected: Vec::new(),
            recognised: Vec::new(),
            registered: Vec::new(),
            polite: true,
            phone_dialog: None,
            lose: Box::new(|_| false),
        }
    }

    pub fn flow(&self, from: usize, to: usize) -> Flow {
        Flow { transport: self.transport, local: address(from), remote: address(to) }
    }

    /// An INVITE from the gateway to the phone.
    pub fn invite(&self) -> Invite {
        let (phone, gateway) = ("sip:101@10.0.0.2:5060".parse().unwrap(), "sip:hookswitch@10.0.0.1".parse().unwrap());
        Invite { body: Some(csta("<RequestSystemStatus/>")), ..Invite::new(self.flow(0, 1), phone, gateway) }
    }

    /// Lets an agent do something.
    pub fn act<R>(&mut self, agent: usize, act: impl FnOnce(&mut Agent, Instant, &mut Vec<Output>) -> R) -> R {
        let mut out = Vec::new();
        let result = act(&mut self.agents[agent], self.now, &mut out);
        self.take(agent, out);
        result
    }

    /// A dialog that is up on both sides: the gateway's id and the phone's.
    pub fn connected(&mut self) -> (sip::DialogId, sip::DialogId) {
        let invite = self.invite();
        let ours = self.act(0, |agent, now, out| agent.invite(now, invite, out));
        self.settle();
        let theirs = self.events.iter().find_map(|(agent, event)| match event {
            Event::Invited { dialog, .. } if *agent == 1 => Some(*dialog),
            _ => None,
        });
        assert!(self.events.iter().any(|(_, event)| matches!(event, Event::Accepted { .. })), "{:?}", self.events);
        self.phone_dialog = theirs;
        self.events.clear();
        self.sent.clear();
        (ours, theirs.unwrap())
    }

    /// Hands bytes to an agent as if they had come from there.
    pub fn inject(&mut self, to: usize, from: SocketAddr, bytes: &[u8]) {
        let flow = Flow { transport: self.transport, local: address(to), remote: from };
        self.act(to, |agent, now, out| agent.receive(now, flow, bytes, out));
    }

    /// Half a second: enough for all that needs no timer.
    pub fn settle(&mut self) {
        self.run(Duration::from_millis(400));
    }

    /// Time passes.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let packet = self.wire.keys().next().copied();
            let alarm = (0..self.agents.len()).filter_map(|i| Some((self.agents[i].deadline()?, i))).min();
            match (packet, alarm) {
                (Some(key), alarm) if key.0 <= end && alarm.is_none_or(|(at, _)| key.0 <= at) => {
                    self.now = self.now.max(key.0);
                    let packet = self.wire.remove(&key).unwrap();
                    self.act(packet.to, |agent, now, out| agent.receive(now, packet.flow, &packet.bytes, out));
                }
                (_, Some((at, agent))) if at <= end => {
                    self.now = self.now.max(at);
                    self.act(agent, |agent, now, out| agent.timeout(now, out));
                    assert!(self.agents[agent].deadline().is_none_or(|next| next > self.now), "an alarm that stays");
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// What happened at an agent since the last time.
    pub fn events_of(&mut self, agent: usize) -> Vec<Event> {
        let (mine, others) = std::mem::take(&mut self.events).into_iter().partition(|(whose, _)| *whose == agent);
        self.events = others;
        mine.into_iter().map(|(_, event)| event).collect()
    }

    /// What an agent sent, as `milliseconds what`.
    pub fn sent_by(&self, agent: usize) -> Vec<String> {
        let mine = self.sent.iter().filter(|sent| sent.from == agent);
        mine.map(|sent| format!("{} {}", sent.at, sent.what())).collect()
    }

    /// The same without times.
    pub fn kinds_by(&self, agent: usize) -> Vec<String> {
        self.sent.iter().filter(|sent| sent.from == agent).map(Sent::what).collect()
    }

    /// Milliseconds since the start.
    pub fn clock(&self) -> u128 {
        (self.now - self.start).as_millis()
    }

    fn take(&mut self, agent: usize, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Transmit { flow, bytes } => self.transmit(agent, flow, bytes),
                Output::Recognised { flow } => self.recognised.push((agent, flow)),
                Output::Disconnect { flow } => {
                    self.disconnected.push(flow);
                    self.act(agent, |agent, now, out| agent.flow_failed(now, flow, out));
                }
                Output::Event(event) => self.happened(agent, event),
                Output::Registered(registration) => self.registered.push(registration),
                Output::Discarded { reason, .. } => self.discarded.push((agent, reason)),
            }
        }
    }

    fn happened(&mut self, agent: usize, event: Event) {
        let asked = match &event {
            Event::Requested { transaction, .. } | Event::Invited { transaction, .. } => Some(*transaction),
            _ => None,
        };
        self.events.push((agent, event));
        if let Some(transaction) = asked.filter(|_| self.polite) {
            let answer = Answer::new(200).with_body(csta("<Response/>"));
            self.act(agent, |agent, now, out| agent.respond(now, transaction, answer, out));
        }
    }

    fn transmit(&mut self, from: usize, flow: Flow, bytes: Bytes) {
        let sent = Sent { at: self.clock(), from, flow, bytes: bytes.clone() };
        let lost = (self.lose)(&sent) || self.chance(self.faults.loss);
        match &*bytes {
            b"\r\n\r\n" => self.pings.push((sent.at / 1000, from)),
            _ => self.sent.push(sent),
        }
        let to = (0..self.agents.len()).find(|agent| address(*agent) == flow.remote);
        let Some(to) = to.filter(|_| !lost) else { return };
        let copies = if self.chance(self.faults.duplicates) { 2 } else { 1 };
        for _ in 0..copies {
            let late = if self.chance(self.faults.reordered) { next(&mut self.random) % 300 } else { 0 };
            self.count += 1;
            let back = Flow { local: flow.remote, remote: flow.local, ..flow };
            let at = self.now + Duration::from_millis(1 + late);
            self.wire.insert((at, self.count), Packet { to, flow: back, bytes: bytes.clone() });
        }
    }

    fn chance(&mut self, percent: u64) -> bool {
        percent > 0 && next(&mut self.random) % 100 < percent
    }
}
