//! A gateway and a phone with bad weather between them, in virtual time.
//!
//! The gateway is the real hub, the phone the simulator's, which reports one event after the other. The network loses,
//! doubles and reorders datagrams as a seed says; the store is durable at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call_model::{Line, Locale, Moment, Numbering};
use gateway::hub::{Hub, Input, Output, Parts};
use jiff::Timestamp;
use session::{Reach, Reconnect, State, UacstaConfig};
use simulator::{Phone, PhoneConfig};
use store::StoreEvent;

use crate::chance::Chance;
use crate::scenario;

/// Where the gateway listens, and where the phone is.
const GATEWAY: &str = "192.0.2.1:5060";
const PHONE: &str = "192.0.2.20:5060";

/// What becomes of datagrams, in percent of them.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// They never arrive.
    pub loss: u64,
    /// They arrive twice.
    pub duplicates: u64,
    /// They take up to 300 ms, where others take one.
    pub reordered: u64,
}

/// A gateway and a phone.
pub struct Outdoors {
    /// The phone, to be used by its user.
    pub phone: Phone,
    /// What was requested, in order.
    pub requested: Vec<String>,
    /// How often a session came up, and how often one was lost.
    pub sessions: (u32, u32),
    hub: Hub,
    started: Moment,
    now: Duration,
    weather: Weather,
    chance: Chance,
    wire: BTreeMap<(Duration, u64), (bool, sip::Flow, Bytes)>,
    sent: u64,
}

impl Outdoors {
    /// A gateway that carries one line; `url` is requested for each action.
    ///
    /// # Panics
    /// The URL is no template.
    #[must_use]
    pub fn new(url: &str, weather: Weather, seed: u64) -> Self {
        let started = Moment { at: Instant::now(), wall: Timestamp::UNIX_EPOCH };
        let line = scenario::line("987@192.0.2.20").expect("a line");
        let phone = PhoneConfig { user: "987".into(), domain: "192.0.2.20".into(), ..PhoneConfig::default() };
        let parts = Parts {
            links: vec![link(line)],
            unlinked: Vec::new(),
            destinations: vec![scenario::destination(0, url)],
            locale: Locale { zone: jiff::tz::TimeZone::UTC, numbering: Numbering::default() },
            sip: sip::Config::default(),
            sip_entropy: Chance::new(seed).into_entropy(),
            call_entropy: Chance::new(seed + 1).into_entropy(),
        };
        Self {
            phone: Phone::new(phone, Chance::new(seed + 2).into_entropy()),
            requested: Vec::new(),
            sessions: (0, 0),
            hub: Hub::new(parts, started),
            started,
            now: Duration::ZERO,
            weather,
            chance: Chance::new(seed + 3),
            wire: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Now.
    #[must_use]
    pub fn instant(&self) -> Instant {
        self.started.at + self.now
    }

    /// The phone's user, or the world around it, does something.
    pub fn act<R>(&mut self, act: impl FnOnce(&mut Phone, Instant) -> R) -> R {
        let now = self.instant();
        let result = act(&mut self.phone, now);
        self.phone_said();
        result
    }

    /// Lets time pass until `done`, or so long at most; whether it was done.
    ///
    /// # Panics
    /// Virtual time stands still.
    pub fn run_until(&mut self, longest: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + longest;
        let mut stood = 0;
        self.tell(Input::Timeout);
        while !done(self) {
            let alarms = [self.hub.deadline(), self.phone.deadline()];
            let alarm = alarms.into_iter().flatten().min().map(|at| at.saturating_duration_since(self.started.at));
            let arrival = self.wire.keys().next().map(|(at, _)| *at);
            let Some(next) = [alarm, arrival].into_iter().flatten().min().filter(|next| *next <= end) else { break };
            stood = if next > self.now { 0 } else { stood + 1 };
            assert!(stood < 1_000, "virtual time stands still at {:?}", self.now);
            self.now = self.now.max(next);
            match self.wire.first_entry().filter(|entry| entry.key().0 <= self.now) {
                Some(entry) => {
                    let (to_phone, flow, bytes) = entry.remove();
                    self.deliver(to_phone, flow, &bytes);
                }
                None => {
                    self.tell(Input::Timeout);
                    self.act(|phone, now| phone.timeout(now));
                }
            }
        }
        let done = done(self);
        self.now = if done { self.now } else { end };
        done
    }

    fn deliver(&mut self, to_phone: bool, flow: sip::Flow, bytes: &[u8]) {
        if to_phone {
            self.act(|phone, now| phone.receive(now, flow, bytes));
        } else {
            self.tell(Input::Received(flow, bytes));
        }
    }

    fn tell(&mut self, input: Input<'_>) {
        let wall = self.started.wall + jiff::SignedDuration::try_from(self.now).expect("a short time");
        let mut out = Vec::new();
        self.hub.handle(Moment { at: self.instant(), wall }, input, &mut out);
        for output in out {
            self.hub_said(output);
        }
    }

    fn hub_said(&mut self, output: Output) {
        match output {
            Output::Transmit(flow, bytes) => self.send(true, flow, bytes),
            Output::Reach(link, _) => self.tell(Input::Reached(link, Ok(way()))),
            Output::Submit(submission) => {
                self.requested.extend(submission.deliveries.into_iter().map(|rendered| rendered.url.to_string()));
                self.tell(Input::Store(StoreEvent::Durable { up_to: submission.token }));
            }
            Output::State(_, State::Up) => self.sessions.0 += 1,
            Output::State(_, State::Down(_) | State::Degraded(_)) => self.sessions.1 += 1,
            Output::Outcome(..)
            | Output::Dialog(..)
            | Output::Learnt { .. }
            | Output::Note(..)
            | Output::Discarded(..)
            | Output::Disconnect(_)
            | Output::Trust(_) => {}
        }
    }

    fn phone_said(&mut self) {
        while let Some((flow, bytes)) = self.phone.poll_transmit() {
            self.send(false, flow, bytes);
        }
    }

    fn send(&mut self, to_phone: bool, flow: sip::Flow, bytes: Bytes) {
        let Weather { loss, duplicates, reordered } = self.weather;
        if self.chance.percent(loss) {
            return;
        }
        let back = sip::Flow { local: flow.remote, remote: flow.local, ..flow };
        for _ in 0..if self.chance.percent(duplicates) { 2 } else { 1 } {
            let late = if self.chance.percent(reordered) { self.chance.below(300) } else { 0 };
            self.sent += 1;
            let at = self.now + Duration::from_millis(1 + late);
            self.wire.insert((at, self.sent), (to_phone, back, bytes.clone()));
        }
    }
}

fn link(line: Line) -> UacstaConfig {
    UacstaConfig {
        name: line.link.clone(),
        reach: Reach::At { uri: "sip:987@192.0.2.20".parse().expect("a URI"), proxy: None },
        credentials: None,
        lines: vec![Arc::new(line)],
        heartbeat: Duration::from_secs(30),
        request_timeout: Duration::from_secs(5),
        reconnect: Reconnect::default(),
        dialect: None,
        known: None,
    }
}

fn way() -> session::Way {
    let (local, remote) = (GATEWAY.parse().expect("an address"), PHONE.parse().expect("an address"));
    session::Way { flow: sip::Flow { transport: sip::Transport::Udp, local, remote }, others: false }
}
