//! A gateway and simulated phones of any make in virtual time.
//!
//! The gateway is the real hub, the phones are the simulator's. The network takes no time and loses nothing, and the store is
//! durable at once. Several phones may share an address, as the handsets of a DECT base do.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call_model::{Command, Destination, Line, LineId, Locale, Moment, Number, Outcome};
use gateway::hub::{Hub, Input, LinkIndex, Output, Parts};
use session::{CommandId, Dialect, Known, Reach, Reconnect, State, UacstaConfig, Way};
use simulator::{Phone, PhoneConfig, Registration};
use store::{PhoneRecord, StoreEvent};

use crate::chance::Chance;

/// Where the gateway listens, and where all phones are.
const GATEWAY: &str = "192.0.2.1:5060";
const PHONES: &str = "192.0.2.20:5060";

/// A phone to be put on a desk.
#[derive(Clone)]
pub struct Desk {
    /// The line it carries.
    pub line: Arc<Line>,
    /// The phone.
    pub phone: PhoneConfig,
    /// It registers at the gateway with this password; else it is called.
    pub password: Option<String>,
    /// Its make, where the configuration names it.
    pub dialect: Option<&'static Dialect>,
    /// What was known of it before.
    pub known: Option<Known>,
}

/// The virtual world.
pub struct Office {
    /// What the gateway did that people notice, and when: `GET http://…`, `state up`, `outcome accepted`.
    pub noticed: Vec<(Duration, String)>,
    /// What is known of the phone of each line, as it would be stored.
    pub known: BTreeMap<LineId, PhoneRecord>,
    /// How many CSTA requests of each kind went out.
    pub asked: BTreeMap<String, usize>,
    phones: Vec<Phone>,
    hub: Hub,
    started: Moment,
    now: Duration,
    commands: u64,
    /// What is on its way, in order.
    under_way: VecDeque<Parcel>,
}

/// Something that arrives at once, but after what was sent before it.
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
        let links = desks.iter().map(link).collect();
        let accounts = desks.iter().filter_map(account).collect();
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
            .map(|(desk, seed)| Phone::new(persona(desk), Chance::new(seed).into_entropy()))
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
            under_way: VecDeque::new(),
        }
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
        for round in 0.. {
            assert!(round < 20_000, "virtual time stands still at {:?}", self.now);
            let deadlines = self.phones.iter().map(Phone::deadline).chain([self.hub.deadline()]);
            let next = deadlines.flatten().min().map(|at| at.saturating_duration_since(self.started.at));
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.tell(Input::Timeout);
            for index in 0..self.phones.len() {
                let now = self.instant();
                self.phones[index].timeout(now);
                self.carry(index);
            }
        }
        self.now = end;
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

    fn hub_said(&mut self, output: Output) {
        let now = self.now;
        let mut notice = |what: String| self.noticed.push((now, what));
        match output {
            Output::Transmit(flow, bytes) => self.under_way.push_back(Parcel::ToPhone(flow, bytes)),
            Output::Reach(link, _) => self.under_way.push_back(Parcel::Reached(link)),
            Output::Submit(submission) => {
                submission.deliveries.iter().for_each(|rendered| notice(format!("GET {}", rendered.url)));
                self.under_way.push_back(Parcel::Durable(submission.token));
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
            Output::Dialog(..) | Output::Disconnect(_) | Output::Trust(_) => {}
            Output::Note(link, text) => println!("note of {link}: {text}"),
            Output::Discarded(_, reason) => println!("dropped: {reason}"),
        }
    }

    fn settle(&mut self) {
        while let Some(parcel) = self.under_way.pop_front() {
            match parcel {
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

    /// Takes what a phone sends to the gateway.
    fn collect(&mut self, index: usize) {
        while let Some((flow, bytes)) = self.phones[index].poll_transmit() {
            self.under_way.push_back(Parcel::ToGateway(back(flow), bytes));
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

fn back(flow: sip::Flow) -> sip::Flow {
    sip::Flow { local: flow.remote, remote: flow.local, ..flow }
}

fn link(desk: &Desk) -> UacstaConfig {
    let user = desk.phone.user.clone();
    let reach = match desk.password {
        Some(_) => Reach::Registered { user },
        None => Reach::At { uri: format!("sip:{user}@192.0.2.20").parse().unwrap(), proxy: None },
    };
    UacstaConfig {
        name: desk.line.link.clone(),
        reach,
        credentials: None,
        lines: vec![desk.line.clone()],
        heartbeat: Duration::from_secs(30),
        request_timeout: Duration::from_secs(5),
        reconnect: Reconnect::default(),
        dialect: desk.dialect,
        known: desk.known.clone(),
    }
}

fn account(desk: &Desk) -> Option<sip::Account> {
    Some(sip::Account { user: desk.phone.user.clone(), password: desk.password.clone()? })
}

/// A phone that registers knows where.
fn persona(desk: Desk) -> PhoneConfig {
    let registration = desk.password.map(|password| Registration {
        registrar: address(GATEWAY),
        credentials: sip::Credentials { username: desk.phone.user.clone(), password },
        expires: Duration::from_secs(300),
    });
    PhoneConfig { registration, ..desk.phone }
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
