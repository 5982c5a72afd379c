//! Many phones at the price of one agent.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use csta::{Edition, Message, MonitorStartResponse, Request, Response, SnapshotDeviceResponse};

use super::Wire;

/// Phones that take the gateway's sessions, monitors and snapshots, and report what they are told to.
pub struct Crowd {
    wire: Wire,
    agent: sip::Agent,
    /// Each dialog's user, and the dialogs in the order of their invitations.
    users: HashMap<sip::DialogId, usize>,
    dialogs: Vec<sip::DialogId>,
    out: Vec<sip::Output>,
    /// What happened so far.
    pub count: Count,
}

/// What happened so far to a [`Crowd`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// Snapshots that were asked for: the last step of a link's opening.
    pub monitored: usize,
    /// Reports that were answered with 2xx.
    pub taken: usize,
    /// Reports that were refused, or not answered.
    pub failed: usize,
    /// Sessions that ended.
    pub ended: usize,
}

impl Crowd {
    /// Phones behind this wire.
    #[must_use]
    pub fn new(wire: Wire) -> Self {
        let config = sip::Config { accept_invites: true, ..sip::Config::default() };
        let random: sip::Entropy = Box::new(|bytes| getrandom::fill(bytes).expect("random bytes"));
        Self {
            wire,
            agent: sip::Agent::new(config, random),
            users: HashMap::new(),
            dialogs: Vec::new(),
            out: Vec::new(),
            count: Count::default(),
        }
    }

    /// What its bytes go through.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The dialogs with the gateway, each with its user.
    pub fn dialogs(&self) -> impl ExactSizeIterator<Item = (sip::DialogId, usize)> {
        self.dialogs.iter().map(|dialog| (*dialog, self.users[dialog]))
    }

    /// One line with all that is needed to write requests in a dialog by hand.
    #[must_use]
    pub fn remember(&self, dialog: sip::DialogId) -> Option<String> {
        self.agent.remember(dialog)
    }

    /// Serves until so many links are up.
    ///
    /// # Panics
    /// They are not up in time.
    pub fn wait_monitored(&mut self, links: usize, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.count.monitored < links {
            assert!(Instant::now() < deadline, "{} of {links} links are up: {:?}", self.count.monitored, self.count);
            self.receive_one(Instant::now() + Duration::from_millis(50));
        }
    }

    /// Serves until then.
    pub fn serve(&mut self, until: Instant) {
        while Instant::now() < until {
            let next = self.agent.deadline().map_or(until, |at| at.min(until));
            self.receive_one(next.max(Instant::now() + Duration::from_micros(50)));
        }
    }

    /// Serves until nobody waits for an answer.
    ///
    /// # Panics
    /// There are still some who wait at the end of the patience.
    pub fn wait_taken(&mut self, reports: usize, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.count.taken + self.count.failed < reports {
            assert!(Instant::now() < deadline, "{reports} reports were sent: {:?}", self.count);
            self.receive_one(Instant::now() + Duration::from_millis(10));
        }
    }

    /// The phone of a dialog, by its place, and its user reports something.
    pub fn report(&mut self, place: usize, event: impl FnOnce(usize) -> Vec<u8>) {
        let dialog = self.dialogs[place];
        let body = sip::Body::csta(event(self.users[&dialog]));
        self.agent.request(Instant::now(), dialog, 0, sip::Method::INFO, Some(body), &mut self.out);
        self.settle();
    }

    /// Takes a message that somebody else read from the wire.
    pub fn take(&mut self, flow: sip::Flow, bytes: &[u8]) {
        self.agent.receive(Instant::now(), flow, bytes, &mut self.out);
        self.settle();
    }

    fn receive_one(&mut self, until: Instant) {
        let now = Instant::now();
        if self.agent.deadline().is_some_and(|at| at <= now) {
            self.agent.timeout(now, &mut self.out);
        }
        if let Some((flow, bytes)) = self.wire.receive(until) {
            self.agent.receive(Instant::now(), flow, bytes, &mut self.out);
        }
        self.settle();
    }

    fn settle(&mut self) {
        while !self.out.is_empty() {
            for output in std::mem::take(&mut self.out) {
                // The rest is for whoever runs a gateway.
                if let sip::Output::Transmit { flow, bytes } = output {
                    self.wire.send(flow, &bytes);
                } else if let sip::Output::Event(event) = output {
                    self.handle(&event);
                }
            }
        }
    }

    fn handle(&mut self, event: &sip::Event) {
        match event {
            sip::Event::Invited { dialog, transaction, uri, .. } => {
                let user = uri.user().and_then(|user| user.parse().ok()).expect("a number");
                self.users.insert(*dialog, user);
                self.dialogs.push(*dialog);
                self.respond(*transaction, Response::normal_status());
            }
            sip::Event::Requested { dialog, transaction, body, .. } => {
                let asked = body.as_ref().map(|body| csta::xml::decode(&body.bytes));
                let response = match asked {
                    Some(Ok(Message::Request(Request::MonitorStart(_)))) => {
                        // A phone's user is its monitor's cross reference too.
                        let cross_ref = csta::CrossRefId(self.users[dialog].to_string().into());
                        Response::MonitorStart(MonitorStartResponse { cross_ref, monitor_existing_calls: None })
                    }
                    Some(Ok(Message::Request(Request::SnapshotDevice(_)))) => {
                        self.count.monitored += 1;
                        Response::SnapshotDevice(SnapshotDeviceResponse::default())
                    }
                    _ => Response::normal_status(),
                };
                self.respond(*transaction, response);
            }
            sip::Event::Answered { answer, .. } if answer.is_success() => self.count.taken += 1,
            sip::Event::Answered { .. } | sip::Event::Failed { .. } => self.count.failed += 1,
            sip::Event::Ended { .. } => self.count.ended += 1,
            sip::Event::Accepted { .. } | sip::Event::Rejected { .. } => {}
        }
    }

    fn respond(&mut self, transaction: sip::TransactionId, response: Response) {
        let body = sip::Body::csta(csta::xml::encode(&response.into(), Edition::Ed3));
        let answer = sip::Answer::new(200).with_body(body);
        self.agent.respond(Instant::now(), transaction, answer, &mut self.out);
    }
}
