//! A desk of the office: a phone, its line, and how the gateway is set up for both.

use std::sync::Arc;
use std::time::Duration;

use call_model::Line;
use session::{Dialect, Known, Reach, Reconnect, UacstaConfig};
use simulator::{PhoneConfig, Registration};

use super::{GATEWAY, address};

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

impl Desk {
    /// A phone that is called, of no make in particular, and not known yet.
    #[must_use]
    pub fn new(line: Line, phone: PhoneConfig) -> Self {
        Self { line: Arc::new(line), phone, password: None, dialect: None, known: None }
    }

    /// The gateway's session with it.
    pub(super) fn link(&self) -> UacstaConfig {
        let user = self.phone.user.clone();
        let reach = match self.password {
            Some(_) => Reach::Registered { user },
            None => Reach::At { uri: format!("sip:{user}@192.0.2.20").parse().unwrap(), proxy: None },
        };
        UacstaConfig {
            name: self.line.link.clone(),
            reach,
            credentials: None,
            lines: vec![self.line.clone()],
            heartbeat: Duration::from_secs(30),
            request_timeout: Duration::from_secs(5),
            reconnect: Reconnect::default(),
            dialect: self.dialect,
            known: self.known.clone().map(Box::new),
        }
    }

    /// What it registers with, if it does.
    pub(super) fn account(&self) -> Option<sip::Account> {
        Some(sip::Account { user: self.phone.user.clone(), password: self.password.clone()? })
    }

    /// The phone; one that registers knows where.
    pub(super) fn phone(self) -> PhoneConfig {
        let registration = self.password.map(|password| Registration {
            registrar: address(GATEWAY),
            credentials: sip::Credentials { username: self.phone.user.clone(), password },
            expires: Duration::from_secs(300),
        });
        PhoneConfig { registration, ..self.phone }
    }
}
