//! How a file of `proto/dialects` is written; its README tells what each key means.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::Deserialize;

use super::{DeviceForm, Opening, Prompting, SpokenEdition};

/// One file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) make: String,
    pub(super) agent: Option<Fact<Vec<String>>>,
    pub(super) edition: Option<Fact<SpokenEdition>>,
    pub(super) opening: Option<Fact<Opening>>,
    pub(super) carrier: Option<Fact<CarrierName>>,
    pub(super) event: Option<Fact<CompactString>>,
    pub(super) auto_originate: Option<Fact<Prompting>>,
    #[serde(default)]
    pub(super) device: Devices,
    #[serde(default)]
    pub(super) services: BTreeMap<String, Fact<bool>>,
    #[serde(default)]
    pub(super) events: BTreeMap<String, Fact<bool>>,
    #[serde(default, rename = "note")]
    _notes: Vec<Note>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Devices {
    pub(super) monitor: Option<Fact<DeviceForm>>,
    pub(super) snapshot: Option<Fact<DeviceForm>>,
    pub(super) make_call: Option<Fact<DeviceForm>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CarrierName {
    #[default]
    Info,
    Notify,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fact<T> {
    pub(super) is: T,
    pub(super) sure: Confidence,
    #[serde(rename = "why")]
    _why: Option<String>,
}

/// Worth knowing, settles nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    #[serde(rename = "text")]
    _text: String,
    #[serde(rename = "sure")]
    _sure: Confidence,
}

/// How a fact is known.
#[derive(Clone, Copy, Deserialize)]
pub(super) enum Confidence {
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
    pub(super) const fn is_relied_on(self) -> bool {
        match self {
            Self::VendorDocument | Self::Code | Self::Test | Self::ThirdParty => true,
            Self::Forum | Self::Memory | Self::Inference => false,
        }
    }
}
