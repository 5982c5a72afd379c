//! Devices and connections.

use std::borrow::Cow;

use compact_str::{CompactString, format_compact};

use super::{hex, octets};
use crate::ber::{
    DecodeError, Phase,
    fields::{CONNECTION, Value},
    read::{Element, Reader, latin1},
    tag::Tag,
    write::Writer,
};
use crate::model::{ConnectionId, DeviceId, MonitorObject, RedirectionDevice, SubjectDevice, TypeOfNumber};

/// The names of the numbers' types inside explicitPublic [3], by their tags.
const PUBLIC: [TypeOfNumber; 6] = [
    TypeOfNumber::PublicUnknown,
    TypeOfNumber::PublicInternational,
    TypeOfNumber::PublicNational,
    TypeOfNumber::PublicNetworkSpecific,
    TypeOfNumber::PublicSubscriber,
    TypeOfNumber::PublicAbbreviated,
];

/// The same inside explicitPrivate [5].
const PRIVATE: [TypeOfNumber; 7] = [
    TypeOfNumber::PrivateUnknown,
    TypeOfNumber::PrivateLevel3,
    TypeOfNumber::PrivateLevel2,
    TypeOfNumber::PrivateLevel1,
    TypeOfNumber::PrivateSpecific,
    TypeOfNumber::PrivateLocal,
    TypeOfNumber::PrivateAbbreviated,
];

const EXPLICIT_PUBLIC: u32 = 3;
const EXPLICIT_PRIVATE: u32 = 5;

impl Value for DeviceId {
    /// A SEQUENCE, or the bare CHOICE, or either inside another tag.
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(match element.tag.context_number() {
            Some(0..=6) => choice(element)?.or(if element.constructed { inside(element.inner())? } else { None }),
            Some(_) | None => inside(element.inner())?,
        })
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        match (out.phase, tag) {
            (Phase::One | Phase::Two, Tag::SEQUENCE) => write_choice(self, out),
            _ => out.constructed(tag, |out| write_choice(self, out)),
        }
    }
}

/// A DeviceID inside of something: the bare CHOICE, maybe with a name behind it, or a SEQUENCE with that in it.
fn inside(mut elements: Reader<'_>) -> Result<Option<DeviceId>, DecodeError> {
    let Some(first) = elements.next()? else { return Ok(None) };
    if first.tag == Tag::SEQUENCE {
        return inside(first.inner());
    }
    let Some(mut device) = choice(&first)? else { return Ok(None) };
    while let Some(element) = elements.next()? {
        if element.tag == PRIVATE_NAME && element.constructed {
            let name = element.text()?;
            if !name.is_empty() {
                device.text = format_compact!("N<{}>{name}", crate::device::parse(&device.text).number);
            }
        }
    }
    Ok(Some(device))
}

/// A name to be shown, behind the CHOICE of a DeviceID.
const PRIVATE_NAME: Tag = Tag::context(1);

/// The CHOICE of a DeviceID.
fn choice(element: &Element<'_>) -> Result<Option<DeviceId>, DecodeError> {
    use TypeOfNumber::{DeviceNumber, ImplicitPrivate, ImplicitPublic, Other};
    let of_type = |kind| element.text().map(|text| Some(DeviceId { text, type_of_number: Some(kind) }));
    match element.tag.context_number() {
        // DialingNumber is what goes without saying.
        Some(0) => Ok(Some(DeviceId { text: element.text()?, type_of_number: None })),
        Some(1) if !element.constructed => Ok(element
            .integer()?
            .map(|number| DeviceId { text: format_compact!("{number}"), type_of_number: Some(DeviceNumber) })),
        Some(2) => of_type(ImplicitPublic),
        Some(EXPLICIT_PUBLIC) => explicit(element, &PUBLIC),
        Some(4) => of_type(ImplicitPrivate),
        Some(EXPLICIT_PRIVATE) => explicit(element, &PRIVATE),
        Some(6) => Ok(Some(DeviceId { text: latin1(&element.octets()?), type_of_number: Some(Other) })),
        Some(_) | None => Ok(None),
    }
}

fn explicit(element: &Element<'_>, kinds: &[TypeOfNumber]) -> Result<Option<DeviceId>, DecodeError> {
    let Some(number) = element.first()? else { return Ok(None) };
    let kind = number.tag.context_number().and_then(|number| kinds.get(usize::try_from(number).ok()?));
    match kind {
        Some(kind) => Ok(Some(DeviceId { text: number.text()?, type_of_number: Some(*kind) })),
        None => Ok(None),
    }
}

fn write_choice(device: &DeviceId, out: &mut Writer) {
    let text = device.text.as_bytes();
    match device.type_of_number {
        None | Some(TypeOfNumber::DialingNumber | TypeOfNumber::Dynamic) => out.primitive(Tag::context(0), text),
        Some(TypeOfNumber::DeviceNumber) => match device.text.parse() {
            Ok(number) => out.integer(Tag::context(1), number),
            Err(_) => out.primitive(Tag::context(0), text),
        },
        Some(TypeOfNumber::ImplicitPublic) => out.primitive(Tag::context(2), text),
        Some(TypeOfNumber::ImplicitPrivate) => out.primitive(Tag::context(4), text),
        Some(TypeOfNumber::Other) => out.primitive(Tag::context(6), &other_plan(&device.text)),
        Some(
            kind @ (TypeOfNumber::PublicUnknown
            | TypeOfNumber::PublicInternational
            | TypeOfNumber::PublicNational
            | TypeOfNumber::PublicNetworkSpecific
            | TypeOfNumber::PublicSubscriber
            | TypeOfNumber::PublicAbbreviated),
        ) => write_explicit(EXPLICIT_PUBLIC, place(kind, &PUBLIC), text, out),
        Some(
            kind @ (TypeOfNumber::PrivateUnknown
            | TypeOfNumber::PrivateLevel3
            | TypeOfNumber::PrivateLevel2
            | TypeOfNumber::PrivateLevel1
            | TypeOfNumber::PrivateSpecific
            | TypeOfNumber::PrivateLocal
            | TypeOfNumber::PrivateAbbreviated),
        ) => write_explicit(EXPLICIT_PRIVATE, place(kind, &PRIVATE), text, out),
    }
}

fn place(kind: TypeOfNumber, kinds: &[TypeOfNumber]) -> u32 {
    kinds.iter().take_while(|known| **known != kind).map(|_| 1).sum()
}

fn write_explicit(plan: u32, kind: u32, text: &[u8], out: &mut Writer) {
    out.constructed(Tag::context(plan), |out| out.primitive(Tag::context(kind), text));
}

/// The octets of a number of another plan: one a character, as they were read.
fn other_plan(text: &str) -> Cow<'_, [u8]> {
    let octets: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    octets.map_or(Cow::Borrowed(text.as_bytes()), Cow::Owned)
}

impl Value for SubjectDevice {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        let Some(first) = element.first()? else { return Ok(None) };
        Ok(match first.tag.context_number() {
            Some(7) => Some(Self::NotKnown),
            // What is [8] here means notRequired before phase III: there is none.
            Some(8) => (!element.phase().is_old()).then_some(Self::Restricted),
            Some(_) | None => inside(element.inner())?.map(Self::Device),
        })
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        out.constructed(tag, |out| match self {
            Self::Device(device) => device.to_ber(Tag::SEQUENCE, out),
            Self::Restricted if !out.phase.is_old() => out.primitive(Tag::context(8), &[]),
            Self::NotKnown | Self::Restricted => out.primitive(Tag::context(7), &[]),
        });
    }
}

impl Value for RedirectionDevice {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        let Some(first) = element.first()? else { return Ok(None) };
        Ok(match first.tag.context_number() {
            Some(7) => Some(Self::NotKnown),
            Some(8) => Some(Self::NotRequired),
            Some(9) => Some(Self::NotSpecified),
            Some(10) => Some(Self::Restricted),
            Some(_) | None => inside(element.inner())?.map(Self::NumberDialed),
        })
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        let old = out.phase.is_old();
        out.constructed(tag, |out| match self {
            Self::NumberDialed(device) => device.to_ber(Tag::SEQUENCE, out),
            Self::NotRequired => out.primitive(Tag::context(8), &[]),
            Self::NotSpecified if !old => out.primitive(Tag::context(9), &[]),
            Self::Restricted if !old => out.primitive(Tag::context(10), &[]),
            Self::NotKnown | Self::NotSpecified | Self::Restricted => out.primitive(Tag::context(7), &[]),
        });
    }
}

impl Value for ConnectionId {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        let mut id = Self::default();
        let mut parts = element.inner();
        // Its CHOICE may have a SEQUENCE with both halves.
        if let Some(both) = parts.next_if(Tag::SEQUENCE)? {
            parts = both.inner();
        }
        let call = if element.phase().is_old() { OLD_CALL } else { CALL };
        while let Some(part) = parts.next()? {
            if part.tag == call && id.call_id.is_none() {
                id.call_id = Some(hex(&part.octets()?)).filter(|id| !id.is_empty());
            } else {
                id.device_id = local_device(&part)?;
            }
        }
        Ok(Some(id))
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        let call = |tag: Tag, id: &CompactString, out: &mut Writer| out.primitive(tag, &octets(id));
        out.constructed(tag, |out| match (out.phase, &self.call_id, &self.device_id) {
            (Phase::Three, Some(id), Some(device)) => out.constructed(Tag::SEQUENCE, |out| {
                call(CALL, id, out);
                out.constructed(LOCAL_DEVICE, |out| write_local(device, out));
            }),
            (Phase::Three, None, Some(device)) => out.constructed(LOCAL_DEVICE, |out| write_local(device, out)),
            (Phase::Three, id, None) => out.primitive(CALL, &id.as_ref().map(|id| octets(id)).unwrap_or_default()),
            (Phase::One | Phase::Two, id, device) => {
                id.iter().for_each(|id| call(OLD_CALL, id, out));
                device.iter().for_each(|device| write_local(device, out));
            }
        });
    }
}

/// A call inside a ConnectionID.
const CALL: Tag = Tag::context(0);
/// The same before phase III.
const OLD_CALL: Tag = Tag::context(2);
/// A LocalDeviceID inside a ConnectionID.
const LOCAL_DEVICE: Tag = Tag::context(1);
/// A dynamic identifier, beside which explicitPublic has the same tag, but is constructed.
const DYNAMIC: Tag = Tag::context(3);

/// The device of a connection. Its name is not read: the identifier has to go back as it came.
fn local_device(part: &Element<'_>) -> Result<Option<DeviceId>, DecodeError> {
    if part.tag == DYNAMIC && !part.constructed {
        let text = hex(&part.octets()?);
        return Ok(Some(DeviceId { text, type_of_number: Some(TypeOfNumber::Dynamic) }));
    }
    match (part.phase(), part.tag) {
        (Phase::Three, LOCAL_DEVICE) | (_, Tag::SEQUENCE) if part.constructed => match part.first()? {
            Some(inner) => local_device(&inner),
            None => Ok(None),
        },
        _ => choice(part),
    }
}

fn write_local(device: &DeviceId, out: &mut Writer) {
    match device.type_of_number {
        Some(TypeOfNumber::Dynamic) => out.primitive(DYNAMIC, &octets(&device.text)),
        // [2] would be a call there.
        Some(TypeOfNumber::ImplicitPublic) if out.phase.is_old() => {
            out.primitive(Tag::context(0), device.text.as_bytes())
        }
        _ => device.to_ber(Tag::SEQUENCE, out),
    }
}

impl Value for MonitorObject {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(match element.tag {
            CONNECTION => ConnectionId::from_ber(element)?.map(Self::Call),
            _ => DeviceId::from_ber(element)?.map(Self::Device),
        })
    }

    /// A CHOICE: its parts have their own tags.
    fn to_ber(&self, _: Tag, out: &mut Writer) {
        match self {
            Self::Device(device) => device.to_ber(Tag::SEQUENCE, out),
            Self::Call(connection) => connection.to_ber(CONNECTION, out),
        }
    }
}
