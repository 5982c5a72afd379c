//! What each make of phone is like: the facts of `proto/dialects`, read once.

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use compact_str::CompactString;
use csta::{AutoOriginate, Edition};
use serde::Deserialize;

use crate::capability::{Finding, Report, Service, Source};
use file::{CarrierName, Fact, File};

/// Every file of `proto/dialects` with its name: this is what a configuration may name.
const FILES: [(&str, &str); 11] = [
    ("generic", include_str!("../../../../proto/dialects/generic.toml")),
    ("auerswald", include_str!("../../../../proto/dialects/auerswald.toml")),
    ("fanvil", include_str!("../../../../proto/dialects/fanvil.toml")),
    ("gigaset", include_str!("../../../../proto/dialects/gigaset.toml")),
    ("grandstream", include_str!("../../../../proto/dialects/grandstream.toml")),
    ("mitel", include_str!("../../../../proto/dialects/mitel.toml")),
    ("openstage", include_str!("../../../../proto/dialects/openstage.toml")),
    ("poly", include_str!("../../../../proto/dialects/poly.toml")),
    ("poly-edge", include_str!("../../../../proto/dialects/poly-edge.toml")),
    ("snom", include_str!("../../../../proto/dialects/snom.toml")),
    ("yealink", include_str!("../../../../proto/dialects/yealink.toml")),
];

/// All dialects. A file that cannot be read is left out; a test sees to it that there is none.
static DIALECTS: LazyLock<Vec<Dialect>> =
    LazyLock::new(|| FILES.iter().filter_map(|(name, text)| Dialect::read(name, text).ok()).collect());

/// What a phone of unknown make is taken for.
static GENERIC: LazyLock<Dialect> = LazyLock::new(Dialect::default);

/// How phones of one make speak uaCSTA.
#[derive(Debug, Default)]
pub struct Dialect {
    /// What a configuration calls it.
    pub name: &'static str,
    /// The maker.
    pub make: String,
    /// How such phones name themselves.
    agents: Vec<String>,
    /// What it is spoken to in.
    pub(crate) edition: SpokenEdition,
    pub(crate) opening: Opening,
    /// The question for the status that opens each session. Refreshes may repeat it, so every dialog keeps it: one for all.
    pub(crate) first_question: OnceLock<sip::Body>,
    pub(crate) carrier: Carrier,
    pub(crate) prompting: Prompting,
    /// How the line is named in each service.
    pub(crate) monitor: DeviceForm,
    pub(crate) snapshot: DeviceForm,
    pub(crate) make_call: DeviceForm,
    /// What is relied on of its services and events.
    pub(crate) services: BTreeMap<Service, Finding>,
    pub(crate) events: BTreeMap<Report, Finding>,
}

impl Dialect {
    /// The dialect that a configuration names so.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        DIALECTS.iter().find(|dialect| dialect.name == name)
    }

    /// The names of all dialects.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        DIALECTS.iter().map(|dialect| dialect.name)
    }

    /// ECMA TR/87 as it stands.
    pub(crate) fn generic() -> &'static Self {
        Self::named("generic").unwrap_or(&GENERIC)
    }

    /// Such a phone takes an INVITE, and requests inside its dialog.
    pub(crate) fn has_sessions(&self) -> bool {
        match self.carrier {
            Carrier::Info => true,
            Carrier::Notify { .. } => false,
        }
    }

    /// The dialect of a phone that calls itself so.
    pub(crate) fn of_agent(agent: &str) -> Option<&'static Self> {
        let begins = |begin: &String| agent.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin));
        DIALECTS.iter().find(|dialect| dialect.agents.iter().any(begins))
    }

    fn read(name: &'static str, text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let findings = |facts: BTreeMap<String, Fact<bool>>| {
            let relied_on = facts.into_iter().filter(|(_, fact)| fact.sure.is_relied_on());
            relied_on.map(|(name, fact)| (name, Finding { can: fact.is, by: Source::Make }))
        };
        let unknown = |name: String| format!("ECMA-269 has no {name}");
        let services = findings(file.services).map(|(name, found)| Ok((Service::named(&name).ok_or(name)?, found)));
        let events = findings(file.events).map(|(name, found)| Ok((Report::named(&name).ok_or(name)?, found)));
        let carrier = match file.carrier.map(|fact| fact.is).unwrap_or_default() {
            CarrierName::Info => Carrier::Info,
            CarrierName::Notify => {
                let event = file.event.map_or_else(|| "uaCSTA".into(), |fact| fact.is);
                Carrier::Notify { event }
            }
        };
        Ok(Self {
            name,
            make: file.make,
            agents: file.agent.map(|fact| fact.is).unwrap_or_default(),
            edition: file.edition.map(|fact| fact.is).unwrap_or_default(),
            opening: file.opening.map(|fact| fact.is).unwrap_or_default(),
            first_question: OnceLock::new(),
            carrier,
            prompting: file.auto_originate.map(|fact| fact.is).unwrap_or_default(),
            monitor: file.device.monitor.map(|fact| fact.is).unwrap_or_default(),
            snapshot: file.device.snapshot.map(|fact| fact.is).unwrap_or_default(),
            make_call: file.device.make_call.map(|fact| fact.is).unwrap_or_default(),
            services: services.collect::<Result<_, _>>().map_err(unknown)?,
            events: events.collect::<Result<_, _>>().map_err(unknown)?,
        })
    }
}

/// What the INVITE carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Opening {
    /// RequestSystemStatus (TR/87).
    #[default]
    Status,
    /// Nothing.
    Empty,
}

/// How requests reach the phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// As INFO in a dialog, in which events come back.
    #[default]
    Info,
    /// As NOTIFY outside a dialog. There are no events.
    Notify {
        /// Its Event header.
        event: CompactString,
    },
}

/// The edition that a phone is spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct SpokenEdition(pub(crate) Edition);

impl Default for SpokenEdition {
    /// The edition that most phones speak.
    fn default() -> Self {
        Self(Edition::Ed3)
    }
}

impl TryFrom<String> for SpokenEdition {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        edition_named(&name).map(Self).ok_or_else(|| format!("no edition is called {name}"))
    }
}

/// The short name of an edition: `ed3`.
#[must_use]
pub fn edition_name(edition: Edition) -> &'static str {
    edition.namespace().rsplit('/').next().unwrap_or_default()
}

/// The edition of that name.
#[must_use]
pub fn edition_named(name: &str) -> Option<Edition> {
    Edition::ALL.into_iter().find(|edition| edition_name(*edition) == name)
}

/// What MakeCall says about prompting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Prompting {
    /// The phone dials at once.
    #[default]
    DoNotPrompt,
    /// Nothing: the phone does as it likes.
    Absent,
}

impl Prompting {
    pub(crate) const fn auto_originate(self) -> Option<AutoOriginate> {
        match self {
            Self::DoNotPrompt => Some(AutoOriginate::DoNotPrompt),
            Self::Absent => None,
        }
    }
}

/// How a device is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeviceForm {
    /// `sip:987@example.com`.
    #[default]
    Uri,
    /// `987@example.com`.
    Address,
    /// `987`.
    User,
}

impl DeviceForm {
    /// The device, which is a SIP URI, in this form.
    pub(crate) fn of(self, device: &str) -> &str {
        let rest = device.split_once(':').map_or(device, |(_, rest)| rest);
        match self {
            Self::Uri => device,
            Self::Address => rest.split([';', '?']).next().unwrap_or(rest),
            Self::User => rest.split(['@', ';', '?']).next().unwrap_or(rest),
        }
    }
}
