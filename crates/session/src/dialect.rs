//! What each make of phone is like: the facts of `proto/dialects`, read once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use compact_str::CompactString;
use csta::{AutoOriginate, Edition};
use serde::Deserialize;

use crate::capability::{Finding, Report, Service, Source};

/// Every file of `proto/dialects` with its name: this is what a configuration may name.
const FILES: [(&str, &str); 11] = [
    ("generic", include_str!("../../../proto/dialects/generic.toml")),
    ("auerswald", include_str!("../../../proto/dialects/auerswald.toml")),
    ("fanvil", include_str!("../../../proto/dialects/fanvil.toml")),
    ("gigaset", include_str!("../../../proto/dialects/gigaset.toml")),
    ("grandstream", include_str!("../../../proto/dialects/grandstream.toml")),
    ("mitel", include_str!("../../../proto/dialects/mitel.toml")),
    ("openstage", include_str!("../../../proto/dialects/openstage.toml")),
    ("poly", include_str!("../../../proto/dialects/poly.toml")),
    ("poly-edge", include_str!("../../../proto/dialects/poly-edge.toml")),
    ("snom", include_str!("../../../proto/dialects/snom.toml")),
    ("yealink", include_str!("../../../proto/dialects/yealink.toml")),
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

/// A file of `proto/dialects`; its README tells what each key means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    make: String,
    agent: Option<Fact<Vec<String>>>,
    edition: Option<Fact<SpokenEdition>>,
    opening: Option<Fact<Opening>>,
    carrier: Option<Fact<CarrierName>>,
    event: Option<Fact<CompactString>>,
    auto_originate: Option<Fact<Prompting>>,
    #[serde(default)]
    device: Devices,
    #[serde(default)]
    services: BTreeMap<String, Fact<bool>>,
    #[serde(default)]
    events: BTreeMap<String, Fact<bool>>,
    #[serde(default, rename = "note")]
    _notes: Vec<Note>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Devices {
    monitor: Option<Fact<DeviceForm>>,
    snapshot: Option<Fact<DeviceForm>>,
    make_call: Option<Fact<DeviceForm>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CarrierName {
    #[default]
    Info,
    Notify,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fact<T> {
    is: T,
    sure: Confidence,
    #[serde(rename = "why")]
    _why: Option<String>,
}

/// Worth knowing, settles nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    #[serde(rename = "text")]
    _text: String,
    #[serde(rename = "sure")]
    _sure: Confidence,
}

/// How a fact is known.
#[derive(Clone, Copy, Deserialize)]
enum Confidence {
    #[serde(rename = "VD")]
    VendorDocument,
    #[serde(rename = "CODE")]
    Code,
    #[serde(rename = "TEST")]
    Test,
    #[serde(rename = "3P")]
    ThirdParty,
    #[serde(rename = "FORUM")]
    Forum,
    #[serde(rename = "MEM")]
    Memory,
    #[serde(rename = "INF")]
    Inference,
}

impl Confidence {
    /// Good enough not to ask the phone for what it cannot do.
    const fn is_relied_on(self) -> bool {
        match self {
            Self::VendorDocument | Self::Code | Self::Test | Self::ThirdParty => true,
            Self::Forum | Self::Memory | Self::Inference => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/dialects");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter_map(|name| name.strip_suffix(".toml").map(str::to_owned)).collect()
    }

    #[test]
    fn every_file_is_part_of_the_program_and_is_read() {
        for (name, text) in FILES {
            if let Err(error) = Dialect::read(name, text) {
                panic!("{name}.toml: {error}");
            }
        }
        let (mut files, mut known) = (files(), Dialect::names().collect::<Vec<_>>());
        files.sort();
        known.sort_unstable();
        assert_eq!(files, known);
    }

    #[test]
    fn what_no_dialect_has_is_refused() {
        let bad = [
            "make = \"x\"\ncolour = \"red\"",
            "make = \"x\"\nedition = { is = \"ed9\", sure = \"VD\" }",
            "make = \"x\"\nedition = { is = \"ed3\" }",
            "make = \"x\"\nedition = { is = \"ed3\", sure = \"certain\" }",
            "make = \"x\"\n[services]\nMakeCoffee = { is = true, sure = \"VD\" }",
            "make = \"x\"\n[events]\nDeliverd = { is = true, sure = \"VD\" }",
            "make = \"x\"\n[device]\nhold = { is = \"user\", sure = \"VD\" }",
            "agent = { is = [], sure = \"VD\" }",
        ];
        for text in bad {
            assert!(Dialect::read("bad", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_phone_is_recognised_by_what_it_calls_itself() {
        let cases = [
            ("Yealink SIP-T46S 66.84.0.125", Some("yealink")),
            ("snom870/8.7.3.25", Some("snom")),
            ("PolycomVVX-VVX_410-UA/5.9.0.9373", Some("poly")),
            ("PolyEdge-Edge_E350-UA/8.3.1", Some("poly-edge")),
            ("OpenStage_40_V3", Some("openstage")),
            ("Asterisk PBX 18", None),
            ("Über", None),
            ("", None),
        ];
        for (agent, name) in cases {
            assert_eq!(Dialect::of_agent(agent).map(|dialect| dialect.name), name, "{agent}");
        }
    }

    #[test]
    fn only_what_is_sure_is_relied_on() {
        let poly = Dialect::named("poly").unwrap();
        let hold = Service::named("HoldCall").unwrap();
        assert_eq!(poly.services.get(&hold), Some(&Finding { can: true, by: Source::Make }));
        assert_eq!(poly.services.get(&Service::SNAPSHOT_DEVICE), None, "a conclusion: the phone is asked");
        assert!(!poly.events[&Report::named("NetworkReached").unwrap()].can);
    }

    #[test]
    fn a_device_in_each_form() {
        let device = "sip:987@10.3.20.10:5060;transport=tcp";
        assert_eq!(DeviceForm::Uri.of(device), device);
        assert_eq!(DeviceForm::Address.of(device), "987@10.3.20.10:5060");
        assert_eq!(DeviceForm::User.of(device), "987");
        assert_eq!(DeviceForm::User.of("987"), "987");
    }
}
