//! What is said about a call: its states, its marks, data tied to it, snapshots of it.

use compact_str::CompactString;

use super::{Item, Member, Value, choice};
use crate::model::{
    CallCharacteristics, CallLinkageId, CallState, CorrelatorData, LocalConnectionState, ServiceCrossRefId,
    SnapshotData, UserData,
};
use crate::xml::{DecodeError, Edition, scan::Scanner, write::Writer};

impl Value for CallState {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        choice(xml, |name, xml| match name {
            "compoundCallState" => compound_state(xml),
            "simpleCallState" => Ok(simple_state(&xml.text()?)),
            _ => xml.skip().map(|()| None),
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.element(name, |out| {
            out.element("compoundCallState", |out| {
                self.0.iter().for_each(|state| state.to_xml("localConnectionState", out));
            });
        });
    }
}

/// A state that is not known makes the whole list worthless: its first entry is that of the device itself.
fn compound_state(xml: &mut Scanner<'_>) -> Result<Option<CallState>, DecodeError> {
    let mut states = Some(Vec::new());
    while let Some(name) = xml.child()? {
        match (name, &mut states) {
            ("localConnectionState", Some(known)) => match LocalConnectionState::from_xml(xml)? {
                Some(state) => known.push(state),
                None => states = None,
            },
            _ => xml.skip()?,
        }
    }
    Ok(states.map(CallState))
}

/// A simple call state, by its name or its number.
fn simple_state(text: &str) -> Option<CallState> {
    let number = match text {
        "callNull" => 0,
        "callPending" => 1,
        "callOriginated" => 3,
        "callDelivered" => 0x23,
        "callDeliveredHeld" => 0x24,
        "callReceived" => 0x32,
        "callEstablished" => 0x33,
        "callEstablishedHeld" => 0x34,
        "callReceivedOnHold" => 0x42,
        "callEstablishedOnHold" => 0x43,
        "callQueued" => 0x53,
        "callQueuedHeld" => 0x54,
        "callFailed" => 0x63,
        "callFailedHeld" => 0x64,
        "callBlocked" => 0x60,
        number => number.parse().ok()?,
    };
    CallState::simple(number)
}

/// The marks of a call in the order of the schema.
const CHARACTERISTICS: [(&str, CallCharacteristics); 13] = [
    ("acdCall", CallCharacteristics::ACD_CALL),
    ("lowPriorityCall", CallCharacteristics::LOW_PRIORITY_CALL),
    ("priorityCall", CallCharacteristics::PRIORITY_CALL),
    ("highPriorityCall", CallCharacteristics::HIGH_PRIORITY_CALL),
    ("maintainanceCall", CallCharacteristics::MAINTENANCE_CALL),
    ("directAgent", CallCharacteristics::DIRECT_AGENT),
    ("assistCall", CallCharacteristics::ASSIST_CALL),
    ("voiceUnitCall", CallCharacteristics::VOICE_UNIT_CALL),
    ("privateCall", CallCharacteristics::PRIVATE_CALL),
    ("personalCall", CallCharacteristics::PERSONAL_CALL),
    ("sensitiveCall", CallCharacteristics::SENSITIVE_CALL),
    ("confidentialCall", CallCharacteristics::CONFIDENTIAL_CALL),
    ("encryptedCall", CallCharacteristics::ENCRYPTED_CALL),
];

impl Value for CallCharacteristics {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        let mut marks = Self::default();
        while let Some(name) = xml.child()? {
            let mark = CHARACTERISTICS.iter().find(|(known, _)| *known == name);
            if let (Some((_, mark)), Some(true)) = (mark, bool::from_xml(xml)?) {
                marks = marks.with(*mark);
            }
        }
        Ok(Some(marks))
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        let encrypted = if out.edition < Edition::Ed6 { Self::ENCRYPTED_CALL } else { Self::default() };
        let marks = self.without(encrypted);
        out.element(name, |out| {
            for (name, _) in CHARACTERISTICS.iter().filter(|(_, mark)| marks.contains(*mark)) {
                true.to_xml(name, out);
            }
        });
    }
}

macro_rules! as_hex {
    ($($type:ident),*) => { $(
        impl Value for $type {
            fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
                choice(xml, |name, xml| match name {
                    "string" => Ok(octets(&xml.text()?).map(Self)),
                    _ => xml.skip().map(|()| None),
                })
            }

            fn to_xml(&self, name: &str, out: &mut Writer) {
                let hex: String = self.0.iter().map(|octet| format!("{octet:02X}")).collect();
                out.element(name, |out| out.leaf("string", &hex));
            }
        }
    )* };
}

as_hex!(CorrelatorData, UserData);

/// The octets of a hexBinary, which may have white space in it.
fn octets(text: &str) -> Option<Box<[u8]>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    digits?
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect()
}

impl Value for CallLinkageId {
    /// globalCallData / globalCallLinkageID / the id; thread data is not read.
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        choice(xml, |name, xml| match name {
            "globalCallData" | "newCallLinkageData" | "globalCallLinkageID" => Self::from_xml(xml),
            "globallyUniqueCallLinkageID" => Ok(CompactString::from_xml(xml)?.map(Self::GloballyUnique)),
            "subDomainCallLinkageID" => Ok(CompactString::from_xml(xml)?.map(Self::SubDomain)),
            _ => xml.skip().map(|()| None),
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.element(name, |out| {
            out.element("globalCallData", |out| {
                out.element("globalCallLinkageID", |out| match self {
                    Self::GloballyUnique(id) => out.leaf("globallyUniqueCallLinkageID", id),
                    Self::SubDomain(id) => out.leaf("subDomainCallLinkageID", id),
                });
            });
        });
    }
}

impl<T: Item> Member for SnapshotData<T> {
    fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        while let Some(name) = xml.child()? {
            match name {
                "snapshotData" => {
                    let mut items = Vec::new();
                    items.read(xml)?;
                    *self = Self::Here(items);
                }
                "serviceCrossRefID" => *self = Self::Later(ServiceCrossRefId(xml.text()?.into())),
                _ => xml.skip()?,
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, out: &mut Writer) {
        out.element(name, |out| match self {
            Self::Here(items) => {
                out.element("snapshotData", |out| items.iter().for_each(|item| item.to_xml(T::NAME, out)));
            }
            Self::Later(id) => id.to_xml("serviceCrossRefID", out),
        });
    }
}
