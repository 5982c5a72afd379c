//! How the values of the model are read from an element, and written as one.

mod call;
mod device;

pub(super) use call::Found;

use compact_str::CompactString;

use super::{
    DecodeError,
    fields::{Member, Value},
    numbers,
    read::Element,
    tag::Tag,
    write::Writer,
};
use crate::model::*;

/// Closed sets: their values by their numbers in ECMA-285.
macro_rules! enumerated {
    ($($type:ident { $($value:ident = $number:literal,)* })*) => { $(
        impl Value for $type {
            fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
                Ok(match element.integer()? {
                    $(Some($number) => Some(Self::$value),)*
                    _ => None,
                })
            }

            fn to_ber(&self, tag: Tag, out: &mut Writer) {
                out.integer(tag, match self { $(Self::$value => $number,)* });
            }
        }
    )* };
}

enumerated! {
    LocalConnectionState { Null = 0, Initiated = 1, Alerting = 2, Connected = 3, Hold = 4, Queued = 5, Fail = 6, }
    SystemStatus {
        Initializing = 0, Enabled = 1, Normal = 2, MessagesLost = 3, Disabled = 4, OverloadImminent = 5,
        OverloadReached = 6, OverloadRelieved = 7, PartiallyDisabled = 8,
    }
    AutoOriginate { Prompt = 0, DoNotPrompt = 1, }
    MonitorType { Call = 0, Device = 1, }
    DigitMode { RotaryPulse = 0, Dtmf = 1, }
    ForwardingType {
        Immediate = 0, Busy = 1, NoAnswer = 2, BusyInternal = 3, BusyExternal = 4, NoAnswerInternal = 5,
        NoAnswerExternal = 6, ImmediateInternal = 7, ImmediateExternal = 8, DoNotDisturb = 9,
        DoNotDisturbInternal = 10, DoNotDisturbExternal = 11,
    }
}

/// The name that has this number; a number that has none stands for itself.
pub(super) fn name_of(number: i64, names: &'static [&'static str]) -> CompactString {
    match usize::try_from(number).ok().and_then(|place| names.get(place)) {
        Some(name) if !name.is_empty() => CompactString::const_new(name),
        Some(_) | None => compact_str::format_compact!("{number}"),
    }
}

/// The number of this name, or of a number written as one.
pub(super) fn number_of(name: &str, names: &[&str]) -> Option<i64> {
    let place = names.iter().position(|known| *known == name && !name.is_empty());
    place.and_then(|place| i64::try_from(place).ok()).or_else(|| name.parse().ok())
}

impl Value for EventCause {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(element.integer()?.map(|number| Self(name_of(number, numbers::CAUSES))))
    }

    /// A cause that ECMA-285 has no number for is written as `normal`.
    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        const NORMAL: i64 = 78;
        out.integer(tag, number_of(&self.0, numbers::CAUSES).unwrap_or(NORMAL));
    }
}

impl Value for bool {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        element.boolean()
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        out.boolean(tag, *self);
    }
}

impl Value for u32 {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(element.integer()?.and_then(|number| number.try_into().ok()))
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        out.integer(tag, i64::from(*self));
    }
}

impl Value for CompactString {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        element.text().map(Some)
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        out.primitive(tag, self.as_bytes());
    }
}

/// Identifiers that are octets.
macro_rules! as_hex {
    ($($type:ident),*) => { $(
        impl Value for $type {
            fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
                Ok(Some(Self(hex(&element.octets()?))))
            }

            fn to_ber(&self, tag: Tag, out: &mut Writer) {
                out.primitive(tag, &octets(&self.0));
            }
        }
    )* };
}

as_hex!(CrossRefId, ServiceCrossRefId, SystemRegisterId);

/// Octets as text.
pub(super) fn hex(octets: &[u8]) -> CompactString {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

/// The octets that [`hex`] made text of; other text stands for its own bytes.
pub(super) fn octets(text: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = text.as_bytes().chunks(2);
    let octets: Option<Vec<u8>> = pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    octets.unwrap_or_else(|| text.as_bytes().to_vec())
}

impl Value for CorrelatorData {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Some(Self(element.octets()?.into())))
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        out.primitive(tag, &self.0);
    }
}

impl Value for UserData {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Some(Self(element.octets()?.into())))
    }

    /// Its own tag is EXPLICIT, and so is one in its place.
    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        out.constructed(tag, |out| out.primitive(Tag::OCTET_STRING, &self.0));
    }
}

/// Members that are always there: what cannot be read leaves their default.
macro_rules! always_there {
    ($($type:ty),*) => { $(
        impl Member for $type {
            fn read(&mut self, element: &Element<'_>) -> Result<(), DecodeError> {
                *self = <$type as Value>::from_ber(element)?.unwrap_or_default();
                Ok(())
            }

            fn write(&self, tag: Tag, out: &mut Writer) {
                Value::to_ber(self, tag, out);
            }
        }
    )* };
}

always_there!(CompactString, bool, CrossRefId, SystemRegisterId, DeviceId, ConnectionId, MonitorObject, RequestTypes);
