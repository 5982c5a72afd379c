//! Two agents and the packets between them. The fuzzer decides what happens to each packet.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::{Agent, Answer, Body, DialogId, Event, Flow, Invite, Method, Output, Register, TransactionId, Transport};

use crate::{LONG, flow, gateway, phone, receive, settle};

/// So many packets are under way at most; the oldest is lost.
const UNDER_WAY: usize = 32;

/// A gateway (0), a phone (1), and what is between them.
pub struct Wire {
    now: Instant,
    transport: Transport,
    agents: [Agent; 2],
    packets: VecDeque<Packet>,
    dialogs: [Vec<DialogId>; 2],
    open: [Vec<TransactionId>; 2],
}

struct Packet {
    to: usize,
    bytes: Bytes,
}

impl Wire {
    pub fn new(transport: Transport) -> Self {
        let agents = [gateway(), phone()];
        let (dialogs, open) = Default::default();
        Self { now: Instant::now(), transport, agents, packets: VecDeque::new(), dialogs, open }
    }

    /// Plays a script: each step is a byte that says what, and one that says how.
    pub fn play(&mut self, mut script: &[u8]) {
        while let [what, how, rest @ ..] = script {
            script = rest;
            let (who, how) = (usize::from(how & 1), how >> 1);
            match what % 16 {
                0..=3 => self.deliver(how, false),
                4 => self.deliver(how, true),
                5 => drop(self.take(how)),
                6 => {
                    let length = script.len().min(usize::from(how % 8));
                    let (new, rest) = script.split_at(length);
                    script = rest;
                    self.change(new);
                }
                7 => self.pass(Duration::from_millis(1 << (how % 16))),
                8 => self.until_alarm(),
                9 => self.invite(),
                10 => self.request(who, how),
                11 => self.respond(who, how),
                12 => self.bye(who, how),
                13 => self.act(who, |agent, now, flow, out| agent.flow_failed(now, flow, out)),
                14 => self.register(how),
                _ => {
                    let length = script.iter().position(|byte| *byte == 0).unwrap_or(script.len());
                    let (bytes, rest) = script.split_at(length);
                    script = rest.get(1..).unwrap_or_default();
                    self.send(who, Bytes::copy_from_slice(bytes));
                }
            }
        }
        self.end();
    }

    /// Whoever is left alone forgets everything in the end.
    fn end(&mut self) {
        for who in 0..2 {
            for transaction in std::mem::take(&mut self.open[who]) {
                self.act(who, |agent, now, _, out| agent.respond(now, transaction, Answer::new(486), out));
            }
            for dialog in std::mem::take(&mut self.dialogs[who]) {
                self.act(who, |agent, now, _, out| agent.bye(now, dialog, out));
            }
        }
        for _ in 0..10_000 {
            let next = self.agents.iter().filter_map(Agent::deadline).min();
            let Some(next) = next.filter(|next| *next < self.now + LONG) else { break };
            self.now = self.now.max(next);
            self.pass(Duration::ZERO);
        }
        for agent in &self.agents {
            assert_eq!(agent.deadline(), None, "{:?}", agent.load());
            let load = agent.load();
            assert_eq!((load.dialogs, load.requests, load.answers), (0, 0, 0), "something is never forgotten");
        }
    }

    fn act(&mut self, who: usize, act: impl FnOnce(&mut Agent, Instant, Flow, &mut Vec<Output>)) {
        let mut out = Vec::new();
        let way = self.way(who);
        act(&mut self.agents[who], self.now, way, &mut out);
        settle(&mut self.agents[who], self.now, &mut out);
        self.happened(who, out);
    }

    fn way(&self, from: usize) -> Flow {
        if from == 0 { flow(self.transport, 0, 1) } else { flow(self.transport, 1, 0) }
    }

    fn happened(&mut self, who: usize, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Transmit { bytes, .. } => {
                    self.packets.truncate(UNDER_WAY - 1);
                    self.packets.push_front(Packet { to: 1 - who, bytes });
                }
                Output::Event(Event::Invited { dialog, transaction, .. }) => {
                    self.dialogs[who].push(dialog);
                    self.open[who].push(transaction);
                }
                Output::Event(Event::Requested { transaction, .. }) => self.open[who].push(transaction),
                Output::Event(Event::Ended { dialog, .. } | Event::Rejected { dialog, .. }) => {
                    self.dialogs[who].retain(|known| *known != dialog);
                }
                Output::Disconnect { .. }
                | Output::Recognised { .. }
                | Output::Event(_)
                | Output::Registered(_)
                | Output::Discarded { .. } => {}
            }
        }
    }

    fn take(&mut self, which: u8) -> Option<Packet> {
        let count = self.packets.len().max(1);
        self.packets.remove(usize::from(which) % count)
    }

    fn deliver(&mut self, which: u8, twice: bool) {
        let Some(Packet { to, bytes }) = self.take(which) else { return };
        for _ in 0..=usize::from(twice) {
            let way = self.way(to);
            let out = receive(&mut self.agents[to], self.now, way, &bytes, false);
            self.happened(to, out);
        }
    }

    /// Changes some bytes of the newest packet: the first byte says where.
    fn change(&mut self, new: &[u8]) {
        let (Some(packet), [at, new @ ..]) = (self.packets.front_mut(), new) else { return };
        let mut bytes = packet.bytes.to_vec();
        let start = bytes.len() * usize::from(*at) / 256;
        let end = (start + new.len()).min(bytes.len());
        bytes.splice(start..end, new.iter().copied());
        packet.bytes = bytes.into();
    }

    fn send(&mut self, from: usize, bytes: Bytes) {
        self.happened(from, vec![Output::Transmit { flow: self.way(from), bytes }]);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        for who in 0..2 {
            self.act(who, |_, _, _, _| ());
        }
    }

    fn until_alarm(&mut self) {
        if let Some(next) = self.agents.iter().filter_map(Agent::deadline).min() {
            self.now = self.now.max(next);
            self.pass(Duration::ZERO);
        }
    }

    fn invite(&mut self) {
        let (phone, us) = ("sip:988@10.0.0.2:5060".parse(), "sip:hookswitch@10.0.0.1".parse());
        let (Ok(phone), Ok(us)) = (phone, us) else { return };
        let invite = Invite { body: Some(Body::csta("<a/>")), ..Invite::new(self.way(0), phone, us) };
        let mut dialog = None;
        self.act(0, |agent, now, _, out| dialog = Some(agent.invite(now, invite, out)));
        self.dialogs[0].extend(dialog);
    }

    fn register(&mut self, how: u8) {
        let (registrar, user) = ("sip:10.0.0.1:5060".parse(), "sip:988@10.0.0.1".parse());
        let (Ok(registrar), Ok(user)) = (registrar, user) else { return };
        let password = if how.is_multiple_of(4) { "wrong" } else { "secret" };
        let credentials = sip::Credentials { username: "988".to_owned(), password: password.to_owned() };
        let expires = Duration::from_secs(u64::from(how) * 10);
        let register = Register { flow: self.way(1), registrar, user, credentials: Some(credentials), expires };
        let mut id = None;
        self.act(1, |agent, now, _, out| id = Some(agent.register(now, register, out)));
        self.dialogs[1].extend(id);
    }

    fn request(&mut self, who: usize, how: u8) {
        let all = [Method::INFO, Method::UPDATE, Method::INVITE, Method::OPTIONS];
        let (Some(dialog), Some(method)) = (self.pick(who, how), all.get(usize::from(how) % 4)) else { return };
        let (method, body) = (method.clone(), Some(Body::csta("<b/>")));
        self.act(who, |agent, now, _, out| agent.request(now, dialog, 1, method, body, out));
    }

    fn respond(&mut self, who: usize, how: u8) {
        let status = [180, 200, 200, 200, 401, 422, 486, 491, 500, 603].get(usize::from(how) % 10);
        let (Some(transaction), Some(status)) = (self.open[who].first().copied(), status) else { return };
        if *status >= 200 {
            self.open[who].remove(0);
        }
        self.act(who, |agent, now, _, out| agent.respond(now, transaction, Answer::new(*status), out));
    }

    fn bye(&mut self, who: usize, how: u8) {
        let Some(dialog) = self.pick(who, how) else { return };
        self.dialogs[who].retain(|known| *known != dialog);
        self.act(who, |agent, now, _, out| agent.bye(now, dialog, out));
    }

    fn pick(&self, who: usize, how: u8) -> Option<DialogId> {
        let count = self.dialogs[who].len().max(1);
        self.dialogs[who].get(usize::from(how / 4) % count).copied()
    }
}
