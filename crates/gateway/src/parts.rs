//! From a checked configuration to what the hub is made of.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use call_model::Line;
use secrecy::ExposeSecret;
use session::{Reach, UacstaConfig};

use crate::config::{Config, LinkConfig, LinkKind, UacstaLink};
use crate::hub::{Entropy, Parts};

/// So long a phone's registration holds at the most. A gateway that was restarted does not know where its phones are until
/// they refresh, which they do at half that time.
const REGISTRATION: Duration = Duration::from_secs(300);

/// A session over UDP in which nothing was said for so long is asked by OPTIONS whether it still stands, before NATs forget
/// the way. A link's `heartbeat` that is no longer than this asks first, and then there is nothing left to ask.
const SILENCE: Duration = Duration::from_secs(30);

/// What the hub is made of, from the configuration.
pub(crate) fn parts(config: Config) -> Parts {
    let mut lines: HashMap<&str, Vec<Arc<Line>>> = HashMap::new();
    config.lines.iter().for_each(|line| lines.entry(line.link.as_str()).or_default().push(line.clone()));
    let lines_of = |link: &str| lines.get(link).cloned().unwrap_or_default();
    let links = phones(&config)
        .map(|(name, phone)| UacstaConfig {
            name: name.into(),
            reach: phone.reach.clone(),
            credentials: credentials(phone),
            lines: lines_of(name),
            heartbeat: phone.heartbeat,
            request_timeout: phone.request_timeout,
            reconnect: phone.reconnect,
            dialect: phone.dialect,
            known: None,
        })
        .collect();
    let unlinked = config.links.iter().flat_map(|LinkConfig { name, kind }| {
        let why = match kind {
            LinkKind::Uacsta(_) => None,
            LinkKind::NotYet { why } => Some(why),
        };
        why.into_iter().flat_map(|why| lines_of(name).into_iter().map(|line| (line, why.clone())))
    });
    let unlinked = unlinked.collect();
    let accounts = config.links.iter().filter_map(account).collect();
    let registrar = sip::RegistrarConfig {
        accounts,
        algorithms: config.digest,
        longest: REGISTRATION,
        ..sip::RegistrarConfig::default()
    };
    Parts {
        links,
        unlinked,
        destinations: config.destinations,
        locale: config.locale,
        sip: sip::Config {
            registrar,
            keep_alive_datagrams: Some(SILENCE),
            large_over_tcp: true,
            ..sip::Config::default()
        },
        sip_entropy: system_entropy(),
        call_entropy: system_entropy(),
    }
}

/// The links that have a session, in the order of the hub's links.
pub(crate) fn phones(config: &Config) -> impl Iterator<Item = (&str, &UacstaLink)> {
    config.links.iter().filter_map(|link| match &link.kind {
        LinkKind::Uacsta(phone) => Some((link.name.as_str(), phone)),
        LinkKind::NotYet { .. } => None,
    })
}

fn credentials(phone: &UacstaLink) -> Option<sip::Credentials> {
    let (username, password) = phone.username.clone().zip(phone.password.as_ref())?;
    Some(sip::Credentials { username, password: password.expose_secret().to_owned() })
}

/// What the phone of a link registers with, if it does.
fn account(link: &LinkConfig) -> Option<sip::Account> {
    let LinkKind::Uacsta(phone) = &link.kind else { return None };
    let (Reach::Registered { user }, Some(password)) = (&phone.reach, &phone.password) else { return None };
    Some(sip::Account { user: user.clone(), password: password.expose_secret().to_owned() })
}

/// The system's generator. It fails only where the machine has none, and then nothing can be made safely.
fn system_entropy() -> Entropy {
    Box::new(|bytes| {
        if let Err(error) = getrandom::fill(bytes) {
            tracing::error!(%error, "the system has no random numbers: the gateway ends");
            std::process::abort();
        }
    })
}
