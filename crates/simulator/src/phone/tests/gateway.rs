//! The gateway's side: a SIP agent, and what it heard.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use csta::{Edition, Message, MonitorStart, Request, RequestSystemStatus, Response, xml};
use sip::{Agent, Answer, Body, Config, Credentials, DialogId, Flow, Invite, Method, Output, Transport};

use crate::{Phone, PhoneConfig};

pub struct World {
    pub now: Instant,
    pub phone: Phone,
    /// The standing dialog, as the gateway sees it.
    pub dialog: Option<DialogId>,
    /// What came in INFOs of the phone.
    pub heard: Vec<Message>,
    /// All else the gateway's agent told.
    pub news: Vec<sip::Event>,
    /// What the gateway's registrar told.
    pub registered: Vec<sip::Registration>,
    /// How many requests it had.
    pub registers: u32,
    /// How the next INFOs are answered; after them with 200. `0`: not at all.
    pub statuses: VecDeque<u16>,
    gateway: Agent,
    /// What the gateway's agent wants done, in order.
    pending: Vec<Output>,
    credentials: Option<Credentials>,
    tag: u64,
}

impl World {
    /// A phone and a gateway that has not called it yet.
    pub fn new(config: PhoneConfig) -> Self {
        Self {
            now: Instant::now(),
            phone: Phone::new(PhoneConfig { domain: "pbx".to_owned(), ..config }, entropy(1)),
            dialog: None,
            heard: Vec::new(),
            news: Vec::new(),
            registered: Vec::new(),
            registers: 0,
            statuses: VecDeque::new(),
            gateway: Agent::new(Config { registrar: registrar(), ..Config::default() }, entropy(2)),
            pending: Vec::new(),
            credentials: None,
            tag: 0,
        }
    }

    /// A phone that is watched.
    pub fn monitored(config: PhoneConfig) -> Self {
        let mut world = Self::new(config);
        world.invite();
        world.start_monitor();
        world
    }

    pub fn login(mut self, username: &str, password: &str) -> Self {
        self.credentials = Some(Credentials { username: username.to_owned(), password: password.to_owned() });
        self
    }

    /// The status of the answer to an INVITE that opens a session.
    pub fn invite(&mut self) -> Option<u16> {
        self.invite_with(Request::RequestSystemStatus(RequestSystemStatus::default()))
    }

    pub fn invite_with(&mut self, request: Request) -> Option<u16> {
        let uri = "sip:101@192.0.2.2".parse().unwrap();
        let from = "sip:gateway@192.0.2.1".parse().unwrap();
        let invite = Invite {
            body: Some(body(request)),
            credentials: self.credentials.clone(),
            ..Invite::new(flow(true), uri, from)
        };
        self.gateway.invite(self.now, invite, &mut self.pending);
        self.run();
        match self.news.pop()? {
            sip::Event::Accepted { dialog, answer } => {
                self.dialog = Some(dialog);
                Some(answer.status)
            }
            sip::Event::Rejected { failure: sip::Failure::Status(answer), .. } => Some(answer.status),
            other => panic!("{other:?}"),
        }
    }

    pub fn start_monitor(&mut self) {
        match self.ask(Request::MonitorStart(MonitorStart::device("sip:101@pbx"))) {
            Message::Response(Response::MonitorStart(_)) => {}
            other => panic!("{other:?}"),
        }
    }

    /// What the phone answers to a request. Events that follow are heard after it.
    pub fn ask(&mut self, request: Request) -> Message {
        let answer = self.ask_sip(Some(body(request)));
        xml::decode(&answer.body.expect("a CSTA answer").bytes).expect("CSTA")
    }

    /// The SIP answer to an INFO.
    pub fn ask_sip(&mut self, body: Option<Body>) -> Answer {
        let dialog = self.dialog.expect("a session");
        self.tag += 1;
        let tag = self.tag;
        self.gateway.request(self.now, dialog, tag, Method::INFO, body, &mut self.pending);
        self.run();
        let found =
            self.news.iter().position(|event| matches!(event, sip::Event::Answered { tag: t, .. } if *t == tag));
        match found.map(|at| self.news.remove(at)) {
            Some(sip::Event::Answered { answer, .. }) => answer,
            _ => panic!("no answer, but {:?}", self.news),
        }
    }

    /// Does something to the phone.
    pub fn act<T>(&mut self, act: impl FnOnce(&mut Phone, Instant) -> T) -> T {
        let result = act(&mut self.phone, self.now);
        self.run();
        result
    }

    /// The events heard since the last time.
    pub fn events(&mut self) -> Vec<String> {
        self.heard.drain(..).map(|message| super::line(&message)).collect()
    }

    /// Lets time pass.
    pub fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.phone.deadline().into_iter().chain(self.gateway.deadline()).min() {
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            self.phone.timeout(self.now);
            self.gateway.timeout(self.now, &mut self.pending);
            self.run();
        }
        self.now = end;
    }

    /// Carries messages to and fro until there are none.
    fn run(&mut self) {
        loop {
            let outputs = std::mem::take(&mut self.pending);
            let idle = outputs.is_empty();
            outputs.into_iter().for_each(|output| self.handle(output));
            match self.phone.poll_transmit() {
                Some((to, bytes)) => {
                    assert_eq!(to.remote, flow(true).local, "the phone talks to the gateway");
                    self.registers += u32::from(bytes.starts_with(b"REGISTER "));
                    self.gateway.receive(self.now, flow(true), &bytes, &mut self.pending);
                }
                None if idle => return,
                None => {}
            }
        }
    }

    fn handle(&mut self, output: Output) {
        match output {
            Output::Transmit { bytes, .. } => self.phone.receive(self.now, flow(false), &bytes),
            Output::Event(sip::Event::Requested { transaction, body, .. }) => {
                let body = body.expect("a body");
                assert_eq!(body.disposition.as_deref(), Some("signal;handling=required"), "TR/87");
                self.heard.push(xml::decode(&body.bytes).expect("CSTA"));
                let status = self.statuses.pop_front().unwrap_or(200);
                let retry_after = (status == 503).then_some(3);
                let answer = Answer { retry_after, ..Answer::new(status) };
                if status > 0 {
                    self.gateway.respond(self.now, transaction, answer, &mut self.pending);
                }
            }
            Output::Event(event) => self.news.push(event),
            Output::Discarded { reason, .. } => panic!("{reason}"),
            Output::Registered(registration) => self.registered.push(registration),
            Output::Disconnect { .. } | Output::Recognised { .. } => {}
        }
    }
}

/// Phone 101 may register.
fn registrar() -> sip::RegistrarConfig {
    let account = sip::Account { user: "101".to_owned(), password: "geheim".to_owned() };
    sip::RegistrarConfig { accounts: vec![account], ..sip::RegistrarConfig::default() }
}

pub fn body(request: Request) -> Body {
    Body::csta(xml::encode(&request.into(), Edition::Ed3))
}

/// The way from the gateway to the phone, or back.
pub fn flow(to_phone: bool) -> Flow {
    let (gateway, phone) = ("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap());
    let (local, remote) = if to_phone { (gateway, phone) } else { (phone, gateway) };
    Flow { transport: Transport::Udp, local, remote }
}

/// Different bytes each time, the same in each run.
fn entropy(seed: u64) -> sip::Entropy {
    let mut state = seed;
    Box::new(move |bytes| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.to_be_bytes()[0];
        }
    })
}
