//! A phone that does what its script says: a SIP agent, and the answers it gives.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use csta::{Edition, Message, MonitorStartResponse, Request, Response, SnapshotDeviceResponse};
use sip::digest::{Algorithm, Authorization, Challenge};

/// What the phone does when it is asked something.
#[allow(clippy::large_enum_variant)] // a handful in a test
pub enum Reply {
    /// Answers with 200 and this.
    Csta(Message),
    /// Answers with this.
    Sip(sip::Answer),
    /// Sends these events, then goes on with the reply.
    After(Vec<csta::Event>, Box<Reply>),
    /// Hears it, and says nothing.
    Silence,
}

/// A phone.
pub struct Phone {
    pub agent: sip::Agent,
    /// The session, while there is one.
    pub dialog: Option<sip::DialogId>,
    /// What it has heard, and when: `INVITE`, `MonitorStart sip:987@192.0.2.20`, `BYE`.
    pub heard: Vec<(Instant, String)>,
    /// The answers to its own requests, by their tags.
    pub answered: Vec<(u64, sip::Answer)>,
    /// Asks for this user and password before it takes a session.
    pub login: Option<(&'static str, &'static str)>,
    /// Nothing comes in, nothing goes out.
    pub off: bool,
    script: HashMap<&'static str, VecDeque<Reply>>,
    always: HashMap<&'static str, Box<dyn Fn() -> Reply>>,
    monitors: u32,
    tag: u64,
}

impl Phone {
    pub fn new(seed: u64) -> Self {
        Self {
            agent: new_agent(seed),
            dialog: None,
            heard: Vec::new(),
            answered: Vec::new(),
            login: None,
            off: false,
            script: HashMap::new(),
            always: HashMap::new(),
            monitors: 41,
            tag: 0,
        }
    }

    /// Replies so, once, when it is asked this (`INVITE`, or the name of a service).
    pub fn once(&mut self, what: &'static str, reply: Reply) {
        self.script.entry(what).or_default().push_back(reply);
    }

    /// Replies so whenever it is asked this.
    pub fn always(&mut self, what: &'static str, reply: impl Fn() -> Reply + 'static) {
        self.always.insert(what, Box::new(reply));
    }

    /// Replies as phones do by themselves again.
    pub fn as_usual(&mut self, what: &'static str) {
        self.always.remove(what);
        self.script.remove(what);
    }

    /// Forgets its sessions, as one that lost its power.
    pub fn reboot(&mut self) {
        self.agent = new_agent(1000 + self.heard.len() as u64);
        self.dialog = None;
    }

    /// The monitor that was started last.
    pub fn cross_ref(&self) -> csta::CrossRefId {
        csta::CrossRefId(self.monitors.to_string().into())
    }

    /// Sends an INFO in the session; its answer is in `answered` under the number that comes back.
    pub fn info(&mut self, now: Instant, body: Option<sip::Body>, out: &mut Vec<sip::Output>) -> u64 {
        self.tag += 1;
        let dialog = self.dialog.expect("the phone has a session");
        self.agent.request(now, dialog, self.tag, sip::Method::INFO, body, out);
        self.tag
    }

    pub fn bye(&mut self, now: Instant, out: &mut Vec<sip::Output>) {
        let dialog = self.dialog.take().expect("the phone has a session");
        self.agent.bye(now, dialog, out);
    }

    pub fn handle(&mut self, now: Instant, event: sip::Event, out: &mut Vec<sip::Output>) {
        match event {
            sip::Event::Invited { dialog, transaction, body, authorization, .. } => {
                self.heard.push((now, "INVITE".into()));
                if let Some(answer) = self.challenge(authorization.as_deref()) {
                    return self.agent.respond(now, transaction, answer, out);
                }
                self.dialog = Some(dialog);
                let request = request(body.as_ref());
                let usual = if matches!(request, Some(Request::RequestSystemStatus(_))) { 200 } else { 488 };
                let usual = sip::Answer::new(usual).with_body(csta(&Response::normal_status().into()));
                self.reply(now, transaction, "INVITE", Reply::Sip(usual), out);
            }
            sip::Event::Requested { transaction, body, .. } => {
                let request = request(body.as_ref()).expect("a CSTA request");
                let (kind, about) = describe(&request);
                self.heard.push((now, format!("{kind} {about}").trim().to_owned()));
                let usual = self.usual(&request);
                self.reply(now, transaction, kind, usual, out);
            }
            sip::Event::Answered { tag, answer, .. } => self.answered.push((tag, answer)),
            sip::Event::Ended { dialog, .. } => {
                self.heard.push((now, "BYE".into()));
                self.dialog = self.dialog.take_if(|mine| *mine != dialog);
            }
            sip::Event::Accepted { .. } | sip::Event::Rejected { .. } | sip::Event::Failed { .. } => {}
        }
    }

    fn reply(
        &mut self,
        now: Instant,
        to: sip::TransactionId,
        what: &'static str,
        usual: Reply,
        out: &mut Vec<sip::Output>,
    ) {
        let scripted = self.script.get_mut(what).and_then(VecDeque::pop_front);
        let reply = scripted.or_else(|| self.always.get(what).map(|reply| reply())).unwrap_or(usual);
        self.send(now, to, reply, out);
    }

    fn send(&mut self, now: Instant, to: sip::TransactionId, reply: Reply, out: &mut Vec<sip::Output>) {
        match reply {
            Reply::Csta(message) => {
                self.agent.respond(now, to, sip::Answer::new(200).with_body(csta(&message)), out);
            }
            Reply::Sip(answer) => self.agent.respond(now, to, answer, out),
            Reply::After(events, reply) => {
                for event in events {
                    self.info(now, Some(csta(&event.into())), out);
                }
                self.send(now, to, *reply, out);
            }
            Reply::Silence => {}
        }
    }

    /// The answer to a caller without the right password.
    fn challenge(&self, authorization: Option<&str>) -> Option<sip::Answer> {
        let (username, password) = self.login?;
        let proof = authorization.and_then(Authorization::parse);
        let known = proof.is_some_and(|proof| proof.username == username && proof.verify("INVITE", password));
        let challenge = Challenge::new("phone", "a-nonce", Algorithm::MD5);
        (!known).then(|| sip::Answer::new(401).with_header("WWW-Authenticate", challenge))
    }

    #[allow(clippy::wildcard_enum_match_arm)] // other services are scripted where they are asked for
    fn usual(&mut self, request: &Request) -> Reply {
        Reply::Csta(match request {
            Request::RequestSystemStatus(_) => Response::normal_status().into(),
            Request::MonitorStart(_) => {
                self.monitors += 1;
                let cross_ref = self.cross_ref();
                Response::MonitorStart(MonitorStartResponse { cross_ref, monitor_existing_calls: Some(true) }).into()
            }
            Request::MonitorStop(_) => Response::MonitorStop(csta::NoResult).into(),
            Request::SnapshotDevice(_) => Response::SnapshotDevice(SnapshotDeviceResponse::default()).into(),
            _ => csta::CstaError::service_not_supported().into(),
        })
    }
}

/// A CSTA message in the edition that phones of some makers answer in, whatever they are asked in.
pub fn csta(message: &Message) -> sip::Body {
    sip::Body::csta(csta::xml::encode(message, Edition::Ed5))
}

fn request(body: Option<&sip::Body>) -> Option<Request> {
    match csta::xml::decode(&body?.bytes) {
        Ok(Message::Request(request)) => Some(request),
        Ok(Message::Event(_) | Message::Response(_) | Message::Error(_)) | Err(_) => None,
    }
}

/// The service, and what it is about.
#[allow(clippy::wildcard_enum_match_arm)] // the gateway asks for nothing else
fn describe(request: &Request) -> (&'static str, String) {
    match request {
        Request::RequestSystemStatus(_) => ("RequestSystemStatus", String::new()),
        Request::MonitorStart(start) => match &start.object {
            csta::MonitorObject::Device(device) => ("MonitorStart", device.text.to_string()),
            csta::MonitorObject::Call(_) => panic!("the gateway monitors devices"),
        },
        Request::GetCstaFeatures(_) => ("GetCSTAFeatures", String::new()),
        Request::MonitorStop(stop) => ("MonitorStop", stop.cross_ref.0.to_string()),
        Request::SnapshotDevice(snapshot) => ("SnapshotDevice", snapshot.object.text.to_string()),
        Request::MakeCall(call) => ("MakeCall", call.called_directory_number.text.to_string()),
        other => panic!("the gateway asks {other:?}"),
    }
}

fn new_agent(seed: u64) -> sip::Agent {
    let config = sip::Config { accept_invites: true, accept_notifies: true, ..sip::Config::default() };
    sip::Agent::new(config, entropy(seed))
}

/// Bytes that are never the same twice.
pub fn entropy(seed: u64) -> sip::Entropy {
    let mut count = seed << 32;
    Box::new(move |bytes| {
        for chunk in bytes.chunks_mut(8) {
            count += 1;
            let mixed = count.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_ne_bytes();
            chunk.copy_from_slice(&mixed[..chunk.len()]);
        }
    })
}
