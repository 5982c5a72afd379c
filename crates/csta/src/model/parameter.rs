//! Parameters that several messages share.

use compact_str::CompactString;

use super::closed_set::closed_set;

closed_set! {
    /// The state of a connection (ECMA-269 LocalConnectionState).
    pub enum LocalConnectionState {
        /// Not in the call (any more).
        Null = "null",
        /// Off-hook, asking for service.
        Initiated = "initiated",
        /// Ringing, or being offered the call.
        Alerting = "alerting",
        /// Taking part.
        Connected = "connected",
        /// On hold.
        Hold = "hold",
        /// Waiting in a queue.
        Queued = "queued",
        /// Cannot go on.
        Fail = "fail",
    }
}

/// The states of a call's connections, that of the snapshot's own device first. CSTA's simple call states
/// (`callReceived`) are short for a pair of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallState(pub Vec<LocalConnectionState>);

impl CallState {
    /// A simple call state by its number: 16 × the far end's state + the device's own. `None` if there is none such.
    #[must_use]
    pub fn simple(number: u8) -> Option<Self> {
        let state = |number: u8| LocalConnectionState::ALL.get(usize::from(number)).copied();
        Some(Self(vec![state(number & 15)?, state(number >> 4)?]))
    }

    /// The state of the snapshot's own device.
    #[must_use]
    pub fn local(&self) -> Option<LocalConnectionState> {
        self.0.first().copied()
    }
}

/// Why an event happened. Vendors and editions add to the set, so it is text; the names are ECMA-323's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventCause(pub CompactString);

/// Names the causes that the gateway or its simulator speak of.
macro_rules! causes {
    ($($(#[$meta:meta])* $name:ident = $text:literal,)*) => {
        impl EventCause { $($(#[$meta])* pub const $name: Self = Self(CompactString::const_new($text));)* }
    };
}

causes! {
    /// Nothing special.
    NORMAL = "normal",
    /// The call was ended the usual way.
    NORMAL_CLEARING = "normalClearing",
    /// A new call.
    NEW_CALL = "newCall",
    /// MakeCall did it.
    MAKE_CALL = "makeCall",
    /// The device is busy.
    BUSY = "busy",
    /// Do-not-disturb is on.
    DO_NOT_DISTURB = "doNotDisturb",
    /// The caller gave up.
    CALL_CANCELLED = "callCancelled",
    /// Nobody answered.
    CALL_NOT_ANSWERED = "callNotAnswered",
    /// Forwarded at once.
    CALL_FORWARD_IMMEDIATE = "callForwardImmediate",
    /// Forwarded because the device is busy.
    CALL_FORWARD_BUSY = "callForwardBusy",
    /// Forwarded because nobody answered.
    CALL_FORWARD_NO_ANSWER = "callForwardNoAnswer",
    /// Forwarded, no matter why.
    CALL_FORWARD = "callForward",
    /// Picked up by another device.
    CALL_PICKUP = "callPickup",
    /// Redirected, for example by DeflectCall.
    REDIRECTED = "redirected",
    /// Rings at several devices.
    MULTIPLE_ALERTING = "multipleAlerting",
    /// Waits for a busy device.
    CAMP_ON = "campOn",
    /// Enters a hunt group or a queue.
    ENTERING_DISTRIBUTION = "enteringDistribution",
    /// A group hands it to a member.
    DISTRIBUTED = "distributed",
    /// A consultation.
    CONSULTATION = "consultation",
    /// A transfer.
    TRANSFER = "transfer",
    /// A transfer without consultation.
    SINGLE_STEP_TRANSFER = "singleStepTransfer",
    /// A conference.
    CONFERENCE = "conference",
    /// The destination cannot be reached.
    DEST_NOT_OBTAINABLE = "destNotObtainable",
    /// The destination is out of order.
    DEST_OUT_OF_ORDER = "destOutOfOrder",
    /// Nobody has this number.
    NUMBER_UNALLOCATED = "numberUnallocated",
    /// The number has changed.
    NUMBER_CHANGED = "numberChanged",
    /// Not a number.
    INVALID_NUMBER_FORMAT = "invalidNumberFormat",
    /// No free trunk.
    TRUNKS_BUSY = "trunksBusy",
    /// The network is congested.
    NETWORK_CONGESTION = "networkCongestion",
    /// The network cannot reach it.
    NETWORK_NOT_OBTAINABLE = "networkNotObtainable",
    /// The line is blocked.
    BLOCKED = "blocked",
}

impl EventCause {
    /// As ECMA-323 spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What marks a call (callCharacteristics): the bits of ECMA-285's BIT STRING.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CallCharacteristics(u16);

impl CallCharacteristics {
    /// From a call distribution group.
    pub const ACD_CALL: Self = Self(1 << 0);
    /// Priority.
    pub const PRIORITY_CALL: Self = Self(1 << 1);
    /// For maintenance.
    pub const MAINTENANCE_CALL: Self = Self(1 << 2);
    /// For one agent of a group.
    pub const DIRECT_AGENT: Self = Self(1 << 3);
    /// Asks a supervisor for help.
    pub const ASSIST_CALL: Self = Self(1 << 4);
    /// To a voice unit.
    pub const VOICE_UNIT_CALL: Self = Self(1 << 5);
    /// Not to be intruded upon.
    pub const PRIVATE_CALL: Self = Self(1 << 6);
    /// Not on business.
    pub const PERSONAL_CALL: Self = Self(1 << 7);
    /// Sensitive.
    pub const SENSITIVE_CALL: Self = Self(1 << 8);
    /// Confidential.
    pub const CONFIDENTIAL_CALL: Self = Self(1 << 9);
    /// Encrypted; since edition 6.
    pub const ENCRYPTED_CALL: Self = Self(1 << 10);
    /// Low priority.
    pub const LOW_PRIORITY_CALL: Self = Self(1 << 11);
    /// High priority.
    pub const HIGH_PRIORITY_CALL: Self = Self(1 << 12);

    /// The marks with these bits.
    pub(crate) const fn of_bits(bits: u16) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u16 {
        self.0
    }

    /// All marks of `other` are among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These marks and those of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These marks but not those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Data that an application ties to a call for other applications (correlatorData).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorrelatorData(pub Box<[u8]>);

/// Data that travels with a call from party to party (userData).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserData(pub Box<[u8]>);

/// What ties the calls of one conversation together (globalCallLinkageID).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallLinkageId {
    /// Unique everywhere.
    GloballyUnique(CompactString),
    /// Unique inside one switching sub-domain.
    SubDomain(CompactString),
}

impl CallLinkageId {
    /// The identifier alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::GloballyUnique(id) | Self::SubDomain(id) => id,
        }
    }
}

closed_set! {
    /// How the switching function is (SystemStatus).
    pub enum SystemStatus {
        /// Starting up.
        Initializing = "initializing",
        /// Ready for requests; monitors have to be started again.
        Enabled = "enabled",
        /// All is well.
        Normal = "normal",
        /// Requests, responses or events may have been lost.
        MessagesLost = "messagesLost",
        /// Monitors are gone, requests are refused.
        Disabled = "disabled",
        /// Some objects are out of reach.
        PartiallyDisabled = "partiallyDisabled",
        /// An overload is near.
        OverloadImminent = "overloadImminent",
        /// An overload is here.
        OverloadReached = "overloadReached",
        /// The overload is over.
        OverloadRelieved = "overloadRelieved",
    }
}

closed_set! {
    /// Whether MakeCall rings the calling device first (autoOriginate).
    pub enum AutoOriginate {
        /// The calling device rings; its user lifts the handset. The default.
        Prompt = "prompt",
        /// The calling device dials at once.
        DoNotPrompt = "doNotPrompt",
    }
}

closed_set! {
    /// Whether a monitor follows a device or a call (monitorType).
    pub enum MonitorType {
        /// Follows the call wherever it goes.
        Call = "call",
        /// Stays at the device.
        Device = "device",
    }
}

closed_set! {
    /// How digits are sent (digitMode).
    pub enum DigitMode {
        /// Pulses.
        RotaryPulse = "rotaryPulse",
        /// Tones.
        Dtmf = "dTMF",
    }
}

closed_set! {
    /// Which calls are forwarded (forwardingType).
    pub enum ForwardingType {
        /// All.
        Immediate = "forwardImmediate",
        /// When busy.
        Busy = "forwardBusy",
        /// When nobody answers.
        NoAnswer = "forwardNoAns",
        /// While do-not-disturb is on.
        DoNotDisturb = "forwardDND",
        /// Internal ones, when busy.
        BusyInternal = "forwardBusyInt",
        /// External ones, when busy.
        BusyExternal = "forwardBusyExt",
        /// Internal ones, when nobody answers.
        NoAnswerInternal = "forwardNoAnsInt",
        /// External ones, when nobody answers.
        NoAnswerExternal = "forwardNoAnsExt",
        /// All internal ones.
        ImmediateInternal = "forwardImmInt",
        /// All external ones.
        ImmediateExternal = "forwardImmExt",
        /// Internal ones, while do-not-disturb is on.
        DoNotDisturbInternal = "forwardDNDInt",
        /// External ones, while do-not-disturb is on.
        DoNotDisturbExternal = "forwardDNDExt",
    }
}
