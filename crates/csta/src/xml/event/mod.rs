//! Events as XML. All kinds share one form, so a table ([`Layout`]) says which elements each has; decoder and
//! encoder both follow it.

#[rustfmt::skip] // tables: several elements a line
mod elements;
mod layout;

#[cfg(test)]
pub(super) use crate::event_part::KINDS;
pub(super) use layout::{Layout, kind_of};

use layout::{Absent, Element};

use super::{
    DecodeError, Edition,
    scan::Scanner,
    value::{Member, Value},
    write::Writer,
};
use crate::event_part::{Part, member_of};
use crate::model::{DeviceId, Event, EventCause, EventKind, RedirectionDevice, SubjectDevice};

/// Reads the content of an event's root element.
pub(super) fn read(kind: &EventKind, xml: &mut Scanner<'_>) -> Result<Event, DecodeError> {
    let mut event = Event::new(Default::default(), kind.clone());
    let Layout { elements, .. } = Layout::of(kind);
    // Nearly all peers keep to the order of the schema, so the element that follows is looked for first.
    let mut next = 0;
    while let Some(name) = xml.child()? {
        let (before, after) = elements.split_at(next);
        match after.iter().chain(before).position(|element| element.0 == name) {
            Some(steps) => {
                let place = (next + steps) % elements.len();
                read_part(&mut event, elements[place].1, xml)?;
                next = place + 1;
            }
            None => xml.skip()?,
        }
    }
    Ok(event)
}

fn read_part(event: &mut Event, part: Part, xml: &mut Scanner<'_>) -> Result<(), DecodeError> {
    match (part, member_mut(event, part)) {
        (_, Some(member)) => member.read(xml),
        (Part::PlainDevice, None) => {
            event.device = DeviceId::from_xml(xml)?.map(SubjectDevice::Device);
            Ok(())
        }
        (_, None) => xml.skip(),
    }
}

/// Writes the content of an event's root element.
pub(super) fn write(event: &Event, out: &mut Writer) {
    for Element(name, part, absent) in Layout::of(&event.kind).elements {
        match (part, &event.device, &event.call_linkage) {
            (Part::CalledEd6, _, _) if out.edition < Edition::Ed6 => {}
            (Part::PlainDevice, Some(SubjectDevice::Device(device)), _) => device.to_xml(name, out),
            (Part::CallLinkageList, _, Some(linkage)) => {
                out.element(name, |out| linkage.to_xml("newCallLinkageData", out));
            }
            (Part::PlainDevice | Part::CallLinkageList, _, _) => {}
            _ => match member(event, *part) {
                Some(member) if member.is_there() => member.write(name, out),
                Some(_) | None => write_absent(name, *absent, out),
            },
        }
    }
}

fn write_absent(name: &str, absent: Absent, out: &mut Writer) {
    match absent {
        Absent::LeftOut => {}
        Absent::NotKnown => SubjectDevice::NotKnown.to_xml(name, out),
        Absent::NotRequired => RedirectionDevice::NotRequired.to_xml(name, out),
        Absent::Normal => EventCause::NORMAL.to_xml(name, out),
    }
}

member_of!(member,);
member_of!(member_mut, mut);
