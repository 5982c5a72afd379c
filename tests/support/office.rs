//! A gateway and simulated phones of any make in virtual time.
//!
//! The gateway is the real hub, the phones are the simulator's, and the store is durable at once. The weather on the network
//! is fair, unless somebody wants it foul. Several phones may share an address, as the handsets of a DECT base do.

mod desk;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call_model::{Command, Destination, LineId, Locale, Moment, Number, Outcome};
use gateway::hub::{Hub, Input, LinkIndex, Output, Parts};
use session::{CommandId, State, Way};
use simulator::Phone;
use store::{PhoneRecord, StoreEvent};

pub use self::desk::Desk;
use crate::back;
use crate::chance::Chance;
use crate::weather::Weather;

/// Where the gateway listens, and where all phones are.
const GATEWAY: &str = "192.0.2.1:5060";
const PHONES: &str = "192.0.2.20:5060";

/// The virtual world.
pub struct Office {
    /// What the gateway did that people notice, and when: `GET http://…`, `state up`, `outcome accepted`.
    pub noticed: Vec<(Duration, String)>,
    /// What is known of the phone of each line, as it would be stored.
    pub known: BTreeMap<LineId, PhoneRecord>,
    /// How many CSTA requests of each kind reached a phone.
    pub asked: BTreeMap<String, usize>,
    phones: Vec<Phone>,
    hub: Hub,
    started: Moment,
    now: Duration,
    commands: u64,
    weather: Weather,
    chance: Chance,
    /// What is on its way, by the time it arrives, and what arrives at the same time in the order it was sent.
    under_way: BTreeMap<(Duration, u64), Parcel>,
    sent: u64,
}

/// Something on its way.
enum Parcel {
    ToPhone(sip::Flow, Bytes),
    ToGateway(sip::Flow, Bytes),
    Reached(LinkIndex),
    Durable(u64),
}

impl Office {
    /// All phones on, the gateway not yet started.
    #[must_use]
    pub fn new(desks: Vec<Desk>, destinations: Vec<Destination>, locale: Locale) -> Self {
        let wall = "2026-03-02T10:00:00Z".parse().unwrap();
        let started = Moment { at: Instant::now(), wall };
        let links = desks.iter().map(Desk::link).collect();
        let accounts = desks.iter().filter_map(Desk::account).collect();
        let registrar = sip::RegistrarConfig { accounts, ..sip::RegistrarConfig::default() };
        let parts = Parts {
            links,
            unlinked: Vec::new(),
            destinations,
            locale,
            sip: sip::Config { registrar, ..sip::Config::default() },
            sip_entropy: Chance::new(1).into_entropy(),
            call_entropy: Chance::new(2).into_entropy(),
        };
        let hub = Hub::new(parts, started);
        let phones = desks
            .into_iter()
            .zip(10..)
            .map(|(desk, seed)| Phone::new(desk.phone(), Chance::new(seed).into_entropy()))
            .collect();
        Self {
            noticed: Vec::new(),
            known: BTreeMap::new(),
            asked: BTreeMap::new(),
            phones,
            hub,
            started,
            now: Duration::ZERO,
            commands: 0,
            weather: Weather::FAIR,
            chance: Chance::new(0),
            under_way: BTreeMap::new(),
            sent: 0,
        }
    }

    /// The same in this weather, which does what it does as the seed says.
    #[must_use]
    pub fn in_weather(self, weather: Weather, seed: u64) -> Self {
        Self { weather, chance: Chance::new(seed), ..self }
    }

    /// Starts the gateway, and lets the phones register that do.
    pub fn start(&mut self) {
        self.tell(Input::Timeout);
        let way = sip::Flow { transport: sip::Transport::Udp, local: address(PHONES), remote: address(GATEWAY) };
        for index in 0..self.phones.len() {
            let now = self.instant();
            self.phones[index].connect(now, way);
            self.carry(index);
        }
        self.advance_to(self.now);
    }

    /// What has happened since the start.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.now
    }

    /// Lets virtual time pass until then.
    pub fn advance_to(&mut self, end: Duration) {
        self.advance_until(end, |_| false);
    }

    /// Lets virtual time pass until `done`, or until then at the latest; whether it was done.
    ///
    /// # Panics
    /// Virtual time stands still.
    pub fn advance_until(&mut self, end: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let mut stood = 0;
        while !done(self) {
            let Some(next) = self.next_event().filter(|next| *next <= end) else {
                self.now = end;
                return false;
            };
            stood = if next > self.now { 0 } else { stood + 1 };
            assert!(stood < 1_000, "virtual time stands still at {:?}", self.now);
            self.now = self.now.max(next);
            self.settle();
            self.tell(Input::Timeout);
            for index in 0..self.phones.len() {
                let now = self.instant();
                self.phones[index].timeout(now);
                self.carry(index);
            }
        }
        true
    }

    /// When something will happen by itself.
    fn next_event(&self) -> Option<Duration> {
        let deadlines = self.phones.iter().map(Phone::deadline).chain([self.hub.deadline()]).flatten();
        let deadlines = deadlines.map(|at| at.saturating_duration_since(self.started.at));
        deadlines.chain(self.under_way.keys().next().map(|(at, _)| *at)).min()
    }

    /// The phone of this number does something, or something is done to it.
    ///
    /// # Panics
    /// There is no such phone.
    pub fn act<T>(&mut self, number: &str, act: impl FnOnce(&mut Phone, Instant) -> T) -> T {
        let index = self.phones.iter().position(|phone| phone.config().user == number).expect("a phone of that number");
        let now = self.instant();
        let result = act(&mut self.phones[index], now);
        self.carry(index);
        result
    }

    /// Somebody asks a line to dial.
    pub fn dial(&mut self, line: &str, number: &str) {
        self.commands += 1;
        let command = Command::MakeCall { line: LineId(line.into()), number: Number::new(number) };
        self.tell(Input::Command(CommandId(self.commands), command));
    }

    fn instant(&self) -> Instant {
        self.started.at + self.now
    }

    /// Tells the gateway something, and does all that follows from it.
    fn tell(&mut self, input: Input<'_>) {
        self.hear(input);
        self.settle();
    }

    fn hear(&mut self, input: Input<'_>) {
        let wall = self.started.wall + jiff::SignedDuration::try_from(self.now).unwrap();
        let mut out = Vec::new();
        self.hub.handle(Moment { at: self.instant(), wall }, input, &mut out);
        out.into_iter().for_each(|output| self.hub_said(output));
    }

    /// Something arrives at once, but after what arrives at once already.
    fn post(&mut self, parcel: Parcel) {
        self.post_for(self.now, parcel);
    }

    fn post_for(&mut self, at: Duration, parcel: Parcel) {
        self.sent += 1;
        self.under_way.insert((at, self.sent), parcel);
    }

    /// A datagram goes out into the weather.
    fn send(&mut self, flow: sip::Flow, bytes: &Bytes, parcel: fn(sip::Flow, Bytes) -> Parcel) {
        for late in self.weather.copies(&mut self.chance) {
            self.post_for(self.now + late, parcel(flow, bytes.clone()));
        }
    }

    fn hub_said(&mut self, output: Output) {
        let now = self.now;
        let mut notice = |what: String| self.noticed.push((now, what));
        match output {
            Output::Transmit(flow, bytes) => self.send(flow, &bytes, Parcel::ToPhone),
            Output::Reach(link, _) => self.post(Parcel::Reached(link)),
            Output::Submit(submission) => {
                submission.deliveries.iter().for_each(|rendered| notice(format!("GET {}", rendered.url)));
                self.post(Parcel::Durable(submission.token));
            }
            Output::Outcome(_, outcome) => notice(format!("outcome {}", words(&outcome))),
            Output::State(_, State::Up) => notice("state up".to_owned()),
            Output::State(_, State::Down(why)) => notice(format!("state down: {why}")),
            Output::State(_, State::Degraded(why)) => notice(format!("state degraded: {why}")),
            Output::Learnt { link, lines, known, .. } => {
                let since = self.started.wall;
                let record = |line: LineId| (line.clone(), gateway::phones::record(line, &link, &known, since));
                self.known.extend(lines.into_iter().map(record));
            }
            Output::Dialog(..) | Output::Disconnect(_) | Output::Recognised(_) => {}
            Output::Note(link, text) => println!("note of {link}: {text}"),
            Output::Discarded(_, reason) => println!("dropped: {reason}"),
        }
    }

    fn settle(&mut self) {
        while let Some(first) = self.under_way.first_entry().filter(|first| first.key().0 <= self.now) {
            match first.remove() {
                Parcel::ToPhone(flow, bytes) => self.deliver(flow, &bytes),
                Parcel::ToGateway(flow, bytes) => self.hear(Input::Received(flow, &bytes)),
                Parcel::Reached(link) => {
                    let (local, remote) = (address(GATEWAY), address(PHONES));
                    let flow = sip::Flow { transport: sip::Transport::Udp, local, remote };
                    self.hear(Input::Reached(link, Ok(Way { flow, others: false })));
                }
                Parcel::Durable(up_to) => self.hear(Input::Store(StoreEvent::Durable { up_to })),
            }
        }
    }

    fn deliver(&mut self, flow: sip::Flow, bytes: &[u8]) {
        if let Some(request) = csta_request(bytes) {
            *self.asked.entry(request).or_default() += 1;
        }
        let user = simulator::addressee(bytes);
        let index = self.phones.iter().position(|phone| Some(&phone.config().user) == user.as_ref()).unwrap_or(0);
        let now = self.instant();
        self.phones[index].receive(now, back(flow), bytes);
        self.collect(index);
    }

    /// Takes what a phone sends to the gateway, and lets it go out.
    fn collect(&mut self, index: usize) {
        while let Some((flow, bytes)) = self.phones[index].poll_transmit() {
            self.send(back(flow), &bytes, Parcel::ToGateway);
        }
    }

    fn carry(&mut self, index: usize) {
        self.collect(index);
        self.settle();
    }
}

/// The name of the CSTA request in a SIP request.
fn csta_request(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.starts_with("SIP/2.0"))?;
    let root = text.split_once("?>")?.1.trim_start().strip_prefix('<')?;
    Some(root.split([' ', '>']).next()?.to_owned())
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { .. } => "accepted".to_owned(),
        Outcome::Refused { reason } => format!("refused: {reason}"),
        Outcome::NotSupported { reason } => format!("not supported: {reason}"),
        Outcome::NoLine => "no line".to_owned(),
        Outcome::NoLink { reason } => format!("no link: {reason}"),
        Outcome::NoAnswer => "no answer".to_owned(),
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}
