//! How the values of the model are read from an element, and written as one.

use compact_str::{CompactString, format_compact};

use super::{DecodeError, scan::Scanner, write::Writer};
use crate::model::{
    AutoOriginate, CallCharacteristics, CallLinkageId, CallState, ConnectionId, CorrelatorData, CrossRefId, DeviceId,
    DigitMode, EventCause, ForwardingType, LocalConnectionState, MonitorObject, MonitorType, RedirectionDevice,
    ServiceCrossRefId, SnapshotData, SubjectDevice, SystemRegisterId, SystemStatus, TypeOfNumber, UserData,
};

/// A value that stands in one element.
pub(super) trait Value: Sized {
    /// Reads the element whose start tag was read last, up to its end. `None`: it holds nothing that is known here, and
    /// counts as absent.
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError>;

    /// Writes it as the element `name`.
    fn to_xml(&self, name: &str, out: &mut Writer);
}

/// A member of a message: a value that may have to be there, may be missing, or may be there many times.
pub(super) trait Member {
    /// Reads the element into it.
    fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError>;

    /// Writes what is there.
    fn write(&self, name: &str, out: &mut Writer);

    /// There is something to write.
    fn is_there(&self) -> bool {
        true
    }
}

/// What is made of child elements: a message, or a part of one.
pub(super) trait Body: Default {
    /// Reads the child element `name`, or skips it if it is none of this body's.
    fn read_child(&mut self, name: &str, xml: &mut Scanner<'_>) -> Result<(), DecodeError>;

    /// Writes the child elements in the order of the schema.
    fn write_children(&self, out: &mut Writer);
}

/// What stands in a list, always as the same element.
pub(super) trait Item: Value {
    /// The element's name.
    const NAME: &str;
}

/// Reads a body up to the end of its element.
pub(super) fn read_body<T: Body>(xml: &mut Scanner<'_>) -> Result<T, DecodeError> {
    let mut body = T::default();
    while let Some(name) = xml.child()? {
        body.read_child(name, xml)?;
    }
    Ok(body)
}

impl<T: Body> Value for T {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        read_body(xml).map(Some)
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.element(name, |out| self.write_children(out));
    }
}

impl<T: Value> Member for Option<T> {
    fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        *self = T::from_xml(xml)?;
        Ok(())
    }

    fn write(&self, name: &str, out: &mut Writer) {
        if let Some(value) = self {
            value.to_xml(name, out);
        }
    }

    fn is_there(&self) -> bool {
        self.is_some()
    }
}

impl<T: Item> Member for Vec<T> {
    fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        while let Some(name) = xml.child()? {
            if name == T::NAME {
                self.extend(T::from_xml(xml)?);
            } else {
                xml.skip()?;
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, out: &mut Writer) {
        if !self.is_empty() {
            out.element(name, |out| self.iter().for_each(|item| item.to_xml(T::NAME, out)));
        }
    }
}

/// Members that are always there: what cannot be read leaves their default.
macro_rules! always_there {
    ($($type:ty),*) => { $(
        impl Member for $type {
            fn read(&mut self, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
                *self = <$type>::from_xml(xml)?.unwrap_or_default();
                Ok(())
            }

            fn write(&self, name: &str, out: &mut Writer) {
                self.to_xml(name, out);
            }
        }
    )* };
}

always_there!(
    bool,
    CompactString,
    DeviceId,
    ConnectionId,
    CrossRefId,
    SystemRegisterId,
    MonitorObject,
    crate::model::RequestTypes
);

// ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────

impl Value for CompactString {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Some(xml.text()?.into()))
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.leaf(name, self);
    }
}

/// Identifiers and open sets: text with a type.
macro_rules! as_text {
    ($($type:ident),*) => { $(
        impl Value for $type {
            fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
                Ok(Some(Self(xml.text()?.into())))
            }

            fn to_xml(&self, name: &str, out: &mut Writer) {
                out.leaf(name, &self.0);
            }
        }
    )* };
}

as_text!(CrossRefId, ServiceCrossRefId, SystemRegisterId, EventCause);

macro_rules! as_name {
    ($($type:ident),*) => { $(
        impl Value for $type {
            fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
                Ok(Self::from_name(&xml.text()?))
            }

            fn to_xml(&self, name: &str, out: &mut Writer) {
                out.leaf(name, self.as_str());
            }
        }
    )* };
}

as_name!(LocalConnectionState, SystemStatus, AutoOriginate, MonitorType, DigitMode, ForwardingType);

impl Value for bool {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(match xml.text()?.as_ref() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.leaf(name, if *self { "true" } else { "false" });
    }
}

impl Value for u32 {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(xml.text()?.parse().ok())
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.leaf(name, &format_compact!("{self}"));
    }
}

// ── devices and connections ──────────────────────────────────────────────────────────────────────────────────────

impl Value for DeviceId {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        let type_of_number = xml.attribute("typeOfNumber").and_then(|name| TypeOfNumber::from_name(&name));
        Ok(Some(Self { text: xml.text()?.into(), type_of_number }))
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        match self.type_of_number {
            Some(kind) => out.leaf_with(name, ("typeOfNumber", kind.as_str()), &self.text),
            None => out.leaf(name, &self.text),
        }
    }
}

impl Body for ConnectionId {
    fn read_child(&mut self, name: &str, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
        match name {
            "callID" => self.call_id.read(xml),
            "deviceID" => self.device_id.read(xml),
            _ => xml.skip(),
        }
    }

    fn write_children(&self, out: &mut Writer) {
        self.call_id.write("callID", out);
        self.device_id.write("deviceID", out);
    }
}

/// Reads a choice between named children: what `read` makes of the first one that it knows.
fn choice<T>(
    xml: &mut Scanner<'_>,
    mut read: impl FnMut(&str, &mut Scanner<'_>) -> Result<Option<T>, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let mut chosen = None;
    while let Some(name) = xml.child()? {
        match chosen {
            None => chosen = read(name, xml)?,
            Some(_) => xml.skip()?,
        }
    }
    Ok(chosen)
}

impl Value for SubjectDevice {
    /// In a connection list the device stands in `deviceID`, elsewhere in `deviceIdentifier`.
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        choice(xml, |name, xml| match name {
            "deviceIdentifier" | "deviceID" => Ok(DeviceId::from_xml(xml)?.map(Self::Device)),
            "notKnown" => xml.skip().map(|()| Some(Self::NotKnown)),
            "restricted" => xml.skip().map(|()| Some(Self::Restricted)),
            _ => xml.skip().map(|()| None),
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        write_subject(self, "deviceIdentifier", name, out);
    }
}

/// Writes a device of a call as the element `name`, its identifier as the child `identifier`.
pub(super) fn write_subject(subject: &SubjectDevice, identifier: &str, name: &str, out: &mut Writer) {
    out.element(name, |out| match subject {
        SubjectDevice::Device(device) => device.to_xml(identifier, out),
        SubjectDevice::NotKnown => out.empty("notKnown"),
        SubjectDevice::Restricted => out.empty("restricted"),
    });
}

impl Value for RedirectionDevice {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        choice(xml, |name, xml| match name {
            "numberDialed" => Ok(DeviceId::from_xml(xml)?.map(Self::NumberDialed)),
            "notKnown" => xml.skip().map(|()| Some(Self::NotKnown)),
            "notRequired" => xml.skip().map(|()| Some(Self::NotRequired)),
            "notSpecified" => xml.skip().map(|()| Some(Self::NotSpecified)),
            "restricted" => xml.skip().map(|()| Some(Self::Restricted)),
            _ => xml.skip().map(|()| None),
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.element(name, |out| match self {
            Self::NumberDialed(device) => device.to_xml("numberDialed", out),
            Self::NotKnown => out.empty("notKnown"),
            Self::NotRequired => out.empty("notRequired"),
            Self::NotSpecified => out.empty("notSpecified"),
            Self::Restricted => out.empty("restricted"),
        });
    }
}

impl Value for MonitorObject {
    fn from_xml(xml: &mut Scanner<'_>) -> Result<Option<Self>, DecodeError> {
        choice(xml, |name, xml| match name {
            "deviceObject" => Ok(DeviceId::from_xml(xml)?.map(Self::Device)),
            "callObject" => Ok(ConnectionId::from_xml(xml)?.map(Self::Call)),
            _ => xml.skip().map(|()| None),
        })
    }

    fn to_xml(&self, name: &str, out: &mut Writer) {
        out.element(name, |out| match self {
            Self::Device(device) => device.to_xml("deviceObject", out),
            Self::Call(call) => call.to_xml("callObject", out),
        });
    }
}

// ── states and marks ─────────────────────────────────────────────────────────────────────────────────────────────

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

/// A simple call state, by its name or its number: 16 × the far end's state + the device's own.
fn simple_state(text: &str) -> Option<CallState> {
    let number: usize = match text {
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
    let state = |number: usize| LocalConnectionState::ALL.get(number).copied();
    Some(CallState(vec![state(number & 15)?, state(number >> 4)?]))
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
        let encrypted = if out.edition < super::Edition::Ed6 { Self::ENCRYPTED_CALL } else { Self::default() };
        let marks = self.without(encrypted);
        out.element(name, |out| {
            for (name, _) in CHARACTERISTICS.iter().filter(|(_, mark)| marks.contains(*mark)) {
                true.to_xml(name, out);
            }
        });
    }
}

// ── data tied to calls ───────────────────────────────────────────────────────────────────────────────────────────

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
    digits?.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    }).collect()
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
