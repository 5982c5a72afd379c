//! What a phone can do, and who says so.

use std::collections::BTreeMap;
use std::fmt;

use compact_str::CompactString;
use csta::{CstaError, Edition, ErrorCategory, EventKind, FeatureList, GetCstaFeaturesResponse};

/// The services whose support is worth knowing, by their names in ECMA-269, with their group in GetCSTAFeatures.
const SERVICES: [(&str, &[&str]); 7] = [
    ("capExchangeServList", &["GetCSTAFeatures", "GetSwitchingFunctionDevices"]),
    ("systemStatServList", &["RequestSystemStatus", "SystemRegister"]),
    ("monitoringServList", &["MonitorStart", "MonitorStop"]),
    ("snapshotServList", &["SnapshotCall", "SnapshotDevice"]),
    (
        "callControlServList",
        &[
            "AlternateCall",
            "AnswerCall",
            "ClearConnection",
            "ConferenceCall",
            "ConsultationCall",
            "DeflectCall",
            "HoldCall",
            "MakeCall",
            "RetrieveCall",
            "SingleStepTransferCall",
            "TransferCall",
        ],
    ),
    ("callAssociatedServList", &["GenerateDigits"]),
    ("logicalServList", &["GetDoNotDisturb", "GetForwarding", "SetDoNotDisturb", "SetForwarding"]),
];

/// The events likewise.
const EVENTS: [(&str, &[&str]); 4] = [
    (
        "callControlEvtsList",
        &[
            "CallCleared",
            "Conferenced",
            "ConnectionCleared",
            "Delivered",
            "Diverted",
            "Established",
            "Failed",
            "Held",
            "NetworkReached",
            "Offered",
            "Originated",
            "Queued",
            "Retrieved",
            "ServiceInitiated",
            "Transferred",
        ],
    ),
    ("callAssociatedEvtsList", &["CallInformation"]),
    ("logicalEvtsList", &["DoNotDisturb", "Forwarding"]),
    ("deviceMaintEvtsList", &["BackInService", "OutOfService"]),
];

/// Names that GetCSTAFeatures writes in another way than the service or event itself.
const SPELT: [(&str, &str); 2] = [("singleStepTransfer", "SingleStepTransferCall"), ("netwReached", "NetworkReached")];

/// A service: its name in ECMA-269.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service(&'static str);

/// A kind of event: its name in ECMA-269.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Report(&'static str);

impl Service {
    /// Dials.
    pub const MAKE_CALL: Self = Self("MakeCall");
    /// Asks for events.
    pub const MONITOR_START: Self = Self("MonitorStart");
    /// Asks for the calls.
    pub const SNAPSHOT_DEVICE: Self = Self("SnapshotDevice");
    /// Asks what the phone can do.
    pub const GET_CSTA_FEATURES: Self = Self("GetCSTAFeatures");
    /// Asks how the phone is.
    pub const REQUEST_SYSTEM_STATUS: Self = Self("RequestSystemStatus");

    /// All services whose support is worth knowing.
    pub fn all() -> impl Iterator<Item = Self> {
        SERVICES.iter().flat_map(|(_, names)| *names).map(|name| Self(name))
    }

    /// The service of this name; `None` if it is none whose support is worth knowing.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|service| service.0 == name)
    }
}

impl Report {
    /// All events whose support is worth knowing.
    pub fn all() -> impl Iterator<Item = Self> {
        EVENTS.iter().flat_map(|(_, names)| *names).map(|name| Self(name))
    }

    /// The event of this name; `None` if it is none whose support is worth knowing.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|event| event.0 == name)
    }

    /// What kind of event this is.
    pub(crate) const fn of(kind: &EventKind) -> Self {
        Self(match kind {
            EventKind::ServiceInitiated => "ServiceInitiated",
            EventKind::Originated => "Originated",
            EventKind::NetworkReached => "NetworkReached",
            EventKind::Offered => "Offered",
            EventKind::Delivered => "Delivered",
            EventKind::Established => "Established",
            EventKind::Held => "Held",
            EventKind::Retrieved => "Retrieved",
            EventKind::Diverted { .. } => "Diverted",
            EventKind::Queued { .. } => "Queued",
            EventKind::Failed => "Failed",
            EventKind::Transferred(_) => "Transferred",
            EventKind::Conferenced(_) => "Conferenced",
            EventKind::ConnectionCleared => "ConnectionCleared",
            EventKind::CallCleared => "CallCleared",
            EventKind::CallInformation => "CallInformation",
            EventKind::DoNotDisturb { .. } => "DoNotDisturb",
            EventKind::Forwarding(_) => "Forwarding",
            EventKind::BackInService => "BackInService",
            EventKind::OutOfService => "OutOfService",
        })
    }
}

/// Who says what a phone can do: the later one knows better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// It is known of phones of this make.
    Make,
    /// The phone itself, asked what it can do (GetCSTAFeatures).
    Phone,
    /// The phone did it, or refused it.
    Tried,
}

impl Source {
    const ALL: [Self; 3] = [Self::Make, Self::Phone, Self::Tried];

    /// One word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::Phone => "phone",
            Self::Tried => "tried",
        }
    }

    /// The source of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }
}

/// What is known of one service or event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The phone has it.
    pub can: bool,
    /// Who says so.
    pub by: Source,
}

/// What is known of a phone. What is not in the lists is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What it calls itself in SIP: make, model and firmware, as a rule; empty if it does not say.
    pub agent: CompactString,
    /// What it is taken for: the name of a [`Dialect`](crate::Dialect).
    pub dialect: &'static str,
    /// The edition of ECMA-323 it answered in.
    pub edition: Option<Edition>,
    /// Its services.
    pub services: BTreeMap<Service, Finding>,
    /// Its events.
    pub events: BTreeMap<Report, Finding>,
}

impl Known {
    /// Takes down what is known of a service; true if that is news.
    pub(crate) fn service(&mut self, service: Service, can: bool, by: Source) -> bool {
        note(&mut self.services, service, Finding { can, by })
    }

    /// Takes down what is known of an event; true if that is news.
    pub(crate) fn event(&mut self, event: Report, can: bool, by: Source) -> bool {
        note(&mut self.events, event, Finding { can, by })
    }

    /// Takes down what the phone lists; true if that is news. Of a group that it lists, what is missing is not there. A
    /// list that denies what the phone was seen to do is worth nothing.
    pub(crate) fn listed(&mut self, features: &GetCstaFeaturesResponse) -> bool {
        let services: Vec<_> = read(&SERVICES, &features.services).collect();
        let events: Vec<_> = read(&EVENTS, &features.events).collect();
        let seen = |finding: Option<&Finding>| finding == Some(&Finding { can: true, by: Source::Tried });
        let denied = services.iter().any(|(name, can)| !can && seen(self.services.get(&Service(name))))
            || events.iter().any(|(name, can)| !can && seen(self.events.get(&Report(name))));
        if denied {
            return false;
        }
        let mut news = false;
        for (name, can) in services {
            news |= self.service(Service(name), can, Source::Phone);
        }
        for (name, can) in events {
            news |= self.event(Report(name), can, Source::Phone);
        }
        news
    }

    /// What it refused when it was asked for it.
    pub(crate) fn refused(&self) -> impl Iterator<Item = Service> {
        let refused = |finding: &Finding| !finding.can && finding.by == Source::Tried;
        self.services.iter().filter(move |(_, finding)| refused(finding)).map(|(service, _)| *service)
    }
}

/// Who knows better is believed.
fn note<K: Ord>(findings: &mut BTreeMap<K, Finding>, name: K, finding: Finding) -> bool {
    let before = findings.get(&name).copied();
    if before == Some(finding) || before.is_some_and(|before| before.by > finding.by) {
        return false;
    }
    findings.insert(name, finding);
    true
}

/// What a list says of the names we know, group by group.
fn read<'a>(
    table: &'a [(&'static str, &'static [&'static str])],
    lists: &'a [FeatureList],
) -> impl Iterator<Item = (&'static str, bool)> + 'a {
    table.iter().flat_map(move |(group, names)| {
        let list = lists.iter().find(|list| list.group == *group);
        let said = move |list: &'a FeatureList| names.iter().map(move |name| (*name, lists_it(list, name)));
        list.into_iter().flat_map(said)
    })
}

fn lists_it(list: &FeatureList, name: &str) -> bool {
    list.features.iter().any(|feature| {
        let spelt = SPELT.iter().find(|(wire, _)| wire == feature).map(|(_, name)| *name);
        spelt.unwrap_or(feature).eq_ignore_ascii_case(name)
    })
}

/// Whether a refusal means that the phone does not have the service at all, and not that it cannot do it now.
pub(crate) fn is_not_supported(error: &CstaError) -> bool {
    error.category == ErrorCategory::Operation
        && matches!(error.value.as_str(), "serviceNotSupported" | "invalidFeature")
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
