//! What kind of phone it is.

use std::time::Duration;

use csta::Edition;

use super::digest::Challenge;
use super::manner::Manner;
use super::registration::Registration;

/// The persona of a [`Phone`](super::Phone). The default is a friendly desk phone that behaves like a snom.
#[derive(Clone, Debug)]
pub struct PhoneConfig {
    /// The user part of its address: the number of the line.
    pub user: String,
    /// The domain of its device identifiers (`sip:user@domain`).
    pub domain: String,
    /// What it calls itself in SIP.
    pub user_agent: String,
    /// The edition it answers and reports in, whatever it was asked in.
    pub edition: Edition,
    /// How it counts its calls.
    pub call_numbering: CallNumbering,
    /// How it writes far parties without a name. Those with a name are always `N<number>name`.
    pub device_style: DeviceStyle,
    /// It wants a password from whoever opens a session.
    pub digest: Option<Challenge>,
    /// It registers at the gateway, which then knows where it is.
    pub registration: Option<Registration>,
    /// What it does otherwise than the standard, and what it leaves out.
    pub manner: Manner,
    /// It serves SnapshotDevice.
    pub snapshot_supported: bool,
    /// The far end answers dialled calls after so long; `None`: when [`far_answers`](super::Phone::far_answers) says so.
    pub auto_far_answer: Option<Duration>,
    /// MakeCall to these numbers is refused with `operation/invalidCalledDeviceID`.
    pub refuse: Vec<String>,
    /// These numbers are busy whoever dials them, and however.
    pub busy: Vec<String>,
    /// Calls it can have at a time: with `0`, every MakeCall is refused with `resourceBusy` and nothing ever rings.
    pub max_calls: usize,
    /// Reports that may wait for the one before; what comes beyond is dropped and counted.
    pub max_queue: usize,
    /// How often a report that is answered 503 with Retry-After is sent in all.
    pub max_attempts: u32,
    /// The base values of its SIP timers.
    pub timers: sip::Timers,
}

impl Default for PhoneConfig {
    fn default() -> Self {
        Self {
            user: "101".to_owned(),
            domain: "example.com".to_owned(),
            user_agent: "Desk phone (simulated)".to_owned(),
            edition: Edition::Ed5,
            call_numbering: CallNumbering::Signed,
            device_style: DeviceStyle::Sip,
            digest: None,
            registration: None,
            manner: Manner::PLAIN,
            snapshot_supported: true,
            auto_far_answer: None,
            refuse: Vec::new(),
            busy: Vec::new(),
            max_calls: 16,
            max_queue: 256,
            max_attempts: 8,
            timers: sip::Timers::default(),
        }
    }
}

impl PhoneConfig {
    /// A default phone of this number.
    #[must_use]
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into(), ..Self::default() }
    }

    /// The CSTA identifier of the phone's line: `sip:user@domain`.
    #[must_use]
    pub fn device(&self) -> String {
        format!("sip:{}@{}", self.user, self.domain)
    }
}

/// How a phone counts its calls. The numbers start over when it boots, as they do in real phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallNumbering {
    /// Small signed numbers, incoming calls below zero, as seen from snom.
    Signed,
    /// From 32769 on, as seen from Yealink.
    High,
}

/// How a phone writes the number of a far party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceStyle {
    /// `sip:0301234@example.com`
    Sip,
    /// `tel:0301234`
    Tel,
    /// `0301234`
    Digits,
    /// `N<0301234>`, the switching function representation of ECMA-269 clause 10
    Extended,
}
