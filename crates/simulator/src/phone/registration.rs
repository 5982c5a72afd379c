//! The phone's own registration, where the gateway is its registrar (RFC 3261 10.2).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sip::{Credentials, DialogId, Flow, Register, Uri};

use super::Phone;

/// A registration that was refused, or not answered, is tried again after this time.
const RETRY: Duration = Duration::from_secs(5);

/// Where a phone registers, and with what.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The registrar.
    pub registrar: SocketAddr,
    /// The account.
    pub credentials: Credentials,
    /// How long it shall hold; it is refreshed at half that time.
    pub expires: Duration,
}

/// How far the registration has come.
#[derive(Default)]
pub(super) struct Registering {
    flow: Option<Flow>,
    /// It keeps its Call-ID until the phone is restarted.
    id: Option<DialogId>,
    /// The status of the last answer.
    status: Option<u16>,
    next: Option<Instant>,
}

impl Phone {
    /// There is a way to the registrar: the phone registers, and keeps itself registered. Without a
    /// [`registration`](super::PhoneConfig::registration) it does not.
    pub fn connect(&mut self, now: Instant, flow: Flow) {
        self.registering = Registering { flow: Some(flow), ..Registering::default() };
        self.register(now);
        self.settle(now);
    }

    /// What the registrar said last: 200, if the phone is registered.
    #[must_use]
    pub fn registration_status(&self) -> Option<u16> {
        self.registering.status
    }

    pub(super) fn register(&mut self, now: Instant) {
        let (Some(registration), Some(flow)) = (&self.config.registration, self.registering.flow) else { return };
        let Registration { registrar, credentials, expires } = registration.clone();
        let user =
            Uri::parse(self.config.device().as_bytes()).unwrap_or_else(|_| Uri::at(&self.config.user, registrar));
        let credentials = Some(credentials);
        let register = Register { flow, registrar: Uri::at("", registrar), user, credentials, expires };
        self.registering.id = Some(self.agent.register(now, register, &mut self.pending));
        self.registering.next = None;
    }

    pub(super) fn refresh_registration(&mut self, now: Instant) {
        let due = self.registering.next.take_if(|next| *next <= now).is_some();
        if let (true, Some(id), Some(registration)) = (due, self.registering.id, &self.config.registration) {
            self.agent.register_again(now, id, registration.expires, &mut self.pending);
        }
    }

    /// The registrar answered (`None`: it did not).
    pub(super) fn registration_answered(&mut self, now: Instant, status: Option<u16>) {
        let expires = self.config.registration.as_ref().map_or(RETRY, |registration| registration.expires);
        let good = status.is_some_and(|status| (200..300).contains(&status));
        self.registering.status = status;
        self.registering.next = Some(now + if good { expires / 2 } else { RETRY });
    }

    pub(super) fn is_registration(&self, dialog: DialogId) -> bool {
        self.registering.id == Some(dialog)
    }
}

impl Registering {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// What survives a restart: the cable.
    pub(super) fn restarted(&self) -> Self {
        Self { flow: self.flow, ..Self::default() }
    }
}
