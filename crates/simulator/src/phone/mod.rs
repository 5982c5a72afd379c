//! A desk phone as a machine.

mod call;
mod calls;
mod config;
mod digest;
mod manner;
mod registration;
mod reports;
mod services;
mod session;
mod user;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::{Agent, Entropy, Flow, Output};

pub use call::{Call, CallId, CallState};
pub use config::{CallNumbering, DeviceStyle, PhoneConfig};
pub use digest::Challenge;
pub use manner::{Features, Manner, Named, Outside};
pub use registration::Registration;
pub use reports::{Counters, Outcome, Report};

use calls::Calls;
use digest::Nonces;
use registration::Registering;
use reports::Journal;
use session::Session;

/// A desk phone that speaks uaCSTA (ECMA TR/87): the far side of the gateway, without a socket or a clock.
///
/// Bytes go in with [`receive`](Self::receive), what its user and the world do with methods like
/// [`ring`](Self::ring) and [`answer`](Self::answer); what is to be sent is taken out with
/// [`poll_transmit`](Self::poll_transmit). One session is up at a time: a new INVITE replaces the old one.
pub struct Phone {
    config: Arc<PhoneConfig>,
    entropy: Arc<Mutex<Entropy>>,
    agent: Agent,
    /// What the agent wants done, in order; empty between calls.
    pending: Vec<Output>,
    outbox: VecDeque<(Flow, Bytes)>,
    session: Option<Session>,
    calls: Calls,
    nonces: Nonces,
    journal: Journal,
    registering: Registering,
    do_not_disturb: bool,
    monitors: u32,
    registrations: u32,
    silent_until: Option<Instant>,
}

impl Phone {
    /// A phone that was just switched on.
    #[must_use]
    pub fn new(config: PhoneConfig, entropy: Entropy) -> Self {
        let (config, entropy) = (Arc::new(config), Arc::new(Mutex::new(entropy)));
        Self {
            agent: agent(&config, &entropy),
            pending: Vec::new(),
            outbox: VecDeque::new(),
            session: None,
            calls: Calls::new(config.clone()),
            nonces: Nonces::default(),
            journal: Journal::default(),
            registering: Registering::default(),
            do_not_disturb: false,
            monitors: 42,
            registrations: 42,
            silent_until: None,
            config,
            entropy,
        }
    }

    /// Takes one datagram, or one message that was cut from a stream.
    pub fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {
        if !self.is_silent(now) && !self.config.manner.ignores(bytes) {
            self.agent.receive(now, flow, bytes, &mut self.pending);
            self.settle(now);
        }
    }

    /// A send failed, or the connection was lost.
    pub fn flow_failed(&mut self, now: Instant, flow: Flow) {
        self.agent.flow_failed(now, flow, &mut self.pending);
        self.settle(now);
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant) {
        self.agent.timeout(now, &mut self.pending);
        self.calls.timeout(now);
        self.refresh_registration(now);
        self.settle(now);
    }

    /// When [`timeout`](Self::timeout) is to be called next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let queue = self.session.as_ref().and_then(|session| session.queue.deadline());
        [self.agent.deadline(), self.calls.deadline(), self.registering.deadline(), queue].into_iter().flatten().min()
    }

    /// The next message to be sent.
    pub fn poll_transmit(&mut self) -> Option<(Flow, Bytes)> {
        self.outbox.pop_front()
    }

    /// What kind of phone it is.
    #[must_use]
    pub fn config(&self) -> &PhoneConfig {
        &self.config
    }

    /// Its live calls, oldest first.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        self.calls.live()
    }

    /// A session is up.
    #[must_use]
    pub fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// The gateway watches it: what happens now is reported.
    #[must_use]
    pub fn is_monitored(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.monitor.is_some())
    }

    /// Do-not-disturb is on: nothing rings.
    #[must_use]
    pub fn do_not_disturb(&self) -> bool {
        self.do_not_disturb
    }

    /// The last 1024 reports that were answered or given up, oldest first.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.journal.reports.iter()
    }

    /// Those of the last reports that the gateway acknowledged, oldest first: they must not get lost any more.
    pub fn acknowledged(&self) -> impl Iterator<Item = &Report> {
        self.reports().filter(|report| report.is_acknowledged())
    }

    /// How many reports there were since the phone was made; a reboot does not reset them.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.journal.counters
    }

    /// The power fails for a moment: calls, session and everything else it knew are gone, and it says goodbye to
    /// nobody. What comes in the old dialog is answered 481 until there is a new one. If it registers, it does so anew.
    pub fn reboot(&mut self, now: Instant) {
        self.lose_session(now);
        self.agent = agent(&self.config, &self.entropy);
        self.calls = Calls::new(self.config.clone());
        self.nonces = Nonces::default();
        self.do_not_disturb = false;
        self.outbox.clear();
        self.registering = self.registering.restarted();
        self.register(now);
        self.settle(now);
    }

    /// The cable is out: nothing it says leaves it, and it hears nothing, for so long.
    pub fn go_silent(&mut self, now: Instant, duration: Duration) {
        self.silent_until = Some(now + duration);
        self.outbox.clear();
    }

    fn is_silent(&self, now: Instant) -> bool {
        self.silent_until.is_some_and(|until| now < until)
    }

    /// Does all that follows from what just happened, until nothing follows any more.
    fn settle(&mut self, now: Instant) {
        self.report_news();
        loop {
            self.send_next_report(now);
            if self.pending.is_empty() {
                return;
            }
            for output in std::mem::take(&mut self.pending) {
                match output {
                    Output::Transmit { .. } if self.is_silent(now) => {}
                    Output::Transmit { flow, bytes } => self.outbox.push_back((flow, bytes)),
                    Output::Event(event) => self.handle(now, event),
                    Output::Disconnect { .. }
                    | Output::Recognised { .. }
                    | Output::Registered(_)
                    | Output::Discarded { .. } => {}
                }
            }
        }
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        (self.entropy.lock().unwrap_or_else(PoisonError::into_inner))(&mut bytes);
        bytes
    }
}

/// The SIP side of a phone that knows nobody.
fn agent(config: &PhoneConfig, entropy: &Arc<Mutex<Entropy>>) -> Agent {
    let settings = sip::Config {
        user_agent: config.user_agent.clone(),
        contact_user: config.manner.contact.map_or_else(|| config.user.clone(), str::to_owned),
        timers: config.timers,
        accept_invites: true,
        accept_notifies: config.manner.outside == Outside::Served,
        ..sip::Config::default()
    };
    let entropy = entropy.clone();
    Agent::new(settings, Box::new(move |bytes| (entropy.lock().unwrap_or_else(PoisonError::into_inner))(bytes)))
}

#[cfg(test)]
mod tests;
