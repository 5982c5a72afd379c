//! What is said about a call: its states, its marks, what ties it to others, lists of connections, snapshots.

use super::{hex, octets};
use crate::ber::{
    DecodeError,
    fields::{CONNECTION, LOCAL_STATE, Member, Value},
    read::Element,
    tag::Tag,
    write::Writer,
};
use crate::model::{
    CallCharacteristics, CallLinkageId, CallState, ConnectionId, ConnectionListItem, DeviceId, ForwardListItem,
    LocalConnectionState, RequestTypes, ServiceCrossRefId, SnapshotCallInfo, SnapshotData, SnapshotDeviceInfo,
    SubjectDevice,
};

impl Value for CallState {
    /// compoundCallState [0], simpleCallState [1], or one state where a HiPath writes no more. A state that is not known
    /// makes the whole list worthless: its first entry is that of the device itself.
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        if element.tag == LOCAL_STATE {
            return Ok(LocalConnectionState::from_ber(element)?.map(|state| Self(vec![state])));
        }
        match element.tag.context_number() {
            Some(0) => {
                let mut states = Some(Vec::new());
                let mut inner = element.inner();
                while let (Some(known), Some(state)) = (&mut states, inner.next()?) {
                    match LocalConnectionState::from_ber(&state)?.filter(|_| state.tag == LOCAL_STATE) {
                        Some(state) => known.push(state),
                        None => states = None,
                    }
                }
                Ok(states.map(Self))
            }
            Some(1) => Ok(element.integer()?.and_then(|number| Self::simple(number.try_into().ok()?))),
            Some(_) | None => Ok(None),
        }
    }

    /// Before phase III there is evidence for one state only.
    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        match tag {
            LOCAL_STATE => self.local().iter().for_each(|state| state.to_ber(tag, out)),
            _ => out.constructed(tag, |out| self.0.iter().for_each(|state| state.to_ber(LOCAL_STATE, out))),
        }
    }
}

impl Value for CallCharacteristics {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Some(Self::of_bits(element.bits()? as u16))) // those above are not known here
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        out.bits(tag, u64::from(self.bits()));
    }
}

impl Value for RequestTypes {
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        let bits = element.bits()?;
        Ok(Some(Self {
            system_status: bits & 1 != 0,
            request_system_status: bits & 2 != 0,
            switching_function_caps_changed: bits & 4 != 0,
            switching_function_devices_changed: bits & 8 != 0,
        }))
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        let types = [
            self.system_status,
            self.request_system_status,
            self.switching_function_caps_changed,
            self.switching_function_devices_changed,
        ];
        out.bits(tag, types.iter().rev().fold(0, |bits, set| bits << 1 | u64::from(*set)));
    }
}

impl Value for CallLinkageId {
    /// CallLinkageData, or CallLinkageDataList with the new call's first: a SEQUENCE in a SEQUENCE, in which the id is the
    /// first element with a context tag.
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        let mut inner = element.inner();
        while let Some(part) = inner.next()? {
            match (part.tag, part.tag.context_number()) {
                (Tag::SEQUENCE, _) => return Self::from_ber(&part),
                (_, Some(0)) => return Ok(Some(Self::SubDomain(hex(&part.octets()?)))),
                (_, Some(1)) => return Ok(Some(Self::GloballyUnique(hex(&part.octets()?)))),
                _ => {}
            }
        }
        Ok(None)
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        out.constructed(tag, |out| {
            out.constructed(Tag::SEQUENCE, |out| match self {
                Self::SubDomain(id) => out.primitive(Tag::context(0), &octets(id)),
                Self::GloballyUnique(id) => out.primitive(Tag::context(1), &octets(id)),
            });
        });
    }
}

/// Lists: a SEQUENCE OF.
macro_rules! lists {
    ($($item:ident),*) => { $(
        impl Member for Vec<$item> {
            fn read(&mut self, element: &Element<'_>) -> Result<(), DecodeError> {
                *self = items(element)?;
                Ok(())
            }

            fn write(&self, tag: Tag, out: &mut Writer) {
                write_items(self, tag, out);
            }
        }
    )* };
}

lists!(ConnectionListItem, ForwardListItem);

fn items<T: Value>(list: &Element<'_>) -> Result<Vec<T>, DecodeError> {
    let mut items = Vec::new();
    let mut inner = list.inner();
    while let Some(item) = inner.next()? {
        items.extend(T::from_ber(&item)?);
    }
    Ok(items)
}

fn write_items<T: Value>(items: &[T], tag: Tag, out: &mut Writer) {
    out.constructed(tag, |out| items.iter().for_each(|item| item.to_ber(Tag::SEQUENCE, out)));
}

impl Value for ConnectionListItem {
    /// Since phase III every part has a tag of its own. Before, the parts are told apart by their types, and a tag that
    /// says what is known of the device may stand around them.
    fn from_ber(element: &Element<'_>) -> Result<Option<Self>, DecodeError> {
        let mut item = Self::default();
        let mut parts = element.inner();
        while let Some(part) = parts.next()? {
            match (part.tag, part.tag.context_number(), element.phase().is_old()) {
                (_, Some(0), false) => item.new_connection = connection(&part)?,
                (_, Some(1), false) => item.old_connection = connection(&part)?,
                (_, Some(2), false) => item.endpoint = end(&part)?,
                (_, Some(3), false) => item.associated_nid = end(&part)?,
                (Tag::SEQUENCE, _, true) => return Self::from_ber(&part),
                (CONNECTION, _, true) if item.new_connection.is_none() => {
                    item.new_connection = ConnectionId::from_ber(&part)?;
                }
                (CONNECTION, _, true) => item.old_connection = ConnectionId::from_ber(&part)?,
                (_, Some(7), true) => item.endpoint = Some(SubjectDevice::NotKnown),
                (_, Some(_), true) => item.endpoint = DeviceId::from_ber(&part)?.map(SubjectDevice::Device),
                (_, None, true) if part.tag.class() == APPLICATION => item.endpoint = SubjectDevice::from_ber(&part)?,
                (_, _, _) => {}
            }
        }
        Ok(Some(item))
    }

    fn to_ber(&self, tag: Tag, out: &mut Writer) {
        if out.phase.is_old() {
            return out.constructed(OLD_ITEM, |out| out.constructed(tag, |out| write_old_item(self, out)));
        }
        let tagged = |number: u32, id: &Option<ConnectionId>, out: &mut Writer| {
            id.iter().for_each(|id| out.constructed(Tag::context(number), |out| id.to_ber(CONNECTION, out)));
        };
        out.constructed(tag, |out| {
            tagged(0, &self.new_connection, out);
            tagged(1, &self.old_connection, out);
            self.endpoint.iter().for_each(|end| write_end(end, Tag::context(2), out));
            self.associated_nid.iter().for_each(|end| write_end(end, Tag::context(3), out));
        });
    }
}

const APPLICATION: u8 = 1;
/// What an Alcatel-Lucent OXE has around the connection and the device.
const OLD_ITEM: Tag = Tag::context(3);

fn write_old_item(item: &ConnectionListItem, out: &mut Writer) {
    item.new_connection.iter().for_each(|id| id.to_ber(CONNECTION, out));
    item.old_connection.iter().for_each(|id| id.to_ber(CONNECTION, out));
    match &item.endpoint {
        Some(SubjectDevice::Device(device)) => device.to_ber(Tag::SEQUENCE, out),
        Some(SubjectDevice::NotKnown | SubjectDevice::Restricted) => out.primitive(Tag::context(7), &[]),
        None => {}
    }
}

fn connection(part: &Element<'_>) -> Result<Option<ConnectionId>, DecodeError> {
    match part.first()? {
        Some(inner) if inner.tag == CONNECTION => ConnectionId::from_ber(&inner),
        Some(_) | None => Ok(None),
    }
}

/// The end of a connection in a list: notKnown and restricted have other tags than elsewhere.
fn end(part: &Element<'_>) -> Result<Option<SubjectDevice>, DecodeError> {
    let Some(first) = part.first()? else { return Ok(None) };
    Ok(match (first.tag, first.tag.context_number()) {
        (Tag::NULL, _) => Some(SubjectDevice::NotKnown),
        (_, Some(1)) => Some(SubjectDevice::Restricted),
        _ => SubjectDevice::from_ber(part)?,
    })
}

fn write_end(end: &SubjectDevice, tag: Tag, out: &mut Writer) {
    out.constructed(tag, |out| match end {
        SubjectDevice::Device(device) => device.to_ber(Tag::SEQUENCE, out),
        SubjectDevice::NotKnown => out.primitive(Tag::NULL, &[]),
        SubjectDevice::Restricted => out.constructed(Tag::context(1), |out| out.primitive(Tag::NULL, &[])),
    });
}

/// What a snapshot finds: a list, or the name under which it comes later. A CHOICE, told apart by their tags.
pub(in crate::ber) trait Found: Value {
    /// The tag of the list.
    const LIST: Tag;
    /// The tag of the name.
    const LATER: Tag;
}

impl Found for SnapshotDeviceInfo {
    const LIST: Tag = Tag::application(22);
    const LATER: Tag = Tag::OCTET_STRING;
}

impl Found for SnapshotCallInfo {
    const LIST: Tag = Tag::application(23);
    const LATER: Tag = Tag::context(0);
}

impl<T: Found> Member for SnapshotData<T> {
    fn read(&mut self, element: &Element<'_>) -> Result<(), DecodeError> {
        *self = if element.tag == T::LIST {
            Self::Here(items(element)?)
        } else {
            ServiceCrossRefId::from_ber(element)?.map(Self::Later).unwrap_or_default()
        };
        Ok(())
    }

    fn write(&self, _: Tag, out: &mut Writer) {
        match self {
            Self::Here(items) => write_items(items, T::LIST, out),
            Self::Later(id) => id.to_ber(T::LATER, out),
        }
    }
}
