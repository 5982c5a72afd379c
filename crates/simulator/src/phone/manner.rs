//! In what a phone differs from the standard, and what it leaves out.

use csta::{FeatureList, GetCstaFeaturesResponse, Request};
use sip::message::{CSTA, Kind, Message};
use sip::{Body, Method};

/// The manner of a phone. The default leaves nothing out that this phone can do.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The media type of what it sends; case means nothing (RFC 3261 7.3.1).
    pub media_type: &'static str,
    /// The user of its Contact, for all its accounts alike; `None`: the account's own.
    pub contact: Option<&'static str>,
    /// It takes an INVITE for a session.
    pub sessions: bool,
    /// What it does with CSTA outside of one.
    pub outside: Outside,
    /// Services it refuses with `operation/serviceNotSupported`, by their names in ECMA-269.
    pub unserved: &'static [&'static str],
    /// Events it never reports, by their names there.
    pub unreported: &'static [&'static str],
    /// It reports NetworkReached before the far end rings.
    pub network_reached: bool,
    /// What it answers to GetCSTAFeatures.
    pub features: Features,
    /// How its line must be named in SnapshotDevice, and in MakeCall.
    pub snapshot_name: Named,
    /// The same for MakeCall.
    pub make_call_name: Named,
}

/// What a phone does with a CSTA request that is in no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// It refuses it.
    Refused,
    /// It says nothing at all.
    Ignored,
    /// It does what it is asked.
    Served,
}

/// What a phone answers to GetCSTAFeatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Features {
    /// `operation/serviceNotSupported`.
    Refused,
    /// What it serves and reports.
    Listed,
    /// Something that is no list.
    Nonsense,
}

/// How a phone wants its own line to be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// In any way that has its number in it.
    Anyhow,
    /// `987@example.com`, as text without a scheme.
    Address,
    /// `987`.
    Number,
}

impl Manner {
    /// A phone that serves and reports all this simulator knows.
    pub const PLAIN: Self = Self {
        media_type: CSTA,
        contact: None,
        sessions: true,
        outside: Outside::Refused,
        unserved: &[],
        unreported: &[],
        network_reached: false,
        features: Features::Refused,
        snapshot_name: Named::Anyhow,
        make_call_name: Named::Anyhow,
    };

    /// A phone that ignores what is outside of a session drops this before anything answers it.
    pub(super) fn ignores(&self, bytes: &[u8]) -> bool {
        if self.outside != Outside::Ignored {
            return false;
        }
        let Ok(message) = Message::parse(bytes) else { return false };
        let asks = |method: &Method| [Method::INFO, Method::NOTIFY].contains(method);
        let is_csta = message.content().is_some_and(|body| body.is(CSTA));
        is_csta && message.to.tag().is_none() && matches!(&message.kind, Kind::Request { method, .. } if asks(method))
    }

    /// A CSTA message as this phone sends it.
    pub(super) fn body(&self, xml: impl Into<bytes::Bytes>) -> Body {
        Body { content_type: self.media_type.to_owned().into(), ..Body::csta(xml) }
    }

    pub(super) fn serves(&self, request: &Request) -> bool {
        !self.unserved.contains(&service(request))
    }

    /// Whether it reports the event with this root element.
    pub(super) fn reports(&self, root: &str) -> bool {
        !self.unreported.iter().any(|name| root.strip_suffix("Event") == Some(name))
    }

    /// The list of what it serves and reports.
    pub(super) fn list(&self) -> GetCstaFeaturesResponse {
        let list = |group: &str, names: &[(&str, &str)], left_out: &[&str]| FeatureList {
            group: group.into(),
            features: names
                .iter()
                .filter(|(name, _)| !left_out.contains(name))
                .map(|(_, wire)| (*wire).into())
                .collect(),
        };
        GetCstaFeaturesResponse {
            services: vec![
                list("monitoringServList", &MONITORING, self.unserved),
                list("snapshotServList", &[("SnapshotDevice", "snapshotDevice")], self.unserved),
                list("callControlServList", &CALL_CONTROL, self.unserved),
            ],
            events: vec![list("callControlEvtsList", &REPORTED, self.unreported)],
        }
    }
}

impl Default for Manner {
    fn default() -> Self {
        Self::PLAIN
    }
}

impl Named {
    /// A line of this number is named so.
    pub(super) fn fits(self, device: &str) -> bool {
        match self {
            Self::Anyhow => true,
            Self::Address => !device.contains(':') && device.contains('@'),
            Self::Number => !device.contains([':', '@']),
        }
    }
}

/// What a list may name, by its name and as it is written there (ECMA-323, MonitoringServList and others).
const MONITORING: [(&str, &str); 2] = [("MonitorStart", "monitorStart"), ("MonitorStop", "monitorStop")];
const CALL_CONTROL: [(&str, &str); 9] = [
    ("AnswerCall", "answerCall"),
    ("ClearConnection", "clearConnection"),
    ("ConsultationCall", "consultationCall"),
    ("DeflectCall", "deflectCall"),
    ("HoldCall", "holdCall"),
    ("MakeCall", "makeCall"),
    ("RetrieveCall", "retrieveCall"),
    ("SingleStepTransferCall", "singleStepTransfer"),
    ("TransferCall", "transferCall"),
];
const REPORTED: [(&str, &str); 11] = [
    ("ConnectionCleared", "connectionCleared"),
    ("Delivered", "delivered"),
    ("Diverted", "diverted"),
    ("Established", "established"),
    ("Failed", "failed"),
    ("Held", "held"),
    ("NetworkReached", "netwReached"),
    ("Originated", "originated"),
    ("Retrieved", "retrieved"),
    ("ServiceInitiated", "serviceInitiated"),
    ("Transfered", "transferred"),
];

fn service(request: &Request) -> &'static str {
    match request {
        Request::RequestSystemStatus(_) => "RequestSystemStatus",
        Request::SystemStatus(_) => "SystemStatus",
        Request::SystemRegister(_) => "SystemRegister",
        Request::GetCstaFeatures(_) => "GetCSTAFeatures",
        Request::MonitorStart(_) => "MonitorStart",
        Request::MonitorStop(_) => "MonitorStop",
        Request::SnapshotDevice(_) => "SnapshotDevice",
        Request::SnapshotCall(_) => "SnapshotCall",
        Request::MakeCall(_) => "MakeCall",
        Request::AnswerCall(_) => "AnswerCall",
        Request::ClearConnection(_) => "ClearConnection",
        Request::HoldCall(_) => "HoldCall",
        Request::RetrieveCall(_) => "RetrieveCall",
        Request::ConsultationCall(_) => "ConsultationCall",
        Request::TransferCall(_) => "TransferCall",
        Request::SingleStepTransferCall(_) => "SingleStepTransferCall",
        Request::DeflectCall(_) => "DeflectCall",
        Request::GenerateDigits(_) => "GenerateDigits",
        Request::SetDoNotDisturb(_) => "SetDoNotDisturb",
        Request::GetDoNotDisturb(_) => "GetDoNotDisturb",
        Request::SetForwarding(_) => "SetForwarding",
        Request::GetForwarding(_) => "GetForwarding",
    }
}
