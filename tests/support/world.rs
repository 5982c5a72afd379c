//! A gateway and one scripted phone in virtual time.
//!
//! The gateway is the real hub with its SIP agent, session, calls and templates; the phone is a SIP agent that says
//! what the test tells it. The network takes no time, and the store is durable at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use call_model::{Destination, Line, Locale, Moment, Rendered};
use csta::{
    CstaError, Edition, ErrorCategory, Message, MonitorStartResponse, Request, Response, SnapshotDeviceResponse,
};
use gateway::hub::{Hub, Input, Output, Parts};
use jiff::Timestamp;
use session::{Reach, Reconnect, State, UacstaConfig, Way};
use store::StoreEvent;

use crate::back;
use crate::chance::Chance;

/// Where the gateway listens, and where the phone is.
const GATEWAY: &str = "192.0.2.1:5060";
const PHONE: &str = "192.0.2.20:5060";

/// The virtual world.
pub struct World {
    /// The phone, to be told what to say.
    pub phone: ScriptedPhone,
    /// What was requested, and when (since the start).
    pub requested: Vec<(Duration, Rendered)>,
    hub: Hub,
    started: Moment,
    now: Duration,
    up_since: Option<Duration>,
}

/// A phone that does only what its script says.
pub struct ScriptedPhone {
    /// What it answers to SnapshotDevice; `None`: it cannot.
    pub snapshot: Option<SnapshotDeviceResponse>,
    /// Until then it hears and says nothing.
    pub silent_until: Duration,
    agent: sip::Agent,
    dialog: Option<sip::DialogId>,
    cross_ref: u32,
}

impl World {
    /// A gateway that carries `line`, at `wall` time, whose phone is on.
    #[must_use]
    pub fn new(line: Line, destinations: Vec<Destination>, locale: Locale, wall: Timestamp) -> Self {
        let started = Moment { at: Instant::now(), wall };
        let link = UacstaConfig {
            name: line.link.clone(),
            reach: Reach::At { uri: uri("sip:987@192.0.2.20"), proxy: None },
            credentials: None,
            lines: vec![Arc::new(line)],
            heartbeat: Duration::from_secs(30),
            request_timeout: Duration::from_secs(5),
            reconnect: Reconnect::default(),
            dialect: None,
            known: None,
        };
        let parts = Parts {
            links: vec![link],
            unlinked: Vec::new(),
            destinations,
            locale,
            sip: sip::Config::default(),
            sip_entropy: Chance::new(1).into_entropy(),
            call_entropy: Chance::new(2).into_entropy(),
        };
        let hub = Hub::new(parts, started);
        let phone = ScriptedPhone {
            snapshot: Some(SnapshotDeviceResponse::default()),
            silent_until: Duration::ZERO,
            agent: phone_agent(3),
            dialog: None,
            cross_ref: 41,
        };
        Self { phone, requested: Vec::new(), hub, started, now: Duration::ZERO, up_since: None }
    }

    /// Lets the gateway open its session; from here on the scenario's time counts.
    ///
    /// # Panics
    /// The session does not come up.
    pub fn open(&mut self) {
        self.run_until(Duration::from_millis(1));
        assert!(self.up_since.is_some(), "the session with the phone did not come up");
        self.up_since = Some(self.now);
    }

    /// Scenario time: since [`World::open`].
    #[must_use]
    pub fn time(&self) -> Duration {
        self.now - self.up_since.unwrap_or_default()
    }

    /// A time of [`World::requested`] as scenario time; what the opening itself caused happened at zero.
    #[must_use]
    pub fn since_open(&self, at: Duration) -> Duration {
        at.saturating_sub(self.up_since.unwrap_or_default())
    }

    /// Lets virtual time pass until this scenario time.
    pub fn advance_to(&mut self, time: Duration) {
        self.run_until(self.up_since.unwrap_or_default() + time);
    }

    /// The phone sends a CSTA message as INFO, with `{XREF}` replaced. Without a session it cannot.
    pub fn phone_sends(&mut self, xml: &str) {
        let Some(dialog) = self.phone.dialog else { return };
        let xml = xml.replace("{XREF}", &self.phone.cross_ref.to_string());
        let mut out = Vec::new();
        let body = sip::Body::csta(xml.into_bytes());
        self.phone.agent.request(self.instant(), dialog, 0, sip::Method::INFO, Some(body), &mut out);
        self.phone_said(out);
    }

    /// The phone forgets all its dialogs.
    pub fn reboot(&mut self) {
        self.phone.agent = phone_agent(self.now.as_millis() as u64);
        self.phone.dialog = None;
    }

    /// The phone hears and says nothing for so long.
    pub fn silence(&mut self, length: Duration) {
        self.phone.silent_until = self.now + length;
    }

    fn run_until(&mut self, end: Duration) {
        self.tell(Input::Timeout);
        let mut rounds = 0;
        loop {
            rounds += 1;
            assert!(rounds < 20_000, "virtual time stands still at {:?}", self.now);
            let gateway = self.hub.deadline();
            let phone = self.phone.agent.deadline();
            let next = [gateway, phone].into_iter().flatten().min().map(|at| at.duration_since(self.started.at));
            match next.filter(|next| *next <= end) {
                Some(next) => self.now = self.now.max(next),
                None => break,
            }
            self.tell(Input::Timeout);
            let mut out = Vec::new();
            self.phone.agent.timeout(self.instant(), &mut out);
            self.phone_said(out);
        }
        self.now = end;
    }

    fn instant(&self) -> Instant {
        self.started.at + self.now
    }

    fn moment(&self) -> Moment {
        Moment { at: self.instant(), wall: self.started.wall + jiff::SignedDuration::try_from(self.now).unwrap() }
    }

    fn tell(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        self.hub.handle(self.moment(), input, &mut out);
        for output in out {
            self.hub_said(output);
        }
    }

    fn hub_said(&mut self, output: Output) {
        match output {
            Output::Transmit(flow, bytes) => {
                if self.now >= self.phone.silent_until {
                    let mut out = Vec::new();
                    self.phone.agent.receive(self.instant(), back(flow), &bytes, &mut out);
                    self.phone_said(out);
                }
            }
            Output::Reach(link, _) => {
                let (local, remote) = (GATEWAY.parse().unwrap(), PHONE.parse().unwrap());
                let flow = sip::Flow { transport: sip::Transport::Udp, local, remote };
                self.tell(Input::Reached(link, Ok(Way { flow, others: false })));
            }
            Output::Submit(submission) => {
                let now = self.now;
                self.requested.extend(submission.deliveries.into_iter().map(|rendered| (now, rendered)));
                self.tell(Input::Store(StoreEvent::Durable { up_to: submission.token }));
            }
            Output::State(_, State::Up) => self.up_since = self.up_since.or(Some(self.now)),
            Output::State(_, State::Down(_) | State::Degraded(_)) | Output::Outcome(..) | Output::Dialog(..) => {}
            Output::Learnt { .. } | Output::Recognised(_) => {}
            Output::Note(link, text) => println!("note of {link}: {text}"),
            Output::Disconnect(flow) => self.tell(Input::FlowFailed(flow)),
            Output::Discarded(_, reason) => println!("dropped: {reason}"),
        }
    }

    fn phone_said(&mut self, outputs: Vec<sip::Output>) {
        for output in outputs {
            match output {
                sip::Output::Transmit { flow, bytes } => {
                    if self.now >= self.phone.silent_until {
                        self.tell(Input::Received(back(flow), &bytes));
                    }
                }
                sip::Output::Event(event) => {
                    let mut out = Vec::new();
                    self.phone.handle(self.instant(), event, &mut out);
                    self.phone_said(out);
                }
                sip::Output::Disconnect { .. }
                | sip::Output::Recognised { .. }
                | sip::Output::Registered(_)
                | sip::Output::Discarded { .. } => {}
            }
        }
    }
}

impl ScriptedPhone {
    fn handle(&mut self, now: Instant, event: sip::Event, out: &mut Vec<sip::Output>) {
        match event {
            sip::Event::Invited { dialog, transaction, .. } => {
                self.dialog = Some(dialog);
                self.respond(now, transaction, &Response::normal_status().into(), out);
            }
            sip::Event::Requested { transaction, body, .. } => {
                let request = body.map(|body| csta::xml::decode(&body.bytes));
                let answer = self.serve(request);
                self.respond(now, transaction, &answer, out);
            }
            sip::Event::Ended { dialog, .. } if self.dialog == Some(dialog) => self.dialog = None,
            sip::Event::Ended { .. }
            | sip::Event::Accepted { .. }
            | sip::Event::Rejected { .. }
            | sip::Event::Answered { .. }
            | sip::Event::Failed { .. } => {}
        }
    }

    #[allow(clippy::wildcard_enum_match_arm)] // a scripted phone serves little
    fn serve(&mut self, request: Option<Result<Message, csta::DecodeError>>) -> Message {
        match request {
            Some(Ok(Message::Request(Request::RequestSystemStatus(_)))) => Response::normal_status().into(),
            Some(Ok(Message::Request(Request::MonitorStart(_)))) => {
                self.cross_ref += 1;
                let cross_ref = csta::CrossRefId(self.cross_ref.to_string().into());
                Response::MonitorStart(MonitorStartResponse { cross_ref, monitor_existing_calls: Some(true) }).into()
            }
            Some(Ok(Message::Request(Request::SnapshotDevice(_)))) => match &self.snapshot {
                Some(snapshot) => Response::SnapshotDevice(snapshot.clone()).into(),
                None => CstaError::service_not_supported().into(),
            },
            _ => CstaError::new(ErrorCategory::Operation, "generic").into(),
        }
    }

    fn respond(&mut self, now: Instant, to: sip::TransactionId, message: &Message, out: &mut Vec<sip::Output>) {
        let body = sip::Body::csta(csta::xml::encode(message, Edition::Ed5));
        self.agent.respond(now, to, sip::Answer::new(200).with_body(body), out);
    }
}

fn phone_agent(seed: u64) -> sip::Agent {
    sip::Agent::new(sip::Config { accept_invites: true, ..sip::Config::default() }, Chance::new(seed).into_entropy())
}

fn uri(text: &str) -> sip::Uri {
    sip::Uri::parse(text.as_bytes()).unwrap()
}
